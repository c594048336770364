"""
A file somebody may still be writing to: since when it is there, and whether it grows.

When a file came into being is told by statx(2), which Python does not ask; nobody sets that
moment, as they do the one of the last writing. Who writes is told by `one_look.writers_of`.
"""

from __future__ import annotations

import ctypes
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# <linux/stat.h>: the structure is of 256 bytes; stx_mask begins it, stx_btime stands at 80.
_SIZE: Final = 256
_BORN_AT: Final = 80
_BORN: Final = 0x800
_HERE: Final = -100  # AT_FDCWD
_NO_FOLLOW: Final = 0x100
_LOOKS: Final = 6
_BETWEEN: Final = 0.05  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How large a file was in bytes, then and now, and when it was last written to."""

    before: int
    after: int
    written: datetime

    @property
    def grows(self) -> bool:
        """Whether somebody wrote to it while it was looked at."""
        return self.after != self.before


def growth_of(path: Path) -> Growth | None:
    """Look at a file for a third of a second, or until it grows; None where it is gone."""
    try:
        first = now = path.stat()
        for _ in range(_LOOKS):
            if now.st_size != first.st_size:
                break
            time.sleep(_BETWEEN)
            now = path.stat()
    except OSError:
        return None
    written = datetime.fromtimestamp(now.st_mtime, UTC)
    return Growth(before=first.st_size, after=now.st_size, written=written)


def born(path: Path) -> datetime | None:
    """Return when a file came into being; None where its file system does not keep that."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "statx"):
        return None
    told = ctypes.create_string_buffer(_SIZE)
    if library.statx(_HERE, os.fsencode(path), _NO_FOLLOW, _BORN, told):
        return None
    if not ctypes.c_uint32.from_buffer(told).value & _BORN:
        return None
    seconds = ctypes.c_int64.from_buffer(told, _BORN_AT).value
    return datetime.fromtimestamp(seconds, UTC)
