"""
Offer queued envelopes to the axis; one class for documents and for statuses, each in its lane.

After silence the axis may or may not have the envelope: the next turn asks it before anything is
sent again, and what is sent again is the same bytes under the same DocumentId. Where the axis
cannot tell, a policy decides. So it is before the first try where an older state was put back:
what is dropped now may have been sent by the life before.
"""

from __future__ import annotations

import io
import logging
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.breaker import AxisDown
from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import (
    AxisRefused,
    AxisSilent,
    AxisUnclear,
    DiskTrouble,
    Outage,
    Permanent,
    Transient,
)
from edge_node.domain.lifecycle import Sending, SendingEvent
from edge_node.domain.record import reason_of
from edge_node.domain.retry import UNCLEAR_ANSWERS
from edge_node.domain.search import Finding
from edge_node.flows.asking import held_words
from edge_node.flows.rest import until_due

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import BinaryIO

    from edge_node.domain.envelope import AxisId, Claim, Envelope, Lane
    from edge_node.domain.errors import EdgeNodeError
    from edge_node.domain.message import Message
    from edge_node.domain.retry import RetryPolicy
    from edge_node.flows.asking import Answer, Asking
    from edge_node.flows.ports import Axis, Due, Outgoing, Sends, Spool

log = logging.getLogger(__name__)

# A question nobody answers is asked again so many doublings later than a send would be.
_QUESTIONS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What is done with an envelope of which the axis cannot tell whether it has it."""

    resend: bool  # send it again, though the receiver may get it twice; else hold it for a person
    after: timedelta  # the axis has this long to list what it took


@dataclass(slots=True, kw_only=True)
class Push:
    """One turn takes one envelope; whoever turns goes on until there is none left."""

    message: MessageType
    lane: Lane
    queue: Outgoing
    due: Due
    spool: Spool
    axis: Axis
    asking: Asking
    sends: Sends
    retry: RetryPolicy
    doubt: Doubt
    clock: Callable[[], datetime]  # a try may take minutes: the wait after it counts from its end
    lease: timedelta = timedelta(minutes=15)

    def wake(self) -> None:
        """Nothing is to be looked for: the queue knows."""

    def turn(self, now: datetime) -> bool:
        """Offer the envelope that is due first; False if none is due, or none may leave."""
        if self.sends.held() is not None:
            return False
        claimed = self.queue.claim(self.message, now=now, lease=self.lease)
        if claimed is None:
            self.asking.forget()
            return False
        claim, envelope = claimed
        if envelope.state is Sending.UNSURE:
            self._ask(claim, envelope, now)
        elif not self.asking.is_due_before(envelope) or self._may_leave(claim, envelope, now):
            self._offer(claim, envelope, now)
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next envelope is due."""
        if self.sends.held() is not None:
            return None
        return until_due(self.due(self.lane), now)

    # ── sending ──────────────────────────────────────────────────────────────────────────────

    def _offer(self, claim: Claim, envelope: Envelope, now: datetime) -> None:
        try:
            axis_id = self._send(envelope)
        except Permanent as error:
            self._parked(claim, envelope, error, self.clock())
        except AxisSilent as error:
            self._silent(claim, envelope, error)
        except AxisUnclear as error:
            self._unclear(claim, envelope, error)
        except Transient as error:
            self._later(claim, envelope, error, self.clock())
        except Outage as error:
            self._give_back(claim, error)
            raise
        else:
            # What goes wrong from here on leaves the envelope marked as being sent: it may have
            # been, and the axis is asked once somebody claims it again.
            log.info("sent to the axis", extra=_seen(claim, envelope) | {"axis_id": axis_id})
            self.queue.settle(claim, SendingEvent.ACCEPTED, now=now, axis_id=axis_id)

    def _send(self, envelope: Envelope) -> AxisId:
        self.asking.forget()  # the list was made before this envelope could be in it
        if envelope.message is MessageType.DOCUMENT:
            self.sends.note()
        with closing(self._package(envelope)) as package, _read_errors():
            return self.axis.send(
                package,
                envelope.package,
                message=envelope.message,
                sender=envelope.sender,
                receivers=envelope.receivers,
            )

    def _package(self, envelope: Envelope) -> BinaryIO:
        if envelope.message is MessageType.STATUS:
            return io.BytesIO(self.queue.body(envelope.id))
        with _read_errors():
            return self.spool.open(envelope.package.digest)

    def _parked(self, claim: Claim, envelope: Envelope, error: Permanent, now: datetime) -> None:
        seen = _seen(claim, envelope) | {"error": str(error)}
        if isinstance(error, AxisRefused):
            log.warning("refused by the axis", extra=seen)
            event = SendingEvent.REFUSED
        else:
            log.error("cannot be offered to the axis", extra=seen)
            event = SendingEvent.EXHAUSTED
        self.queue.settle(claim, event, now=now, reason=reason_of(error))

    def _silent(self, claim: Claim, envelope: Envelope, error: AxisSilent) -> None:
        seen = _seen(claim, envelope) | {"error": str(error)}
        log.log(_first_time(claim), "no answer from the axis", extra=seen)
        self._unsure(claim, error.message)

    def _unclear(self, claim: Claim, envelope: Envelope, error: AxisUnclear) -> None:
        """Ask before it is sent again: a no nobody understands may be no no."""
        seen = _seen(claim, envelope) | {"error": str(error)}
        log.log(_first_time(claim), "an answer nobody knows", extra=seen)
        self._unsure(claim, reason_of(error), outcome="unclear")

    def _unsure(self, claim: Claim, reason: Message, *, outcome: str = "") -> None:
        wait = self.retry.wait(claim.attempt)  # asking is no attempt: there is no last one
        self.queue.unanswered(claim, clock=self.clock, wait=wait, reason=reason, outcome=outcome)

    def _later(
        self, claim: Claim, envelope: Envelope, error: EdgeNodeError, now: datetime
    ) -> None:
        due = self._next_due(claim, envelope, now)
        seen = _seen(claim, envelope) | {"error": str(error)}
        if due is None:
            log.error("given up after the last attempt", extra=seen)
            self.queue.settle(claim, SendingEvent.EXHAUSTED, now=now, reason=error.message)
        else:
            # Each try is in the queue's record; the log is told that there is something to see.
            level = logging.INFO if claim.attempt == 1 else logging.DEBUG
            log.log(level, "deferred", extra=seen | {"until": due.isoformat()})
            self.queue.defer(claim, now=now, until=due, reason=error.message)

    def _give_back(self, claim: Claim, error: Outage) -> None:
        # An axis that is down is no envelope's doing: what was first stays first.
        behind = None if isinstance(error, AxisDown) else self.retry.first
        self.queue.give_back(claim, now=self.clock(), behind=behind)

    def _next_due(self, claim: Claim, envelope: Envelope, now: datetime) -> datetime | None:
        # The token is as good as a die: what failed together does not come back together.
        return self.retry.next_due(
            claim.attempt,
            now=now,
            spread=claim.token % 1000 / 1000,
            deadline=envelope.deadline,
        )

    def _may_leave(self, claim: Claim, envelope: Envelope, now: datetime) -> bool:
        """Ask about what may have been sent in another life; False where this one need not."""
        answer = self._asked(claim, envelope, now)
        if answer is None:
            return False
        if answer.finding is Finding.THERE:
            found = answer.axis_id
            self.queue.settle(claim, SendingEvent.FOUND, now=now, axis_id=found)
            return False
        if answer.finding is Finding.ABSENT:
            return True
        if answer.finding is Finding.UNTOLD and self.doubt.resend:
            return True  # nothing there looks like it, as far as anybody can tell
        words = held_words(answer.words, envelope)
        self.queue.settle(claim, SendingEvent.UNDECIDED, now=now, reason=words)
        return False

    # ── after silence ────────────────────────────────────────────────────────────────────────

    def _ask(self, claim: Claim, envelope: Envelope, now: datetime) -> None:
        answer = self._asked(claim, envelope, now)
        if answer is not None:
            self._answered(claim, envelope, answer, now)

    def _asked(self, claim: Claim, envelope: Envelope, now: datetime) -> Answer | None:
        """Return what the axis says it has; None where it is to be asked another time."""
        try:
            answer = self.asking.about(envelope, now)
        except Transient as error:
            until = now + self.retry.wait(claim.attempt + _QUESTIONS)
            self.queue.defer(claim, now=now, until=until, reason=error.message, asked=True)
            return None
        except Outage as error:
            self._give_back(claim, error)
            raise
        words = "asked the axis after silence"
        if envelope.state is not Sending.UNSURE:
            words = "asked the axis whether another life of this node sent it"
        outcome = {"outcome": str(answer.finding)}
        log.info(words, extra=_seen(claim, envelope) | outcome)
        return answer

    def _answered(self, claim: Claim, envelope: Envelope, answer: Answer, now: datetime) -> None:
        trail = answer.trail
        # The list was read later than that: it lacks what the axis took long before.
        under_way = self.doubt.after - trail.ago
        if answer.finding is Finding.THERE:
            found = answer.axis_id
            self.queue.settle(claim, SendingEvent.FOUND, now=now, axis_id=found)
        elif under_way > timedelta():
            # It may still be on its way through the axis.
            until = now + under_way
            self.queue.defer(claim, now=now, until=until, reason=answer.words, asked=True)
        elif trail.unclear >= UNCLEAR_ANSWERS and answer.finding is Finding.ABSENT:
            self.queue.settle(claim, SendingEvent.REFUSED, now=now, reason=trail.no)
        elif not self._may_go_again(envelope, answer):
            words = held_words(answer.words, envelope)
            self.queue.settle(claim, SendingEvent.UNDECIDED, now=now, reason=words)
        elif claim.attempt > self.retry.attempts:  # this question is none
            self.queue.settle(claim, SendingEvent.EXHAUSTED, now=now, reason=answer.words)
        else:
            self.queue.settle(claim, SendingEvent.MISSING, now=now, reason=answer.words)

    def _may_go_again(self, envelope: Envelope, answer: Answer) -> bool:
        """Tell whether to send once more what the axis may have; else a person decides."""
        if envelope.message is MessageType.STATUS:
            return True  # one that comes twice harms nobody
        if answer.finding is Finding.ABSENT and answer.trail.unclear:
            return True  # it said no, though in words nobody knows
        return self.doubt.resend


def _first_time(claim: Claim) -> int:
    """Return how loudly to say what may be met with every try: aloud with the first."""
    return logging.WARNING if claim.attempt == 1 else logging.DEBUG


class _Unreadable(Transient):
    """The disk does not give back this one package; others may be read."""


@contextmanager
def _read_errors() -> Iterator[None]:
    """Let trouble in reading one package be that package's own."""
    try:
        yield
    except DiskTrouble as error:
        raise _Unreadable(error.message, hint=error.hint) from error


def _seen(claim: Claim, envelope: Envelope) -> dict[str, object]:
    return {"envelope": envelope.id, "item": envelope.item, "attempt": claim.attempt}
