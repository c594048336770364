"""
What people are told of when something is wrong with a node: rules, sightings, and quiet hours.

A rule watches one kind of thing. What is wrong at a moment is a sighting; from the first sighting
to the last it is one incident. Where sightings come from, and who sends, is left to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_node.domain.deadlines import Duty, Stage
from edge_node.domain.expiry import PAST, THRESHOLDS, days_left
from edge_node.domain.time import VIETNAM, in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.domain.message import Message
    from edge_node.domain.working_days import WorkingDays

_DAY: Final = timedelta(days=1)
_LONGEST_QUIET: Final = 90  # days: nobody rests for so long
_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)


class Watched(StrEnum):
    """What a rule can watch."""

    DISPATCH = "dispatch"  # a document that is not sent in time
    RECEIPT = "receipt"  # a receipt (01) we owe
    UNHEARD = "unheard"  # a receipt (01) a receiver owes us
    DUE = "due"  # an incoming document that is not finished by its date
    UNTAKEN = "untaken"  # a document nobody took out of the inbox
    ANSWER = "answer"  # a request to recall or change that nobody answered
    DESTROY = "destroy"  # a recalled document that is not destroyed yet
    AXIS = "axis"  # calls to the axis do not get through
    STATE = "state"  # a document that does not move on
    CERTIFICATE = "certificate"  # one that runs out
    DISK = "disk"  # little space left
    INODES = "inodes"  # few files left that can be made
    CLOCK = "clock"  # ours and the axis's differ
    QUARANTINE = "quarantine"  # something was set aside for a person
    DUPLICATE = "duplicate"  # a document came twice, or two bear one number
    REFUSED = "refused"  # the axis refused a document, or we gave it up
    FLOW = "flow"  # a part of the node rests, hangs, or has died
    DIRECTORY = "directory"  # a list of agencies is not believed, or is too old
    BACKUP = "backup"  # the last copy of the queue is too old
    CANARY = "canary"  # the document to ourselves does not come back


# The duties of `domain.deadlines`, under the same names.
DUTIES: Final = {Watched(duty): duty for duty in Duty if duty is not Duty.REPLY}
# What happens and is not over later: told once.
AT_ONCE: Final = frozenset({Watched.DUPLICATE, Watched.REFUSED})
# That these are over, a person has brought about who knows.
_NO_NEWS: Final = AT_ONCE | {Watched.QUARANTINE}


class Severity(StrEnum):
    """How pressing an incident is."""

    URGENT = "urgent"  # at once, whatever the hour
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    What is watched, from when on it is told, and to whom.

    ``longer_than`` is how long it has to last before anybody is told. ``to`` names channels;
    empty: all there are. The rest is for the kind of thing that is watched.
    """

    name: str
    watch: Watched
    severity: Severity = Severity.WARNING
    longer_than: timedelta = timedelta()
    to: tuple[str, ...] = ()
    quiet: bool | None = None  # whether it waits for the end of quiet hours; None: unless urgent
    digest_only: bool = False
    recovery: bool = True  # whether it is told that it is over
    stage: Stage = Stage.LATE  # of a duty: told when it is late, or soon already
    state: str = ""
    days: tuple[int, ...] = THRESHOLDS
    below: int = 0  # bytes
    files: int = 0

    @property
    def tells_recovery(self) -> bool:
        """Whether people are told that an incident of it is over."""
        return self.recovery and self.watch not in _NO_NEWS

    @property
    def waits_for_morning(self) -> bool:
        """Whether it keeps silent during quiet hours."""
        return self.severity is not Severity.URGENT if self.quiet is None else self.quiet

    def threshold(self, ends: datetime, now: datetime) -> int | None:
        """Return the lowest of its days that a certificate has reached; None before the first."""
        if now > ends:
            return PAST
        left = days_left(ends, now)
        return min((each for each in self.days if left <= each), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    Something that is wrong at this moment.

    ``about`` is what it is known by: an id of ours, a folder, a key; never a name or a subject of
    a document. One whose ``stage`` changes is a new incident of the same thing.
    """

    about: str
    words: Message
    stage: str = ""
    since: datetime | None = None  # None: since it was first seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is told: a line, and what stands below it; ``kind`` as severities have it, or over."""

    title: str
    body: str
    kind: str = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When people are left alone: from an hour of the evening to one of the morning, and days."""

    calendar: WorkingDays
    begin: time | None = time(19)
    end: time = time(7)
    days_off: bool = True

    def over(self, now: datetime) -> datetime:
        """Return when people may be told: now, or when the quiet hours end that last now."""
        moment = in_vietnam(now)
        for _ in range(_LONGEST_QUIET):
            until = self._until(moment)
            if until is None:
                break
            moment = until
        return now if moment == now else moment

    def _until(self, moment: datetime) -> datetime | None:
        """Return a later moment until which it is quiet for certain; None where it is not."""
        day, hour = moment.date(), moment.time()
        if self.days_off and not self.calendar.is_working(day):
            return datetime.combine(day + _DAY, time(), VIETNAM)
        if self.begin is None or self.begin == self.end:
            return None
        overnight = self.begin > self.end
        if overnight and hour >= self.begin:
            return datetime.combine(day + _DAY, self.end, VIETNAM)
        if hour < self.end and (overnight or hour >= self.begin):
            return datetime.combine(day, self.end, VIETNAM)
        return None


def digest_due(now: datetime, *, at: time, last: str) -> str | None:
    """Return the day whose digest is to be made now, as a date; None: none, or it is made."""
    moment = in_vietnam(now)
    today = moment.date().isoformat()
    return today if moment.time() >= at and last != today else None


def wait_after(attempt: int) -> timedelta:
    """Return how long a notice waits after that many tries that failed."""
    return min(_FIRST_WAIT * (1 << min(attempt - 1, 10)), _LONGEST_WAIT)


def _of(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


_GB: Final = 1 << 30

# What a node tells of that was given nothing but somebody to tell.
BUILT_IN: Final = (
    Rule(name="dispatch-late", watch=Watched.DISPATCH),
    Rule(name="receipts-owed", watch=Watched.RECEIPT, stage=Stage.SOON),
    Rule(name="receipts-missing", watch=Watched.UNHEARD, stage=Stage.SOON),
    Rule(name="due-late", watch=Watched.DUE, severity=Severity.NOTICE, digest_only=True),
    Rule(name="not-taken", watch=Watched.UNTAKEN),
    Rule(name="not-answered", watch=Watched.ANSWER),
    Rule(name="not-destroyed", watch=Watched.DESTROY),
    Rule(name="axis-down", watch=Watched.AXIS, longer_than=_of(15)),
    Rule(name="stuck-queued", watch=Watched.STATE, state="queued", longer_than=_of(4 * 60)),
    Rule(name="stuck-unsure", watch=Watched.STATE, state="unsure", longer_than=_of(60)),
    Rule(name="stuck-held", watch=Watched.STATE, state="held", longer_than=_of(15)),
    Rule(
        name="stuck-undelivered",
        watch=Watched.STATE,
        state="acknowledged",
        longer_than=_of(60),
    ),
    Rule(name="certificate", watch=Watched.CERTIFICATE),
    Rule(name="disk", watch=Watched.DISK, severity=Severity.URGENT, below=_GB, longer_than=_of(5)),
    Rule(
        name="inodes",
        watch=Watched.INODES,
        severity=Severity.URGENT,
        files=2000,
        longer_than=_of(5),
    ),
    Rule(name="clock", watch=Watched.CLOCK, severity=Severity.URGENT, longer_than=_of(5)),
    Rule(name="quarantine", watch=Watched.QUARANTINE),
    Rule(name="duplicate", watch=Watched.DUPLICATE, severity=Severity.NOTICE, digest_only=True),
    Rule(name="refused", watch=Watched.REFUSED),
    Rule(name="flow", watch=Watched.FLOW, severity=Severity.URGENT, longer_than=_of(30)),
    Rule(name="directory", watch=Watched.DIRECTORY, severity=Severity.NOTICE),
    Rule(name="backup", watch=Watched.BACKUP),
    Rule(name="canary", watch=Watched.CANARY),
)


def channels(rules: Iterable[Rule]) -> frozenset[str]:
    """Return every channel that rules name."""
    return frozenset(name for rule in rules for name in rule.to)
