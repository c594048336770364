"""
Who keeps a database of ours from being written, as the kernel lists its locks.

Only reads what the kernel shows: to open the file and close it again would drop whatever locks
this process has on it (fcntl(2)). Processes of other containers are not named there.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC: Final = Path("/proc")
# `3: POSIX  ADVISORY  WRITE 6332 00:1b:1546257 120 120` (proc(5)); `->` leads whoever waits.
_LINE: Final = re.compile(
    r"^\d+: POSIX\s+\S+\s+WRITE\s+(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) (\d+) (\d+|EOF)$",
    re.MULTILINE,
)
# SQLite's own places (os_unix.c, wal.c): whoever writes in WAL mode, and whoever writes without.
_WAL_WRITE: Final = 120
_PENDING: Final = 0x40000000
_SHARED_END: Final = _PENDING + 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process that keeps others from writing; ``program`` is '' where nobody may tell."""

    process: int
    program: str = ""


def writers(database: Path, *, proc: Path = PROC) -> frozenset[Holder]:
    """Return who holds the right to write in a SQLite database at this moment."""
    found = set[int]()
    for path, first, last in _places(database):
        with suppress(OSError):
            status = path.stat()
            found |= set(_holding(status, first, last, proc))
    return frozenset(Holder(process=each, program=_program(each, proc)) for each in found)


def _places(database: Path) -> Iterator[tuple[Path, int, int]]:
    yield database, _PENDING, _SHARED_END
    yield database.with_name(f"{database.name}-shm"), _WAL_WRITE, _WAL_WRITE


def _holding(status: os.stat_result, first: int, last: int, proc: Path) -> Iterator[int]:
    try:
        listed = (proc / "locks").read_text("ascii", "replace")
    except OSError:
        return
    for process, major, minor, inode, begins, ends in _LINE.findall(listed):
        device = os.makedev(int(major, 16), int(minor, 16))
        end = float("inf") if ends == "EOF" else int(ends)
        same = int(inode) == status.st_ino and device == status.st_dev
        if same and int(begins) <= last and end >= first:
            yield int(process)


def _program(process: int, proc: Path) -> str:
    try:
        return (proc / str(process) / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""
