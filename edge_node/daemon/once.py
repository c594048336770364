"""One turn of everything there is to do now, by whoever wants no daemon: no lane, no thread."""

from __future__ import annotations

import math
import time
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import disk_errors
from edge_node.adapters.lock import locked
from edge_node.adapters.pauses import Pauses
from edge_node.adapters.witness import Witness
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge_node.flows.ports import Flow
    from edge_node.node import Node

# How long one call waits, beside the quiet period, for a drop to settle; and the shortest wait.
_MOMENT: Final = timedelta(seconds=1)
_BLINK: Final = 0.02  # seconds


def turn_once(node: Node) -> list[EdgeNodeError]:
    """
    Let every flow do what there is to do now, and return what kept one from it.

    A document taken in, sent, and told of needs a single call, also when it has only just been
    dropped: what is still settling is waited for.
    """
    outages: list[EdgeNodeError] = []
    folders = node.config.folders
    with locked(folders.data), Witness(folders.witness).locked(), closing(node):
        node.prepare()
        Pauses(node.queue.file).clear_all()
        flows = [flow for plan in node.lanes().values() for flow in plan.flows]
        deadline = time.monotonic() + (node.config.intake.quiet + _MOMENT).total_seconds()
        while True:
            flows = _turned_out(flows, node, outages)
            wait = min((_rest(flow, node.clock()) for flow in flows), default=math.inf)
            if time.monotonic() + wait > deadline:
                return outages
            time.sleep(max(wait, _BLINK))


def _rest(flow: Flow, now: datetime) -> float:
    rest = flow.rest(now)
    return math.inf if rest is None else rest.total_seconds()


def _turned_out(flows: Sequence[Flow], node: Node, outages: list[EdgeNodeError]) -> list[Flow]:
    """Turn the flows until none has anything to do; return those that no outage has stopped."""
    turning = list(flows)
    for flow in turning:
        flow.wake()
    busy = True
    while busy:
        busy = False
        for flow in tuple(turning):
            try:
                with disk_errors():
                    while flow.turn(node.clock()):
                        busy = True
            except EdgeNodeError as error:
                outages.append(error)
                turning.remove(flow)
    return turning
