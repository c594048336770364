"""What the node at work cannot do at present, in the words it stopped by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge_node.checks.asking import rows_of
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, good
from edge_node.domain.message import say, thaw
from edge_node.domain.record import hint_in
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

_PAUSES: Final = "select what, since, reason from pauses order by since, what"


def _look(situation: Situation) -> Iterator[Finding]:
    if situation.process is None:
        return  # the dead rest from nothing
    pauses = rows_of(situation.config.folders.queue, _PAUSES) or []
    for what, since, reason in pauses:
        why = thaw(str(reason))
        if why is None:
            continue
        began = in_vietnam(datetime.fromtimestamp(int(str(since)) / 1000, UTC))
        told = say("{what} rests since {since}: {why}", what=what, since=f"{began:%H:%M}", why=why)
        cure = hint_in(why) or say("it is tried again by itself; edge-node status says when")
        yield bad("node.resting", told, cure, about=str(what))
    if not pauses:
        yield good("node.resting", say("everything the node does goes on"))


CHECK: Final = Check(id="resting", rank=54, look=_look)
