"""What the configuration says of working days and deadlines, and the calendar file."""

from datetime import date, time, timedelta

import pytest

from edge_node.cli.values import config_values
from edge_node.config import CalendarSection, DeadlinesSection, load
from edge_node.config.holiday_file import LARGEST, Announced, read_holidays
from edge_node.domain.errors import ConfigError
from edge_node.node.terms import rules, working_days

REQUIRED = """\
agency: {code: H37.02, name: A}
axis: {url: https://ltvb.example.gov.vn, secret_file: secret}
folders: {data: data}
"""
FILE = """\
# Thông báo số 1/TB-BNV
days_off:
  2027-02-11: "Nghỉ, làm bù 20/02"
  2027-08-30..2027-09-01: "Nghỉ lễ"
working_days:
  2027-02-20: "Làm bù ngày 11/02"
"""


def read(folder, text):
    path = folder / "config.yaml"
    path.write_text(REQUIRED + text, encoding="utf-8")
    return load(path)


def announced(folder, text):
    path = folder / "calendar.yaml"
    path.write_text(text, encoding="utf-8")
    return read_holidays(path)


def problems(folder, text):
    with pytest.raises(ConfigError) as caught:
        announced(folder, text)
    assert caught.value.hint
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────


def test_where_nothing_is_said_public_holidays_are_known(tmp_path):
    """The hours are those most offices have."""
    config = read(tmp_path, "")

    assert config.calendar == CalendarSection()
    assert config.deadlines == DeadlinesSection()
    assert (config.calendar.built_in, config.calendar.file) == (True, None)
    assert config.deadlines.receipts_by == time(16, 30)


def test_every_key_can_be_given(tmp_path):
    """Hours with or without a zero before them, or quotes around them; paths from the file."""
    config = read(
        tmp_path,
        'calendar: {built_in: false, file: days.yaml, opens: 8:00, morning_ends: "12:00",'
        " closes: 16:30}\n"
        "deadlines: {every: 1m, warn_before: 0s, urgent_within: 10m, receipts_by: 15:45,"
        " due_warning: 3, forget_after: 60d}",
    )

    assert config.calendar == CalendarSection(
        built_in=False,
        file=tmp_path / "days.yaml",
        opens=time(8),
        morning_ends=time(12),
        closes=time(16, 30),
    )
    assert config.deadlines == DeadlinesSection(
        every=timedelta(minutes=1),
        warn_before=timedelta(),
        urgent_within=timedelta(minutes=10),
        receipts_by=time(15, 45),
        due_warning=3,
        forget_after=timedelta(days=60),
    )
    assert config_values(config)["calendar"]["closes"] == "16:30"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            "calendar: {opens: 7h30}",
            "calendar.opens: expected a time of day such as 07:30 or 16:30, found '7h30'",
        ),
        ("calendar: {closes: 24:00}", "calendar.closes: expected a time of day"),
        (
            "calendar: {opens: 12:30}",
            "opens: must not be more than calendar.morning_ends, because the morning begins when",
        ),
        ("calendar: {closes: 11:00}", "must not be more than calendar.closes"),
        ("calendar: {holidays: x}", "no such key calendar.holidays"),
        ("deadlines: {due_warning: 0}", "expected a whole number from 1 to 30, found '0'"),
        ("deadlines: {every: 0s}", "deadlines.every: expected a duration"),
    ],
)
def test_hours_that_are_none_are_refused(tmp_path, line, found):
    """The line says what was expected."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, line)

    assert any(found in str(problem) for problem in caught.value.problems)


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def test_days_are_given_one_by_one_or_from_and_to(tmp_path):
    """Each has its reason; a comment is a comment."""
    days = announced(tmp_path, FILE)

    assert dict(days.off) == {
        date(2027, 2, 11): "Nghỉ, làm bù 20/02",
        date(2027, 8, 30): "Nghỉ lễ",
        date(2027, 8, 31): "Nghỉ lễ",
        date(2027, 9, 1): "Nghỉ lễ",
    }
    assert dict(days.worked) == {date(2027, 2, 20): "Làm bù ngày 11/02"}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "days_off:\nworking_days:\n", "\ufeff"])
def test_a_file_may_name_no_day_yet(tmp_path, text):
    """Whoever prepares the file in January announces nothing yet."""
    assert announced(tmp_path, text) == Announced(off={}, worked={})


def test_every_mistake_is_named_with_its_line(tmp_path):
    """At once, so that the file is mended once."""
    text = """\
days_off:
  2027-02-30: "x"
  11/02/2027: "x"
  2027-02-12:
  2027-02-20: "x"
  2027-03-10..2027-03-01: "x"
  2027-03-01..2027-12-31: "x"
  0027-02-11: "x"
working_days:
  2027-02-20: "Làm bù"
holidays:
  2027-02-11: "x"
"""
    day = "expected a day such as 2027-02-11 or 2027-02-04..2027-02-10"
    span = "expected the first day before the last, and at most 30 days"

    assert problems(tmp_path, text) == [
        f"calendar.yaml:2: {day}, found '2027-02-30'",
        f"calendar.yaml:3: {day}, found '11/02/2027'",
        "calendar.yaml:4: the day has no reason; write it behind the colon, in quotation marks",
        f"calendar.yaml:6: 2027-03-10..2027-03-01: {span}",
        f"calendar.yaml:7: 2027-03-01..2027-12-31: {span}",
        f"calendar.yaml:8: {day}, found '0027-02-11'",
        "calendar.yaml:10: 2027-02-20 stands here a second time, after line 5; keep only one",
        "calendar.yaml:11: no such key holidays; there are days_off and working_days",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- 2027-02-11\n", "1: expected days_off or working_days, found something else"),
        ("days_off: [2027-02-11]\n", "1: days_off: expected days with reasons"),
        ("days_off: {? [1]\n : x}\n", "found ''"),
        ("days_off:\n\t2027: x\n", "2: "),
        ("days_off: &a {}\n", "1: anchors and aliases"),
    ],
)
def test_what_is_no_calendar_is_refused(tmp_path, text, found):
    """Also where it is YAML of another kind, or none."""
    assert any(found in problem for problem in problems(tmp_path, text))


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    """A missing one, one of another encoding, one that is far too large."""
    latin, large = tmp_path / "latin.yaml", tmp_path / "large.yaml"
    latin.write_bytes('days_off: {2027-02-11: "Ngh\xed"}'.encode("latin-1"))
    large.write_bytes(b"#" * (LARGEST + 1))

    for path, why in ((tmp_path / "none", "No such file"), (latin, "UTF-8"), (large, "too large")):
        with pytest.raises(ConfigError, match=why):
            read_holidays(path)


def test_a_node_works_by_the_file_and_the_hours(tmp_path):
    """What was announced lies over what is built in; a bad file keeps the node from starting."""
    (tmp_path / "calendar.yaml").write_text(FILE, encoding="utf-8")
    config = read(
        tmp_path,
        "calendar: {file: calendar.yaml, morning_ends: 12:00}\n"
        "deadlines: {urgent_within: 5m, receipts_by: 16:00, warn_before: 1h}",
    )

    calendar = working_days(config)
    found = rules(config)

    assert not calendar.is_working(date(2027, 2, 11))
    assert calendar.is_working(date(2027, 2, 20))
    assert not calendar.is_working(date(2027, 4, 30))
    assert found.calendar == calendar
    assert f"{calendar.next_morning(date(2027, 2, 19)):%d %H:%M}" == "20 12:00"
    assert (found.urgent_within, found.receipts_by) == (timedelta(minutes=5), time(16))
    (tmp_path / "calendar.yaml").write_text("days_off: 1", encoding="utf-8")
    with pytest.raises(ConfigError):
        rules(config)


def test_without_what_is_built_in_only_weekends_are_off(tmp_path):
    """An office that is told everything by its file trusts in nothing else."""
    calendar = working_days(read(tmp_path, "calendar: {built_in: false}"))

    assert calendar.is_working(date(2026, 9, 2))
    assert not calendar.is_working(date(2026, 8, 22))
