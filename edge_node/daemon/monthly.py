"""
The report of a month, made by a child of the node: what it takes is gone when the child is.

One that fails is tried again at the next look; what is wrong, the child has said in the log.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_node.node import Node

log = logging.getLogger(__name__)


def report_month(node: Node) -> None:
    """Have the report made that is due, if one is, and somebody can start a child."""
    from edge_node.adapters.alone import Alone  # noqa: PLC0415 - once a month
    from edge_node.node.reporting import Reporting  # noqa: PLC0415 - likewise

    reporting = Reporting(node)
    month = reporting.due(node.clock())
    if month is None or not node.command:
        return
    child = Alone(node.command)
    node.children.append(child)
    try:
        ending = reporting.make(month, child)
    finally:
        node.children.remove(child)
    seen = {"month": str(month)}
    if ending.status == 0:
        log.info("report made", extra=seen)
    elif not ending.stopped:
        log.warning("the report of a month was not made", extra=seen | {"end": str(ending.told())})
