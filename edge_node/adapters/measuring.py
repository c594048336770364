"""
What the queue and the disks amount to, read at once and kept for a while.

However often somebody asks, the queue is read every few seconds at most; and where reading takes
long, because there is much, rarely enough to be one part in twenty of the time.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment
from edge_node.adapters.ledger import Ledger
from edge_node.adapters.pauses import Pauses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.pauses import Pause
    from edge_node.adapters.queue import Queue

_WORK: Final = "select lane, count(*) as n, min(due) as due from work group by lane"
_YOUNG: Final = 5.0  # seconds
_SHARE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much is to be done in a lane, and since when the oldest of it is due."""

    count: int
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of the file system a folder lies on; inodes None where it counts none."""

    space: int  # bytes
    inodes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How everything stood at one moment."""

    counts: Mapping[str, Mapping[str, int]]  # as `Ledger.counts`
    backlog: Mapping[str, Backlog]  # by lane
    pauses: tuple[Pause, ...]


class Measuring:
    """Whoever reads the queue for measurements; for several threads."""

    def __init__(self, queue: Queue, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Read nothing yet."""
        self._queue = queue
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._last: Snapshot | None = None
        self._good_until = 0.0

    def snapshot(self) -> Snapshot:
        """Return how everything stands, or stood a moment ago; raises what `QueueFile` does."""
        with self._lock:
            begun = self._monotonic()
            if self._last is None or begun >= self._good_until:
                self._last = self._read()
                took = self._monotonic() - begun
                self._good_until = begun + max(_YOUNG, _SHARE * took)
            return self._last

    def _read(self) -> Snapshot:
        file = self._queue.file
        try:
            return Snapshot(
                counts=Ledger(file).counts(),
                backlog={
                    row["lane"]: Backlog(count=row["n"], due=moment(row["due"]))
                    for row in file.rows(_WORK)
                },
                pauses=tuple(Pauses(file).all()),
            )
        finally:
            self._queue.close()  # of this thread, which may never come again


def left_on(folders: Mapping[str, Path]) -> dict[str, Left]:
    """Return what is left on the disks of these folders; one that is away is left out."""
    found = {}
    for name, folder in folders.items():
        with suppress(OSError):
            disk = os.statvfs(folder)
            # btrfs and network shares count no files.
            inodes = disk.f_favail if disk.f_files else None
            found[name] = Left(space=disk.f_bavail * disk.f_frsize, inodes=inodes)
    return found
