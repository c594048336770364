"""
Documents sent once more under another DocumentId: none of them twice, nor under both.

What took the place of a document at a receiver is acted upon from then on, the document itself no
more. These functions run inside the caller's transaction.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import stamp
from edge_node.adapters.history import note
from edge_node.domain.errors import NotAllowed
from edge_node.domain.item import ItemId
from edge_node.domain.message import freeze, say

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Transaction

SENT_ANEW: Final = "sent anew"
# What was begun and cut off lies in the claims by then, or it never came so far.
_BEGINNING: Final = timedelta(minutes=10)

_TAKEN_IN: Final = """
select links.item, fates.receiver
  from links join fates on fates.item = links.item
 where links.older = :old and links.kind = 'anew'
"""
_BEGUN: Final = """
select links.item, links.created
  from links left join documents on documents.id = links.item
 where links.older = :old and links.kind = 'anew' and documents.id is null
"""
_FORGET: Final = "delete from links where item = :new and kind = 'anew'"
_IN_PLACE_OF: Final = "select older from links where item = :new and kind = 'anew'"


def demand_none(transaction: Transaction, old: ItemId, receivers: Collection[str]) -> None:
    """Make sure that nothing has taken a document's place at any of these; NotAllowed."""
    found: dict[str, list[str]] = {}
    for row in transaction.rows(_TAKEN_IN, {"old": old}):
        if row["receiver"] in receivers:
            found.setdefault(row["item"], []).append(row["receiver"])
    for row in transaction.rows(_BEGUN, {"old": old}):
        found[row["item"]] = list(receivers)
    for new, codes in found.items():
        raise _gone_anew(old, new, codes)


def free_of(tables: QueueFile, old: ItemId, receivers: Sequence[str]) -> list[str]:
    """Return those of the receivers at whom nothing has taken a document's place."""
    if tables.rows(_BEGUN, {"old": old}):
        return []
    taken = {row["receiver"] for row in tables.rows(_TAKEN_IN, {"old": old})}
    return [code for code in receivers if code not in taken]


def tidy(
    transaction: Transaction, old: ItemId, *, lies: Callable[[ItemId], bool], now: datetime
) -> None:
    """Forget what was begun and never laid down; ``lies`` tells whether something was."""
    for row in transaction.rows(_BEGUN, {"old": old}):
        if row["created"] < stamp(now - _BEGINNING) and not lies(ItemId(row["item"])):
            forget(transaction, row["item"])


def forget(transaction: Transaction, new: ItemId) -> None:
    """Forget that this was to take another one's place."""
    transaction.execute(_FORGET, {"new": new})


def enter(transaction: Transaction, new: ItemId, document_id: str, *, now: datetime) -> None:
    """Enter, where what is taken in takes another one's place, that it does."""
    words = freeze(say("as {id}, DocumentId {document_id}", id=new, document_id=document_id))
    for row in transaction.rows(_IN_PLACE_OF, {"new": new}):
        note(transaction, row["older"], SENT_ANEW, now=now, text=words)


def _gone_anew(old: str, new: str, codes: Iterable[str]) -> NotAllowed:
    return NotAllowed(
        say("{id} was sent anew to {codes}, as {new}", id=old, new=new, codes=", ".join(codes)),
        hint=say("`edge-node show {id}` tells how it stands", id=new),
    )
