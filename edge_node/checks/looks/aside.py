"""What waits for a person: quarantined, parked for want of a document, given up, held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.checks.asking import rows_of
from edge_node.checks.check import Check
from edge_node.checks.finding import Finding, good, warn
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_node.checks.check import Situation
    from edge_node.domain.message import Message

_INCOMING: Final = """
select count(*), min(id) from incoming where message in ('edoc', 'status') and state = :state
"""
_FATES: Final = "select count(distinct item), min(item) from fates where state = :state"
_DOUBTED: Final = f"{_FATES} and not kept"
_KEPT: Final = f"{_FATES} and kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One way in which something was set aside."""

    check: str
    sql: str
    state: str
    why: Message  # before the colon and the count
    cure: Callable[[str], Message]  # of the first id there is


_KINDS: Final = (
    _Kind(
        check="aside.quarantined",
        sql=_INCOMING,
        state="quarantined",
        why=say("documents that came are kept in quarantine"),
        cure=lambda first: say(
            "edge-node show {id} says why, edge-node release {id} lets it in; all:"
            " edge-node list --in --state quarantined",
            id=first,
        ),
    ),
    _Kind(
        check="aside.parked",
        sql=_INCOMING,
        state="parked",
        why=say("statuses that came name documents nobody here knows"),
        cure=lambda first: say(
            "edge-node show {id} names the document; if it turns up they are applied by"
            " themselves; all: edge-node list --in --state parked",
            id=first,
        ),
    ),
    _Kind(
        check="aside.held",
        sql=_DOUBTED,
        state="held",
        why=say("documents may have been sent, and wait for a person"),
        cure=lambda first: say(
            "ask the receiver, then: edge-node resend {id}; all:"
            " edge-node list --out --state held",
            id=first,
        ),
    ),
    _Kind(
        check="aside.kept",
        sql=_KEPT,
        state="held",
        why=say("documents are kept back until a person lets them go"),
        cure=lambda first: say(
            "edge-node release {id} lets it go; all: edge-node list --out --state held", id=first
        ),
    ),
    _Kind(
        check="aside.dead",
        sql=_FATES,
        state="dead",
        why=say("documents were given up after too many tries"),
        cure=lambda first: say(
            "edge-node log {id} says why; then: edge-node resend {id}; all:"
            " edge-node list --out --state dead",
            id=first,
        ),
    ),
)


def _look(situation: Situation) -> Iterator[Finding]:
    queue = situation.config.folders.queue
    found = list[Finding]()
    for kind in _KINDS:
        for count, first in rows_of(queue, kind.sql, {"state": kind.state}) or ():
            if count:
                why = say("{what}: {count}", what=kind.why, count=count)
                found.append(
                    warn(
                        kind.check,
                        why,
                        kind.cure(str(first)),
                        about=str(first),
                        count=int(str(count)),
                    )
                )
    yield from found or (good("aside", say("nothing was set aside for a person")),)


CHECK: Final = Check(id="aside", rank=55, look=_look)
