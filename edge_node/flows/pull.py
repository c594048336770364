"""
Fetch what the axis has for us: raw bytes first, durable, and only then the word that we have it.

Nothing is parsed before it is in the queue. What the bytes mean is `deliver`'s and `apply`'s
affair, which find them there even if this process dies in between. Only what is no package at
all is fetched again before it is believed.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.domain.breaker import AxisDown, NoPackage
from edge_node.domain.envelope import Digest, MessageType, Stored
from edge_node.domain.errors import (
    AxisDenied,
    AxisUnreachable,
    PackageTooLarge,
    Permanent,
    Transient,
)
from edge_node.domain.message import say
from edge_node.flows.look_back import SETTLED
from edge_node.flows.naming import named_in

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from datetime import datetime, timedelta

    from edge_node.domain.envelope import AxisId, Listed
    from edge_node.domain.errors import EdgeNodeError
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.flows.canary import Homing
    from edge_node.flows.disbelief import Disbelief
    from edge_node.flows.look_back import LookBack
    from edge_node.flows.ports import Arriving, Axis, Room, Sink, Spool
    from edge_node.protocol import edxml

log = logging.getLogger(__name__)

# No sender's status message comes near this; what does is not a status message.
_STATUS_LIMIT: Final = 1 << 20
# An item that cannot be fetched is tried again at the next look, then ever more rarely: at looks a
# minute apart, once an hour.
_LONGEST_REST: Final = 64  # looks
_ELSEWHERE: Final = say(
    "another life of this node acknowledged it;"
    " if the document software does not have it: edge-node release ID"
)


@dataclass(slots=True)
class _Missed:
    """An item that could not be fetched: how often, and how many looks it is passed over."""

    times: int = 0
    left: int = 0

    def again(self) -> None:
        """Note that it could not be fetched this time either."""
        self.times += 1
        self.left = min(2 ** (self.times - 1), _LONGEST_REST) - 1

    def is_due(self) -> bool:
        """Tell whether it is to be tried at this look; each look asks once."""
        self.left -= 1
        return self.left < 0


@dataclass(slots=True, kw_only=True)
class Pull:
    """Each time it is woken it lists once; one turn fetches one item."""

    queue: Arriving
    room: Room
    spool: Spool
    axis: Axis
    package_limit: int
    limits: edxml.Limits
    look_back: LookBack
    disbelief: Disbelief
    answer_fail: bool  # tell the axis what is too large
    homing: Homing | None = None  # knows the canaries; None: none was ever sent
    _listed: list[Listed] = field(default_factory=list, init=False)
    _missed: dict[AxisId, _Missed] = field(default_factory=dict, init=False)
    _was_too_large: frozenset[AxisId] = field(default=frozenset(), init=False)
    _rung: bool = field(default=False, init=False)
    _cut_off: int = field(default=0, init=False)  # fetches that found no axis, one after the other

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
        self.room.for_new()  # what is not fetched stays with the axis
        listed = self._listed.pop(0)
        seen = {"axis_id": listed.axis_id, "type": str(listed.message)}
        try:
            item = self._fetch(listed, now)
        except _TooLarge as error:
            item = self._refuse(listed, error, now)
            self.look_back.safe(listed.axis_id)
            log.warning("too large to fetch", extra=seen | {"item": item, "limit": error.limit})
        except NoPackage as error:
            self._miss(listed, error)
        except (Permanent, Transient) as error:
            self.disbelief.begin_anew(listed.axis_id)
            self._miss(listed, error)
        except AxisDown:
            self._listed.insert(0, listed)  # nobody was asked: it is still the next
            raise
        except (AxisUnreachable, AxisDenied) as error:
            # An axis that has just listed may answer so for this one item alone. Twice running
            # it is the axis.
            self._miss(listed, error)
            self._cut_off += 1
            if self._cut_off > 1:
                raise
        else:
            self._cut_off = 0
            self.look_back.safe(listed.axis_id)
            log.info("received", extra=seen | {"item": item})
        return True

    def _miss(self, listed: Listed, error: EdgeNodeError) -> None:
        """Leave an item on the axis's list: a later look tries again, and the others go on."""
        missed = self._missed.setdefault(listed.axis_id, _Missed())
        missed.again()
        level = logging.WARNING if missed.times == 1 else logging.DEBUG
        log.log(level, "cannot fetch", extra={"axis_id": listed.axis_id, "error": str(error)})

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
        # What was too large is fetched once the limit allows it, listed still or not.
        wanted = {item.axis_id: item for item in self.queue.fitting(self.package_limit)}
        self._was_too_large = frozenset(wanted)
        known = self.queue.known(listed)
        for axis_id, item in known.items():
            told = listed[axis_id].status in SETTLED or axis_id in wanted
            if not told and (item.package.digest or self.answer_fail):
                self.queue.acknowledge_again(item.id, now=now)
        wanted |= {axis_id: item for axis_id, item in listed.items() if axis_id not in known}
        for axis_id, found in self.look_back.wanted(now).items():
            # What waits is taken as it was listed first: by now the axis may think we have it.
            wanted.setdefault(axis_id, found)
        self._missed = {key: missed for key, missed in self._missed.items() if key in wanted}
        self._resume(wanted)
        return [item for axis_id, item in wanted.items() if self._is_due(axis_id)]

    def _resume(self, wanted: Container[AxisId]) -> None:
        """Rest as before the start what was answered with no package; forget what is settled."""
        self.disbelief.keep(wanted)
        for axis_id, times in self.disbelief.times().items():
            if axis_id not in self._missed:
                self._missed[axis_id] = missed = _Missed()
                for _ in range(times):
                    missed.again()

    def _is_due(self, axis_id: AxisId) -> bool:
        missed = self._missed.get(axis_id)
        return missed is None or missed.is_due()

    def _refuse(self, listed: Listed, error: _TooLarge, now: datetime) -> ItemId:
        return self.queue.refuse(
            listed,
            error.message,
            size=error.limit + 1,
            answer=self.answer_fail,
            now=now,
            elsewhere=_ELSEWHERE if self.look_back.settled_elsewhere(listed) else None,
        )

    def _fetch(self, listed: Listed, now: datetime) -> ItemId:
        if listed.message is MessageType.STATUS:
            body = bytearray()
            words = say("the status message is larger than {limit} bytes", limit=_STATUS_LIMIT)
            self._ask_for(listed, _Bounded(body.extend, _STATUS_LIMIT, words))
            raw = bytes(body)
            digest = Digest(hashlib.sha256(raw).hexdigest())
            stored = Stored(digest=digest, size=len(raw))
            return self.queue.add(listed, stored, raw, now=now)
        words = say(
            "the package is larger than {limit} bytes;"
            " if it is wanted, raise limits.package and it will be fetched",
            limit=self.package_limit,
        )
        with self.spool.store() as writer:
            self._ask_for(listed, _Bounded(writer.write, self.package_limit, words))
        if self.look_back.settled_elsewhere(listed) and not self._is_canary(listed, writer.stored):
            item = self._set_aside(listed, writer.stored, now)
            self._name(item, writer.stored, now)
            return item
        item = self.queue.add(listed, writer.stored, None, now=now)
        if listed.axis_id in self._was_too_large:
            self._name(item, writer.stored, now)  # nothing is entered where it goes its way now
        return item

    def _name(self, item: ItemId, stored: Stored, now: datetime) -> None:
        """
        Let a person know which document is set aside, that being entered already.

        Only then is it read: over what the node dies it would die again, were it fetched again.
        """
        document = named_in(self.spool, stored.digest, limits=self.limits)
        if document is not None:
            self.queue.name(item, document, now=now)

    def _is_canary(self, listed: Listed, stored: Stored) -> bool:
        return self.homing is not None and self.homing.knows(listed.sender, stored.digest)

    def _ask_for(self, listed: Listed, sink: Sink) -> None:
        """Fetch to the sink; NoPackage until that came so often that it has to be believed."""
        try:
            self.axis.fetch(listed.axis_id, sink)
        except NoPackage as error:
            if not self.disbelief.is_over(listed.axis_id):
                raise
            seen = {"axis_id": listed.axis_id, "error": str(error)}
            log.warning("fetched again and again: kept as it came", extra=seen)

    def _set_aside(self, listed: Listed, stored: Stored, now: datetime) -> ItemId:
        """Keep for a person what the document software may have had from an older queue."""
        seen = {"axis_id": listed.axis_id, "status": listed.status, "since": listed.created}
        log.warning("set aside: acknowledged in another life of this node", extra=seen)
        return self.queue.set_aside(listed, stored, _ELSEWHERE, now=now)


class _TooLarge(PackageTooLarge):
    """There are more bytes than ``limit``."""

    def __init__(self, message: Message, limit: int) -> None:
        super().__init__(message)
        self.limit = limit


class _Bounded:
    """A sink that takes so many bytes and no more."""

    def __init__(self, write: Callable[[bytes], object], limit: int, words: Message) -> None:
        self._write = write
        self._left = self._limit = limit
        self._words = words

    def write(self, chunk: bytes, /) -> int:
        self._left -= len(chunk)
        if self._left < 0:
            raise _TooLarge(self._words, self._limit)
        self._write(chunk)
        return len(chunk)
