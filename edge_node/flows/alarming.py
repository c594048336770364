"""
Look for what is wrong, by every rule; enter what is new and what is over; make the digest.

A rule that cannot be looked at keeps its incidents as they were, and holds up no other.
Nobody is told here: what is to be told is entered with the incident, and sent by a child. Quiet
hours put off what is not urgent; what is over before the morning is never told.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from edge_node.domain.alarms import digest_due
from edge_node.domain.errors import EdgeNodeError, QueueDamaged
from edge_node.domain.incidents import Change, Turn, changes
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, time, timedelta

    from edge_node.domain.alarms import QuietHours, Rule, Sighting
    from edge_node.domain.incidents import Incident
    from edge_node.domain.message import Message

log = logging.getLogger(__name__)

DIGEST: Final = "alarms.digest"  # the mark of the last day that had its digest


class Look(Protocol):
    """What is wrong at a moment."""

    @property
    def marks(self) -> Mapping[str, str]:
        """How far it looked, to be entered with what it saw."""

    def sightings(self, rule: Rule) -> Sequence[Sighting]:
        """Return what is wrong by a rule."""


class Incidents(Protocol):
    """The table of incidents."""

    def on(self) -> list[Incident]:
        """Return what is not over."""

    def enter(
        self,
        changes: Iterable[Change],
        *,
        now: datetime,
        due: Callable[[Rule], datetime] | None,
        marks: Mapping[str, str],
    ) -> None:
        """Enter what happened."""

    def digest(self, lines: Sequence[Message], *, now: datetime, mark: tuple[str, str]) -> None:
        """Enter the digest of a day, where it has lines, and that the day had its own."""

    def forget(self, *, before: datetime) -> None:
        """Throw out what was over long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarming:
    """The alarms of one node, by its rules."""

    incidents: Incidents
    look: Callable[[datetime], Look]
    rules: Sequence[Rule]
    quiet: QuietHours
    calm: timedelta
    keep: timedelta
    tells: bool  # whether there is anybody to tell
    digest_at: time
    digests: bool = True
    last_digest: Callable[[], str] = str
    summary: Callable[[datetime, str], Sequence[Message]] = lambda _now, _last: ()
    _failing: set[str] = field(default_factory=set)  # the rules of which the log was told that

    def turn(self, now: datetime) -> bool:
        """Look once; tell whether anything is new or over."""
        look = self.look(now)
        found = list(self._changes(look, now))
        if found or look.marks:
            due = (lambda rule: self._due(rule, now)) if self.tells else None
            self.incidents.enter(found, now=now, due=due, marks=look.marks)
        _say(found)
        self._digest(now)
        return bool(found)

    def _changes(self, look: Look, now: datetime) -> Iterator[Change]:
        on = self.incidents.on()
        for rule in self.rules:
            mine = {each.about: each for each in on if each.rule == rule.name}
            sightings = self._sightings(look, rule)
            if sightings is not None:
                yield from changes(rule, sightings, mine, now=now, calm=self.calm)
        known = {rule.name for rule in self.rules}
        for each in on:
            if each.rule not in known:
                yield Change(turn=Turn.FORGOTTEN, incident=each)

    def _sightings(self, look: Look, rule: Rule) -> Sequence[Sighting] | None:
        """Return what is wrong by a rule; None where nobody can tell, which is said once."""
        try:
            found = look.sightings(rule)
        except QueueDamaged:
            raise
        except Exception as error:
            # What is wrong with one of them, a list or a mistake of ours, must not silence all.
            if rule.name not in self._failing:
                self._failing.add(rule.name)
                seen = {"rule": rule.name, "error": str(error)}
                if isinstance(error, EdgeNodeError):
                    log.warning("a rule cannot be looked at", extra=seen)
                else:
                    log.exception("a rule cannot be looked at", extra={"rule": rule.name})
            return None
        self._failing.discard(rule.name)
        return found

    def _due(self, rule: Rule, now: datetime) -> datetime:
        return self.quiet.over(now) if rule.waits_for_morning else now

    def _digest(self, now: datetime) -> None:
        last = self.last_digest()
        day = digest_due(now, at=self.digest_at, last=last)
        if day is None:
            return
        if self.quiet.days_off and not self.quiet.calendar.is_working(in_vietnam(now).date()):
            return  # the digest of the next working day tells of this one, too
        lines = self.summary(now, last) if self.tells and self.digests else ()
        self.incidents.digest(lines, now=now, mark=(DIGEST, day))
        self.incidents.forget(before=now - self.keep)


def _say(found: Iterable[Change]) -> None:
    """Write down in the log what is new and what is over: how much of it, by rule."""
    counts: dict[tuple[str, str], int] = {}
    for change in found:
        if change.turn in {Turn.RAISED, Turn.PASSED, Turn.OVER}:
            name = change.rule.name if change.rule else ""
            word = "over" if change.turn is Turn.OVER else "raised"
            counts[word, name] = counts.get((word, name), 0) + 1
    for (word, name), count in counts.items():
        seen = {"rule": name, "count": count}
        if word == "over":
            log.info("alarm over", extra=seen)
        else:
            log.warning("alarm", extra=seen)
