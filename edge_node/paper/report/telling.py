"""
Puts the figures of a report into words: which tables there are, what they are called, in order.

What is not known stands there as not known. Which language it is, the wording knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import Priority
from edge_node.domain.figures import TIMED
from edge_node.domain.message import say
from edge_node.domain.report_parts import ReportPart
from edge_node.domain.signature import Bears
from edge_node.paper.report import words
from edge_node.paper.report.parts import Drawn, Report
from edge_node.paper.report.sentences import Sentences
from edge_node.paper.wording import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    from edge_node.domain.figures import Figures, Kept, Partner
    from edge_node.domain.message import Message
    from edge_node.paper.report.parts import Part, Table
    from edge_node.paper.wording import Cell, Wording

Row = tuple["Cell", ...]

_DRAWN: Final = 12  # rows of a table that still are a chart
# How wide the columns are, beside each other.
_TWICE: Final = (52, 16, 14, 16, 14)  # both ways, each with its share
_ONCE: Final = (84, 28)


def report_of(
    figures: Figures,
    wording: Wording,
    names: Iterable[ReportPart] = tuple(ReportPart),
    *,
    partners: int | None = None,
    every_day: bool = False,
) -> Report:
    """
    Put a report into words.

    ``partners``: how many are named, None for all; ``every_day``: also in a report of many months.
    """
    telling = _Telling(wording, figures, partners, every_day)
    return Report(
        title=wording.tell(say("Report on electronic documents sent and received")),
        period=wording.tell(figures.period.told),
        agency=figures.agency_name,
        code=figures.agency,
        as_of=wording.tell(say("Figures as of {moment}", moment=wording.moment(figures.as_of))),
        parts=tuple(telling.part(name) for name in names),
        wording=wording,
    )


@dataclass(frozen=True, slots=True)
class _Telling(Sentences):
    """One report while it is put into words."""

    figures: Figures
    named: int | None
    every_day: bool

    def part(self, name: ReportPart) -> Part:
        tellers: Mapping[ReportPart, Callable[[], Part]] = {
            ReportPart.SUMMARY: self._summary,
            ReportPart.TYPES: self._types,
            ReportPart.PARTNERS: self._partners,
            ReportPart.DAYS: self._days,
            ReportPart.TIMES: self._times,
            ReportPart.REFUSALS: self._refusals,
        }
        return tellers[name]()

    # ── summary ──────────────────────────────────────────────────────────────────────────────

    def _summary(self) -> Part:
        kept = self._chart(Drawn.SHARES, say("In time and late"), self._kept(), 1, 2)
        blocks = (self._totals(), kept, self._became(), self._coverage())
        return self._part(ReportPart.SUMMARY, say("Summary"), *blocks)

    def _totals(self) -> Table:
        figures, sent, received = self.figures, self.figures.sent, self.figures.received
        signed = (Bears.STAMPED, Bears.SIGNED)
        whole = (sent.total, received.total)
        asked = (figures.sending.units, figures.receiving.arrived)
        rows: list[Row] = [(self._told(words.TOTAL), sent.total, None, received.total, None)]
        rows.append(
            (self._part_of(say("times receivers")), figures.sending.units, None, None, None)
        )
        for key, told in words.PAPER.items():
            rows += self._line(
                told, sent.paper[key], received.paper[key], whole, always=key is not None
            )
        out, came = (sum(side.signed[bears] for bears in signed) for side in (sent, received))
        rows += self._line(say("Digitally signed"), out, came, whole)
        for bears, told in words.BEARS.items():
            always = bears is not Bears.UNKNOWN
            rows += self._line(
                told, sent.signed[bears], received.signed[bears], whole, always=always
            )
        rows += self._line(words.REFUSED, sent.refusals.count, received.refusals.count, asked)
        head = (words.MEASURE, words.SENT, words.SHARE, words.RECEIVED, words.SHARE)
        return self._table(say("Documents"), head, rows, _TWICE)

    def _line(
        self,
        told: Message,
        sent: int,
        received: int,
        whole: tuple[int, int],
        *,
        always: bool = True,
    ) -> Iterator[Row]:
        """Yield a row of the totals; none where there is nothing to tell and no need to."""
        if always or sent or received:
            out, came = whole
            name = self._part_of(told) if told in words.OF_THE_SIGNED else self._told(told)
            yield name, sent, Share(sent, out), received, Share(received, came)

    def _became(self) -> Table:
        receiving, sending = self.figures.receiving, self.figures.sending
        arrived = (
            (say("handed over to the office"), receiving.handed_over, True),
            (say("returned by the rules of this node"), receiving.returned, True),
            (say("kept until a person decides"), receiving.held, True),
            (say("the very same as another"), receiving.repeated, True),
            (say("given back before they were handed over"), receiving.recalled, False),
            (say("not handed over yet"), receiving.waiting, False),
        )
        others = (
            (say("To be sent, and not sent yet"), sending.not_sent, True),
            (say("Requests of ours to return a document"), sending.recalls, False),
            (say("Requests of others to return a document"), receiving.recalls, False),
        )
        rows: list[Row] = [(self._told(say("Arrived")), receiving.arrived)]
        rows += [(self._part_of(told), n) for told, n, always in arrived if n or always]
        rows += [(self._told(told), n) for told, n, always in others if n or always]
        head = (words.MEASURE, say("Documents"))
        return self._table(say("What became of them"), head, rows, _ONCE)

    def _coverage(self) -> Table:
        coverage = self.figures.coverage
        known = coverage.connected
        connected: Cell = self._told(words.UNKNOWN) if known is None else known
        rows: list[Row] = [
            (self._told(say("Units in the directory")), connected),
            (self._told(say("Units documents were exchanged with")), coverage.active),
            (
                self._told(say("Units that fell silent (exchanged in the 12 months before)")),
                len(coverage.silent),
            ),
        ]
        return self._table(say("Coverage"), (words.MEASURE, say("Units")), rows, _ONCE)

    # ── types ────────────────────────────────────────────────────────────────────────────────

    def _types(self) -> Part:
        sent, received = self.figures.sent, self.figures.received
        names = sorted(
            {*sent.types, *received.types},
            key=lambda name: (
                not name,
                -sent.types.get(name, 0) - received.types.get(name, 0),
                name,
            ),
        )
        types = self._both_ways(
            say("By type"),
            say("Type"),
            {
                name or self._told(words.UNKNOWN): (
                    sent.types.get(name, 0),
                    received.types.get(name, 0),
                )
                for name in names
            },
        )
        levels = sorted(
            {*sent.urgency, *received.urgency, *map(int, Priority)},
            key=lambda level: (level is None, -(level or 0)),
        )
        urgency = self._both_ways(
            say("By urgency"),
            say("Urgency"),
            {
                self._urgency(level): (sent.urgency.get(level, 0), received.urgency.get(level, 0))
                for level in levels
            },
        )
        chart = self._chart(Drawn.BARS, say("Documents by type"), types, 1, 3, first=_DRAWN)
        return self._part(ReportPart.TYPES, say("By type and urgency"), chart, types, urgency)

    def _urgency(self, level: int | None) -> str:
        if level is None:
            return self._told(words.UNKNOWN)
        return self._told(words.URGENCY[level]) if level in words.URGENCY else str(level)

    def _both_ways(
        self, title: Message, what: Message, counted: Mapping[str, tuple[int, int]]
    ) -> Table:
        """Return a table of how many of what went out and came in, with a total."""
        sent, received = self.figures.sent.total, self.figures.received.total
        rows = [
            (name, out, Share(out, sent), came, Share(came, received))
            for name, (out, came) in (
                *counted.items(),
                (self._told(words.TOTAL), (sent, received)),
            )
        ]
        head = (what, words.SENT, words.SHARE, words.RECEIVED, words.SHARE)
        return self._table(title, head, rows, _TWICE, total=True)

    # ── partners ─────────────────────────────────────────────────────────────────────────────

    def _partners(self) -> Part:
        partners = self.figures.partners
        named = partners[: self.named]
        rows: list[Row] = [(each.name or each.code, each.code, *_sums([each])) for each in named]
        if rest := partners[len(named) :]:
            rows.append((self._others(len(rest)), "", *_sums(rest)))
        rows.append((self._told(words.TOTAL), "", *_sums(partners)))
        head = (
            say("Unit"),
            say("Code"),
            words.SENT,
            words.RECEIVED,
            say("Refused by them"),
            say("Refused by us"),
        )
        table = self._table(say("By unit"), head, rows, (50, 30, 14, 14, 16, 16), total=True)
        drawn = min(len(named), _DRAWN)
        chart = self._chart(Drawn.BARS, say("The busiest units"), table, 2, 3, first=drawn)
        return self._part(ReportPart.PARTNERS, say("By unit"), chart, table, *self._silent())

    def _silent(self) -> Iterator[Table]:
        silent = self.figures.coverage.silent
        named = silent[: self.named]
        rows: list[Row] = [(each.name or each.code, each.code) for each in named]
        if rest := len(silent) - len(named):
            rows.append((self._others(rest), ""))
        if rows:
            title = say("Silent: exchanged in the 12 months before, and not in this period")
            yield self._table(title, (say("Unit"), say("Code")), rows, (90, 50))

    def _others(self, count: int) -> str:
        return self._told(say("{count} others", count=self.wording.number(count)))

    # ── days ─────────────────────────────────────────────────────────────────────────────────

    def _days(self) -> Part:
        figures, by_day = self.figures, self.every_day or self.figures.period.months == 1
        sent, received = figures.sent.total, figures.received.total
        counted = zip(figures.period.days(), figures.sent.days, figures.received.days, strict=True)
        rows: list[Row] = [
            (label, out, came, out + came)
            for label, out, came in (counted if by_day else self._by_month(counted))
        ]
        rows.append((self._told(words.TOTAL), sent, received, sent + received))
        what, title = (say("Day"), say("By day")) if by_day else (say("Month"), say("By month"))
        head = (what, words.SENT, words.RECEIVED, words.TOTAL)
        table = self._table(title, head, rows, (40, 24, 24, 24), total=True)
        chart = self._chart(Drawn.COLUMNS, say("Documents sent and received"), table, 1, 2)
        return self._part(ReportPart.DAYS, title, chart, table)

    def _by_month(
        self, counted: Iterable[tuple[date, int, int]]
    ) -> Iterator[tuple[str, int, int]]:
        for first, days in groupby(counted, lambda each: each[0].replace(day=1)):
            sums = [0, 0]
            for _, out, came in days:
                sums = [sums[0] + out, sums[1] + came]
            yield f"{first:%m/%Y}", sums[0], sums[1]

    # ── times ────────────────────────────────────────────────────────────────────────────────

    def _times(self) -> Part:
        figures = self.figures
        sides = (
            (words.SENT, figures.sent, figures.sending.units),
            (words.RECEIVED, figures.received, figures.received.total),
        )
        rows: list[Row] = []
        for direction, side, whole in sides:
            for status in TIMED:
                told = say(
                    "{direction}: {status}", direction=direction, status=words.STATUSES[status]
                )
                took = side.times[status]
                share = Share(took.count, whole)
                rows.append((self._told(told), took.count, share, took.median, took.p95))
        head = (say("Status"), say("Times"), words.SHARE, say("Half within"), say("95 % within"))
        table = self._table(say("Time until a status"), head, rows, (42, 14, 14, 21, 21))
        chart = self._chart(Drawn.SPANS, say("Time until a status"), table, 3, 4)
        notes = (
            say(
                "Sent documents are timed for each receiver, from when the axis took them;"
                " received ones from their arrival here until the axis took our status."
            ),
            say(
                "Dispatch is in time until the end of the working morning after the date of the"
                " document. Of those that were late, {count} were handed over too late for that.",
                count=self.wording.number(figures.sending.handed_over_late),
            ),
        )
        title = say("Times and deadlines")
        return self._part(ReportPart.TIMES, title, chart, table, self._kept(), notes=notes)

    def _kept(self) -> Table:
        figures = self.figures
        promises: tuple[tuple[Message, Kept], ...] = (
            (say("Dispatch of sent documents"), figures.sending.dispatch),
            (say("Notice of arrival (01) the same day"), figures.receiving.notice),
            (say("Due date of received documents"), figures.received.due),
            (say("Due date of sent documents"), figures.sent.due),
        )
        rows = [
            (
                self._told(told),
                kept.on_time,
                kept.late,
                kept.open,
                kept.unknown,
                Share(kept.on_time, kept.due),
            )
            for told, kept in promises
        ]
        head = (
            say("Deadline"),
            say("In time"),
            say("Late"),
            say("Not due yet"),
            words.UNKNOWN,
            say("Share in time"),
        )
        return self._table(say("Deadlines kept and missed"), head, rows, (42, 14, 12, 14, 14, 16))

    # ── refusals ─────────────────────────────────────────────────────────────────────────────

    def _refusals(self) -> Part:
        heard, given = self.figures.sent.refusals, self.figures.received.refusals
        codes = [code for code in words.REASONS if code in {*heard.reasons, *given.reasons}]
        codes.sort(key=lambda code: -heard.reasons.get(code, 0) - given.reasons.get(code, 0))
        rows: list[Row] = [
            (
                self._told(words.REASONS[code]),
                str(code),
                heard.reasons.get(code, 0),
                given.reasons.get(code, 0),
            )
            for code in codes
        ]
        rows.append((self._told(words.TOTAL), "", heard.count, given.count))
        head = (say("Reason"), say("Code"), say("Of ours, by receivers"), say("By us"))
        title = say("Refusals (02) by reason")
        table = self._table(title, head, rows, (48, 42, 20, 16), total=True)
        chart = self._chart(Drawn.BARS, title, table, 2, 3)
        return self._part(ReportPart.REFUSALS, say("Refusals"), chart, table)


def _sums(partners: Iterable[Partner]) -> tuple[int, int, int, int]:
    several = tuple(partners)
    return (
        sum(each.sent for each in several),
        sum(each.received for each in several),
        sum(each.refused_by_them for each in several),
        sum(each.refused_by_us for each in several),
    )
