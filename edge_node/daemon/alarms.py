"""
The alarms of a node at work: a look from time to time, and a child that tells what there is.

Neither is done on a lane: whoever cannot be told holds up no document. What could not be told is
tried again by a later child, more and more rarely; and so is a child that fails.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.apart import Apart
from edge_node.adapters.marks import Marks
from edge_node.domain.alarms import wait_after
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from edge_node.daemon.lanes import Lane
    from edge_node.node import Node
    from edge_node.node.alarming import NodeAlarms

log = logging.getLogger(__name__)

_FOLDERS: Final = 3.0  # seconds the folders have to answer, on a share that is away


@dataclass(slots=True, kw_only=True)
class AlarmsAtWork:
    """Whoever looks, and the thread that waits for the child that tells."""

    node: Node
    alarms: NodeAlarms
    _teller: threading.Thread | None = None
    _failed: int = 0  # children one after another
    _again: float = 0.0  # when the next may start, in monotonic seconds

    def look(self) -> None:
        """Look once, and have a child tell what is due, where none is at it and one can start."""
        now = self.node.clock()
        try:
            try:
                self.alarms.alarming.turn(now)
            finally:  # what an earlier look has found is told, whatever keeps this one
                self._have_told(now)
        finally:
            self.node.close_files()

    def _have_told(self, now: datetime) -> None:
        busy = self._teller is not None and self._teller.is_alive()
        if busy or not self.node.command or self.node.monotonic() < self._again:
            return
        if self.alarms.alarming.tells and self.alarms.incidents.anything_due(now):
            # A thread of its own: servers that hang keep nobody from looking.
            self._teller = threading.Thread(target=self._tell, name="telling", daemon=True)
            self._teller.start()

    def _tell(self) -> None:
        """Have a child tell it; one that fails is said once, and the next one starts later."""
        why = _sent(self.node, self.alarms)
        if why is None:
            self._failed = 0
            return
        self._failed += 1
        self._again = self.node.monotonic() + wait_after(self._failed).total_seconds()
        if self._failed == 1:
            log.warning("notices could not be sent", extra={"end": why})


def alarms_of(node: Node, lanes: Mapping[str, Lane]) -> AlarmsAtWork:
    """Return the alarms of a node at work; ConfigError where its rules cannot be used."""
    from edge_node.node.alarming import NodeAlarms  # noqa: PLC0415 - only for work

    begun = node.monotonic()
    parts = {
        (lane.name, type(flow).__name__.lower()) for lane in lanes.values() for flow in lane.flows
    }

    def flows() -> Mapping[str, datetime]:
        # Counted from when they began, or could go on because the axis was back. (How long ago
        # that was, and not when: somebody may have set the clock.)
        nonlocal begun
        if node.upstream.down() is not None:
            begun = node.monotonic()
        first = node.clock() - timedelta(seconds=node.monotonic() - begun)
        return {
            flow if flow == name else f"{name} {flow}": max(
                lanes[name].succeeded.get(flow, first), first
            )
            for name, flow in parts
        }

    copies = Apart(name="copies", read=node.backups.all, patience=_FOLDERS)
    alarms = NodeAlarms(node, flows=flows, copies=copies.fresh)
    alarms.left = Apart(name="folders", read=alarms.left_now, patience=_FOLDERS).fresh
    _ = alarms.alarming  # everything that is wrong with the rules is said now
    return AlarmsAtWork(node=node, alarms=alarms)


def demand_alarms(node: Node) -> None:
    """Make sure that the file of rules can be used; ConfigError."""
    from edge_node.node.alarming import NodeAlarms  # noqa: PLC0415 - before another configuration

    _ = NodeAlarms(node).rules


def note_dead(node: Node, names: Sequence[str]) -> None:
    """Remember which lanes died: this life ends, and the next one tells of it."""
    from edge_node.adapters.deaths import note_death  # noqa: PLC0415 - never, one hopes

    with suppress(EdgeNodeError):  # it may be what they died of
        note_death(Marks(node.queue.file), names, now=node.clock())


def _sent(node: Node, alarms: NodeAlarms) -> str | None:
    """Return how a child ended that was to tell what is due; None where it did."""
    from edge_node.adapters.alone import Alone  # noqa: PLC0415 - only where something is wrong

    child = Alone(node.command)
    node.children.append(child)
    try:
        ending = alarms.have_sent(child)
    except OSError as error:  # no memory, or too many processes
        return error.strerror or type(error).__name__
    finally:
        node.children.remove(child)
    return None if ending.status == 0 or ending.stopped else str(ending.told())
