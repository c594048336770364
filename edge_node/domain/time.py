"""Vietnam's time: one zone, no summer time; every stamp that leaves us is written in it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

VIETNAM: Final = timezone(timedelta(hours=7), "+07")
_FIRST: Final = datetime.min.replace(tzinfo=VIETNAM)
_LAST: Final = datetime.max.replace(tzinfo=VIETNAM)

# The axis's stamps, as several of its releases write them; none names its zone.
_STAMPS: Final = ("%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")
# What is to be there on a day is to be there before the offices close.
_OFFICES_CLOSE: Final = time(17)


def in_vietnam(moment: datetime) -> datetime:
    """
    Return the same moment on Vietnamese clocks; a naive moment is taken to be on them.

    Certificates that never run out say so by the last second of the year 9999 (RFC 5280,
    4.1.2.5). What these clocks cannot show stands at their last moment, or at their first.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=VIETNAM)
    try:
        return moment.astimezone(VIETNAM)
    except OverflowError:
        return _FIRST if moment.year == _FIRST.year else _LAST


def iso(moment: datetime) -> str:
    """Return the moment as `2026-11-21T14:03:05+07:00`, the form of every file we write."""
    return in_vietnam(moment).isoformat(timespec="seconds")


def read_stamp(text: str) -> datetime | None:
    """Return the moment a stamp of the axis stands for; None where it is in no form we know."""
    for form in _STAMPS:
        try:
            return in_vietnam(datetime.strptime(text, form))  # noqa: DTZ007 - no zone on the wire
        except ValueError:
            continue
    return None


def start_of(day: date) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time(), VIETNAM)


def end_of_work(day: date) -> datetime:
    """Return when the offices close on a day."""
    return datetime.combine(day, _OFFICES_CLOSE, VIETNAM)
