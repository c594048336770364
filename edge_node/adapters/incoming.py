"""
The rows of what the axis had for us: how one is entered, moved on, described and read.

These functions run inside the caller's transaction; what may happen when is `arriving`'s affair.
"""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters import particulars
from edge_node.adapters.database import moment, new_id, stamp
from edge_node.adapters.history import note
from edge_node.domain.document import AgencyCode, Reference
from edge_node.domain.envelope import (
    CANARY,
    AxisId,
    Digest,
    Incoming,
    Lane,
    MessageType,
    Stored,
)
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Receiving, progress
from edge_node.domain.message import freeze
from edge_node.domain.signature import Bears

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import Row, Transaction
    from edge_node.domain.document import Document
    from edge_node.domain.envelope import Listed
    from edge_node.domain.lifecycle import ReceivingEvent
    from edge_node.domain.message import Message

AN_ITEM: Final = "select * from incoming where id = :id"
# Who has to do with an item once the axis knows that it is safe here.
AFTER_ACKNOWLEDGED: Final = MappingProxyType(
    {MessageType.DOCUMENT: Lane.DELIVER, MessageType.STATUS: Lane.APPLY}
)
# What the door has done with an item: nothing yet (''), not let it in (it was not even fit to be),
# or let it in for a person.
BARRED: Final = "barred"
UNFIT: Final = "unfit"
RELEASED: Final = "released"
_STATE: Final = "update incoming set state = :state, reason = :reason, at = :now where id = :id"
_DESCRIBE: Final = """
update incoming
   set sender = :sender, document_id = :document_id, code = :code, promulgated = :promulgated,
       type = :type, subject = :subject, folder = :folder, fingerprint = :fingerprint, kind = :kind
 where id = :id
"""


def insert(
    transaction: Transaction,
    listed: Listed,
    package: Stored,
    body: bytes | None,
    state: Receiving,
    *,
    now: datetime,
    reason: Message | None = None,
) -> ItemId:
    """Enter an item in that state, under an id of ours, and tell of it in its story."""
    item = ItemId(new_id("s" if listed.message is MessageType.STATUS else "i"))
    row: dict[str, object] = {"id": item, "axis_id": listed.axis_id, "body": body}
    row |= {"message": listed.message, "sender": listed.sender, "state": state}
    row |= {"digest": package.digest, "size": package.size}
    words = freeze(reason) if reason else ""
    row |= {"reason": words, "created": stamp(now), "at": stamp(now)}
    transaction.insert("incoming", row)
    note(transaction, item, state, now=now, agency=listed.sender, text=words)
    return item


def describe(
    transaction: Transaction,
    item: ItemId,
    document: Document,
    *,
    folder: str,
    fingerprint: str,
    signed: Bears = Bears.UNKNOWN,
) -> None:
    """Enter what document it is, and bears; ``folder`` is '' where it gets none."""
    more = {"folder": folder, "fingerprint": fingerprint, "kind": document.business.kind}
    transaction.execute(_DESCRIBE, header_of(item, document) | more)
    particulars.enter(transaction, item, document, signed=signed)


def header_of(item: ItemId, document: Document) -> dict[str, str]:
    """Return what lists show of a document, by the columns of its item."""
    day = document.promulgated
    return {
        "id": item,
        "sender": document.sender.code,
        "document_id": document.document_id,
        "code": document.code,
        "promulgated": day.isoformat() if day else "",
        "type": document.type.name,
        "subject": document.subject,
    }


def item_row(transaction: Transaction, item: ItemId) -> Row:
    """Return the row of an item that is known to be there."""
    row = transaction.row(AN_ITEM, {"id": item})
    assert row is not None  # noqa: S101 - work points at items that are never deleted
    return row


def move(
    transaction: Transaction,
    row: Row,
    event: ReceivingEvent,
    *,
    now: datetime,
    reason: Message | None = None,
) -> None:
    """Enter what happened to an item, in its state and in its story; IllegalTransition."""
    state = progress(Receiving(row["state"]), event)
    words = freeze(reason) if reason else ""
    values = {"id": row["id"], "state": state, "reason": words, "now": stamp(now)}
    transaction.execute(_STATE, values)
    note(transaction, ItemId(row["id"]), state, now=now, text=words)


def to_incoming(row: Row) -> Incoming:
    """Return the item a row holds."""
    return Incoming(
        id=ItemId(row["id"]),
        axis_id=AxisId(row["axis_id"]),
        message=MessageType.DOCUMENT if row["message"] == CANARY else MessageType(row["message"]),
        sender=row["sender"],
        package=Stored(digest=Digest(row["digest"]), size=row["size"]),
        created=moment(row["created"]),
        state=Receiving(row["state"]),
        folder=row["folder"],
        about=as_reference(row) if row["folder"] else None,
        barred=row["door"] == BARRED,
        released=row["door"] == RELEASED,
    )


def as_reference(row: Row) -> Reference:
    """Return the document a row holds as a status names it."""
    day = row["promulgated"]
    return Reference(
        organ=AgencyCode(row["sender"]),
        code=row["code"],
        document_id=row["document_id"],
        promulgated=date.fromisoformat(day) if day else None,
    )
