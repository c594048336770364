"""Enter the statuses other agencies sent with the documents they are about."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from edge_node.domain.envelope import Lane
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.message import say
from edge_node.domain.receipt import Status
from edge_node.flows.rest import until_due
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge_node.domain.document import StatusMessage
    from edge_node.flows.asked_back import AskedBack
    from edge_node.flows.ports import Arriving, Due

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """One turn applies one status message."""

    queue: Arriving
    asked_back: AskedBack
    due: Due
    limits: edxml.Limits
    answer_fail: bool
    same_agency: Callable[[str], frozenset[str]]  # every code an agency is known to go by
    lease: timedelta = timedelta(minutes=5)

    def wake(self) -> None:
        """Nothing is remembered between turns: the queue knows."""

    def turn(self, now: datetime) -> bool:
        """Apply the status that has waited longest; False if none waits."""
        claimed = self.queue.claim(Lane.APPLY, now=now, lease=self.lease)
        if claimed is None:
            return False
        claim, item = claimed
        seen = {"item": item.id, "axis_id": item.axis_id}
        try:
            message = self._read(self.queue.body(item.id))
        except PackageUnreadable as error:
            log.warning("quarantined", extra=seen | {"error": str(error)})
            self.queue.quarantine(claim, error.message, now=now, answer=self.answer_fail)
            return True
        if message.status == Status.RECALL_ASKED and self.asked_back.is_meant(message):
            self.asked_back.hand_over(claim, item, message, now)
            return True
        also = self.same_agency(message.sender.code)
        if self.queue.applied(claim, message, now=now, also=also):
            log.info("status applied", extra=seen | {"status": message.status})
        else:
            log.warning("status parked: its document is not known", extra=seen)
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one is due."""
        return until_due(self.due(Lane.APPLY), now)

    def _read(self, body: bytes) -> StatusMessage:
        package = edxml.read_header(io.BytesIO(body), limits=self.limits)
        if not isinstance(package, edxml.StatusPackage):
            raise PackageUnreadable(say("the package is a document, not a status message"))
        return package.message
