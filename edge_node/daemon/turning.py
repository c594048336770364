"""Every lane of a node: made, who has something to do after whom, and how they are stopped."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.daemon.lanes import GRACE, LONGEST_PAUSE, LONGEST_STEP, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_node.daemon.board import Board
    from edge_node.node import Node

log = logging.getLogger(__name__)

# Who has something to do after whom. (That the axis is told `fail` of what `deliver` cannot read
# waits for the schedule: it is rare, and every step of `deliver` would make `pull` look.)
_AFTER: Final[Mapping[str, tuple[str, ...]]] = {
    "intake": ("push", "deliver"),
    "push": ("deliver",),
    "pull": ("deliver",),
    "deliver": ("report",),
    "report": ("deliver",),
    "trial": ("push", "deliver", "report"),
    "directory": (),
}
# Who works in the exchange folder.
_IN_EXCHANGE: Final = frozenset({"intake", "deliver", "report", "trial"})
# What keeps one drop from being taken in need not keep the next: intake is never paused for long.
_LONGEST_PAUSE: Final[Mapping[str, float]] = {"intake": 30.0}  # seconds


def lanes_of(
    node: Node,
    board: Board,
    *,
    longest_step: timedelta = timedelta(seconds=LONGEST_STEP),
    grace: timedelta = timedelta(seconds=GRACE),
) -> Mapping[str, Lane]:
    """
    Return the lanes of a node, none of them started.

    A step may show no sign of life for ``longest_step``, or for as long as what it has in hand is
    leased where that is longer: no call to the axis takes longer. It may be late by ``grace``.
    """
    lanes: dict[str, Lane] = {}
    board.watch(node.upstream, node.clock_watch, resume=lambda: _resume(lanes))
    for name, plan in node.lanes().items():
        lanes[name] = Lane(
            name=name,
            flows=plan.flows,
            clock=node.clock,
            worked=_nudger(lanes, _AFTER[name]),
            let_go=plan.let_go,
            closing=plan.close,
            board=board,
            longest=_LONGEST_PAUSE.get(name, LONGEST_PAUSE),
            longest_step=max(longest_step, node.config.push.lease).total_seconds(),
            grace=grace.total_seconds(),
            in_exchange=name in _IN_EXCHANGE,
        )
    return lanes


def stop_all(node: Node, lanes: Mapping[str, Lane], patience: timedelta) -> None:
    """Let each lane end its step; whoever waits longer than ``patience`` is cut off."""
    for lane in lanes.values():
        lane.stop()
    deadline = time.monotonic() + patience.total_seconds()
    waiting = [lane for lane in lanes.values() if not lane.join(_until(deadline))]
    if waiting:
        # Whoever waits for an answer is cut off; what that leaves open is found out next time.
        node.hang_up()
        deadline = time.monotonic() + patience.total_seconds()
        for lane in waiting:
            if not lane.join(_until(deadline)):
                log.warning("a lane did not end in time", extra={"lane": lane.name})


def _resume(lanes: Mapping[str, Lane]) -> None:
    for lane in lanes.values():
        lane.resume()


def _nudger(lanes: Mapping[str, Lane], names: tuple[str, ...]) -> Callable[[], None]:
    def nudge() -> None:
        for name in names:
            lanes[name].nudge()

    return nudge


def _until(deadline: float) -> timedelta:
    return timedelta(seconds=max(0.0, deadline - time.monotonic()))
