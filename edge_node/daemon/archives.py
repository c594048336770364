"""
Archives of the whole node, made by a child of it when one is due; it gives way where it may.

The same child has them carried elsewhere, where somebody is to. What fails is tried again at the
next look; what is wrong, the child has said in the log.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.archives import archive_is_due, is_waiting, last_made
from edge_node.adapters.marks import Marks

if TYPE_CHECKING:
    from edge_node.node import Node

log = logging.getLogger(__name__)

_COMMAND: Final = "backup-due"
_WITHIN: Final = timedelta(hours=12)  # a hundred gigabytes to a share take three


def archive(node: Node) -> None:
    """Have an archive made or carried where that is due, and somebody can start a child."""
    section, marks = node.config.backup.archives, Marks(node.queue.file)
    to_make = archive_is_due(marks, section.every, node.clock())
    to_carry = section.carry.by is not None and (to_make or is_waiting(marks))
    if not node.command or not (to_make or to_carry):
        return
    from edge_node.adapters.alone import Alone  # noqa: PLC0415 - once a day

    before, child = last_made(marks), Alone(node.command)
    node.children.append(child)
    try:
        ending = child.work(_COMMAND, within=_WITHIN)
    finally:
        node.children.remove(child)
    seen = {"end": str(ending.told())}
    made = last_made(marks) != before
    if made:
        log.info("archive made")
    elif to_make and not ending.stopped:
        log.warning("no archive could be made", extra=seen)
    if not to_carry or (to_make and not made):
        return
    if not is_waiting(marks):
        log.info("archives carried", extra={"by": str(section.carry.by)})
    elif not ending.stopped:
        log.warning("archives could not be carried", extra=seen | {"by": str(section.carry.by)})
