"""
Archives of the whole node, made by a child of it when one is due; it gives way to everything else.

One that fails is tried again at the next look; what is wrong, the child has said in the log.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.archives import archive_is_due
from edge_node.adapters.marks import Marks

if TYPE_CHECKING:
    from edge_node.node import Node

log = logging.getLogger(__name__)

_COMMAND: Final = "backup-due"
_WITHIN: Final = timedelta(hours=12)  # a hundred gigabytes to a share take three


def archive(node: Node) -> None:
    """Have an archive made where one is due, and somebody can start a child."""
    every, marks = node.config.backup.archives.every, Marks(node.queue.file)
    if not node.command or not archive_is_due(marks, every, node.clock()):
        return
    from edge_node.adapters.alone import Alone  # noqa: PLC0415 - once a day

    child = Alone(node.command)
    node.children.append(child)
    try:
        ending = child.work(_COMMAND, within=_WITHIN)
    finally:
        node.children.remove(child)
    if ending.status == 0:
        log.info("archive made")
    elif not ending.stopped:
        log.warning("no archive could be made", extra={"end": str(ending.told())})
