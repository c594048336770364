"""Other nodes of this machine: none may work on our folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.other_nodes import daemons
from edge_node.adapters.service_unit import to_stop, unit_of
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, good
from edge_node.config import load
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.adapters.other_nodes import OtherNode
    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding


def _look(situation: Situation) -> Iterator[Finding]:
    found = False
    for other in sorted(daemons(), key=lambda each: each.process):
        if other.process == situation.process:
            continue
        shared = _shared(other, situation)
        if shared is None:
            continue
        found = True
        yield bad(
            "node.second",
            say(
                "a second node (process {process}) works on {path}",
                process=other.process,
                path=str(shared),
            ),
            to_stop(unit_of(other.process), other.process),
            about=str(shared),
            process=other.process,
        )
    if not found:
        yield good("node.second", say("no other node of this machine works on our folders"))


def _shared(other: OtherNode, situation: Situation) -> Path | None:
    """Return the folder another node has in common with ours; None where it has none."""
    try:
        theirs = load(other.config_file).folders
    except EdgeNodeError:  # it is not ours to read, or to be loaded
        return None
    ours = situation.config.folders
    pairs = ((ours.data, theirs.data), (ours.exchange, theirs.exchange))
    return next((one for one, two in pairs if one.resolve() == two.resolve()), None)


CHECK: Final = Check(id="others", rank=45, look=_look)
