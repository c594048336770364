"""
While sending is paused, ask the axis what of the waiting envelopes it has got already.

The queue may be an older state of itself, or a copy: what waits in it may have been sent in
another life. Nothing leaves here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.domain.errors import Outage, Transient
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say
from edge_node.domain.search import Finding
from edge_node.flows.asking import held_words
from edge_node.flows.rest import until_due

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from edge_node.domain.envelope import Claim, Envelope, Lane, MessageType
    from edge_node.domain.retry import RetryPolicy
    from edge_node.flows.asking import Answer, Asking
    from edge_node.flows.ports import Due, Outgoing, Sends

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """One turn asks about one envelope."""

    message: MessageType
    lane: Lane
    queue: Outgoing
    due: Due
    asking: Asking
    sends: Sends
    retry: RetryPolicy
    lease: timedelta

    def wake(self) -> None:
        """Nothing is to be looked for: the queue knows."""

    def turn(self, now: datetime) -> bool:
        """Ask about the envelope that is due first; False if sending is not paused, or none is."""
        held = self.sends.held()
        if held is None:
            return False
        claimed = self.queue.claim(self.message, now=now, lease=self.lease, to_send=False)
        if claimed is None:
            self.asking.forget()
            return False
        claim, envelope = claimed
        try:
            answer = self.asking.about(envelope, now, since=held.since)
        except Transient as error:
            until = now + self.retry.wait(claim.attempt)
            self.queue.defer(claim, now=now, until=until, reason=error.message, asked=True)
        except Outage:
            self.queue.give_back(claim, now=now, behind=self.retry.first)
            raise
        else:
            # What it does not have is asked about again and again while sending is paused.
            level = logging.DEBUG if answer.finding is Finding.ABSENT else logging.INFO
            seen = {"envelope": envelope.id, "outcome": str(answer.finding)}
            log.log(level, "asked the axis what it has", extra=seen)
            self._answered(claim, envelope, answer, now)
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one is due; None where sending is not paused."""
        return None if self.sends.held() is None else until_due(self.due(self.lane), now)

    def _answered(self, claim: Claim, envelope: Envelope, answer: Answer, now: datetime) -> None:
        if answer.finding is Finding.THERE:
            found = answer.axis_id
            self.queue.settle(claim, SendingEvent.FOUND, now=now, axis_id=found)
        elif answer.finding is Finding.ABSENT:
            words = say("sending is paused; the axis does not list this one: it waits")
            until = now + self.retry.ceiling
            self.queue.defer(
                claim,
                now=now,
                until=until,
                reason=words,
                outcome=SendingEvent.MISSING,
                asked=True,
            )
        else:
            words = held_words(answer.words, envelope)
            self.queue.settle(claim, SendingEvent.UNDECIDED, now=now, reason=words)
