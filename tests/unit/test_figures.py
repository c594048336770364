"""What a report says, counted from documents one by one; how it is written and when it is due."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.durations import Durations, Took
from edge_node.domain.figures import Kept
from edge_node.domain.language import Language
from edge_node.domain.monthly import month_due
from edge_node.domain.period import BadPeriod, month_before, period_of
from edge_node.domain.report_parts import ReportPart
from edge_node.domain.signature import Bears
from edge_node.domain.tally import ACCEPTED, ReceivedDocument, SentDocument, Tally, Traits, Word
from edge_node.domain.working_days import WorkingDays
from edge_node.node.reporting import wording_in
from edge_node.paper.report.html import html_of
from edge_node.paper.report.parts import Chart, Table
from edge_node.paper.report.telling import report_of
from edge_node.paper.report.values import json_of
from edge_node.paper.wording import Share

NOVEMBER = period_of("2026-11")
MONDAY = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)  # nine in the morning in Vietnam
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
AS_OF = datetime(2026, 12, 1, tzinfo=UTC)


def a_tally():
    return Tally(NOVEMBER, as_of=AS_OF, deadline=WorkingDays().next_morning)


def told(tally, **fields):
    known = {"agency": "H37.02", "agency_name": "Sở Nội vụ", "not_sent": 0, "before": ()}
    return tally.told(**(known | fields))


def sent(*words, at=MONDAY, promulgated=date(2026, 11, 16), handed_over=None, **traits):
    return SentDocument(
        at=at,
        handed_over=handed_over or at,
        promulgated=promulgated,
        traits=Traits(**traits),
        words=words or (Word("H37.03", ACCEPTED, at),),
    )


def received(*words, at=MONDAY, sender="H37.03", ended="delivered", **traits):
    traits = Traits(**traits)
    return ReceivedDocument(at=at, sender=sender, ended=ended, traits=traits, words=words)


def sent_figures(*documents):
    tally = a_tally()
    for document in documents:
        tally.add_sent(document)
    return told(tally)


def received_figures(*documents):
    tally = a_tally()
    for document in documents:
        tally.add_received(document)
    return told(tally)


# ── periods ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11", "2026-11-01", "2026-11-30"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2028-02", "2028-02-01", "2028-02-29"),
        ("2026-Q1", "2026-01-01", "2026-03-31"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2026-q4", "2026-10-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_is_whole_months_of_the_vietnamese_calendar(text, first, last):
    """It begins at midnight in Vietnam: at five in the afternoon of the day before in UTC."""
    period = period_of(text)

    assert (str(period.first), str(period.last)) == (first, last)
    assert period.start.astimezone(UTC).hour == 17
    assert period.end - period.start == timedelta(days=len(list(period.days())))
    assert str(period) == text.upper()
    assert period_of(str(period)) == period


@pytest.mark.parametrize(
    "text", ["", "11", "2026-13", "2026-1", "2026-Q5", "2026-11-01", "1026", "x"]
)
def test_what_is_no_period_is_refused_with_what_would_be_one(text):
    """Whoever mistypes it is shown the three forms."""
    with pytest.raises(BadPeriod) as refused:
        period_of(text)
    assert "2026-Q4" in str(refused.value.hint)


# ── durations ────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1), st.sampled_from([1, 50, 95, 100]))
def test_what_is_said_of_durations_is_exact(seconds, percent):
    """The same as sorting all of them and taking the one of that rank."""
    durations = Durations()
    for each in seconds:
        durations.add(timedelta(seconds=each))

    rank = -(-len(seconds) * percent // 100)
    assert durations.at(percent) == timedelta(seconds=sorted(seconds)[rank - 1])


def test_of_nothing_there_is_nothing_to_say():
    """No median is no time at all rather than zero."""
    assert Durations().told() == Took(count=0, median=None, p95=None)


# ── sent ─────────────────────────────────────────────────────────────────────────────────────


def test_a_document_counts_once_and_each_of_its_receivers_is_timed():
    """Two receivers are two units; one of them has not answered."""
    words = (
        Word("H37.03", ACCEPTED, MONDAY),
        Word("H37.04", ACCEPTED, MONDAY + HOUR),
        Word("H37.04", "01", MONDAY + 3 * HOUR),
        Word("H37.05", "01", MONDAY),  # the axis never took it for this one
    )
    figures = sent_figures(sent(*words, type="Quyết định", urgency=2, paper=True))

    assert (figures.sent.total, figures.sending.units) == (1, 2)
    assert figures.sent.times["01"] == Took(count=1, median=2 * HOUR, p95=2 * HOUR)
    assert figures.sent.times["06"].count == 0
    assert [(one.code, one.sent) for one in figures.partners] == [("H37.03", 1), ("H37.04", 1)]
    assert figures.sent.types == {"Quyết định": 1}
    assert figures.sent.urgency == {2: 1}
    assert figures.sent.paper == {False: 0, True: 1, None: 0}
    assert figures.sent.days[15] == sum(figures.sent.days) == 1


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (MONDAY + HOUR, HOUR),  # by the peer's clock
        (MONDAY - DAY, 2 * HOUR),  # before it can have had it
        (MONDAY + DAY, 2 * HOUR),  # after its word was here
        (None, 2 * HOUR),
    ],
)
def test_a_peers_clock_is_believed_as_far_as_it_can_be_right(said, counts):
    """What cannot be is timed by when we knew."""
    word = Word("H37.03", "03", MONDAY + 2 * HOUR, said)
    figures = sent_figures(sent(Word("H37.03", ACCEPTED, MONDAY), word))

    assert figures.sent.times["03"].median == counts


def test_the_first_time_a_status_is_said_counts():
    """Whatever comes in whatever order: said again it is no slower."""
    words = [Word("H37.03", "03", MONDAY + hours * HOUR) for hours in (5, 2, 9)]
    figures = sent_figures(sent(Word("H37.03", ACCEPTED, MONDAY), *words))

    assert figures.sent.times["03"] == Took(count=1, median=2 * HOUR, p95=2 * HOUR)


@pytest.mark.parametrize(
    ("at", "handed_over", "kept", "too_late"),
    [
        ("2026-11-16T16:59", "2026-11-16T16:50", Kept(on_time=1), 0),  # the same day
        ("2026-11-17T11:30", "2026-11-17T11:00", Kept(on_time=1), 0),  # the next morning
        ("2026-11-17T11:31", "2026-11-17T11:00", Kept(late=1), 0),
        ("2026-11-17T14:01", "2026-11-17T14:00", Kept(late=1), 1),  # late when handed over
        ("2026-11-17T08:00", "2026-11-17T07:59", Kept(on_time=1), 0),
    ],
)
def test_dispatch_is_in_time_until_the_next_working_morning(at, handed_over, kept, too_late):
    """Of those that are late it is told who had them too late already."""
    moments = (datetime.fromisoformat(f"{each}+07:00") for each in (at, handed_over))
    figures = sent_figures(sent(at=next(moments), handed_over=next(moments)))

    assert figures.sending.dispatch == kept
    assert figures.sending.handed_over_late == too_late


def test_a_weekend_puts_dispatch_off():
    """What is dated a Friday may leave on Monday morning."""
    at = datetime.fromisoformat("2026-11-16T11:00+07:00")
    figures = sent_figures(
        sent(at=at, promulgated=date(2026, 11, 13)), sent(at=at, promulgated=date(2026, 11, 12))
    )

    assert figures.sending.dispatch == Kept(on_time=1, late=1)


def test_what_nobody_knows_is_counted_as_not_known():
    """A document of which no header was kept is not guessed to be ordinary."""
    figures = sent_figures(sent(promulgated=None))

    assert figures.sent.paper == {False: 0, True: 0, None: 1}
    assert figures.sent.urgency == {None: 1}
    assert figures.sent.types == {"": 1}
    assert figures.sent.signed[Bears.UNKNOWN] == 1
    assert figures.sending.dispatch == Kept(unknown=1)


def test_a_type_is_one_however_it_is_spelt():
    """Capitals, spaces and the form of the accents make no kinds of their own."""
    spelt = ("Công văn", "công văn", "Công  văn ", "Co\u0302ng va\u0306n", "Công văn")
    figures = sent_figures(*(sent(type=each) for each in spelt), sent(type="Tờ trình"), sent())

    assert list(figures.sent.types.items()) == [("Công văn", 5), ("Tờ trình", 1), ("", 1)]


def test_refusals_are_counted_by_the_code_at_their_head():
    """Words without one of our codes are refusals without a code; one unit is refused once."""
    notes = ("[WRONG_RECIPIENT] nhầm", "nhầm", "[MADE_UP] x", "[WRONG_RECIPIENT] lại nhầm")
    accepted = Word("H37.03", ACCEPTED, MONDAY)
    figures = sent_figures(
        *(sent(accepted, Word("H37.03", "02", MONDAY + HOUR, note=each)) for each in notes),
        sent(accepted, *[Word("H37.03", "02", MONDAY, note="[OTHER]")] * 2),
    )

    reasons = figures.sent.refusals.reasons
    assert (reasons, list(reasons)) == (
        {"": 2, "WRONG_RECIPIENT": 2, "OTHER": 1},
        ["", "WRONG_RECIPIENT", "OTHER"],
    )
    assert figures.partners[0].refused_by_them == 5


def test_a_request_to_return_a_document_is_no_document():
    """It is counted beside them."""
    figures = sent_figures(sent(kind="recall"), sent())
    incoming = received_figures(received(kind="recall"))

    assert (figures.sent.total, figures.sending.recalls) == (1, 1)
    assert (incoming.receiving.arrived, incoming.receiving.recalls) == (0, 1)


# ── received ─────────────────────────────────────────────────────────────────────────────────


def test_what_arrived_is_told_by_what_became_of_it():
    """Only what was handed over counts by type, signature and so on."""
    ends = ("delivered", "returned", "quarantined", "repeated", "recalled", "")
    figures = received_figures(*(received(ended=end, type=end) for end in ends))
    receiving = figures.receiving

    assert receiving.arrived == len(ends)
    assert (receiving.handed_over, receiving.returned, receiving.held) == (1, 1, 1)
    assert (receiving.repeated, receiving.recalled, receiving.waiting) == (1, 1, 1)
    assert (figures.received.total, figures.received.types) == (1, {"delivered": 1})
    assert [(one.received, one.sent) for one in figures.partners] == [(1, 0)]


@pytest.mark.parametrize(
    ("done", "kept"),
    [
        (datetime(2026, 11, 20, 16, 59, tzinfo=UTC), Kept(on_time=1)),  # 23:59 of the day
        (datetime(2026, 11, 20, 17, 0, tzinfo=UTC), Kept(late=1)),  # midnight
        (None, Kept(late=1)),  # not done by the day the report is as of
    ],
)
def test_a_due_date_is_kept_until_the_end_of_its_day(done, kept):
    """In Vietnam's time; what is not finished is late once the day is over."""
    words = (Word("", "06", done),) if done else ()
    figures = received_figures(received(*words, due=date(2026, 11, 20)))

    assert figures.received.due == kept


def test_what_is_not_due_yet_is_open_and_what_has_no_date_is_not_counted():
    """Neither spoils the share of what was in time."""
    figures = received_figures(received(due=date(2026, 12, 24)), received())

    assert figures.received.due == Kept(open=1)


def test_the_notice_of_arrival_is_in_time_the_same_day():
    """23:59 is, a minute later is not; nothing said is late once the day is over."""
    late = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
    words = ((Word("", "01", late - timedelta(minutes=1)),), (Word("", "01", late),), ())
    figures = received_figures(*(received(*each) for each in words))

    assert figures.receiving.notice == Kept(on_time=1, late=2)


def test_coverage_names_who_fell_silent():
    """Who exchanged before and not now; who only came now was not silent."""
    tally = a_tally()
    tally.add_received(received(sender="H37.03"))
    tally.add_received(received(sender="H37.05", ended="returned"))
    figures = told(tally, before={"H37.03", "H37.09", "H37.04"}, name=lambda code: f"Sở {code}")

    assert figures.coverage.active == 2
    assert [one.name for one in figures.coverage.silent] == ["Sở H37.04", "Sở H37.09"]
    assert figures.coverage.connected is None


# ── when it is due ───────────────────────────────────────────────────────────────────────────


def due(now, last=None, begins="2026-01-05"):
    return month_due(
        datetime.fromisoformat(f"{now}+07:00"),
        last=period_of(last) if last else None,
        begins=datetime.fromisoformat(f"{begins}T00:00+07:00") if begins else None,
        at=time(7),
        is_working=WorkingDays().is_working,
    )


@pytest.mark.parametrize(
    ("now", "last", "month"),
    [
        ("2026-12-01T06:59", "2026-10", None),
        ("2026-12-01T07:00", "2026-10", "2026-11"),
        ("2026-12-01T07:00", "2026-11", None),  # once a month
        ("2026-11-01T07:00", "2026-09", None),  # a Sunday
        ("2026-11-02T07:00", "2026-09", "2026-10"),
        ("2026-05-03T12:00", "2026-03", None),  # two holidays, then a weekend
        ("2026-05-04T07:00", "2026-03", "2026-04"),
        ("2026-12-01T07:00", "2026-07", "2026-08"),  # nobody was there: one after the other
        ("2026-12-01T07:00", None, "2026-11"),
    ],
)
def test_the_report_of_a_month_is_due_on_the_first_working_day_after_it(now, last, month):
    """At seven; those that were missed are made up for in order."""
    found = due(now, last)

    assert (str(found) if found else None) == month


@pytest.mark.parametrize("begins", [None, "2026-12-01", "2026-11-30"])
def test_a_new_node_reports_no_month_of_before_it_was_there(begins):
    """A month in which it began on the last day is one it was there in."""
    found = due("2026-12-03T12:00", begins=begins)

    assert (found is not None) == (begins == "2026-11-30")


def test_the_month_before_is_that_of_vietnamese_clocks():
    """At five in the afternoon in London the new month has begun."""
    assert str(month_before(datetime(2026, 11, 30, 16, 59, tzinfo=UTC))) == "2026-10"
    assert str(month_before(datetime(2026, 11, 30, 17, 0, tzinfo=UTC))) == "2026-11"


# ── how it is written ────────────────────────────────────────────────────────────────────────

VI, EN = wording_in(Language.VI), wording_in(Language.EN)


@pytest.mark.parametrize(
    ("share", "vietnamese", "english"),
    [
        (Share(1, 3), "33,3\N{NO-BREAK SPACE}%", "33.3\N{NO-BREAK SPACE}%"),
        (Share(0, 3), "0\N{NO-BREAK SPACE}%", "0\N{NO-BREAK SPACE}%"),
        (Share(3, 3), "100\N{NO-BREAK SPACE}%", "100\N{NO-BREAK SPACE}%"),
        (Share(99_999, 100_000), "99,9\N{NO-BREAK SPACE}%", "99.9\N{NO-BREAK SPACE}%"),
        (Share(1, 100_000), "0,1\N{NO-BREAK SPACE}%", "0.1\N{NO-BREAK SPACE}%"),
        (Share(0, 0), "\N{EN DASH}", "\N{EN DASH}"),
    ],
)
def test_what_is_not_all_is_never_rounded_to_all(share, vietnamese, english):
    """Nor what is not nothing to nothing; of none there is no share."""
    assert (VI.cell(share), EN.cell(share)) == (vietnamese, english)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (86_400, "1 d"),
        (86_400 + 3599, "1 d"),
        (9 * 86_400 + 7200, "9 d 2 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds, told):
    """Nobody compares seconds in something that took days."""
    assert EN.lasting(timedelta(seconds=seconds)) == told


def test_numbers_and_days_are_written_as_in_vietnam():
    """A point between thousands, the day first."""
    assert VI.cell(1_234_567) == "1.234.567"
    assert VI.cell(date(2026, 11, 2)) == "02/11/2026"


def a_report(*parts, **options):
    tally = a_tally()
    for number in range(30):
        tally.add_received(received(sender=f"H37.{number % 25:02}", type=f"<Loại> {number % 3}"))
        tally.add_sent(sent(type="Công văn"))
    figures = told(tally, name=lambda code: f"Đơn vị {code} & <b>")
    return figures, report_of(figures, EN, parts or tuple(ReportPart), **options)


def test_the_parts_stand_in_the_order_that_is_asked_for():
    """And no others."""
    _, report = a_report(ReportPart.DAYS, ReportPart.SUMMARY)

    assert [part.name for part in report.parts] == ["days", "summary"]


def test_a_chart_of_nothing_is_not_drawn():
    """The table says 0; an empty frame would say that something is missing."""
    nothing = report_of(told(a_tally()), EN)
    drawn = [block for part in nothing.parts for block in part.blocks if isinstance(block, Chart)]
    assert drawn == []
    assert [part.name for part in nothing.parts] == list(ReportPart)

    tally = a_tally()
    tally.add_sent(sent(type="Công văn"))
    parts = {part.name: part for part in report_of(told(tally), EN).parts}
    assert any(isinstance(block, Chart) for block in parts[ReportPart.DAYS].blocks)
    assert not any(isinstance(block, Chart) for block in parts[ReportPart.REFUSALS].blocks)


def test_few_units_are_named_and_the_others_summed_up():
    """A workbook names all of them; the sums are the same."""
    (few,) = a_report(ReportPart.PARTNERS, partners=5)[1].parts
    (all_of_them,) = a_report(ReportPart.PARTNERS)[1].parts
    short, long = (
        next(block for block in part.blocks if isinstance(block, Table))
        for part in (few, all_of_them)
    )

    assert (len(short.rows), short.rows[5][0], len(long.rows)) == (7, "20 others", 26)
    assert short.rows[-1] == long.rows[-1]
    for table in (short, long):
        assert sum(row[3] for row in table.rows[:-1]) == table.rows[-1][3] == 30
    chart = next(block for block in few.blocks if isinstance(block, Chart))
    assert len(chart.rows) == 5


def test_every_row_is_as_long_as_its_head():
    """Of each table of each part."""
    _, report = a_report()
    for part in report.parts:
        for block in part.blocks:
            table = block.table if isinstance(block, Chart) else block
            assert {len(row) for row in table.rows} | {len(table.widths)} == {len(table.head)}


def test_what_comes_from_documents_steers_no_page():
    """Names of units and types are text, whatever stands in them."""
    page = html_of(a_report()[1]).decode()

    assert "<b>" not in page
    assert "<Loại>" not in page
    assert "Đơn vị H37.00 &amp; &lt;b&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_json_has_every_figure_under_a_schema_number():
    """All partners, all days; durations are seconds."""
    figures, _ = a_report()
    read = json.loads(json_of(figures))

    assert (read["schema"], read["period"], read["as_of"]) == (
        1,
        "2026-11",
        "2026-12-01T07:00:00+07:00",
    )
    assert len(read["partners"]) == 25
    assert len(read["sent"]["days"]) == 30
    assert read["received"]["total"] == read["sent"]["total"] == 30
