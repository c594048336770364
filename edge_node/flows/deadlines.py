"""
Warn of what is not done in time, before its deadline and once it is past; say when it is over.

A turn looks at all that is open, no more often than it is told to. What the regulations have the
node itself do, to send a document in time, is told to the document software too when it is late.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.deadlines import ALARMING, Duty, Stage, alarm_of
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam
from edge_node.flows.rest import until_due

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from edge_node.domain.deadlines import Alarm, Open, Rules
    from edge_node.domain.message import Message
    from edge_node.flows.ports import Alarms

log = logging.getLogger(__name__)

_NAMED: Final = 20  # items in one line of the log
# No warning comes so long before the date a document is due on: working days and what is between.
_OURS: Final = "o"  # what the ids of documents on their way out begin with
_AHEAD: Final = timedelta(days=120)


@dataclass(slots=True, kw_only=True)
class Deadlines:
    """One turn looks at everything that is open."""

    alarms: Alarms
    rules: Rules
    every: timedelta
    forget_after: timedelta
    _looked: datetime | None = field(default=None, init=False)

    def wake(self) -> None:
        """Nothing that rings changes what time it is."""

    def turn(self, now: datetime) -> bool:
        """Look at all that is open if it is time; False where nothing came of it."""
        if not self._is_time(now):
            return False
        self._looked = now
        news = [self._look_at(duty, now) for duty in ALARMING]
        return any(news)

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next look."""
        return until_due(now if self._looked is None else self._looked + self.every, now)

    def _is_time(self, now: datetime) -> bool:
        """Tell whether it is time; a clock that was set back is looked by at once."""
        return self._looked is None or not self._looked <= now < self._looked + self.every

    def _look_at(self, duty: Duty, now: datetime) -> bool:
        since, today = now - self.forget_after, in_vietnam(now).date()
        things = self.alarms.open(
            duty, since=since, first=in_vietnam(since).date(), last=today + _AHEAD
        )
        found = {alarm: thing for thing in things if (alarm := alarm_of(thing, self.rules, now))}
        on = self.alarms.on(duty)
        begun = {alarm: self._words(alarm, found[alarm]) for alarm in found if alarm not in on}
        over = on - found.keys()
        if begun:
            self.alarms.begin(begun, now=now)
        if over:
            self.alarms.end(over, now=now)
            self.alarms.forget(before=since)
        _say(duty, begun, over)
        return bool(begun or over)

    def _words(self, alarm: Alarm, thing: Open) -> Message | None:
        """Return what the record of a document is to say: only of what the node does itself."""
        if alarm.stage is not Stage.LATE:
            return None
        if alarm.duty is Duty.ANSWER and alarm.item.startswith(_OURS):
            return say("it was asked for the document, or told of a change, and does not answer")
        if alarm.duty is not Duty.DISPATCH:
            return None
        end = in_vietnam(self.rules.term(thing).end)
        return say("not sent by {when}, until when it had to be", when=f"{end:%H:%M %d/%m/%Y}")


def _say(duty: Duty, begun: Collection[Alarm], over: Collection[Alarm]) -> None:
    for stage in (Stage.SOON, Stage.LATE):
        items = [alarm.item for alarm in begun if alarm.stage is stage]
        if items:
            seen = {"what": f"{duty} {stage}", "count": len(items), "items": items[:_NAMED]}
            log.warning("not done in time" if stage is Stage.LATE else "due soon", extra=seen)
    if over:
        log.info("no longer late or due", extra={"what": str(duty), "count": len(over)})
