"""What is left on the disks and of memory, measured as the flows measure it before they begin."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import disk_errors
from edge_node.adapters.headroom import Headroom, Marks
from edge_node.checks.check import Check
from edge_node.checks.finding import broken_by, good, warn
from edge_node.domain.errors import EdgeNodeError, NoRoom
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding


def _look(situation: Situation) -> Iterator[Finding]:
    folders, limits = situation.config.folders, situation.config.limits
    marks = Marks(space=limits.free_space, files=limits.free_files, memory=limits.free_memory)
    room = Headroom(data=folders.data, exchange=folders.exchange, marks=marks)
    try:
        room.for_new()
    except EdgeNodeError as error:
        yield broken_by("room", error)
        return
    with disk_errors(folders.data):
        disk = os.statvfs(folders.data)
    free = disk.f_bavail * disk.f_frsize
    twice = Marks(space=2 * marks.space, files=2 * marks.files, memory=0)
    try:
        replace(room, marks=twice).for_new()
    except NoRoom:
        yield warn(
            "room",
            say("there is little room left: less than twice what must stay free"),
            say(
                "free space in {data} and {exchange}; limits.free_space, free_files",
                data=str(folders.data),
                exchange=str(folders.exchange),
            ),
            free_bytes=free,
            free_files=disk.f_favail,
        )
        return
    why = say("there is room for new documents: {size} MB free", size=free >> 20)
    yield good("room", why, free_bytes=free, free_files=disk.f_favail)


CHECK: Final = Check(id="room", rank=40, look=_look)
