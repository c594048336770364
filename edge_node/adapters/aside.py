"""
Incoming items that are set aside: for a person, for room enough to be fetched, or for good.

These functions run inside the caller's transaction; what may happen when is `arriving`'s affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters import awaited, giving, work
from edge_node.adapters.history import note
from edge_node.adapters.incoming import (
    AFTER_ACKNOWLEDGED,
    BARRED,
    RELEASED,
    UNFIT,
    describe,
    header_of,
    insert,
    item_row,
    move,
)
from edge_node.adapters.removed import demand_kept
from edge_node.adapters.sends import DOUBTED
from edge_node.domain.document import only_itself
from edge_node.domain.envelope import Digest, Lane, MessageType, Stored
from edge_node.domain.errors import NotAllowed
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Receiving, ReceivingEvent
from edge_node.domain.message import freeze, say

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.document import Document, SameAgency
    from edge_node.domain.envelope import Barred, Listed
    from edge_node.domain.message import Message

# Of that the axis is told neither `done` nor `fail` until a person decides.
_UNHEARD: Final = """
select 1 from incoming
 where id = :item and state = 'quarantined'
   and not exists (select 1 from events where item = :item and event = 'received')
   and (digest <> ''
        or exists (select 1 from events where item = :item and event = 'warned'))
"""
# What another life may have handed over, and was too large to be fetched when that was found.
_WARNED: Final = "select note as text from events where item = :item and event = 'warned'"
_WAS_ASIDE: Final = "select 1 from events where item = :item and event = 'quarantined'"
_DOUBTED: Final = """
select 1 from incoming join marks on marks.name = :mark
 where id = :item and folder = '' and created <= cast(marks.value as integer)
   and not exists (select 1 from events where item = :item and event = 'quarantined')
"""
_FETCHED: Final = """
update incoming set digest = :digest, size = :size, reason = :reason where id = :id
"""
_TOO_LARGE: Final = "update incoming set reason = :reason, size = :size where id = :id"
_AT_THE_DOOR: Final = "update incoming set door = :door where id = :id"
# What has no fingerprint is known by its header alone: nothing is compared with it.
_NAME: Final = """
update incoming
   set sender = :sender, document_id = :document_id, code = :code, promulgated = :promulgated,
       type = :type, subject = :subject
 where id = :id and message = 'edoc' and state = 'quarantined' and fingerprint = ''
"""
_UNNAME: Final = """
update incoming set document_id = '', code = '', promulgated = '', type = '', subject = ''
 where id = :id and message = 'edoc' and fingerprint = ''
"""


def is_unheard(transaction: Transaction, item: ItemId) -> bool:
    """Tell whether an item was set aside without a word to the axis."""
    return transaction.row(_UNHEARD, {"item": item}) is not None


def was_aside(tables: QueueFile | Transaction, item: ItemId) -> bool:
    """Tell whether an item has ever been set aside."""
    return tables.row(_WAS_ASIDE, {"item": item}) is not None


def is_doubted(file: QueueFile, item: ItemId) -> bool:
    """Tell whether an older state has an item that may have been handed over since."""
    return file.row(_DOUBTED, {"item": item, "mark": DOUBTED}) is not None


def add_too_large(
    transaction: Transaction,
    listed: Listed,
    reason: Message,
    *,
    answer: bool,
    aside: Message | None,
    now: datetime,
) -> ItemId:
    """
    Enter an item whose bytes are too many; ``answer``: tell the axis `fail`.

    ``aside``: why it is to wait for a person even when they have been fetched, unheard.
    """
    unknown = Stored(digest=Digest(""), size=0)
    state = Receiving.QUARANTINED
    item = insert(transaction, listed, unknown, None, state, now=now, reason=reason)
    if aside is not None:
        note(transaction, item, "warned", now=now, text=freeze(aside))
    elif answer:
        work.add(transaction, Lane.ACKNOWLEDGE, item, due=now)
    return item


def still_too_large(transaction: Transaction, item: ItemId, reason: Message, size: int) -> None:
    """Enter that an item has ``size`` bytes at least, and that these are too many."""
    values = {"id": item, "reason": freeze(reason), "size": size}
    transaction.execute(_TOO_LARGE, values)


def take_back(transaction: Transaction, row: Row, package: Stored, *, now: datetime) -> ItemId:
    """
    Let a document that was too large go its way: `done` takes the place of that `fail`.

    One that another life of this node may have handed over goes no further.
    """
    item = ItemId(row["id"])
    warned = transaction.row(_WARNED, {"item": item})
    reason = row["reason"] if warned is None else warned["text"]
    values = {"id": item, "digest": package.digest, "size": package.size, "reason": reason}
    transaction.execute(_FETCHED, values)
    if warned is None:
        move(transaction, row, ReceivingEvent.RELEASED, now=now)
        work.add_anew(transaction, Lane.ACKNOWLEDGE, item, due=now)
        work.add(transaction, Lane.DELIVER, item, due=now)
    return item


def bar(
    transaction: Transaction,
    item: ItemId,
    barred: Barred,
    *,
    now: datetime,
    same: SameAgency = only_itself,
) -> None:
    """
    Enter that the door does not let a document in: no folder, and no 01.

    Where it is returned its sender hears 02 (`giving.send_back`).
    """
    describe(
        transaction,
        item,
        barred.document,
        folder="",
        fingerprint=barred.fingerprint,
        signed=barred.signed,
    )
    awaited.came(transaction, item, barred.document, now=now, same=same)
    transaction.execute(_AT_THE_DOOR, {"id": item, "door": UNFIT if barred.unfit else BARRED})
    row = item_row(transaction, item)
    if row["state"] == Receiving.RECALLED:  # given back before it came: it is destroyed
        return
    if barred.refusal is not None:
        giving.send_back(transaction, row, barred.refusal, barred.reason, now=now)
        return
    move(transaction, row, ReceivingEvent.REJECTED, now=now, reason=barred.reason)
    if barred.answer:
        # It may have been offered again meanwhile: `fail` takes the place of that `done`.
        work.add_anew(transaction, Lane.ACKNOWLEDGE, item, due=now)


def name(transaction: Transaction, item: ItemId, document: Document) -> None:
    """
    Enter what the header of an item says, for the person who is to decide about it.

    Nothing but what a list shows: its kind, its terms and its links are entered, and others
    compared with it, when it is released. What the door has described already stays as it is.
    """
    transaction.execute(_NAME, header_of(item, document))


def release(
    transaction: Transaction, item: ItemId, *, returned: bool, now: datetime
) -> MessageType:
    """
    Give an item a second chance, and have it tried alone; return what kind it is of.

    ``returned``: also where it was returned to its sender. NotAllowed where it is not set aside.
    """
    row = item_row(transaction, item)
    _demand_releasable(row, returned=returned)
    if row["door"] in {BARRED, UNFIT}:  # a person lets in what the door did not
        transaction.execute(_AT_THE_DOOR, {"id": item, "door": RELEASED})
    if row["state"] == Receiving.RETURNED:
        giving.take_back_refusal(transaction, item, now=now)
    transaction.execute(_UNNAME, {"id": item})  # from here on it is like any that has just come
    move(transaction, row, ReceivingEvent.RELEASED, now=now)
    work.add_anew(transaction, Lane.ACKNOWLEDGE, item, due=now)
    message = MessageType(row["message"])
    work.add_anew(transaction, AFTER_ACKNOWLEDGED[message], item, due=now, alone=True)
    return message


def _demand_releasable(row: Row, *, returned: bool) -> None:
    """
    Make sure that an item is set aside, and that its bytes are here; NotAllowed.

    What was ``returned`` is let in only by whoever says that he knows.
    """
    demand_kept(row)
    if row["state"] == Receiving.RETURNED:
        if returned:
            return
        words, hint = giving.was_returned(row["id"])
        raise NotAllowed(words, hint=hint)
    if row["state"] != Receiving.QUARANTINED:
        raise NotAllowed(
            say("{id} is not in quarantine", id=row["id"]),
            hint=say("`edge-node list --in --state quarantined` shows what is"),
        )
    if not row["digest"]:
        raise NotAllowed(
            say("{id} was too large to be fetched: there is nothing to release", id=row["id"]),
            hint=say("raise limits.package and it will be fetched"),
        )
