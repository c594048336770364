"""
What arrives: raw items of the axis, from the moment their bytes are durable.

Each public method is one transaction. A document's bytes lie in the spool, a status message's in
its row. An item is known by the axis's id: what is offered twice is one row.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from edge_node.adapters import work
from edge_node.adapters.database import moment, new_id, stamp
from edge_node.adapters.envelopes import find_about, queue_status, reported
from edge_node.adapters.history import note
from edge_node.domain.document import AgencyCode, Reference
from edge_node.domain.envelope import (
    AxisId,
    Digest,
    Incoming,
    ItemId,
    Lane,
    MessageType,
    Stored,
)
from edge_node.domain.lifecycle import Receiving, ReceivingEvent, progress
from edge_node.domain.message import freeze, say

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.document import Document, StatusMessage
    from edge_node.domain.envelope import Claim, Listed
    from edge_node.domain.message import Message

_NEXT: Final = {MessageType.DOCUMENT: Lane.DELIVER, MessageType.STATUS: Lane.APPLY}
_YEARS: Final = range(1900, 2200)  # dd/MM/yyyy read as yyyy/MM/dd gives the year 21
_AN_ITEM: Final = "select * from incoming where id = :id"
_OPEN_FOLDERS: Final = """
select id, folder from incoming
 where message = 'edoc' and state = :state order by created
"""


class Arriving:
    """Items on their way in."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file

    # ── from the axis ────────────────────────────────────────────────────────────────────────

    def known(self, axis_ids: Iterable[AxisId]) -> dict[AxisId, ItemId]:
        """Return which of the axis's items we have, by the axis's id."""
        found: dict[AxisId, ItemId] = {}
        for axis_id in axis_ids:
            row = self._file.row("select id from incoming where axis_id = :id", {"id": axis_id})
            if row is not None:
                found[axis_id] = ItemId(row["id"])
        return found

    def add(self, listed: Listed, package: Stored, body: bytes | None, *, now: datetime) -> ItemId:
        """Take in an item whose bytes are durable, or travel with the row as ``body``."""
        item = ItemId(new_id("s" if listed.message is MessageType.STATUS else "i"))
        row: dict[str, object] = {"id": item, "axis_id": listed.axis_id, "body": body}
        row |= {"message": listed.message, "sender": listed.sender, "state": Receiving.RECEIVED}
        row |= {"digest": package.digest, "size": package.size}
        with self._file.transaction() as transaction:
            transaction.insert("incoming", row | {"created": stamp(now), "at": stamp(now)})
            work.add(transaction, Lane.ACKNOWLEDGE, item, due=now)
            note(transaction, item, Receiving.RECEIVED, now=now, agency=listed.sender)
        return item

    def refuse(self, listed: Listed, reason: Message, *, now: datetime) -> ItemId:
        """Enter an item whose bytes we do not take; the axis is told `fail`."""
        item = ItemId(new_id("i"))
        row: dict[str, object] = {"id": item, "axis_id": listed.axis_id, "body": None}
        row |= {"message": listed.message, "sender": listed.sender, "digest": "", "size": 0}
        row |= {"state": Receiving.QUARANTINED, "reason": freeze(reason)}
        with self._file.transaction() as transaction:
            transaction.insert("incoming", row | {"created": stamp(now), "at": stamp(now)})
            work.add(transaction, Lane.ACKNOWLEDGE, item, due=now)
            note(transaction, item, Receiving.QUARANTINED, now=now, text=freeze(reason))
        return item

    def acknowledge_again(self, item: ItemId, *, now: datetime) -> None:
        """Put an item the axis still offers, though it was told, on the list of what to tell."""
        with self._file.transaction() as transaction:
            values = {"lane": Lane.ACKNOWLEDGE, "item": item}
            waiting = transaction.row(
                "select 1 from work where lane = :lane and item = :item", values
            )
            if waiting is None:
                work.add(transaction, Lane.ACKNOWLEDGE, item, due=now)

    # ── claims ───────────────────────────────────────────────────────────────────────────────

    def claim(
        self, lane: Lane, *, now: datetime, lease: timedelta
    ) -> tuple[Claim, Incoming] | None:
        """Claim the item of ``lane`` that has been due longest; None if nothing is due."""
        if not work.any_due(self._file, lane, now=now):
            return None
        # A claim that is lost in a power cut has no owner any more either.
        with self._file.transaction(durable=False) as transaction:
            claim = work.claim(transaction, lane, now=now, lease=lease)
            if claim is None:
                return None
            return claim, _to_incoming(_item_row(transaction, claim.item))

    def defer(self, claim: Claim, *, until: datetime, reason: Message) -> None:
        """Leave a claimed item as it is; nobody claims it before ``until``; LeaseLost."""
        with self._file.transaction() as transaction:
            work.defer(transaction, claim, until=until, reason=freeze(reason))

    def give_back(self, claim: Claim) -> None:
        """Undo a claim: nothing was tried, no attempt is counted; LeaseLost."""
        with self._file.transaction() as transaction:
            work.give_back(transaction, claim)

    def body(self, item: ItemId) -> bytes:
        """Return the raw bytes of a status message; documents lie in the spool."""
        row = self._file.row(_AN_ITEM, {"id": item})
        return b"" if row is None or row["body"] is None else bytes(row["body"])

    # ── what happened ────────────────────────────────────────────────────────────────────────

    def acknowledged(self, claim: Claim, *, now: datetime, reason: Message | None = None) -> None:
        """Enter that the axis knows; ``reason`` where it would not hear of it; LeaseLost."""
        # Lost in a power cut, it is told again, which harms nobody.
        with self._file.transaction(durable=False) as transaction:
            work.finish(transaction, claim)
            row = _item_row(transaction, claim.item)
            if row["state"] != Receiving.RECEIVED:
                return  # it was offered again, and told again
            _move(transaction, row, ReceivingEvent.ACKNOWLEDGED, now=now, reason=reason)
            work.add(transaction, _NEXT[MessageType(row["message"])], claim.item, due=now)

    def delivered(
        self,
        claim: Claim,
        document: Document,
        folder: str,
        arrival: bytes | None,
        *,
        us: AgencyCode,
        now: datetime,
    ) -> None:
        """Enter that the inbox holds it, and queue its status 01 (``arrival``); LeaseLost."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            row = _item_row(transaction, claim.item)
            _describe(transaction, claim.item, document, folder)
            _move(transaction, row, ReceivingEvent.HANDED_OVER, now=now)
            if arrival is not None:
                to = document.sender.code
                queue_status(transaction, claim.item, "01", arrival, sender=us, to=to, now=now)

    def applied(self, claim: Claim, message: StatusMessage, *, now: datetime) -> bool:
        """Enter a status with the document it is about; False if we never sent that; LeaseLost."""
        about = message.about
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            row = _item_row(transaction, claim.item)
            found = find_about(
                transaction,
                document_id=about.document_id,
                organ=about.organ,
                code=about.code,
                reporter=message.sender.code,
            )
            if found is None:
                reason = say("we never sent the document this status is about")
                _move(transaction, row, ReceivingEvent.REJECTED, now=now, reason=reason)
                return False
            item, receiver = found
            reported(transaction, item, receiver, message.status, now=now)
            note(
                transaction,
                item,
                "status",
                now=_believable(message.at, now),
                agency=message.sender.code,
                status=message.status,
                text=message.note,
                tell=True,
            )
            _move(transaction, row, ReceivingEvent.HANDED_OVER, now=now)
            return True

    def quarantine(self, claim: Claim, reason: Message, *, now: datetime, answer: bool) -> None:
        """Set an item aside for a person, raw bytes and all; ``answer``: tell the axis `fail`."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            row = _item_row(transaction, claim.item)
            _move(transaction, row, ReceivingEvent.REJECTED, now=now, reason=reason)
            if answer:
                # It may have been offered again meanwhile: `fail` takes the place of that `done`.
                work.add_anew(transaction, Lane.ACKNOWLEDGE, claim.item, due=now)

    # ── in the inbox ─────────────────────────────────────────────────────────────────────────

    def offered(self) -> list[tuple[ItemId, str]]:
        """Return the documents that lie in the inbox, and the folders they lie in."""
        rows = self._file.rows(_OPEN_FOLDERS, {"state": Receiving.DELIVERED})
        return [(ItemId(row["id"]), row["folder"]) for row in rows]

    def taken(self, item: ItemId, *, now: datetime) -> None:
        """Enter that the document software took a document."""
        with self._file.transaction() as transaction:
            row = _item_row(transaction, item)
            _move(transaction, row, ReceivingEvent.PICKED_UP, now=now)

    def reference(
        self, *, item: str = "", document_id: str = ""
    ) -> tuple[ItemId, Reference] | None:
        """Return an incoming document as a status names it; None if we have no such document."""
        row = self._file.row(
            "select * from incoming where message = 'edoc' and state in ('delivered', 'taken')"
            " and (id = :item or (:item = '' and document_id = :document_id"
            " and document_id <> '')) order by created desc limit 1",
            {"item": item, "document_id": document_id},
        )
        if row is None:
            return None
        return ItemId(row["id"]), _reference(row)


def _believable(moment: datetime | None, now: datetime) -> datetime:
    """Return when a peer says something happened; ``now`` where no clock can have shown that."""
    return moment if moment and moment.year in _YEARS else now


def _reference(row: Row) -> Reference:
    day = row["promulgated"]
    return Reference(
        organ=AgencyCode(row["sender"]),
        code=row["code"],
        document_id=row["document_id"],
        promulgated=date.fromisoformat(day) if day else None,
    )


def _describe(transaction: Transaction, item: ItemId, document: Document, folder: str) -> None:
    day = document.promulgated
    transaction.execute(
        "update incoming set sender = :sender, document_id = :document_id, code = :code,"
        " promulgated = :promulgated, type = :type, subject = :subject, folder = :folder"
        " where id = :id",
        {
            "id": item,
            "sender": document.sender.code,
            "document_id": document.document_id,
            "code": document.code,
            "promulgated": day.isoformat() if day else "",
            "type": document.type.name,
            "subject": document.subject,
            "folder": folder,
        },
    )


def _item_row(transaction: Transaction, item: ItemId) -> Row:
    row = transaction.row(_AN_ITEM, {"id": item})
    assert row is not None  # noqa: S101 - work points at items that are never deleted
    return row


def _move(
    transaction: Transaction,
    row: Row,
    event: ReceivingEvent,
    *,
    now: datetime,
    reason: Message | None = None,
) -> None:
    state = progress(Receiving(row["state"]), event)
    words = freeze(reason) if reason else ""
    transaction.execute(
        "update incoming set state = :state, reason = :reason, at = :now where id = :id",
        {"id": row["id"], "state": state, "reason": words, "now": stamp(now)},
    )
    note(transaction, ItemId(row["id"]), state, now=now, text=words)


def _to_incoming(row: Row) -> Incoming:
    return Incoming(
        id=ItemId(row["id"]),
        axis_id=AxisId(row["axis_id"]),
        message=MessageType(row["message"]),
        sender=row["sender"],
        package=Stored(digest=Digest(row["digest"]), size=row["size"]),
        created=moment(row["created"]),
        state=Receiving(row["state"]),
    )
