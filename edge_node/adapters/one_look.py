"""
One look at what lies in the exchange folder, by somebody who was not there before.

The daemon knows since when a file has looked the same because it has watched it. Whoever looks
once has the file's own word: that it was written, renamed or touched last at its ctime, which
nobody can set back (inode(7)). That is never later than what the daemon knows.
"""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters.settle import Sightings

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A process that has a file open for writing."""

    process: int
    program: str
    user: str


def by_its_own_word(folder: Path, age: float) -> Sightings:
    """
    Return what sees a folder for the first time, each file since it last changed.

    ``age`` is what time it is by the clock files are stamped with (seconds since 1970).
    """

    def since(status: os.stat_result, now: float) -> float:
        return now - max(0.0, age - status.st_ctime)

    return Sightings(folder, since=since)


def writers_of(path: Path, *, proc: Path = _PROC) -> list[Writer]:
    """
    Return who on this machine has a file open for writing, as far as we may see.

    A program on another machine, at work through a share, is behind its server's process.
    """
    try:
        wanted = path.stat()
    except OSError:
        return []
    return [
        found
        for home in proc.iterdir()
        if home.name.isdecimal() and (found := _writer(home, wanted)) is not None
    ]


def _writer(home: Path, wanted: os.stat_result) -> Writer | None:
    for handle in _open_in(home):
        with suppress(OSError, ValueError):
            status = handle.stat()
            if (status.st_dev, status.st_ino) == (wanted.st_dev, wanted.st_ino) and _writes(
                home / "fdinfo" / handle.name
            ):
                program = (home / "comm").read_text("utf-8", "replace").strip()
                owner = home.stat().st_uid
                return Writer(process=int(home.name), program=program, user=_name_of(owner))
    return None


def _open_in(home: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (home / "fd").iterdir()


def _writes(info: Path) -> bool:
    for line in info.read_text("utf-8", "replace").splitlines():
        if line.startswith("flags:"):
            return int(line.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY
    return False


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
