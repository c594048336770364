"""
The alarms of a node at work: a look from time to time, and a child that tells what there is.

Neither is done on a lane: whoever cannot be told holds up no document. What could not be told is
tried again by a later child, more and more rarely.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edge_node.adapters.marks import Marks
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from edge_node.daemon.lanes import Lane
    from edge_node.node import Node
    from edge_node.node.alarming import NodeAlarms

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class AlarmsAtWork:
    """Whoever looks, and the thread that waits for the child that tells."""

    node: Node
    alarms: NodeAlarms
    _teller: threading.Thread | None = None

    def look(self) -> None:
        """Look once, and have a child tell what is due, where none is at it and one can start."""
        now, alarming = self.node.clock(), self.alarms.alarming
        try:
            alarming.turn(now)
            due = alarming.tells and self.alarms.incidents.anything_due(now)
        finally:
            self.node.close_files()
        busy = self._teller is not None and self._teller.is_alive()
        if due and self.node.command and not busy:
            # A thread of its own: servers that hang keep nobody from looking.
            send = partial(_send, self.node, self.alarms)
            self._teller = threading.Thread(target=send, name="telling", daemon=True)
            self._teller.start()


def alarms_of(node: Node, lanes: Mapping[str, Lane]) -> AlarmsAtWork:
    """Return the alarms of a node at work; ConfigError where its rules cannot be used."""
    from edge_node.node.alarming import NodeAlarms  # noqa: PLC0415 - only for work

    begun = node.clock()
    parts = {
        (lane.name, type(flow).__name__.lower()) for lane in lanes.values() for flow in lane.flows
    }

    def flows() -> Mapping[str, datetime]:
        return {
            flow if flow == name else f"{name} {flow}": lanes[name].succeeded.get(flow, begun)
            for name, flow in parts
        }

    alarms = NodeAlarms(node, flows=flows)
    _ = alarms.alarming  # everything that is wrong with the rules is said now
    return AlarmsAtWork(node=node, alarms=alarms)


def demand_alarms(node: Node) -> None:
    """Make sure that the file of rules can be used; ConfigError."""
    from edge_node.node.alarming import NodeAlarms  # noqa: PLC0415 - before another configuration

    _ = NodeAlarms(node).rules


def note_dead(node: Node, names: Sequence[str]) -> None:
    """Remember which lanes died: this life ends, and the next one tells of it."""
    from edge_node.adapters.watching import note_death  # noqa: PLC0415 - never, one hopes

    with suppress(EdgeNodeError):  # it may be what they died of
        note_death(Marks(node.queue.file), names, now=node.clock())


def _send(node: Node, alarms: NodeAlarms) -> None:
    from edge_node.adapters.alone import Alone  # noqa: PLC0415 - only where something is wrong

    child = Alone(node.command)
    node.children.append(child)
    try:
        ending = alarms.have_sent(child)
    finally:
        node.children.remove(child)
    if ending.status != 0 and not ending.stopped:
        log.warning("notices could not be sent", extra={"end": str(ending.told())})
