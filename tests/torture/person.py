"""What a person does at a node's command line when a letter was refused, given up or is held."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from system_world import until
from torture.processes import Lives
from torture.queue_file import rows

if TYPE_CHECKING:
    from torture.bench import Agency
    from torture.software import Letter

_AGAIN = ("refused", "held", "dead")  # what a person may send again
_STANDING = """
select documents.id, fates.state from documents join fates on fates.item = documents.id
 where documents.document_id = ?
"""


def standing(agency: Agency, letter: Letter) -> tuple[str, str]:
    """Return the id and the state of a letter at its sender; empty where it is not taken in."""
    found = rows(agency, _STANDING, letter.document_id)
    return (found[0]["id"], found[0]["state"]) if found else ("", "")


def resend(agency: Agency, letter: Letter, *, strike: str = "") -> bool:
    """Have a person send a letter again, if its state allows it; tell whether it was struck."""
    item, state = standing(agency, letter)
    if state not in _AGAIN:
        return False
    home = agency.lives.home / "person"
    home.mkdir(exist_ok=True)
    person = Lives(home, ["-c", agency.config, "resend", item])
    try:
        person.begin(strike)
        until(lambda: person.pid is None)
        struck = person.struck() is not None
        agency.disorder.extend(agency.persons.wrong_since(person))
    finally:
        person.close()
    if agency.lives.pid is not None:  # it would see within its longest rest what came from outside
        agency.lives.end(signal.SIGTERM)
        agency.lives.begin()
    return struck
