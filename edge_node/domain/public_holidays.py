"""
The days on which no office of Vietnam works, by the law alone.

The Labour Code (45/2019/QH14, articles 111 and 112) names the days and that one which falls on a
weekend is made up for; the Vietnamese Cultural Day came in 2026 (resolution 80-NQ/TW). Which five
days Tet has, which second day National Day has, and what is swapped with which Saturday the
Government announces each year. What it announced is here as far as it is known; for later years
stands what it would be by the rule it has followed. A calendar file of the agency has the last
word (`working_days`).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.lunar_days import hung_kings, lunar_new_year

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_DAY: Final = timedelta(days=1)
SATURDAY: Final = 5
SUNDAY: Final = 6
# National Day has a second day, the one before or the one after, so that the days lie together.
_SECOND_OF_SEPTEMBER: Final = (+1, -1, -1, +1, -1, -1, +1)  # by the weekday of 2 September
_SECOND_DAY_SINCE: Final = 2021
_CULTURAL_DAY_SINCE: Final = 2026

# A working day that is given for a Saturday that is worked, as the Government announced it.
_SWAPPED: Final[Mapping[date, date]] = MappingProxyType(
    {
        date(2024, 4, 29): date(2024, 5, 4),
        date(2025, 5, 2): date(2025, 4, 26),
        date(2026, 1, 2): date(2026, 1, 10),
        date(2026, 8, 31): date(2026, 8, 22),
    }
)
# Saturdays and Sundays that are worked, and for which day.
MADE_UP: Final[Mapping[date, date]] = MappingProxyType(
    {worked: off for off, worked in _SWAPPED.items()}
)


@lru_cache(maxsize=64)
def public_holidays(year: int) -> Mapping[date, str]:
    """Return the public holidays of a year and the days given for them, each with its name."""
    # What the last day of the old year is made up for by may be a day of the new one.
    return MappingProxyType(
        {day: name for day, name in sorted(_holidays(year).items()) if day.year == year}
    )


def _holidays(year: int) -> dict[date, str]:
    days: dict[date, str] = {}
    tet = dict(_tet(year))
    named = dict(_fixed(year))
    days |= tet | named
    for day in sorted(tet):
        # By the announcements since 2014: the Saturday is given before, the Sunday after.
        if day.weekday() == SATURDAY:
            days[_free(day, -_DAY, days)] = f"{tet[day]} (nghỉ bù)"
        elif day.weekday() == SUNDAY:
            days[_free(day, _DAY, days)] = f"{tet[day]} (nghỉ bù)"
    for day in sorted(named):
        if day.weekday() >= SATURDAY and _is_made_up_for(day):
            days[_free(day, _DAY, days)] = f"{named[day]} (nghỉ bù)"
    for off, worked in _SWAPPED.items():
        if off.year == year:
            days[off] = f"Nghỉ, làm bù ngày {worked:%d/%m/%Y}"
    return days


def _tet(year: int) -> Iterator[tuple[date, str]]:
    first = lunar_new_year(year)
    if first is not None:
        for offset in range(-1, 4):
            yield first + offset * _DAY, "Tết Nguyên đán"


def _fixed(year: int) -> Iterator[tuple[date, str]]:
    yield date(year, 1, 1), "Tết Dương lịch"
    kings = hung_kings(year)
    if kings is not None:
        yield kings, "Giỗ Tổ Hùng Vương"
    yield date(year, 4, 30), "Ngày Chiến thắng"
    yield date(year, 5, 1), "Ngày Quốc tế lao động"
    national = date(year, 9, 2)
    yield national, "Quốc khánh"
    if year >= _SECOND_DAY_SINCE:
        yield national + _SECOND_OF_SEPTEMBER[national.weekday()] * _DAY, "Quốc khánh"
    if year >= _CULTURAL_DAY_SINCE:
        yield date(year, 11, 24), "Ngày Văn hóa Việt Nam"


def _is_made_up_for(day: date) -> bool:
    """Tell whether the law gives another day for it; the second of National Day is chosen so."""
    return (day.month, day.day) not in {(9, 1), (9, 3)}


def _free(day: date, step: timedelta, taken: Iterable[date]) -> date:
    """Return the nearest working day in that direction."""
    taken = set(taken)
    while day in taken or day.weekday() >= SATURDAY:
        day += step
    return day
