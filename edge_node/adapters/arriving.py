"""
What arrives: raw items of the axis, from the moment their bytes are durable.

Each public method is one transaction. A document's bytes lie in the spool, a status message's in
its row. An item is known by the axis's id: what is offered twice is one row. One that is larger
than this node takes is a row without a digest, whose size is what it has at least.
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
    Listed,
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
    from edge_node.domain.envelope import Claim
    from edge_node.domain.message import Message

_NEXT: Final = {MessageType.DOCUMENT: Lane.DELIVER, MessageType.STATUS: Lane.APPLY}
_YEARS: Final = range(1900, 2200)  # dd/MM/yyyy read as yyyy/MM/dd gives the year 21
_AN_ITEM: Final = "select * from incoming where id = :id"
_BY_AXIS_ID: Final = "select * from incoming where axis_id = :id"
_FITTING: Final = """
select * from incoming
 where message = 'edoc' and state = 'quarantined' and digest = '' and size <= :limit
 order by created
"""
_REPORTABLE_ITEM: Final = """
select * from incoming
 where id = :item and message = 'edoc' and state in ('delivered', 'taken')
"""
# (A plus keeps SQLite from the index of everything that was ever delivered.)
_REPORTABLE: Final = """
select * from incoming
 where document_id = :document_id and document_id <> ''
   and +message = 'edoc' and +state in ('delivered', 'taken')
 order by created desc limit 1
"""
# What has arrived has nothing to explain any more, and what was set aside has its own reason.
_WAITS_BECAUSE: Final = """
update incoming set reason = :reason
 where id = :id and state in ('received', 'acknowledged')
"""
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

    def known(self, axis_ids: Iterable[AxisId]) -> dict[AxisId, Incoming]:
        """Return which of the axis's items we know, by the axis's id."""
        found: dict[AxisId, Incoming] = {}
        for axis_id in axis_ids:
            row = self._file.row(_BY_AXIS_ID, {"id": axis_id})
            if row is not None:
                found[axis_id] = _to_incoming(row)
        return found

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
            aside = transaction.row(_BY_AXIS_ID, {"id": listed.axis_id})
            if aside is not None:
                return _take_back(transaction, aside, package, now=now)
            item = _insert(transaction, listed, package, body, Receiving.RECEIVED, now=now)
            work.add(transaction, Lane.ACKNOWLEDGE, item, due=now)
            note(transaction, item, Receiving.RECEIVED, now=now, agency=listed.sender)
            return item

    def refuse(
        self, listed: Listed, reason: Message, *, size: int, answer: bool, now: datetime
    ) -> ItemId:
        """Set an item aside that has ``size`` bytes at least; ``answer``: tell the axis `fail`."""
        unknown = Stored(digest=Digest(""), size=size)
        with self._file.transaction() as transaction:
            aside = transaction.row(_BY_AXIS_ID, {"id": listed.axis_id})
            if aside is not None:
                item = ItemId(aside["id"])
            else:
                state = Receiving.QUARANTINED
                item = _insert(transaction, listed, unknown, None, state, now=now)
                note(transaction, item, state, now=now, text=freeze(reason))
                if answer:
                    work.add(transaction, Lane.ACKNOWLEDGE, item, due=now)
            transaction.execute(
                "update incoming set reason = :reason, size = :size where id = :id",
                {"id": item, "reason": freeze(reason), "size": size},
            )
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
            transaction.execute(_WAITS_BECAUSE, {"id": claim.item, "reason": freeze(reason)})

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

    def prepared(self, claim: Claim, document: Document, folder: str) -> Incoming:
        """
        Enter what it is, and what its folder is called, before that comes into sight; LeaseLost.

        From then on the folder is only ever renamed: where it is neither hidden nor in the inbox,
        the document software took it, whether or not `delivered` was entered.
        """
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            _describe(transaction, claim.item, document, folder)
            return _to_incoming(_item_row(transaction, claim.item))

    def delivered(
        self, claim: Claim, arrival: bytes | None, *, us: AgencyCode, now: datetime
    ) -> None:
        """Enter that it came into sight, and queue its status 01 (``arrival``); LeaseLost."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            row = _item_row(transaction, claim.item)
            _move(transaction, row, ReceivingEvent.HANDED_OVER, now=now)
            if arrival is not None:
                to = row["sender"]
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
            at = _believable(message.at, now)
            reported(transaction, item, receiver, message.status, at=at, now=now)
            note(
                transaction,
                item,
                "status",
                now=now,
                said=at,
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

    def taken(self, items: Iterable[ItemId], *, now: datetime) -> None:
        """Enter that the document software took these documents."""
        with self._file.transaction() as transaction:
            for item in items:
                row = _item_row(transaction, item)
                _move(transaction, row, ReceivingEvent.PICKED_UP, now=now)

    def reference(
        self, *, item: str = "", document_id: str = ""
    ) -> tuple[ItemId, Reference] | None:
        """Return an incoming document as a status names it; None if we have no such document."""
        if item:
            row = self._file.row(_REPORTABLE_ITEM, {"item": item})
        else:
            row = self._file.row(_REPORTABLE, {"document_id": document_id})
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


def _insert(
    transaction: Transaction,
    listed: Listed,
    package: Stored,
    body: bytes | None,
    state: Receiving,
    *,
    now: datetime,
) -> ItemId:
    item = ItemId(new_id("s" if listed.message is MessageType.STATUS else "i"))
    row: dict[str, object] = {"id": item, "axis_id": listed.axis_id, "body": body}
    row |= {"message": listed.message, "sender": listed.sender, "state": state}
    row |= {"digest": package.digest, "size": package.size}
    transaction.insert("incoming", row | {"created": stamp(now), "at": stamp(now)})
    return item


def _take_back(transaction: Transaction, row: Row, package: Stored, *, now: datetime) -> ItemId:
    """Let a document that was too large go its way: `done` takes the place of that `fail`."""
    item = ItemId(row["id"])
    transaction.execute(
        "update incoming set digest = :digest, size = :size where id = :id",
        {"id": item, "digest": package.digest, "size": package.size},
    )
    _move(transaction, row, ReceivingEvent.RELEASED, now=now)
    work.add_anew(transaction, Lane.ACKNOWLEDGE, item, due=now)
    work.add(transaction, Lane.DELIVER, item, due=now)
    return item


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
        folder=row["folder"],
        about=_reference(row) if row["folder"] else None,
    )
