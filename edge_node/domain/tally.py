"""
Counts documents one by one into the figures of a report.

A sent document counts in the period in which the axis first took it, a received one in that in
which it arrived. What came of it counts whenever it came, up to the moment the report is made as
of. Where a peer says when something happened, that is believed as far as it can be true: not
before the document was there, nor after its word was.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from edge_node.domain.document import BusinessKind
from edge_node.domain.durations import Durations
from edge_node.domain.figures import (
    TIMED,
    Coverage,
    Direction,
    Figures,
    Kept,
    Partner,
    Receiving,
    Refusals,
    Sending,
    Silent,
)
from edge_node.domain.receipt import Status, reason_in
from edge_node.domain.signature import Bears
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from edge_node.domain.period import Period

_T = TypeVar("_T")

ACCEPTED: Final = ""  # the word of a receiver's envelope: the axis has it


class Word(NamedTuple):
    """What was heard of a document: who said what, when we knew, and when by their clock."""

    agency: str
    status: str  # a status, or ACCEPTED
    at: datetime
    said: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a header says of a document; None, or '', where it says nothing or nobody knows."""

    kind: str = BusinessKind.NEW
    type: str = ""
    urgency: int | None = None
    paper: bool | None = None
    signed: Bears = Bears.UNKNOWN
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentDocument:
    """A document the axis took: of which date, handed over when, and all that was heard of it."""

    at: datetime  # the axis first took it
    handed_over: datetime
    promulgated: date | None
    traits: Traits
    words: Sequence[Word]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedDocument:
    """A document that arrived: from whom, what became of it here, and what we said of it."""

    at: datetime
    sender: str
    ended: str  # delivered, returned, quarantined ...; '' while it is under way
    traits: Traits
    words: Sequence[Word]  # ours, as the axis took them


@dataclass(slots=True)
class _Side:
    """One direction while it is counted."""

    days: list[int]
    total: int = 0
    paper: Counter[bool | None] = field(default_factory=Counter)
    signed: Counter[Bears] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    urgency: Counter[int | None] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    times: dict[Status, Durations] = field(
        default_factory=lambda: {status: Durations() for status in TIMED}
    )

    def add(self, day: int, traits: Traits) -> None:
        self.total += 1
        self.days[day] += 1
        self.paper[traits.paper] += 1
        self.signed[traits.signed] += 1
        self.types[traits.type] += 1
        self.urgency[traits.urgency] += 1

    def hear(self, first: Mapping[str, datetime], since: datetime) -> None:
        """Time the statuses of one unit."""
        for status, durations in self.times.items():
            at = first.get(status)
            if at is not None:
                durations.add(at - since)

    def told(self) -> Direction:
        return Direction(
            total=self.total,
            paper=_in_order(self.paper, (False, True, None)),
            signed=_in_order(self.signed, tuple(Bears)),
            types=_types(self.types),
            urgency=dict(sorted(self.urgency.items(), key=_by_urgency)),
            days=tuple(self.days),
            times={status: durations.told() for status, durations in self.times.items()},
            due=Kept(**self.due),
            refusals=Refusals(
                count=self.reasons.total(), reasons=dict(sorted(self.reasons.items(), key=_often))
            ),
        )


class Tally:
    """The figures of one period, while they are counted."""

    def __init__(
        self, period: Period, *, as_of: datetime, deadline: Callable[[date], datetime]
    ) -> None:
        """
        Begin with nothing.

        ``deadline`` says until when a document of a date has to be on its way.
        """
        self.period = period
        self.as_of = as_of
        self._deadline = deadline
        self._deadlines: dict[date, datetime] = {}
        days = len(list(period.days()))
        self._sent, self._received = _Side([0] * days), _Side([0] * days)
        self._sending: Counter[str] = Counter()
        self._dispatch: Counter[str] = Counter()
        self._receiving: Counter[str] = Counter()
        self._notice: Counter[str] = Counter()
        self._partners: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add_sent(self, document: SentDocument) -> None:
        """Count a document the axis took in the period."""
        if document.traits.kind == BusinessKind.RECALL:
            self._sending["recalls"] += 1
            return
        self._sent.add(self._day(document.at), document.traits)
        self._count_dispatch(document)
        for agency, words in _by_agency(document.words).items():
            accepted = next((word.at for word in words if word.status == ACCEPTED), None)
            if accepted is None:
                continue
            self._sending["units"] += 1
            first = _first_said(words, accepted)
            self._sent.hear(first, accepted)
            self._count_due(self._sent, document.traits.due, first.get(Status.FINISHED))
            self._count_partner(agency, "sent")
            if _count_refusal(self._sent, words):
                self._count_partner(agency, "refused_by_them")

    def add_received(self, document: ReceivedDocument) -> None:
        """Count a document that arrived in the period; those handed over count in full."""
        if document.traits.kind == BusinessKind.RECALL:
            self._receiving["recalls"] += 1
            return
        self._receiving["arrived"] += 1
        self._receiving[_ENDS.get(document.ended, "waiting")] += 1
        partner = self._partners[document.sender]  # active, whatever became of the document
        if _count_refusal(self._received, document.words):
            partner["refused_by_us"] += 1
        if document.ended != _HANDED_OVER:
            return
        self._received.add(self._day(document.at), document.traits)
        first = _first_said(document.words, document.at)
        self._received.hear(first, document.at)
        self._count_due(self._received, document.traits.due, first.get(Status.FINISHED))
        self._count_notice(document.at, first.get(Status.ARRIVED))
        partner["received"] += 1

    def told(
        self,
        *,
        agency: str,
        agency_name: str,
        not_sent: int,
        before: Iterable[str],
        connected: int | None = None,
        name: Callable[[str], str] = lambda _: "",
    ) -> Figures:
        """
        Return the figures.

        ``before`` are the agencies documents were exchanged with in the twelve months before the
        period; ``name`` calls one by its name, '' where nobody knows it.
        """
        partners = (
            Partner(
                code=code,
                name=name(code),
                **{key: counted[key] for key in _OF_PARTNER},
            )
            for code, counted in self._partners.items()
            if counted
        )
        silent = sorted(set(before) - self._partners.keys())
        return Figures(
            agency=agency,
            agency_name=agency_name,
            period=self.period,
            as_of=self.as_of,
            sent=self._sent.told(),
            received=self._received.told(),
            sending=Sending(
                units=self._sending["units"],
                dispatch=Kept(**self._dispatch),
                handed_over_late=self._sending["handed_over_late"],
                not_sent=not_sent,
                recalls=self._sending["recalls"],
            ),
            receiving=Receiving(
                **{key: self._receiving[key] for key in _OF_RECEIVING},
                notice=Kept(**self._notice),
            ),
            partners=tuple(sorted(partners, key=lambda one: (-one.total, one.code))),
            coverage=Coverage(
                connected=connected,
                active=len(self._partners),
                silent=tuple(Silent(code=code, name=name(code)) for code in silent),
            ),
        )

    def _day(self, moment: datetime) -> int:
        return (in_vietnam(moment).date() - self.period.first).days

    def _count_partner(self, code: str, what: str) -> None:
        self._partners[code][what] += 1

    def _count_dispatch(self, document: SentDocument) -> None:
        if document.promulgated is None:
            self._dispatch["unknown"] += 1
            return
        day = document.promulgated
        if day not in self._deadlines:
            self._deadlines[day] = self._deadline(day)
        by = self._deadlines[day]
        if document.at <= by:
            self._dispatch["on_time"] += 1
            return
        self._dispatch["late"] += 1
        self._sending["handed_over_late"] += document.handed_over > by

    def _count_due(self, side: _Side, due: date | None, done: datetime | None) -> None:
        """Count what had to be dealt with by the end of a day; most documents name none."""
        if due is None:
            return
        until = in_vietnam(done or self.as_of).date()
        if until > due:
            side.due["late"] += 1
        else:
            side.due["open" if done is None else "on_time"] += 1

    def _count_notice(self, arrived: datetime, told: datetime | None) -> None:
        until = in_vietnam(told or self.as_of).date()
        if until > in_vietnam(arrived).date():
            self._notice["late"] += 1
        else:
            self._notice["open" if told is None else "on_time"] += 1


_HANDED_OVER: Final = "delivered"
_ENDS: Final = {
    _HANDED_OVER: "handed_over",
    "returned": "returned",
    "quarantined": "held",
    "repeated": "repeated",
    "recalled": "recalled",
}
_OF_PARTNER: Final = ("sent", "received", "refused_by_them", "refused_by_us")
_OF_RECEIVING: Final = (
    "arrived",
    "handed_over",
    "returned",
    "held",
    "repeated",
    "recalled",
    "waiting",
    "recalls",
)


def _by_agency(words: Iterable[Word]) -> Mapping[str, list[Word]]:
    found: dict[str, list[Word]] = {}
    for word in words:
        found.setdefault(word.agency, []).append(word)
    return found


def _first_said(words: Iterable[Word], since: datetime) -> Mapping[str, datetime]:
    """Return when each status was first said, of one receiver or by us."""
    first: dict[str, datetime] = {}
    for word in words:
        at = word.at if word.said is None or not since <= word.said <= word.at else word.said
        if word.status not in first or at < first[word.status]:
            first[word.status] = at
    return first


def _count_refusal(side: _Side, words: Iterable[Word]) -> bool:
    """Count the first refusal of one unit by the code at the head of its words."""
    note = next((word.note for word in words if word.status == Status.REFUSED), None)
    if note is None:
        return False
    code, _ = reason_in(note)
    side.reasons[code or ""] += 1
    return True


def _types(counted: Mapping[str, int]) -> Mapping[str, int]:
    """Merge what differs in capitals, spaces and the form of its accents alone."""
    spelt: dict[str, Counter[str]] = {}
    for name, count in counted.items():
        written = " ".join(unicodedata.normalize("NFC", name).split())
        spelt.setdefault(written.casefold(), Counter())[written] += count
    merged = {min(names.items(), key=_often)[0]: names.total() for names in spelt.values()}
    return dict(sorted(merged.items(), key=lambda one: (not one[0], *_often(one))))


def _often(counted: tuple[str, int]) -> tuple[int, str]:
    name, count = counted
    return -count, name


def _by_urgency(counted: tuple[int | None, int]) -> tuple[bool, int]:
    urgency, _ = counted
    return urgency is None, -(urgency or 0)


def _in_order(counted: Mapping[_T, int], order: Iterable[_T]) -> Mapping[_T, int]:
    return {key: counted.get(key, 0) for key in order}
