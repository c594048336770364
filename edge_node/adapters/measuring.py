"""
What the queue and the disks amount to, read at once and kept for a while.

However often somebody asks, the queue is read every few seconds at most; and where reading takes
long, because there is much, rarely enough to be one part in twenty of the time.
"""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.canaries import Canaries
from edge_node.adapters.database import moment, stamp
from edge_node.adapters.ledger import Ledger
from edge_node.adapters.pauses import Pauses
from edge_node.adapters.sends import HELD
from edge_node.domain.lifecycle import Receiving, Sending

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from edge_node.adapters.canaries import Canary
    from edge_node.adapters.pauses import Pause
    from edge_node.adapters.queue import Queue

_WORK: Final = "select lane, count(*) as n, min(due) as due from work group by lane"
# For how long at most what is counted under a name has stood where it stands; None for any longer.
AGES: Final[Mapping[str, timedelta | None]] = MappingProxyType(
    {
        "under 5m": timedelta(minutes=5),
        "5m to 1h": timedelta(hours=1),
        "1h to 4h": timedelta(hours=4),
        "4h to 1d": timedelta(days=1),
        "1d to 7d": timedelta(days=7),
        "over 7d": None,
    }
)
# What somebody still has to do something about: in a state of which few are at any time. Going out
# it is counted from when it came into its state, coming in from when it came.
_OUT: Final = """
select case when at > :a then 0 when at > :b then 1 when at > :c then 2
            when at > :d then 3 when at > :e then 4 else 5 end as age, count(*) as n
  from fates where state = :state group by age
"""
_UNHEARD: Final = """
select case when at > :a then 0 when at > :b then 1 when at > :c then 2
            when at > :d then 3 when at > :e then 4 else 5 end as age, count(*) as n
  from fates indexed by fates_unheard
 where status = '' and state in ('accepted', 'delivered') and at > 0 group by age
"""
_IN: Final = """
select case when created > :a then 0 when created > :b then 1 when created > :c then 2
            when created > :d then 3 when created > :e then 4 else 5 end as age, count(*) as n
  from incoming where message = 'edoc' and state = :state group by age
"""
UNHEARD: Final = "unheard"  # at the axis, and the receiver has not said that it arrived
_STANDING: Final = (
    *(("out", state.value, _OUT) for state in (Sending.QUEUED, Sending.UNSURE, Sending.HELD)),
    ("out", UNHEARD, _UNHEARD),
    *(
        ("in", state.value, _IN)
        for state in (
            Receiving.RECEIVED,
            Receiving.ACKNOWLEDGED,
            Receiving.DELIVERED,
            Receiving.QUARANTINED,
        )
    ),
)
# (What names an agency does so behind a colon, and is counted with what stands before it.)
_DEADLINES: Final = """
select case when instr(what, ':') > 0 then substr(what, 1, instr(what, ':') - 1)
            else what end as kind, count(*) as n
  from alarms where over is null group by kind
"""
_ALARMS: Final = """
select rule, count(*) as n from incidents where over is null and raised is not null group by rule
"""
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
    size: int  # bytes there are in all
    inodes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How everything stood at one moment."""

    counts: Mapping[str, Mapping[str, int]]  # as `Ledger.counts`
    backlog: Mapping[str, Backlog]  # by lane
    pauses: tuple[Pause, ...]
    ages: Mapping[tuple[str, str, str], int]  # by direction, state and age; one for each receiver
    deadlines: Mapping[str, int]  # what is late, or nearly, by duty and stage
    alarms: Mapping[str, int]  # incidents people were told of and that are not over, by rule
    canary: Canary | None  # the last that came back
    held_since: datetime | None  # since when nothing is sent because this may be an older state


class Measuring:
    """Whoever reads the queue for measurements; for several threads."""

    def __init__(
        self,
        queue: Queue,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read nothing yet; ages are by ``clock``."""
        self._queue = queue
        self._clock = clock
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
                ages=self._ages(),
                deadlines={row["kind"]: row["n"] for row in file.rows(_DEADLINES)},
                alarms={row["rule"]: row["n"] for row in file.rows(_ALARMS)},
                canary=Canaries(file).last_back(),
                held_since=self._held_since(),
            )
        finally:
            self._queue.close()  # of this thread, which may never come again

    def _ages(self) -> dict[tuple[str, str, str], int]:
        now, names = self._clock(), tuple(AGES)
        bounds = [stamp(now - longest) for longest in AGES.values() if longest is not None]
        since: dict[str, object] = dict(zip("abcde", bounds, strict=True))
        return {
            (direction, state, names[row["age"]]): row["n"]
            for direction, state, sql in _STANDING
            for row in self._queue.file.rows(sql, since | {"state": state})
        }

    def _held_since(self) -> datetime | None:
        value = self._queue.marks.get(HELD)
        return None if value is None else datetime.fromisoformat(json.loads(value)["since"])


def left_on(folders: Mapping[str, Path]) -> dict[str, Left]:
    """Return what is left on the disks of these folders; one that is away is left out."""
    found = {}
    for name, folder in folders.items():
        with suppress(OSError):
            disk = os.statvfs(folder)
            # btrfs and network shares count no files.
            inodes = disk.f_favail if disk.f_files else None
            found[name] = Left(
                space=disk.f_bavail * disk.f_frsize,
                size=disk.f_blocks * disk.f_frsize,
                inodes=inodes,
            )
    return found
