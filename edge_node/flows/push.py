"""
Offer queued envelopes to the axis; one class for documents and for statuses, each in its lane.

After silence the axis may or may not have the envelope: the next turn asks it before anything is
sent again, and what is sent again is the same bytes under the same DocumentId.
"""

from __future__ import annotations

import io
import logging
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import AxisRefused, AxisSilent, Outage, Permanent, Transient
from edge_node.domain.lifecycle import Sending, SendingEvent
from edge_node.domain.record import reason_of
from edge_node.domain.search import traces_of
from edge_node.flows.rest import until_due

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import BinaryIO

    from edge_node.domain.envelope import AxisId, Claim, Envelope, Lane, Sent
    from edge_node.domain.errors import EdgeNodeError
    from edge_node.domain.retry import RetryPolicy
    from edge_node.flows.ports import Axis, Due, Outgoing, Spool

log = logging.getLogger(__name__)


# How long what the axis lists may be read again, for all that are found out about in a row.
_FRESH: Final = timedelta(seconds=5)


@dataclass(slots=True, kw_only=True)
class Push:
    """One turn takes one envelope; whoever turns goes on until there is none left."""

    message: MessageType
    lane: Lane
    queue: Outgoing
    due: Due
    spool: Spool
    axis: Axis
    retry: RetryPolicy
    clock: Callable[[], datetime]  # a try may take minutes: the wait after it counts from its end
    lease: timedelta = timedelta(minutes=15)
    _listed: list[Sent] = field(default_factory=list, init=False)
    _listed_at: datetime | None = field(default=None, init=False)

    def wake(self) -> None:
        """Nothing is to be looked for: the queue knows."""

    def turn(self, now: datetime) -> bool:
        """Offer the envelope that is due first; False if none is due."""
        claimed = self.queue.claim(self.message, now=now, lease=self.lease)
        if claimed is None:
            self._forget_list()
            return False
        claim, envelope = claimed
        unsure = envelope.state is Sending.UNSURE
        try:
            axis_id = self._find(envelope, now) if unsure else self._offer(envelope)
        except Permanent as error:
            self._parked(claim, envelope, error, self.clock())
        except AxisSilent as error:
            self._silent(claim, error, self.clock())
        except Transient as error:
            self._later(claim, error, self.clock())
        except Outage:
            self.queue.give_back(claim, now=self.clock(), behind=self.retry.first)
            raise
        else:
            # What goes wrong from here on leaves the envelope marked as being sent: it may have
            # been, and is found out about when the lease has lapsed.
            if unsure:
                self._found_out(claim, envelope, axis_id, now)
            else:
                self._accepted(claim, envelope, axis_id, now)
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next envelope is due."""
        return until_due(self.due(self.lane), now)

    def _offer(self, envelope: Envelope) -> AxisId:
        self._forget_list()  # it was made before this envelope could be in it
        with closing(self._package(envelope)) as package:
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
        return self.spool.open(envelope.package.digest)

    def _find(self, envelope: Envelope, now: datetime) -> AxisId | None:
        """Ask the axis whether it has an envelope it gave no answer for."""
        traces = traces_of(self.queue.trail(envelope), self._list(now), now=now)
        return next((trace for trace in traces if not self.queue.knows(trace)), None)

    def _list(self, now: datetime) -> list[Sent]:
        """Return what the axis says we sent; asked once for several that follow each other."""
        made = self._listed_at
        if made is None or not made <= now < made + _FRESH:
            self._listed = self.axis.list_sent(self.message)
            self._listed_at = now
        return self._listed

    def _forget_list(self) -> None:
        self._listed, self._listed_at = [], None

    def _accepted(
        self, claim: Claim, envelope: Envelope, axis_id: AxisId | None, now: datetime
    ) -> None:
        seen = {"envelope": envelope.id, "item": envelope.item, "attempt": claim.attempt}
        log.info("sent to the axis", extra=seen | {"axis_id": axis_id})
        self.queue.settle(claim, SendingEvent.ACCEPTED, now=now, axis_id=axis_id)

    def _found_out(
        self, claim: Claim, envelope: Envelope, found: AxisId | None, now: datetime
    ) -> None:
        event = SendingEvent.FOUND if found else SendingEvent.MISSING
        seen = {"envelope": envelope.id, "item": envelope.item, "outcome": str(event)}
        log.info("asked the axis after silence", extra=seen)
        self.queue.settle(claim, event, now=now, axis_id=found)

    def _parked(self, claim: Claim, envelope: Envelope, error: Permanent, now: datetime) -> None:
        if envelope.state is Sending.UNSURE:
            # It was asked, not sent: that the axis will not tell says nothing of the envelope.
            self._later(claim, error, now)
            return
        seen = {"envelope": envelope.id, "item": envelope.item, "error": str(error)}
        if isinstance(error, AxisRefused):
            log.warning("refused by the axis", extra=seen)
            event = SendingEvent.REFUSED
        else:
            log.error("cannot be offered to the axis", extra=seen)
            event = SendingEvent.EXHAUSTED
        self.queue.settle(claim, event, now=now, reason=reason_of(error))

    def _silent(self, claim: Claim, error: AxisSilent, now: datetime) -> None:
        due = self._next_due(claim, now)
        log.warning("no answer from the axis", extra={"envelope": claim.item, "error": str(error)})
        event = SendingEvent.SILENCE if due else SendingEvent.EXHAUSTED
        self.queue.settle(claim, event, now=now, reason=error.message, due=due)

    def _later(self, claim: Claim, error: EdgeNodeError, now: datetime) -> None:
        due = self._next_due(claim, now)
        seen = {"envelope": claim.item, "attempt": claim.attempt, "error": str(error)}
        if due is None:
            log.error("given up after the last attempt", extra=seen)
            self.queue.settle(claim, SendingEvent.EXHAUSTED, now=now, reason=error.message)
        else:
            log.info("deferred", extra=seen | {"until": due.isoformat()})
            self.queue.defer(claim, now=now, until=due, reason=error.message)

    def _next_due(self, claim: Claim, now: datetime) -> datetime | None:
        # The token is as good as a die: what failed together does not come back together.
        return self.retry.next_due(claim.attempt, now=now, spread=claim.token % 1000 / 1000)
