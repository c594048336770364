"""
Take drops out of the outbox: claim, pack, and make durable; then they are the queue's.

The folder is the queue until the row exists, the row is the queue afterwards: a drop is first
claimed by a rename into our private folder, and a claim without a row is taken in again at start.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_node.domain.called_events import DROP_REFUSED
from edge_node.domain.change import Overtaken
from edge_node.domain.errors import (
    DropRefused,
    EdgeNodeError,
    Permanent,
    Transient,
)
from edge_node.domain.item import ItemId
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam
from edge_node.flows.dropped import AGAIN
from edge_node.flows.leaving import NotKnownYet, SigningWaits
from edge_node.flows.packing import DuplicateDrop, demand_new
from edge_node.flows.ready import Ready
from edge_node.flows.rest import STOPS_ALL, Look
from edge_node.protocol import handoff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge_node.domain.errors import Outage
    from edge_node.domain.message import Message
    from edge_node.domain.signing import Act
    from edge_node.flows.folders import Check, Claimed, Drop, Filing, Outbox
    from edge_node.flows.packing import Packing
    from edge_node.flows.ports import Journal, Outgoing, Room, Stranded
    from edge_node.flows.secrecy import OnLeaving

log = logging.getLogger(__name__)

# What a drop needs in the data folder: its package, of whose every three bytes base64 makes four
# and some, and a copy of itself where the outbox lies on another disk.
_ROOM_FOR_A_BYTE: Final = 2.4
_ROOM_TO_SIGN: Final = 1.1  # for the signed copy
# So long, in seconds, one turn goes on where nothing came of it yet but that a drop has to wait.
_PATIENCE: Final = 30.0


def room_for(size: int, *, signs: bool) -> int:
    """Return how many bytes a drop of a size takes in the data folder, while it is taken in."""
    return int(size * (_ROOM_FOR_A_BYTE + signs * _ROOM_TO_SIGN))


@dataclass(slots=True, kw_only=True)
class Intake:
    """One turn takes in one drop."""

    check: Check
    room: Room
    outbox: Outbox
    filing: Filing
    queue: Outgoing
    stranded: Stranded
    packing: Packing
    journal: Journal
    secrecy: OnLeaving
    tell: Callable[[Message], str]
    clock: Callable[[], float]
    new_id: Callable[[], ItemId]
    lease: timedelta = timedelta(minutes=15)
    _ready: Ready = field(default_factory=Ready, init=False)
    # Claims that were begun and not seen through, and how many are to be tried before the bell.
    _stranded: deque[ItemId] = field(default_factory=deque, init=False)
    _retries: int = field(default=0, init=False)
    _begun: bool = field(default=False, init=False)
    _crowded: set[str] = field(default_factory=set, init=False)  # drops that wait for room
    _out: Outage | None = field(default=None, init=False)  # what keeps drops from being signed
    _left: set[ItemId] = field(default_factory=set, init=False)  # claims of an earlier life
    _waits: dict[ItemId, str] = field(default_factory=dict, init=False)  # for what, as was said
    # What was odd about drops before they were claimed, for as long as this life has them in hand.
    _odd: dict[ItemId, tuple[Message, ...]] = field(default_factory=dict, init=False)
    _look: Look = field(default_factory=Look, init=False)

    def wake(self) -> None:
        """Look into the outbox again once what was found is taken in."""
        self._look.ring()
        self._retries = len(self._stranded)
        self.packing.signatures.try_again()

    def turn(self, now: datetime) -> bool:
        """
        Take in one drop; False if none is ready.

        One that has to wait is passed over for the next: that it was tried ends no outage.
        """
        ends = self.clock() + _PATIENCE
        while self._has_more(now):
            if self._goes_through(now) or self.clock() >= ends:
                return True
        if self._out is not None:
            # Only now: what need not be signed was taken in first.
            outage, self._out = self._out, None
            raise outage
        self.packing.signatures.tidy()
        return False

    def _has_more(self, now: datetime) -> bool:
        """Tell whether there is a drop or a claim to try; look for them where it is time."""
        if not self._begun:
            self.check()
            left = [ItemId(name) for name in self.outbox.unfinished()]
            self._left.update(left)
            self._stranded.extend(self.stranded.enter(left, now=now))
            self._retries = len(self._stranded)
            self._begun = True
        begun = self.clock()
        if self._ready.is_stale(begun) or (not self._ready and self._look.is_due(begun)):
            self.check()
            scan = self.outbox.scan(begun)
            self._ready.fill(scan.ready, begun=begun, ended=self.clock())
            self._look.done(scan.next_look)
        return bool(self._ready or self._retries)

    def _goes_through(self, now: datetime) -> bool:
        """Try one; False where it has to stay as it is for now."""
        if self._ready:
            fits = self._fits(self._ready.first())
            drop = self._ready.pop()
            return fits and self._take(drop, now)
        self.room.for_new()
        # After the others: one that cannot be seen through must not keep them waiting.
        self._retries -= 1
        return self._take_up(now)

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - a monotonic matter
        """Return how long until a drop that is still being written may be complete."""
        return self._look.rest(self.clock())

    def _fits(self, drop: Drop) -> bool:
        """Tell whether there is room for a drop; one that must wait lets smaller ones pass."""
        try:
            self.room.for_new(room_for(drop.size, signs=self.packing.signatures.may_sign))
        except Transient as error:
            if drop.name not in self._crowded:
                log.warning("a drop has to wait for room", extra={"error": str(error)})
            self._crowded.add(drop.name)
            return False
        self._crowded.discard(drop.name)
        return True

    def _take(self, drop: Drop, now: datetime) -> bool:
        if not self._ready:
            self._look.ring()  # there may be more by now
        item = self.new_id()
        try:
            # While it lies where it was dropped: of a secret no copy is made.
            odd = self._seen_by_us(drop)
            self._stranded.append(item)  # until it is seen through, wherever that is cut off
            claimed = self.outbox.claim(drop, item)
        except DropRefused as error:
            self._refuse_in_place(drop, error, now)
            return True
        except Transient as error:
            # It is not any more what was seen, or may not be moved: the next look says which.
            log.info("drop left for the next look", extra={"error": error.message.template})
            return True
        if odd:
            self._odd[item] = odd
        try:
            self._take_in(claimed, now)
        except SigningWaits as error:
            self._let_wait(item, error)
            return False
        self._stranded.pop()
        return True

    def _take_up(self, now: datetime) -> bool:
        """See through what was claimed before and cut off: by a crash, a full disk."""
        self._stranded.rotate(-1)
        item = self._stranded[-1]
        try:
            self.see_through(item, now)
        except STOPS_ALL:
            raise
        except SigningWaits as error:
            self._let_wait(item, error)
            self._retries = 0  # the others wait for the same; the next time begins with them
        except EdgeNodeError as error:
            # This one alone: it is tried again at the next bell, and nobody waits for it.
            template = error.message.template
            if self._waits.get(item) != template:
                seen = {"item": item, "error": template}
                log.warning("a claim cannot be seen through", extra=seen)
            self._waits[item] = template
        else:
            self._stranded.pop()
            self._waits.pop(item, None)
            return True
        return False

    def _let_wait(self, item: ItemId, error: SigningWaits) -> None:
        """Keep a claim until what it waits for is there, and nobody else from going on."""
        self._out = error.outage
        template = error.message.template
        if self._waits.get(item) != template:
            # A key and an authority are nobody's secret; what a file is called may be.
            told = template if isinstance(error.outage, NotKnownYet) else str(error)
            log.info("waits to be signed", extra={"item": item, "error": told})
        self._waits[item] = template

    def see_through(self, item: ItemId, now: datetime) -> None:
        """Take in what was claimed before; nothing where that is somebody else's to try."""
        claim = self.stranded.begin(item, now=now, lease=self.lease)
        if claim is None:
            return
        try:
            # Where the crash came after the row it is the queue's, and only to be filed.
            claimed = None if self.queue.holds(item) else self.outbox.take_up(item)
            if claimed is not None:
                if item in self._left:
                    log.warning("taking up a claim that was cut off", extra={"item": item})
                self._left.discard(item)
                self._take_in(claimed, now)
        except EdgeNodeError:
            self.stranded.give_back(claim)
            raise
        self.stranded.finish(claim)

    def set_aside(self, item: ItemId, error: Permanent, now: datetime) -> None:
        """Put a claimed drop into failed/ with the reason; nothing of it is opened."""
        name = None if self.queue.holds(item) else self.outbox.name_of(item)
        if name is not None:
            self._refuse(item, name, error, now)

    def _seen_by_us(self, drop: Drop) -> tuple[Message, ...]:
        """Return what is odd about a drop; DropRefused where it has to stay, Transient, Outage."""
        if drop.secret:
            raise handoff.SecretRefused
        return self.secrecy.see(drop)

    def _refuse_in_place(self, drop: Drop, error: DropRefused, now: datetime) -> None:
        log.warning("document left where it is", extra={"error": error.message.template})
        papers = handoff.error_papers(error, tell=self.tell, at=now, name=drop.name)
        self.outbox.refuse_in_place(drop, papers)

    def _take_in(self, claimed: Claimed, now: datetime) -> None:
        try:
            if claimed.fault is not None:
                raise DropRefused(say("the drop is not complete"), [claimed.fault], hint=AGAIN)
            while not self._entered(claimed, now):
                pass
        except Permanent as error:
            seen = {"item": claimed.id, "error": error.message.template}  # names are for papers
            log.warning("drop refused", extra=seen)
            acts = self.packing.signatures.made_of(claimed)
            self._refuse(ItemId(claimed.id), claimed.name, error, now, acts)
        else:
            log.info("taken in", extra={"item": claimed.id})
        self._odd.pop(ItemId(claimed.id), None)

    def _entered(self, claimed: Claimed, now: datetime) -> bool:
        """Pack a drop and enter it; False where what it recalls has left meanwhile."""
        new = self.packing.pack(claimed, now=now)
        odd = self._odd.get(ItemId(claimed.id), ())
        new = replace(new, warnings=(*new.warnings, *odd))
        compare = partial(demand_new, new.document, new.fingerprint, resend=new.resend)
        try:
            self.queue.add(new, now=now, compare=compare)
        except Overtaken:
            return False
        return True

    def _refuse(
        self,
        item: ItemId,
        name: str,
        error: Permanent,
        now: datetime,
        acts: Sequence[Act] = (),
    ) -> None:
        earlier = error.earlier if isinstance(error, DuplicateDrop) else None
        papers = handoff.error_papers(
            error,
            tell=self.tell,
            at=now,
            name=name,
            duplicate_of=earlier.id if earlier else None,
            acts=acts,
        )
        day = in_vietnam(now).date()
        folder = self.filing.to_failed(item, "", name, day, papers, None)
        words = say("{reason}; it lies in {folder}", reason=error.message, folder=folder)
        self.journal.enter(item, DROP_REFUSED, text=words, now=now)
