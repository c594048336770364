"""
The days of the lunar calendar that are public holidays: the first of the year, and the Kings'.

A table, because the calendar is astronomy: Vietnam's month begins with the day of the new moon at
105 degrees east, which is not always China's. `tests/producers/lunar_table.py` writes it.
"""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# By the year: the 1st of the first lunar month, the 10th of the third; each as month and day.
_DAYS: Final[Mapping[int, tuple[tuple[int, int], tuple[int, int]]]] = MappingProxyType(
    {
        2020: ((1, 25), (4, 2)),
        2021: ((2, 12), (4, 21)),
        2022: ((2, 1), (4, 10)),
        2023: ((1, 22), (4, 29)),
        2024: ((2, 10), (4, 18)),
        2025: ((1, 29), (4, 7)),
        2026: ((2, 17), (4, 26)),
        2027: ((2, 6), (4, 16)),
        2028: ((1, 26), (4, 4)),
        2029: ((2, 13), (4, 23)),
        2030: ((2, 2), (4, 12)),
        2031: ((1, 23), (4, 1)),
        2032: ((2, 11), (4, 19)),
        2033: ((1, 31), (4, 9)),
        2034: ((2, 19), (4, 28)),
        2035: ((2, 8), (4, 17)),
        2036: ((1, 28), (4, 6)),
        2037: ((2, 15), (4, 24)),
        2038: ((2, 4), (4, 13)),
        2039: ((1, 24), (4, 3)),
        2040: ((2, 12), (4, 20)),
        2041: ((2, 1), (4, 10)),
        2042: ((1, 22), (4, 29)),
        2043: ((2, 10), (4, 19)),
        2044: ((1, 30), (4, 7)),
        2045: ((2, 17), (4, 26)),
        2046: ((2, 6), (4, 15)),
        2047: ((1, 26), (4, 4)),
        2048: ((2, 14), (4, 22)),
        2049: ((2, 2), (4, 11)),
        2050: ((1, 23), (4, 1)),
        2051: ((2, 11), (4, 20)),
        2052: ((2, 1), (4, 9)),
        2053: ((2, 18), (4, 28)),
        2054: ((2, 8), (4, 17)),
        2055: ((1, 28), (4, 6)),
        2056: ((2, 15), (4, 24)),
        2057: ((2, 4), (4, 13)),
        2058: ((1, 24), (4, 2)),
        2059: ((2, 12), (4, 21)),
        2060: ((2, 2), (4, 10)),
        2061: ((1, 21), (3, 31)),
        2062: ((2, 9), (4, 19)),
        2063: ((1, 29), (4, 8)),
        2064: ((2, 17), (4, 26)),
        2065: ((2, 5), (4, 15)),
        2066: ((1, 26), (4, 4)),
        2067: ((2, 14), (4, 23)),
        2068: ((2, 3), (4, 11)),
        2069: ((1, 23), (4, 1)),
        2070: ((2, 11), (4, 20)),
        2071: ((1, 31), (4, 9)),
        2072: ((2, 19), (4, 27)),
        2073: ((2, 7), (4, 16)),
        2074: ((1, 27), (4, 5)),
        2075: ((2, 15), (4, 24)),
        2076: ((2, 5), (4, 13)),
        2077: ((1, 24), (4, 2)),
        2078: ((2, 12), (4, 21)),
        2079: ((2, 2), (4, 11)),
        2080: ((1, 22), (3, 30)),
        2081: ((2, 9), (4, 18)),
        2082: ((1, 29), (4, 7)),
        2083: ((2, 17), (4, 26)),
        2084: ((2, 6), (4, 14)),
        2085: ((1, 26), (4, 3)),
        2086: ((2, 14), (4, 22)),
        2087: ((2, 3), (4, 12)),
        2088: ((1, 24), (4, 1)),
        2089: ((2, 10), (4, 20)),
        2090: ((1, 30), (4, 9)),
        2091: ((2, 18), (4, 28)),
        2092: ((2, 7), (4, 16)),
        2093: ((1, 27), (4, 5)),
        2094: ((2, 15), (4, 24)),
        2095: ((2, 5), (4, 13)),
        2096: ((1, 25), (4, 2)),
        2097: ((2, 12), (4, 21)),
        2098: ((2, 1), (4, 11)),
        2099: ((1, 21), (4, 29)),
        2100: ((2, 9), (4, 18)),
    }
)

FIRST_YEAR: Final = min(_DAYS)
LAST_YEAR: Final = max(_DAYS)


def lunar_new_year(year: int) -> date | None:
    """Return the first day of the lunar year that begins in ``year``; None beyond the table."""
    return date(year, *_DAYS[year][0]) if year in _DAYS else None


def hung_kings(year: int) -> date | None:
    """Return the day of the Hung Kings, the 10th of the third lunar month; None likewise."""
    return date(year, *_DAYS[year][1]) if year in _DAYS else None
