"""
Fetch what the axis has for us: raw bytes first, durable, and only then the word that we have it.

Nothing is parsed here. What the bytes mean is `deliver`'s and `apply`'s affair, which find them in
the queue even if this process dies in between.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import Digest, Lane, MessageType, Stored
from edge_node.domain.errors import Outage, PackageTooLarge, Permanent, Transient
from edge_node.domain.lifecycle import Receiving
from edge_node.domain.message import say
from edge_node.flows.rest import until_due

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from edge_node.domain.envelope import ItemId, Listed
    from edge_node.domain.retry import RetryPolicy
    from edge_node.flows.ports import Arriving, Axis, Due, Spool

log = logging.getLogger(__name__)

# No sender's status message comes near this; what does is not a status message.
_STATUS_LIMIT: Final = 1 << 20


@dataclass(slots=True, kw_only=True)
class Pull:
    """Each time it is woken it lists once; one turn fetches one item."""

    queue: Arriving
    spool: Spool
    axis: Axis
    package_limit: int
    _listed: list[Listed] = field(default_factory=list, init=False)
    _rung: bool = field(default=False, init=False)

    def wake(self) -> None:
        """List again with the next turn."""
        self._rung = True

    def turn(self, now: datetime) -> bool:
        """Fetch one item and make it durable; False if the axis has nothing new for us."""
        if self._rung:
            self._listed = self._waiting(now)
            self._rung = False  # only now: a list that cannot be had is asked for again
        if not self._listed:
            return False
        listed = self._listed.pop(0)
        seen = {"axis_id": listed.axis_id, "type": str(listed.message)}
        try:
            item = self._fetch(listed, now)
        except PackageTooLarge as error:
            item = self.queue.refuse(listed, error.message, now=now)
            log.warning("too large to fetch", extra=seen | {"item": item})
        except (Permanent, Transient) as error:
            # It stays on the axis's list: the next look tries again, and the others go on.
            log.warning("cannot fetch", extra=seen | {"error": str(error)})
        else:
            log.info("received", extra=seen | {"item": item})
        return True

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - the schedule rings
        """Return None: only the bell tells that the axis may have something."""
        return None

    def _waiting(self, now: datetime) -> list[Listed]:
        """List both kinds of message; what we have already is only acknowledged again."""
        # By id, because an axis may list an item twice, or whatever kind it is asked for.
        listed = {
            item.axis_id: item
            for message in MessageType
            for item in self.axis.list_received(message)
        }
        known = self.queue.known(listed)
        for item in known.values():
            self.queue.acknowledge_again(item, now=now)
        return [item for axis_id, item in listed.items() if axis_id not in known]

    def _fetch(self, listed: Listed, now: datetime) -> ItemId:
        if listed.message is MessageType.STATUS:
            body = bytearray()
            self.axis.fetch(listed.axis_id, _Bounded(body.extend, _STATUS_LIMIT))
            raw = bytes(body)
            digest = Digest(hashlib.sha256(raw).hexdigest())
            stored = Stored(digest=digest, size=len(raw))
            return self.queue.add(listed, stored, raw, now=now)
        with self.spool.store() as writer:
            self.axis.fetch(listed.axis_id, _Bounded(writer.write, self.package_limit))
        return self.queue.add(listed, writer.stored, None, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Tell the axis what became of the items it handed us; one turn tells of one."""

    queue: Arriving
    due: Due
    axis: Axis
    retry: RetryPolicy
    lease: timedelta

    def wake(self) -> None:
        """Nothing is remembered between turns: the queue knows."""

    def turn(self, now: datetime) -> bool:
        """Acknowledge the item that has waited longest; False if none waits."""
        claimed = self.queue.claim(Lane.ACKNOWLEDGE, now=now, lease=self.lease)
        if claimed is None:
            return False
        claim, item = claimed
        word = "fail" if item.state is Receiving.QUARANTINED else "done"
        seen = {"item": item.id, "axis_id": item.axis_id, "word": word}
        try:
            self.axis.acknowledge(item.axis_id, word)
        except Permanent as error:
            # The document is safe here whatever the axis makes of our word for it.
            log.warning("the axis refused an acknowledgement", extra=seen | {"error": str(error)})
            self.queue.acknowledged(claim, now=now, reason=error.message)
        except Transient as error:
            # Repeating an acknowledgement harms nobody, so there is no last attempt.
            until = now + self.retry.wait(claim.attempt)
            self.queue.defer(claim, until=until, reason=error.message)
        except Outage:
            self.queue.give_back(claim)
            raise
        else:
            log.info("acknowledged", extra=seen)
            self.queue.acknowledged(claim, now=now)
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one is due."""
        return until_due(self.due(Lane.ACKNOWLEDGE), now)


class _Bounded:
    """A sink that takes so many bytes and no more."""

    def __init__(self, write: Callable[[bytes], object], limit: int) -> None:
        self._write = write
        self._left = self._limit = limit

    def write(self, chunk: bytes, /) -> int:
        self._left -= len(chunk)
        if self._left < 0:
            raise PackageTooLarge(
                say("the package is larger than {limit} bytes", limit=self._limit),
                hint=say("raise limits.package in the configuration if such packages are wanted"),
            )
        self._write(chunk)
        return len(chunk)
