"""
What rings at intervals, whatever happens to the clock of the machine.

APScheduler goes by the wall clock: set back by an hour, it does nothing for an hour. Whoever wakes
by the monotonic clock asks `mend` from time to time.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from apscheduler.schedulers.background import BackgroundScheduler

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

# What time servers correct by themselves in small steps delays nobody by more than this.
_A_JUMP: Final = timedelta(minutes=1)


class Schedule:
    """Jobs that are done at intervals, on a thread of their own."""

    def __init__(
        self,
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Compare two clocks, in seconds: the one that can be set, and the one that cannot."""
        self._wall = wall
        self._steady = steady
        self._apart = wall() - steady()
        self._scheduler = BackgroundScheduler(
            timezone="Asia/Ho_Chi_Minh",
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def every(self, interval: timedelta, job: Callable[[], None]) -> None:
        """Do this at an interval; it must not take long."""
        self._scheduler.add_job(job, "interval", seconds=interval.total_seconds())

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """Do nothing more."""
        self._scheduler.shutdown(wait=False)

    def mend(self) -> None:
        """Do every job now, and count from now on, where somebody set the clock."""
        apart = self._wall() - self._steady()
        jump = timedelta(seconds=apart - self._apart)
        if abs(jump) <= _A_JUMP:
            return
        log.warning("the clock was set", extra={"by": jump})
        self._apart = apart
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))
        self._scheduler.wakeup()
