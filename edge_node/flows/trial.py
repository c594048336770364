"""
Try alone what the node may die over, and set aside what kills its child; the rest flows on.

What was in hand when the node ended so and so often is suspected, and no more than that. It is
worked on in a child process: one that comes through goes its way, one whose child dies is set
aside with the reason. A node that dies meanwhile has proved nothing, and tries again.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import Lane
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say
from edge_node.domain.record import reason_of
from edge_node.domain.trial import Poison
from edge_node.flows.rest import until_due

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from edge_node.domain.envelope import Claim
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.retry import RetryPolicy
    from edge_node.domain.trial import Ending, Suspect
    from edge_node.flows.folders import Files
    from edge_node.flows.ports import Alone, Arriving, Outgoing, Trials

log = logging.getLogger(__name__)

# A child that is killed may have been killed with everything else (a container that is stopped):
# one that is killed again, while this node lives on, was not.
_BY_CHANCE: Final = 1
# What was being sent when a child died may still be on its way into the axis.
_SENDS: Final = frozenset({Lane.PUSH, Lane.REPORT})


@dataclass(slots=True, kw_only=True)
class Trial:
    """One turn tries one item."""

    queue: Trials
    arriving: Arriving
    outgoing: Outgoing
    files: Mapping[Lane, Files]  # those that lie in a folder, by the lane they are tried from
    alone: Alone
    retry: RetryPolicy
    clock: Callable[[], datetime]  # a trial may take minutes
    lease: timedelta  # a child that takes longer comes to no end
    answer_fail: bool  # tell the axis what cannot be read
    # How often running something could not be tried, and when it is tried again.
    _hindered: Counter[ItemId] = field(default_factory=Counter, init=False)
    _not_before: dict[ItemId, datetime] = field(default_factory=dict, init=False)
    _killed: Counter[ItemId] = field(default_factory=Counter, init=False)

    def wake(self) -> None:
        """Nothing is to be looked for: the queue knows."""

    def turn(self, now: datetime) -> bool:
        """Try the item that has waited longest; False if none waits."""
        suspect = next((each for each in self.queue.suspects() if self._due(each) <= now), None)
        if suspect is None:
            return False
        log.warning("tried alone", extra=_seen(suspect))
        ending = self.alone.run(suspect, within=self.lease)
        claim = self.queue.left(suspect)
        if claim is None:
            self._lived(suspect)
        elif ending.proves_nothing or self._by_chance(suspect, ending):
            self._again(suspect, ending)
        else:
            self._set_aside(claim, suspect, ending)
        return not ending.stopped

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one is to be tried."""
        due = min(map(self._due, self.queue.suspects()), default=None)
        return until_due(due, now)

    def _due(self, suspect: Suspect) -> datetime:
        return max(suspect.due, self._not_before.get(suspect.item, suspect.due))

    def _lived(self, suspect: Suspect) -> None:
        """Go on after a child that was done with it, or put it off, or never began."""
        now = self.clock()
        log.info("the trial ended well", extra=_seen(suspect))
        self._not_before.pop(suspect.item, None)
        mine = [each for each in self.queue.suspects() if each.item == suspect.item]
        if any(each.due <= now for each in mine):
            self._wait(suspect)

    def _by_chance(self, suspect: Suspect, ending: Ending) -> bool:
        if not ending.killed:
            return False
        self._killed[suspect.item] += 1
        return self._killed[suspect.item] <= _BY_CHANCE

    def _again(self, suspect: Suspect, ending: Ending) -> None:
        due = self.clock()
        log.warning("to be tried alone again", extra=_seen(suspect) | {"status": ending.status})
        if ending.proves_nothing:
            self._wait(suspect)
        elif suspect.lane in _SENDS:
            due += self.retry.first
        self.queue.let_go(suspect, due=due)

    def _wait(self, suspect: Suspect) -> None:
        self._hindered[suspect.item] += 1
        wait = self.retry.wait(self._hindered[suspect.item])
        self._not_before[suspect.item] = self.clock() + wait

    def _set_aside(self, claim: Claim, suspect: Suspect, ending: Ending) -> None:
        now = self.clock()
        if suspect.lane is Lane.DESTROY:
            # It cannot be set aside, only done: later on without reading what is destroyed.
            self.queue.let_go(suspect, due=now + self.retry.first)
            return
        died = {"died": suspect.crashes + 1, "status": ending.status}
        log.error("set aside: the node dies over it", extra=_seen(suspect) | died)
        poison = Poison(
            say(
                "the node died {count} times over it, the last time alone: {how}",
                count=suspect.crashes + 1,
                how=ending.told(),
            ),
            hint=_HINTS[suspect.lane],
        )
        reason = reason_of(poison)
        if suspect.lane in _SENDS:
            # It was marked as being sent before the child died over it: the axis may have it.
            self.outgoing.settle(claim, SendingEvent.UNDECIDED, now=now, reason=reason)
        elif suspect.lane is Lane.ACKNOWLEDGE:  # it is safe here; what it holds was not looked at
            self.arriving.acknowledged(claim, now=now, reason=reason)
        elif suspect.lane in self.files:
            self.files[suspect.lane].set_aside(suspect.item, poison, now)
            self.queue.finish(claim)
        else:
            self.arriving.quarantine(claim, reason, now=now, answer=self.answer_fail)


def _seen(suspect: Suspect) -> dict[str, object]:
    return {"lane": str(suspect.lane), "item": suspect.item, "crashes": suspect.crashes}


_RELEASE: Final = say("`edge-node release ID` gives it a second chance, in a process of its own")
_RESEND: Final = say(
    "ask the receivers whether it came; if not, `edge-node resend ID` sends it again"
)
_HINTS: Final[Mapping[Lane, Message]] = MappingProxyType(
    {
        Lane.PUSH: _RESEND,
        Lane.REPORT: say(
            "the receiver may have it; if not, report it again through the folder statuses/"
        ),
        Lane.ACKNOWLEDGE: say("look at what the axis answers; the document is safe here"),
        Lane.DELIVER: _RELEASE,
        Lane.APPLY: _RELEASE,
        Lane.STATUSES: say("report it again once the node has been mended, or in another form"),
        Lane.INTAKE: say("drop it again once the node has been mended, or another form of it"),
    }
)
