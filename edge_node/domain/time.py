"""Vietnam's time: one zone, no summer time; every stamp that leaves us is written in it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

VIETNAM: Final = timezone(timedelta(hours=7), "+07")


def in_vietnam(moment: datetime) -> datetime:
    """Return the same moment on Vietnamese clocks; a naive moment is taken to be on them."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=VIETNAM)
    return moment.astimezone(VIETNAM)


def iso(moment: datetime) -> str:
    """Return the moment as `2026-11-21T14:03:05+07:00`, the form of every file we write."""
    return in_vietnam(moment).isoformat(timespec="seconds")
