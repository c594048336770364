"""
The child's side of a trial: open the node for one item, work on that until it rests, and end.

Which items, and what becomes of one whose child dies, is the affair of `flows.trial` in the node
that started us.
"""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING, Final

from edge_node.adapters.alone import as_child
from edge_node.adapters.disk import disk_errors
from edge_node.domain.envelope import Lane
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.trial import DONE, NOT_NOW
from edge_node.flows.acknowledge import Acknowledge
from edge_node.flows.apply import Apply
from edge_node.flows.deliver import Deliver
from edge_node.flows.destroy import Destroy
from edge_node.flows.intake import Intake
from edge_node.flows.push import Push
from edge_node.flows.recheck import Recheck
from edge_node.flows.report import TakeStatuses
from edge_node.node import Node

if TYPE_CHECKING:
    from edge_node.config import Config
    from edge_node.domain.item import ItemId
    from edge_node.flows.ports import Flow

log = logging.getLogger(__name__)

_CLAIMS: Final = {
    Lane.ACKNOWLEDGE: Acknowledge,
    Lane.DELIVER: Deliver,
    Lane.APPLY: Apply,
    Lane.DESTROY: Destroy,
}
_FILES: Final = {Lane.INTAKE: Intake, Lane.STATUSES: TakeStatuses}


def try_alone(config: Config, lane: Lane, item: ItemId) -> int:
    """
    Work on one item as the child of a running node; return the status to end with.

    NotAllowed where no node started us. What nobody foresaw passes through: it ends us, and is
    what the node wants to know.
    """
    with as_child(config.folders.data), closing(Node(config=config, only=item)) as node:
        try:
            with disk_errors():
                _work(node, lane, item)
        except EdgeNodeError as error:
            seen = {"lane": str(lane), "item": item, "error": str(error)}
            log.warning("cannot be tried now", extra=seen | {"hint": str(error.hint or "")})
            return NOT_NOW
    return DONE


def _work(node: Node, lane: Lane, item: ItemId) -> None:
    flows = [flow for plan in node.lanes().values() for flow in plan.flows]
    for flow in flows:
        if isinstance(flow, Intake | TakeStatuses) and type(flow) is _FILES.get(lane):
            flow.see_through(item, node.clock())
            return
    claiming = [flow for flow in flows if _claims_from(flow, lane)]
    while any(flow.turn(node.clock()) for flow in claiming):
        pass  # what was only asked about is sent now: until it is done, or has to wait


def _claims_from(flow: Flow, lane: Lane) -> bool:
    if isinstance(flow, Push | Recheck):
        return flow.lane is lane
    return isinstance(flow, _CLAIMS.get(lane, ()))
