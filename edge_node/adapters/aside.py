"""
Incoming items that are set aside: those that wait for a person, or for room enough to be fetched.

These functions run inside the caller's transaction; what may happen when is `arriving`'s affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters import work
from edge_node.adapters.history import note
from edge_node.adapters.incoming import insert, move
from edge_node.adapters.sends import DOUBTED
from edge_node.domain.envelope import Digest, ItemId, Lane, Stored
from edge_node.domain.errors import NotAllowed
from edge_node.domain.lifecycle import Receiving, ReceivingEvent
from edge_node.domain.message import freeze, say

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.envelope import Listed
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


def is_unheard(transaction: Transaction, item: ItemId) -> bool:
    """Tell whether an item was set aside without a word to the axis."""
    return transaction.row(_UNHEARD, {"item": item}) is not None


def was_aside(transaction: Transaction, item: ItemId) -> bool:
    """Tell whether an item has ever been set aside."""
    return transaction.row(_WAS_ASIDE, {"item": item}) is not None


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


def demand_releasable(row: Row) -> None:
    """Make sure that an item is set aside, and that its bytes are here; NotAllowed."""
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
