"""What a person does at a node's command line: send again, release, adopt."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from system_world import until
from torture.queue_file import rows

if TYPE_CHECKING:
    from torture.bench import Agency
    from torture.software import Letter

_AGAIN = ("refused", "held", "dead")  # what a person may send again
_STANDING = """
select documents.id, fates.state from documents join fates on fates.item = documents.id
 where documents.document_id = ?
"""
_ASIDE = """
select id from incoming where axis_id = ? and message = 'edoc' and state = 'quarantined'
"""


def standing(agency: Agency, letter: Letter) -> tuple[str, str]:
    """Return the id and the state of a letter at its sender; empty where it is not taken in."""
    found = rows(agency, _STANDING, letter.document_id)
    return (found[0]["id"], found[0]["state"]) if found else ("", "")


def aside(agency: Agency, axis_ids: list[str]) -> list[str]:
    """Return the ids of what an agency has set aside of these deliveries of the axis."""
    return [row["id"] for axis_id in axis_ids for row in rows(agency, _ASIDE, axis_id)]


def is_paused(agency: Agency) -> bool:
    """Tell whether nothing is sent, because the folder is taken for an older state or a copy."""
    return bool(rows(agency, "select 1 from marks where name = 'sending-held'"))


def resend(agency: Agency, letter: Letter, *, strike: str = "") -> bool:
    """Have a person send a letter again, if its state allows it; tell whether it was struck."""
    item, state = standing(agency, letter)
    return state in _AGAIN and command(agency, "resend", item, strike=strike)


def command(agency: Agency, *words: str, strike: str = "") -> bool:
    """Have a person give a command; tell whether it was struck. The daemon lives it to see."""
    person = agency.person
    person.begin(strike, words=words)
    until(lambda: person.pid is None)
    struck = person.struck() is not None
    agency.disorder.extend(agency.persons.wrong_since(person))
    if (struck or not person.status) and agency.lives.pid is not None:
        # It would see within its longest rest what came from outside.
        agency.lives.end(signal.SIGTERM)
        agency.lives.begin()
    return struck
