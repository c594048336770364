"""A month, a quarter or a year of the Vietnamese calendar, as reports are asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.domain.time import VIETNAM, in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.domain.message import Message

_FORM: Final = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?")
_YEARS: Final = range(2000, 2200)
_MONTHS: Final = 12


class BadPeriod(NotAllowed):
    """The text names no period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """So many whole months from the first day of one of them."""

    first: date
    months: int  # 1, 3 or 12

    @property
    def last(self) -> date:
        """The last day that belongs to it."""
        return _months_on(self.first, self.months) - timedelta(days=1)

    @property
    def start(self) -> datetime:
        """The moment it begins."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment that is not part of it any more."""
        return _midnight(_months_on(self.first, self.months))

    @property
    def year_before(self) -> datetime:
        """The moment twelve months before it begins."""
        return _midnight(_months_on(self.first, -_MONTHS))

    @property
    def after(self) -> Period:
        """The period of the same length that follows."""
        return Period(first=_months_on(self.first, self.months), months=self.months)

    def days(self) -> Iterator[date]:
        """Yield every day of it."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=number)

    def __str__(self) -> str:
        """Return it as a person asks for it: 2026-11, 2026-Q4 or 2026."""
        if self.months == 1:
            return f"{self.first:%Y-%m}"
        year = f"{self.first:%Y}"
        return year if self.months == _MONTHS else f"{year}-Q{self._quarter}"

    @property
    def told(self) -> Message:
        """Say which period it is."""
        year = self.first.year
        if self.months == 1:
            return say("month {month}/{year}", month=self.first.month, year=year)
        if self.months == _MONTHS:
            return say("year {year}", year=year)
        return say("quarter {quarter}/{year}", quarter=self._quarter, year=year)

    @property
    def _quarter(self) -> int:
        return self.first.month // 3 + 1


def period_of(text: str) -> Period:
    """Return the period 2026-11, 2026-Q4 or 2026 names; BadPeriod for anything else."""
    written = _FORM.fullmatch(text.strip().upper())
    if not written or int(written[1]) not in _YEARS:
        raise BadPeriod(
            say("not a period: {text!r}", text=text[:40]),
            hint=say("write a month as 2026-11, a quarter as 2026-Q4, a year as 2026"),
        )
    year, month, quarter = int(written[1]), written[2], written[3]
    if month:
        return Period(first=date(year, int(month), 1), months=1)
    if quarter:
        return Period(first=date(year, int(quarter) * 3 - 2, 1), months=3)
    return Period(first=date(year, 1, 1), months=_MONTHS)


def month_of(day: date) -> Period:
    """Return the month a day belongs to."""
    return Period(first=day.replace(day=1), months=1)


def month_before(moment: datetime) -> Period:
    """Return the last month that was over at a moment."""
    return month_of(in_vietnam(moment).date().replace(day=1) - timedelta(days=1))


def _months_on(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, _MONTHS)
    return date(day.year + years, month + 1, 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)
