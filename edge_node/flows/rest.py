"""How long a flow may sleep."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def until(moment: float | None, now: float) -> timedelta | None:
    """Return the time from ``now`` to a moment of the same monotonic clock; None: for ever."""
    return None if moment is None else timedelta(seconds=max(0.0, moment - now))


def until_due(due: datetime | None, now: datetime) -> timedelta | None:
    """Return the time until something is due; None where nothing is."""
    return None if due is None else max(due - now, timedelta())
