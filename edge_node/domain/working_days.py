"""
Which days the offices work, and until when something has to be done that is due on one of them.

Weekends and public holidays are off; a calendar file of the agency takes days away and gives
others, and has the last word. Days and hours are those of Vietnam (+07:00), where there is no
summer time. Nothing here knows what falls due.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.public_holidays import MADE_UP, SATURDAY, public_holidays
from edge_node.domain.time import VIETNAM, in_vietnam

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY: Final = timedelta(days=1)
_NONE: Final[Mapping[date, str]] = MappingProxyType({})
# Nobody rests for so long; a calendar that says so is refused by whoever reads it.
LONGEST_REST: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeHours:
    """When the offices open, when their morning ends, and when they close."""

    opens: time = time(7, 30)
    morning_ends: time = time(11, 30)
    closes: time = time(17)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDays:
    """The calendar of one agency; ``off`` and ``worked`` are days with the reason for each."""

    off: Mapping[date, str] = field(default_factory=lambda: _NONE)
    worked: Mapping[date, str] = field(default_factory=lambda: _NONE)
    built_in: bool = True  # whether public holidays are known without a file
    hours: OfficeHours = OfficeHours()

    def is_working(self, day: date) -> bool:
        """Tell whether the offices work that day."""
        if day in self.worked:
            return True
        if day in self.off:
            return False
        if self.built_in and day in public_holidays(day.year):
            return False
        return day.weekday() < SATURDAY or (self.built_in and day in MADE_UP)

    def reason(self, day: date) -> str:
        """Return why a day is worked or not where that is not plain from the weekday, else ''."""
        for told in (self.worked, self.off):
            if day in told:
                return told[day]
        if not self.built_in:
            return ""
        if day in MADE_UP:
            return f"Làm bù ngày {MADE_UP[day]:%d/%m/%Y}"
        return public_holidays(day.year).get(day, "")

    def next(self, day: date) -> date:
        """Return the first working day after a day."""
        return self._from(day + _DAY, _DAY)

    def before(self, day: date) -> date:
        """Return the last working day before a day."""
        return self._from(day - _DAY, -_DAY)

    def add(self, day: date, count: int) -> date:
        """
        Return the day that is so many working days later, or earlier where ``count`` is negative.

        The day itself does not count: one working day after a Friday is the Monday, and so it is
        after the Saturday. With 0 a day off becomes the next working day.
        """
        if count == 0:
            return self._from(day, _DAY)
        for _ in range(abs(count)):
            day = self.next(day) if count > 0 else self.before(day)
        return day

    def count(self, first: date, last: date) -> int:
        """Return how many working days lie after ``first``, up to and with ``last``."""
        days = (first + number * _DAY for number in range(1, (last - first).days + 1))
        return sum(map(self.is_working, days))

    def opens(self, day: date) -> datetime:
        """Return when the offices open on a day."""
        return datetime.combine(day, self.hours.opens, VIETNAM)

    def morning_ends(self, day: date) -> datetime:
        """Return when the morning of a day ends."""
        return datetime.combine(day, self.hours.morning_ends, VIETNAM)

    def closes(self, day: date) -> datetime:
        """Return when the offices close on a day."""
        return datetime.combine(day, self.hours.closes, VIETNAM)

    def next_morning(self, day: date) -> datetime:
        """Return the end of the morning of the next working day: until then of that day's work."""
        return self.morning_ends(self.next(day))

    def dispatch_by(self, promulgated: date, handed_over: datetime) -> datetime:
        """
        Return until when a document has to be on its way: the same day, or the next morning.

        It counts from the day it was signed, which is its date. Where it was handed over only
        after that was past, it counts from that day: whoever sends can be late with nothing
        sooner. How late it is by its date is told by ``next_morning``.
        """
        by = self.next_morning(promulgated)
        handed = in_vietnam(handed_over)
        return by if handed <= by else self.next_morning(handed.date())

    def _from(self, day: date, step: timedelta) -> date:
        """Return the day, or the nearest working one in that direction."""
        end = day + (LONGEST_REST if step > timedelta() else -LONGEST_REST)
        while not self.is_working(day) and day != end:
            day += step
        return day
