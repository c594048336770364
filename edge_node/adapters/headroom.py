"""
Headroom: whether there is enough left, on disk and in memory, to begin something new.

Below a mark nothing new is taken in, so that a disk is never filled to the brim by us, and the
little there is serves what has been begun: acknowledgements, sending, receipts. Deliveries may go
down to half of the mark, because what was acknowledged is ours to deliver.

Only tells. Who asks before what, and what waits then, is the flows' affair. A quota that `statvfs`
does not know shows itself when something is written (`edge_node.adapters.disk`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import FileGone, disk_errors, shown
from edge_node.adapters.memory import free_memory
from edge_node.domain.errors import FolderMissing, NoRoom, Transient
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_UNITS: Final = (("GB", 10 << 30, 1 << 30), ("MB", 10 << 20, 1 << 20), ("KB", 0, 1 << 10))


class TooLittleRoom(Transient):
    """There is room left, but not for this one item: smaller ones may pass it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What must stay free: bytes and files on each disk, bytes of memory; 0 for no mark."""

    space: int
    files: int
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """What is left on the disks of two folders, and of memory, measured against marks."""

    data: Path
    exchange: Path
    marks: Marks
    memory: Callable[[], int | None] = free_memory
    answers: Callable[[], None] = lambda: None  # FolderMissing where the exchange folder is silent

    def for_new(self, size: int = 0) -> None:
        """
        Return if something new can be begun that puts ``size`` bytes into the data folder.

        Raises NoRoom where a mark is reached already, TooLittleRoom where this alone would reach
        it, and what `disk_errors` raises. An exchange folder that is away keeps
        nothing out of the data folder: whoever needs that folder says so.
        """
        self._demand_memory()
        marks = self.marks
        with suppress(FileGone, FolderMissing):
            self.answers()
            _demand(self.exchange, 0, space=marks.space, files=marks.files)
        _demand(self.data, size, space=marks.space, files=marks.files)

    def for_delivery(self, size: int) -> None:
        """Return if ``size`` bytes can be put into the exchange folder; raises the same."""
        marks = self.marks
        self.answers()
        _demand(self.exchange, size, space=marks.space // 2, files=marks.files // 2)

    def _demand_memory(self) -> None:
        left = self.memory() if self.marks.memory else None
        if left is not None and left < self.marks.memory:
            raise NoRoom(
                say(
                    "only {left} of memory are left, and {mark} must stay free",
                    left=_sized(max(left, 0)),
                    mark=_sized(self.marks.memory),
                ),
                hint=say(
                    "end what uses it, or give the machine or the service more (MemoryMax=);"
                    " the node goes on by itself (limits.free_memory)"
                ),
            )


def _demand(folder: Path, coming: int, *, space: int, files: int) -> None:
    with disk_errors(folder):
        disk = os.statvfs(folder)
    # btrfs and network shares count no files, some FUSE nothing at all: they say 0 of 0.
    if disk.f_files:
        _demand_files(folder, disk.f_favail, files)
    if space and disk.f_blocks:
        _demand_space(folder, disk.f_bavail * disk.f_frsize, coming, space)


def _demand_files(folder: Path, left: int, files: int) -> None:
    if left < files:
        raise NoRoom(
            say(
                "the file system of {path} can hold only {left} more files,"
                " and {mark} must stay free",
                path=shown(folder),
                left=left,
                mark=files,
            ),
            hint=say(
                "remove files there that nobody needs;"
                " the node goes on by itself (limits.free_files)"
            ),
        )


def _demand_space(folder: Path, left: int, coming: int, space: int) -> None:
    if left < space:
        raise NoRoom(
            say(
                "only {left} are left on the file system of {path}, and {mark} must stay free",
                left=_sized(left),
                path=shown(folder),
                mark=_sized(space),
            ),
            hint=say("free space there; the node goes on by itself (limits.free_space)"),
        )
    if left - coming < space:
        raise TooLittleRoom(
            say(
                "{size} more do not fit on the file system of {path}: {left} are left,"
                " and {mark} must stay free",
                size=_sized(coming),
                path=shown(folder),
                left=_sized(left),
                mark=_sized(space),
            ),
            hint=say("free space there; the node goes on by itself (limits.free_space)"),
        )


def _sized(size: int) -> str:
    """Return a size in the largest unit that gives at least two digits, as the config has it."""
    unit, _, one = next(each for each in _UNITS if size >= each[1])
    return f"{size // one} {unit}"
