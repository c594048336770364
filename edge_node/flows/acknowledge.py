"""
Tell the axis what became of the items it handed us.

What is told is safe here already: nothing the axis makes of our word for it loses a document.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_node.domain.breaker import AxisDown
from edge_node.domain.envelope import Lane
from edge_node.domain.errors import AxisUnclear, Outage, Permanent, Transient
from edge_node.domain.lifecycle import Receiving
from edge_node.domain.record import reason_of
from edge_node.domain.retry import UNCLEAR_ANSWERS
from edge_node.flows.rest import until_due

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from edge_node.domain.envelope import Claim, Incoming
    from edge_node.domain.errors import EdgeNodeError
    from edge_node.domain.retry import RetryPolicy
    from edge_node.flows.ports import Arriving, Axis, Due

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Acknowledge:
    """One turn tells of one item."""

    queue: Arriving
    due: Due
    axis: Axis
    retry: RetryPolicy
    lease: timedelta
    answer_fail: bool  # tell the axis what cannot be read
    _put_off: bool = field(default=False, init=False)  # the last one, for an outage of its own

    def wake(self) -> None:
        """Nothing is to be looked for: the queue knows."""

    def turn(self, now: datetime) -> bool:
        """Acknowledge the item that has waited longest; False if none waits."""
        claimed = self.queue.claim(Lane.ACKNOWLEDGE, now=now, lease=self.lease)
        if claimed is None:
            return False
        claim, item = claimed
        word = self._word(item)
        seen = {"item": item.id, "axis_id": item.axis_id, "word": word}
        try:
            self.axis.acknowledge(item.axis_id, word)
        except (Permanent, AxisUnclear) as error:
            self._not_heard(claim, error, seen, now)
        except Transient as error:
            self._later(claim, error, now)
        except Outage as error:
            self._held_up(claim, error, now)
        else:
            log.info("acknowledged", extra=seen)
            self.queue.acknowledged(claim, now=now)
            self._put_off = False
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one is due."""
        return until_due(self.due(Lane.ACKNOWLEDGE), now)

    def _not_heard(
        self, claim: Claim, error: EdgeNodeError, seen: Mapping[str, str], now: datetime
    ) -> None:
        """Go on without the axis: the document is safe here whatever it makes of our word."""
        if isinstance(error, AxisUnclear) and claim.attempt < UNCLEAR_ANSWERS:
            self._later(claim, error, now)
            return
        log.warning("the axis refused an acknowledgement", extra={**seen, "error": str(error)})
        self.queue.acknowledged(claim, now=now, reason=reason_of(error))

    def _later(self, claim: Claim, error: EdgeNodeError, now: datetime) -> None:
        # Repeating an acknowledgement harms nobody, so there is no last attempt.
        until = now + self.retry.wait(claim.attempt)
        self.queue.defer(claim, until=until, reason=error.message)

    def _held_up(self, claim: Claim, error: Outage, now: datetime) -> None:
        """Put the item off where it may be the only one that fares so; twice running it is all."""
        if isinstance(error, AxisDown) or self._put_off:
            self.queue.give_back(claim)
            raise error
        self._put_off = True
        self._later(claim, error, now)

    def _word(self, item: Incoming) -> str:
        """Return `done` for what we have, unless the axis is to hear that it is unreadable."""
        failed = item.state is Receiving.QUARANTINED and not item.barred
        return "fail" if failed and (self.answer_fail or not item.package.digest) else "done"
