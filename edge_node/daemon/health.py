"""
Whether the node lives, and whether all of its work can be done now: for load balancers and people.

A line each for what is looked at, in few words. No reason is told that may name what a document is
about: `edge-node status` and `edge-node doctor` tell it to whoever may know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.daemon.board import AXIS, CLOCK
from edge_node.daemon.page import Answer
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from edge_node.adapters.apart import Apart
    from edge_node.adapters.measuring import Measuring
    from edge_node.daemon.lanes import Lane
    from edge_node.daemon.surroundings import Surroundings
    from edge_node.node import Node

_OK = 200
_NOT_NOW = 503


def is_well(lane: Lane) -> bool:
    """Tell whether a lane lives and has turned within its time, if it has begun at all."""
    silence = lane.silence()
    return not lane.is_dead and (silence is None or not silence.late)


class Health:
    """What `/healthz` and `/readyz` say."""

    def __init__(
        self,
        node: Node,
        lanes: Mapping[str, Lane],
        *,
        measuring: Measuring,
        surroundings: Apart[Surroundings],
    ) -> None:
        """Look at nothing yet."""
        self._node = node
        self._lanes = lanes
        self._measuring = measuring
        self._surroundings = surroundings

    def healthy(self) -> Answer:
        """Say of each lane whether it lives, and when it was heard of; 503 for one unwell."""
        lines = ["alive", *(_heard_of(lane) for lane in self._lanes.values())]
        return _said(lines, _OK if all(map(is_well, self._lanes.values())) else _NOT_NOW)

    def ready(self) -> Answer:
        """Say why not all of its work can be done now, a line for each reason; 503 with any."""
        reasons = list(self._reasons())
        return _said(reasons or ["ready"], _NOT_NOW if reasons else _OK)

    def _reasons(self) -> Iterator[str]:
        for lane in self._lanes.values():
            if not is_well(lane) or lane.silence() is None:
                yield _heard_of(lane)
        down = self._node.upstream.down()
        if down is not None:
            yield f"axis: {down}"
        yield from self._local()
        try:
            self._node.queue.file.demand_unharmed()
            snapshot = self._measuring.snapshot()
        except EdgeNodeError:
            yield "queue: it cannot be read"
            return
        if snapshot.held_since is not None:
            yield "sending: paused, because this data folder may be an older state"
        for pause in snapshot.pauses:
            if pause.what not in {AXIS, CLOCK}:
                yield f"rests: {pause.what}"

    def _local(self) -> Iterator[str]:
        around = self._surroundings.fresh()
        if around is None:
            yield "disk: the folders do not answer"
        elif around.no_room:
            yield f"disk: {around.no_room}"


def _heard_of(lane: Lane) -> str:
    silence = lane.silence()
    if lane.is_dead:
        return f"{lane.name}: dead"
    if silence is None:
        return f"{lane.name}: ok, about to begin"
    if silence.late:
        return f"{lane.name}: late, nothing heard of it for {silence.seconds:.0f} s"
    return f"{lane.name}: ok, heard of {silence.seconds:.0f} s ago"


def _said(lines: Sequence[str], status: int) -> Answer:
    return Answer(status, ("\n".join(lines) + "\n").encode())
