"""Which days the offices work, and until when something has to be on its way."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.lunar_days import FIRST_YEAR, LAST_YEAR, hung_kings, lunar_new_year
from edge_node.domain.public_holidays import MADE_UP, public_holidays
from edge_node.domain.time import VIETNAM
from edge_node.domain.working_days import OfficeHours, WorkingDays

LIBRARY = Path(__file__).parents[1] / "data" / "calendar" / "holidays.txt"
DAY = timedelta(days=1)
OURS = WorkingDays()
BARE = WorkingDays(built_in=False)

days = st.dates(date(2015, 1, 1), date(2110, 12, 31))
sets_of_days = st.dictionaries(st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.just("x"))
calendars = st.builds(WorkingDays, off=sets_of_days, worked=sets_of_days, built_in=st.booleans())


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def off(first, last):
    """Return the weekdays between two days on which nobody works."""
    days = (first + number * DAY for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5 and not OURS.is_working(day)]


@pytest.mark.parametrize(
    ("first", "last", "rest"),
    [
        # As announced for officials: the Tet of four years, whichever weekday it begins with.
        (date(2024, 1, 29), date(2024, 2, 23), (date(2024, 2, 8), date(2024, 2, 14))),
        (date(2025, 1, 13), date(2025, 2, 14), (date(2025, 1, 27), date(2025, 1, 31))),
        (date(2026, 2, 2), date(2026, 3, 6), (date(2026, 2, 16), date(2026, 2, 20))),
        # National Day, which lies next to another.
        (date(2024, 8, 19), date(2024, 9, 13), (date(2024, 9, 2), date(2024, 9, 3))),
        (date(2025, 8, 18), date(2025, 9, 12), (date(2025, 9, 1), date(2025, 9, 2))),
        # With the Monday that was given for a Saturday.
        (date(2026, 8, 17), date(2026, 9, 11), (date(2026, 8, 31), date(2026, 9, 2))),
        (date(2024, 4, 22), date(2024, 5, 10), (date(2024, 4, 29), date(2024, 5, 1))),
        (date(2025, 12, 29), date(2026, 1, 16), (date(2026, 1, 1), date(2026, 1, 2))),
        # By the rule, where nothing is announced here.
        (date(2027, 1, 25), date(2027, 2, 19), (date(2027, 2, 4), date(2027, 2, 10))),
    ],
)
def test_the_long_rests_are_as_they_were_announced(first, last, rest):
    """Nobody works from the first of these days to the last, and everybody just around them."""
    begin, end = rest
    weekdays = [begin + number * DAY for number in range((end - begin).days + 1)]

    assert off(first, last) == [day for day in weekdays if day.weekday() < 5]


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2024, 4, 18), "Giỗ Tổ Hùng Vương"),
        (date(2025, 4, 7), "Giỗ Tổ Hùng Vương"),
        (date(2026, 4, 27), "Giỗ Tổ Hùng Vương (nghỉ bù)"),  # it fell on a Sunday
        (date(2027, 5, 3), "Ngày Quốc tế lao động (nghỉ bù)"),
        (date(2026, 11, 24), "Ngày Văn hóa Việt Nam"),
        (date(2025, 5, 2), "Nghỉ, làm bù ngày 26/04/2025"),
        (date(2024, 2, 8), "Tết Nguyên đán (nghỉ bù)"),
    ],
)
def test_a_day_off_says_why(day, reason):
    """A weekday without work has a name."""
    assert not OURS.is_working(day)
    assert OURS.reason(day) == reason


@pytest.mark.parametrize("saturday", sorted(MADE_UP))
def test_a_saturday_given_for_a_working_day_is_worked(saturday):
    """It is said for which day; where nothing is built in it is a Saturday like any other."""
    assert OURS.is_working(saturday)
    assert f"{MADE_UP[saturday]:%d/%m/%Y}" in OURS.reason(saturday)
    assert not BARE.is_working(saturday)


def test_the_days_are_those_a_library_gives():
    """
    Year by year as `holidays` 0.109 has them, which goes by the same law and announcements.

    It does not know that 2 January 2026 was given for Saturday the 10th.
    """
    lines = LIBRARY.read_text(encoding="utf-8").splitlines()
    theirs = {date.fromisoformat(line.split(" ", 1)[0]) for line in lines}
    years = range(min(theirs).year, max(theirs).year + 1)
    ours = {day for year in years for day in public_holidays(year)}

    assert len(years) == 31
    assert ours ^ theirs == {date(2026, 1, 2)}


def test_the_moon_is_that_of_vietnam():
    """In 2007 and in 2030 China's year begins a day later."""
    assert lunar_new_year(2030) == date(2030, 2, 2)
    assert lunar_new_year(2025) == date(2025, 1, 29)
    assert hung_kings(2026) == date(2026, 4, 26)


@given(st.integers(FIRST_YEAR, LAST_YEAR))
def test_every_year_has_its_rests(year):
    """Five days of Tet at least, between 20 January and a month later; no rest without an end."""
    tet = [day for day, name in public_holidays(year).items() if name.startswith("Tết Nguyên")]

    assert len([day for day in tet if day.weekday() < 5]) >= 5
    assert date(year, 1, 17) <= min(tet)
    assert max(tet) <= date(year, 2, 27)
    assert all(day.year == year for day in public_holidays(year))


def test_beyond_the_table_the_fixed_days_are_left():
    """A node that lives so long still knows National Day."""
    assert lunar_new_year(LAST_YEAR + 1) is None
    assert not OURS.is_working(date(LAST_YEAR + 3, 9, 2))
    assert not any("Tết Nguyên" in name for name in public_holidays(LAST_YEAR + 1).values())


def test_the_file_has_the_last_word():
    """It gives a Saturday, takes a Monday, and lets a public holiday be worked."""
    saturday, monday, holiday = date(2027, 2, 20), date(2027, 2, 22), date(2027, 4, 30)
    calendar = WorkingDays(
        off={monday: "nghỉ, làm bù 20/02"}, worked={saturday: "làm bù", holiday: "trực"}
    )

    assert [calendar.is_working(day) for day in (saturday, monday, holiday)] == [True, False, True]
    assert [calendar.reason(day) for day in (saturday, monday, holiday)] == [
        "làm bù",
        "nghỉ, làm bù 20/02",
        "trực",
    ]
    assert calendar.next(date(2027, 2, 19)) == saturday


# ── counting ─────────────────────────────────────────────────────────────────────────────────────


def test_a_week_is_counted_around_its_end():
    """Friday, then Monday; from a day off as from the working day before it."""
    friday, saturday, monday = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)

    assert OURS.next(friday) == OURS.next(saturday) == monday
    assert OURS.before(monday) == OURS.before(saturday) == friday
    assert OURS.add(friday, 2) == date(2026, 11, 25)  # the 24th is the Cultural Day
    assert OURS.add(date(2026, 11, 25), -2) == friday
    assert OURS.add(saturday, 0) == monday
    assert OURS.add(friday, 0) == friday
    assert OURS.count(friday, date(2026, 11, 25)) == 2


@given(calendars, days, st.integers(-15, 15))
def test_what_is_counted_there_is_counted_back(calendar, day, count):
    """Every step ends on a working day, and the way back is as long."""
    start = calendar.add(day, 0)
    end = calendar.add(start, count)

    assert calendar.is_working(end)
    assert calendar.add(end, -count) == start
    assert calendar.count(min(start, end), max(start, end)) == abs(count)


@given(calendars, days)
def test_between_a_day_and_the_next_working_one_nobody_works(calendar, day):
    """The next working day is the first there is, and later days have no earlier one."""
    following = calendar.next(day)

    assert following > day
    assert calendar.count(day, following) == 1
    assert calendar.next(day + DAY) >= following


def test_a_calendar_without_an_end_of_rest_ends_nobodys_count():
    """Where every day is off for years, counting gives up instead of running on."""
    first = date(2026, 1, 1)
    calendar = WorkingDays(off={first + number * DAY: "x" for number in range(3000)})

    assert calendar.add(first, 3) > first
    assert calendar.next(first) == first + 61 * DAY


# ── terms ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("signed", "handed_over", "by"),
    [
        ("2026-11-19", "2026-11-19T15:00", "2026-11-20T11:30"),  # the next morning
        ("2026-11-20", "2026-11-20T16:59", "2026-11-23T11:30"),  # a Friday: Monday
        ("2026-11-21", "2026-11-21T08:00", "2026-11-23T11:30"),  # so it is on a Saturday
        ("2026-11-23", "2026-11-23T09:00", "2026-11-25T11:30"),  # the day between is a holiday
        ("2026-11-19", "2026-11-20T09:00", "2026-11-20T11:30"),  # handed over the next day
        ("2026-11-19", "2026-11-20T14:00", "2026-11-23T11:30"),  # too late for its own date
        ("2020-01-02", "2026-11-19T15:00", "2026-11-20T11:30"),
        ("2027-02-03", "2027-02-03T15:00", "2027-02-11T11:30"),  # over Tet
    ],
)
def test_what_was_signed_leaves_by_the_end_of_the_next_working_morning(signed, handed_over, by):
    """It counts from its date; what comes later than that allows, from the day it comes."""
    assert OURS.dispatch_by(date.fromisoformat(signed), at(handed_over)) == at(by)


@given(calendars, days, st.integers(0, 10**7))
def test_a_document_handed_over_always_has_time_left(calendar, signed, seconds):
    """The deadline is never past already, and always the end of a working morning."""
    handed_over = datetime.combine(signed, time(8), VIETNAM) + timedelta(seconds=seconds)

    by = calendar.dispatch_by(signed, handed_over)

    assert by >= handed_over
    assert by.time() == time(11, 30)
    assert calendar.is_working(by.date())
    assert by.utcoffset() == timedelta(hours=7)


def test_the_hours_are_those_of_the_office():
    """Some offices have their noon later."""
    calendar = WorkingDays(
        hours=OfficeHours(opens=time(8), morning_ends=time(12), closes=time(16, 30))
    )
    day = date(2026, 11, 20)

    assert calendar.opens(day) == at("2026-11-20T08:00")
    assert calendar.next_morning(day) == at("2026-11-23T12:00")
    assert calendar.closes(day) == at("2026-11-20T16:30")


def test_a_moment_of_another_zone_is_taken_for_its_day_here():
    """Half past five on a Sunday afternoon in London is Monday in Ha Noi."""
    late = datetime.fromisoformat("2026-11-22T17:30:00+00:00")

    assert OURS.dispatch_by(date(2026, 11, 19), late) == at("2026-11-25T11:30")
