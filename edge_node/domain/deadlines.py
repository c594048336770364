"""
Until when what is open has to be done, when people are warned of it, and how it stands.

The regulations on records (30/2020/NĐ-CP, 28/2018/QĐ-TTg): what was signed leaves the same day,
at the latest the next working morning, and at once where it is urgent; a receipt is given the
same day. What is open is found by `edge_node.adapters.alarms`; a due date the sender wrote is a
due date, whoever wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import Priority
from edge_node.domain.time import VIETNAM, in_vietnam

if TYPE_CHECKING:
    from edge_node.domain.item import ItemId
    from edge_node.domain.working_days import WorkingDays

_DAY: Final = timedelta(days=1)
# What comes after the hour at which people look has this long before somebody is warned of it.
_GRACE: Final = timedelta(minutes=30)


class Duty(StrEnum):
    """What somebody has to do, or to tell us, in time."""

    DISPATCH = "dispatch"  # send a document to one of its receivers
    RECEIPT = "receipt"  # tell a sender that its document came (01)
    UNHEARD = "unheard"  # a receiver has to tell us that ours came (01)
    DUE = "due"  # finish an incoming document by the date its sender gave
    UNTAKEN = "untaken"  # the software has to take a document out of the inbox
    ANSWER = "answer"  # a recall, an update or a replacement has to be answered
    DESTROY = "destroy"  # what was given back has to be destroyed, and is not yet
    REPLY = "reply"  # a receiver has to finish ours by the date we gave: nobody is alarmed


# What people are alarmed of.
ALARMING: Final = tuple(duty for duty in Duty if duty is not Duty.REPLY)


class Stage(StrEnum):
    """How something stands that is to be done by a moment."""

    AHEAD = "ahead"
    SOON = "soon"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Something that is still to be done; ``day`` is the date it is counted from, or due on."""

    duty: Duty
    item: ItemId
    since: datetime  # handed over, received, sent or asked
    agency: str = ""  # whom it is for, or from; '' where that is no matter
    code: str = ""  # number and notation
    day: date | None = None
    urgency: int = Priority.NORMAL
    state: str = ""  # why it is open: queued, unsure, refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Until when something is to be done, and from when people are warned that it is not."""

    warn: datetime
    end: datetime

    def stage(self, now: datetime) -> Stage:
        """Return how it stands now."""
        if now > self.end:
            return Stage.LATE
        return Stage.SOON if now >= self.warn else Stage.AHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What terms are made of: the calendar, and what the configuration says of them."""

    calendar: WorkingDays
    warn_before: timedelta = timedelta(hours=2)
    urgent_within: timedelta = timedelta(minutes=30)
    receipts_by: time = time(16, 30)
    due_warning: int = 1  # working days
    answer_within: timedelta = timedelta(days=3)

    def term(self, thing: Open) -> Term:
        """Return until when something open is to be done."""
        match thing.duty:
            case Duty.DISPATCH | Duty.DESTROY:
                return self._dispatch(thing)
            case Duty.RECEIPT:
                return self._same_day(thing.since)
            case Duty.UNHEARD:
                return self._heard(thing.since)
            case Duty.UNTAKEN:
                return self._taken(thing)
            case Duty.ANSWER:
                return self._answered(thing.since)
        return self._finished(thing)

    def _dispatch(self, thing: Open) -> Term:
        if thing.urgency >= Priority.URGENT:
            return self._at_once(thing.since)
        # No later than the day it was handed over: a date may be anything a stranger writes.
        handed = in_vietnam(thing.since).date()
        signed = min(thing.day or handed, handed)
        end = self.calendar.dispatch_by(signed, thing.since)
        return Term(warn=end - self.warn_before, end=end)

    def _at_once(self, since: datetime) -> Term:
        return Term(warn=since + self.urgent_within / 2, end=since + self.urgent_within)

    def _same_day(self, since: datetime) -> Term:
        """Return the day on which it came, working or not: no receipt waits for a person."""
        return self._by_the_hour(in_vietnam(since).date(), since)

    def _heard(self, sent: datetime) -> Term:
        """Return the same day, or the next working one where nobody is at work any more."""
        day = in_vietnam(sent).date()
        late = in_vietnam(sent).time() > self.receipts_by
        if late or not self.calendar.is_working(day):
            day = self.calendar.next(day)
        return self._by_the_hour(day, sent)

    def _by_the_hour(self, day: date, since: datetime) -> Term:
        warn = max(datetime.combine(day, self.receipts_by, VIETNAM), since + _GRACE)
        return Term(warn=warn, end=max(datetime.combine(day + _DAY, time(), VIETNAM), warn))

    def _taken(self, thing: Open) -> Term:
        if thing.urgency >= Priority.URGENT:
            return self._at_once(thing.since)
        day = in_vietnam(thing.since).date()
        end = self.calendar.closes(self.calendar.next(day))
        return Term(warn=self.calendar.next_morning(day), end=end)

    def _answered(self, asked: datetime) -> Term:
        end = asked + self.answer_within
        return Term(warn=end - self.answer_within / 4, end=end)

    def _finished(self, thing: Open) -> Term:
        day = thing.day or in_vietnam(thing.since).date()
        # A date that is a day off is no excuse: what is due on it is done before.
        first = self.calendar.add(day, -self.due_warning)
        return Term(warn=self.calendar.opens(first), end=self.calendar.closes(day))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One incident: something that is not done, soon too late or late already."""

    duty: Duty
    stage: Stage
    item: ItemId
    agency: str = ""

    @property
    def what(self) -> str:
        """What the table of alarms calls it."""
        return f"{self.duty} {self.stage}"


def alarm_of(thing: Open, rules: Rules, now: datetime) -> Alarm | None:
    """Return the incident that something open is by now; None where there is time."""
    stage = rules.term(thing).stage(now)
    if stage is Stage.AHEAD:
        return None
    return Alarm(duty=thing.duty, stage=stage, item=thing.item, agency=thing.agency)
