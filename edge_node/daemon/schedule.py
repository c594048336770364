"""
What rings at intervals, whatever happens to the clock of the machine.

APScheduler goes by the wall clock: set back by an hour, it does nothing for an hour. Whoever
notices that the clock was set says so (`begin_anew`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta


class Schedule:
    """Jobs that are done at intervals, on a thread of their own."""

    def __init__(self) -> None:
        """Begin without a job."""
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

    def begin_anew(self) -> None:
        """Do every job now, and count from now on: somebody set the clock."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))
        self._scheduler.wakeup()
