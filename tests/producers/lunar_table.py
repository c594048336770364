"""
Writes what the calendar is made of and compared with, from the library `holidays` (0.109, MIT).

    python tests/producers/lunar_table.py table 2020 2100    → edge_node/domain/lunar_days.py
    python tests/producers/lunar_table.py days 2020 2050     → tests/data/calendar/holidays.txt

The library keeps Vietnam's lunar calendar apart from China's: the two differ by a day, or by a
month, where a new moon or a solstice falls into the hour between the two zones. It is no
dependency of the node, and not installed with it: pip install --target FOLDER holidays==0.109
"""

import sys

import holidays
from holidays.calendars.chinese import VIETNAMESE_CALENDAR, _ChineseLunisolar


def table(years):
    """Yield a line a year: the year, its first lunar day, and the 10th of its third month."""
    moon = _ChineseLunisolar(calendar=VIETNAMESE_CALENDAR)
    for year in years:
        (new_year, _), (kings, _) = moon.lunar_new_year_date(year), moon.hung_kings_date(year)
        yield f"    {year}: (({new_year.month}, {new_year.day}), ({kings.month}, {kings.day})),"


def days(years):
    """Yield each public holiday, and each day given for one or for a Saturday, a line a day."""
    for day, name in sorted(holidays.country_holidays("VN", years=years, language="vi").items()):
        yield f"{day} {name}"


if __name__ == "__main__":
    what, first, last = sys.argv[1:]
    lines = {"table": table, "days": days}[what](range(int(first), int(last) + 1))
    sys.stdout.writelines(f"{line}\n" for line in lines)
