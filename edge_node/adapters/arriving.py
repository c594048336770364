"""
What arrives: raw items of the axis, from the moment their bytes are durable.

Each public method is one transaction. A document's bytes lie in the spool, a status message's in
its row. An item is known by the axis's id: what is offered twice is one row. One that is larger
than this node takes is a row without a digest, whose size is what it has at least.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_node.adapters import aside, awaited, giving, heard, repeats, sends, work
from edge_node.adapters.history import note
from edge_node.adapters.incoming import (
    AFTER_ACKNOWLEDGED,
    AN_ITEM,
    describe,
    insert,
    item_row,
    move,
    to_incoming,
)
from edge_node.domain.document import only_itself
from edge_node.domain.envelope import AxisId, Lane, Listed, MessageType, Stored
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Receiving, ReceivingEvent
from edge_node.domain.message import freeze, say
from edge_node.domain.signature import Bears
from edge_node.domain.standing import SOFTWARE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

    from edge_node.adapters.database import QueueFile, Row
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.document import Document, SameAgency, StatusMessage
    from edge_node.domain.envelope import Barred, Claim, Incoming
    from edge_node.domain.message import Message
    from edge_node.domain.order import Arrival
    from edge_node.domain.repeats import Resemblance
    from edge_node.domain.standing import Given

_AT_ONCE: Final = 500  # ids in one statement: an axis may list a hundred thousand
_BY_AXIS_ID: Final = "select * from incoming where axis_id = :id"
_KNOWN: Final = """
select * from incoming where axis_id in (select value from json_each(:ids))
"""
_KNOWN_IDS: Final = """
select axis_id from incoming where axis_id in (select value from json_each(:ids))
"""
_FITTING: Final = """
select * from incoming
 where message = 'edoc' and state = 'quarantined' and digest = '' and size <= :limit
 order by created
"""
_NO_FOLDER: Final = "update incoming set folder = '' where id = :item"
# What has arrived has nothing to explain any more, and what was set aside has its own reason.
_WAITS_BECAUSE: Final = """
update incoming set reason = :reason
 where id = :id and state in ('received', 'acknowledged')
"""
# Of the statuses only requests have a folder.
_OPEN_FOLDERS: Final = """
select id, folder, created from incoming where message = 'edoc' and state = :state
union all
select id, folder, created from incoming
 where message = 'status' and state = 'delivered' and folder <> ''
 order by created
"""


class Arriving:
    """Items on their way in."""

    def __init__(
        self,
        file: QueueFile,
        waybills: Waybills,
        *,
        only: ItemId | None = None,
        same: SameAgency = only_itself,
    ) -> None:
        """
        Work on the tables in ``file``; what must outlive them is written to ``waybills``.

        ``only``: claim this item and no other. ``same`` tells by which codes an agency goes.
        """
        self._file = file
        self._waybills = waybills
        self._only = only
        self._same = same

    # ── from the axis ────────────────────────────────────────────────────────────────────────

    def known(self, axis_ids: Iterable[AxisId]) -> dict[AxisId, Incoming]:
        """Return which of the axis's items we know, by the axis's id."""
        rows = self._named(_KNOWN, axis_ids)
        return {AxisId(row["axis_id"]): to_incoming(row) for row in rows}

    def unknown(self, axis_ids: Iterable[AxisId]) -> set[AxisId]:
        """Return which of the axis's items we do not know, by the axis's id."""
        wanted = set(axis_ids)
        return wanted.difference(row["axis_id"] for row in self._named(_KNOWN_IDS, wanted))

    def fitting(self, limit: int) -> list[Listed]:
        """Return the documents that were too large once and may be at most ``limit`` bytes."""
        return [
            Listed(
                axis_id=AxisId(row["axis_id"]),
                message=MessageType(row["message"]),
                sender=row["sender"],
                receiver="",
                status="",
                created="",
            )
            for row in self._file.rows(_FITTING, {"limit": limit})
        ]

    def add(self, listed: Listed, package: Stored, body: bytes | None, *, now: datetime) -> ItemId:
        """Take in an item whose bytes are durable, or travel with the row as ``body``."""
        with self._file.transaction() as transaction:
            known = transaction.row(_BY_AXIS_ID, {"id": listed.axis_id})
            if known is not None:
                item = aside.take_back(transaction, known, package, now=now)
                self._waybills.add(transaction, item, now=now, wait=False)
                return item
            item = insert(transaction, listed, package, body, Receiving.RECEIVED, now=now)
            work.add(transaction, Lane.ACKNOWLEDGE, item, due=now)
            if listed.message is MessageType.DOCUMENT:
                self._waybills.add(transaction, item, now=now, wait=False)
            return item

    def set_aside(
        self, listed: Listed, package: Stored, reason: Message, *, now: datetime
    ) -> ItemId:
        """Take in a document that is to wait for a person; the axis hears nothing of it."""
        state = Receiving.QUARANTINED
        with self._file.transaction() as transaction:
            item = insert(transaction, listed, package, None, state, now=now, reason=reason)
            self._waybills.add(transaction, item, now=now, wait=False)
            return item

    def name(self, item: ItemId, document: Document, *, now: datetime) -> None:
        """Enter what the header of an item says that waits for a person (`aside.name`)."""
        with self._file.transaction() as transaction:
            aside.name(transaction, item, document)
            self._waybills.add(transaction, item, now=now, wait=False)

    def refuse(
        self,
        listed: Listed,
        reason: Message,
        *,
        size: int,
        answer: bool,
        now: datetime,
        elsewhere: Message | None = None,
    ) -> ItemId:
        """
        Set an item aside that has ``size`` bytes at least; ``answer``: tell the axis `fail`.

        ``elsewhere``: why it is to wait for a person even when its bytes have been fetched.
        """
        with self._file.transaction() as transaction:
            known = transaction.row(_BY_AXIS_ID, {"id": listed.axis_id})
            item = (
                ItemId(known["id"])
                if known is not None
                else aside.add_too_large(
                    transaction, listed, reason, answer=answer, aside=elsewhere, now=now
                )
            )
            aside.still_too_large(transaction, item, reason, size)
            return item

    def acknowledge_again(self, item: ItemId, *, now: datetime) -> None:
        """Put an item the axis still offers, though it was told, on the list of what to tell."""
        with self._file.transaction() as transaction:
            values = {"lane": Lane.ACKNOWLEDGE, "item": item}
            waiting = transaction.row(
                "select 1 from work where lane = :lane and item = :item", values
            )
            # A canary may have been forgotten since it was looked up (`canaries.forget`).
            known = transaction.row(AN_ITEM, {"id": item})
            if waiting is None and known and not aside.is_unheard(transaction, item):
                work.add(transaction, Lane.ACKNOWLEDGE, item, due=now)

    # ── claims ───────────────────────────────────────────────────────────────────────────────

    def claim(
        self, lane: Lane, *, now: datetime, lease: timedelta
    ) -> tuple[Claim, Incoming] | None:
        """Claim the item of ``lane`` that has been due longest; None if nothing is due."""
        if self._only is None and not work.any_due(self._file, lane, now=now):
            return None
        # A claim that is lost in a power cut has no owner any more either.
        with self._file.transaction(durable=False) as transaction:
            claim = work.claim(transaction, lane, now=now, lease=lease, only=self._only)
            if claim is None:
                return None
            return claim, to_incoming(item_row(transaction, claim.item))

    def defer(self, claim: Claim, *, until: datetime, reason: Message) -> None:
        """Leave a claimed item as it is; nobody claims it before ``until``; LeaseLost."""
        with self._file.transaction() as transaction:
            work.defer(transaction, claim, until=until, reason=freeze(reason))
            transaction.execute(_WAITS_BECAUSE, {"id": claim.item, "reason": freeze(reason)})

    def give_back(self, claim: Claim) -> None:
        """Undo a claim: nothing was tried, no attempt is counted; LeaseLost."""
        with self._file.transaction() as transaction:
            work.give_back(transaction, claim)

    def body(self, item: ItemId) -> bytes:
        """Return the raw bytes of a status message; documents lie in the spool."""
        row = self._file.row(AN_ITEM, {"id": item})
        return b"" if row is None or row["body"] is None else bytes(row["body"])

    # ── what happened ────────────────────────────────────────────────────────────────────────

    def acknowledged(self, claim: Claim, *, now: datetime, reason: Message | None = None) -> None:
        """Enter that the axis knows; ``reason`` where it would not hear of it; LeaseLost."""
        # Lost in a power cut, it is told again, which harms nobody.
        with self._file.transaction(durable=False) as transaction:
            work.finish(transaction, claim)
            row = item_row(transaction, claim.item)
            if row["state"] != Receiving.RECEIVED:
                return  # it was offered again, and told again
            move(transaction, row, ReceivingEvent.ACKNOWLEDGED, now=now, reason=reason)
            lane = AFTER_ACKNOWLEDGED[MessageType(row["message"])]
            work.add(transaction, lane, claim.item, due=now)

    def may_be_handed_over(self, item: ItemId) -> bool:
        """Tell whether another life may have handed it over, of which an older state knows not."""
        return aside.is_doubted(self._file, item)

    def was_aside(self, item: ItemId) -> bool:
        """Tell whether an item has ever been set aside for a person."""
        return aside.was_aside(self._file, item)

    def resemblance(self, item: ItemId, document: Document, fingerprint: str) -> Resemblance:
        """Return what came before and is like the document an item turned out to be."""
        return repeats.resemblance(self._file, item, document, fingerprint)

    def prepared(
        self,
        claim: Claim,
        document: Document,
        folder: str,
        *,
        fingerprint: str,
        now: datetime,
        alarm: Message | None = None,
        like: Resemblance | None = None,
        signed: Bears = Bears.UNKNOWN,
    ) -> Incoming | None:
        """
        Enter what it is, and what its folder is called, before that comes into sight; LeaseLost.

        From then on the folder is only ever renamed: where it is neither hidden nor in the inbox,
        the document software took it, whether or not `delivered` was entered. ``fingerprint``
        makes later copies known; ``alarm`` is what a person is warned of, ``signed`` what the
        document itself bears. It comes back recalled where it was given back meanwhile. None, and
        nothing entered, where what it resembles is not ``like`` that any more: another, in another
        process perhaps, was quicker, and it is to be compared again.
        """
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            if like is not None and like != repeats.resemblance(
                transaction, claim.item, document, fingerprint
            ):
                return None
            describe(
                transaction,
                claim.item,
                document,
                folder=folder,
                fingerprint=fingerprint,
                signed=signed,
            )
            awaited.came(transaction, claim.item, document, now=now, same=self._same)
            sends.count_one(transaction)
            if alarm is not None:
                note(transaction, claim.item, "warned", now=now, text=freeze(alarm))
            self._waybills.write(transaction, claim.item, now=now)
            ready = to_incoming(item_row(transaction, claim.item))
            if ready.state is Receiving.RECALLED:
                transaction.in_hand.put_down()  # there is nothing left to be done in this lane
            return ready

    def unprepared(self, claim: Claim, *, now: datetime) -> Incoming | None:
        """
        Take back that it has a folder, which nobody saw, where it was set aside since; LeaseLost.

        None where it never was set aside. What was is to be compared again: while it lay there
        the agency may have had another copy.
        """
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            if not aside.was_aside(transaction, claim.item):
                return None
            transaction.execute(_NO_FOLDER, {"item": claim.item})
            self._waybills.write(transaction, claim.item, now=now)
            return to_incoming(item_row(transaction, claim.item))

    def repeated(
        self, claim: Claim, document: Document, fingerprint: str, *, first: ItemId, now: datetime
    ) -> None:
        """Enter that it is what the agency has as ``first``: no folder, no 01; LeaseLost."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            describe(transaction, claim.item, document, folder="", fingerprint=fingerprint)
            row = item_row(transaction, claim.item)
            reason = say("the same as {id}", id=first)
            move(transaction, row, ReceivingEvent.RECOGNISED, now=now, reason=reason)
            self._waybills.add(transaction, claim.item, now=now, wait=False)

    def delivered(self, claim: Claim, arrival: Given | None, *, now: datetime) -> None:
        """
        Enter that it came into sight, and queue its status 01 (``arrival``); LeaseLost.

        Where the software was quicker with a later status, 01 was queued before that.
        """
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            row = item_row(transaction, claim.item)
            move(transaction, row, ReceivingEvent.HANDED_OVER, now=now)
            if arrival is not None:
                giving.give_by_itself(transaction, row, arrival, now=now)
            self._waybills.add(transaction, claim.item, now=now, wait=False)

    def applied(
        self,
        claim: Claim,
        message: StatusMessage,
        *,
        now: datetime,
        also: Collection[str] = (),
    ) -> bool:
        """
        Enter a status with the document it is about; False where it is parked; LeaseLost.

        ``also`` are other codes of the agency that sent it.
        """
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            row = item_row(transaction, claim.item)
            bills = self._waybills
            return heard.enter(transaction, row, message, waybills=bills, now=now, also=also)

    def quarantine(
        self,
        claim: Claim,
        reason: Message,
        *,
        now: datetime,
        answer: bool,
        document: Document | None = None,
    ) -> None:
        """
        Set an item aside for a person, raw bytes and all; ``answer``: tell the axis `fail`.

        ``document`` is what its header says it is, where only that is known (`aside.name`).
        """
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            row = item_row(transaction, claim.item)
            move(transaction, row, ReceivingEvent.REJECTED, now=now, reason=reason)
            if document is not None:
                aside.name(transaction, claim.item, document)
            if answer:
                # It may have been offered again meanwhile: `fail` takes the place of that `done`.
                work.add_anew(transaction, Lane.ACKNOWLEDGE, claim.item, due=now)

    def turned_away(self, claim: Claim, barred: Barred, *, now: datetime) -> None:
        """Keep a document for a person, or return it to its sender with status 02; LeaseLost."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            aside.bar(transaction, claim.item, barred, now=now, same=self._same)
            self._waybills.add(transaction, claim.item, now=now, wait=True)

    def release(self, item: ItemId, *, now: datetime, returned: bool = False) -> None:
        """
        Give what was set aside a second chance; `done` takes the place of that `fail`.

        It is tried alone: nobody knows yet whether the node outlives it. What the door did not
        let in, it lets in then. NotAllowed where it is not set aside, its bytes were never
        fetched, or it was returned to its sender and nobody says that this is meant
        (``returned``).
        """
        with self._file.transaction() as transaction:
            message = aside.release(transaction, item, returned=returned, now=now)
            if message is MessageType.DOCUMENT:
                self._waybills.write(transaction, item, now=now)

    # ── in the inbox ─────────────────────────────────────────────────────────────────────────

    def offered(self) -> list[tuple[ItemId, str]]:
        """Return the documents that lie in the inbox, and the folders they lie in."""
        rows = self._file.rows(_OPEN_FOLDERS, {"state": Receiving.DELIVERED})
        return [(ItemId(row["id"]), row["folder"]) for row in rows]

    def taken(self, items: Mapping[ItemId, Arrival | None], *, now: datetime) -> None:
        """Enter that the software took these, and what its register says of them, if it told."""
        with self._file.transaction() as transaction:
            for item, arrival in items.items():
                row = item_row(transaction, item)
                if row["state"] != Receiving.DELIVERED:
                    continue  # given back since it was looked at
                move(transaction, row, ReceivingEvent.PICKED_UP, now=now)
                if arrival is not None:
                    giving.register(transaction, row, arrival, who=SOFTWARE, now=now)
                    self._waybills.add(transaction, item, now=now, wait=True)

    def _named(self, sql: str, axis_ids: Iterable[AxisId]) -> Iterator[Row]:
        """Yield the rows of these items, found by an index a few hundred at a time."""
        ids = list(axis_ids)
        for start in range(0, len(ids), _AT_ONCE):
            some = json.dumps(ids[start : start + _AT_ONCE])
            yield from self._file.rows(sql, {"ids": some})
