"""
What a node takes up on its disks, by kind, in a time that is bounded however much there is.

Files are counted with the sizes they say they have; links are not followed. Where the bound is met
the rest of that folder is not looked at, and the figure is the least it can be.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

LONGEST: Final = 6.0  # seconds, for all kinds together
MOST: Final = 300_000  # files of one kind
# What SQLite keeps beside a database.
_BESIDE: Final = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What one kind takes up; ``whole`` is False where that is only the least."""

    files: int
    size: int
    whole: bool


def kinds(data: Path, backups: Path, exchange: Path) -> Mapping[str, tuple[Path, ...]]:
    """Return the kinds, and in which folders and files each of them lies."""
    return {
        "queue": tuple(data / f"queue.db{end}" for end in _BESIDE),
        "packages": (data / "spool" / "packages",),
        "waybills": (data / "spool" / "items",),
        "evidence": (data / "evidence",),
        "directory": tuple(data / f"directory.db{end}" for end in _BESIDE),
        "backups": (backups,),
        "inbox": (exchange / "inbox",),
        "sent": (exchange / "sent",),
        "failed": (exchange / "failed",),
        "receipts": (exchange / "receipts",),
    }


def used(
    places: Mapping[str, Iterable[Path]], *, within: float = LONGEST, most: int = MOST
) -> dict[str, Used]:
    """
    Return what each kind takes up; what is not there, or not ours to read, takes up nothing.

    ``within`` are seconds for all, of which each kind may use an even share of what is left.
    """
    end, found = time.monotonic() + within, {}
    for left, (kind, paths) in zip(range(len(places), 0, -1), places.items(), strict=True):
        now = time.monotonic()
        found[kind] = _weighed(paths, until=now + max(0.0, end - now) / left, most=most)
    return found


def _weighed(paths: Iterable[Path], *, until: float, most: int) -> Used:
    files = size = 0
    for path in paths:
        for entry in _files(path):
            if files >= most or (files and time.monotonic() > until):
                return Used(files=files, size=size, whole=False)
            with suppress(OSError):
                size += entry.stat(follow_symlinks=False).st_size
                files += 1
    return Used(files=files, size=size, whole=True)


def _files(path: Path) -> Iterator[os.DirEntry[str] | Path]:
    """Yield the files below a folder, or the file itself."""
    if path.is_file() and not path.is_symlink():
        yield path
        return
    folders = [os.fspath(path)]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry
