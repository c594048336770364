"""
Which incoming documents came before one and are like it.

Only what has a folder counts: whatever was not made ready for the agency has not reached it, and
the next copy must. What was set aside in the middle does not count as the same either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Receiving
from edge_node.domain.repeats import Original, Resemblance

if TYPE_CHECKING:
    from edge_node.adapters.database import QueueFile, Transaction
    from edge_node.domain.document import Document

# (A plus keeps SQLite from the index of a DocumentId some software gives to all it sends.)
_SAME: Final = """
select id, state from incoming
 where fingerprint = :fingerprint and fingerprint <> '' and sender = :sender
   and +document_id = :document_id and :document_id <> '' and folder <> '' and id <> :id
   and +state in ('acknowledged', 'delivered', 'taken')
 limit 1
"""
_BY_CONTENT: Final = """
select id from incoming
 where fingerprint = :fingerprint and fingerprint <> '' and sender = :sender
   and +document_id <> :document_id and folder <> '' and id <> :id
 limit 1
"""
_BY_ID: Final = """
select id from incoming
 where document_id = :document_id and document_id <> '' and +sender = :sender
   and +fingerprint <> :fingerprint and folder <> '' and id <> :id
 limit 1
"""
_BY_NUMBER: Final = """
select id from incoming
 where code = :code and code <> '' and sender = :sender and substr(promulgated, 1, 4) = :year
   and +fingerprint <> :fingerprint and folder <> '' and id <> :id
 limit 1
"""
_HANDED_OVER: Final = frozenset({Receiving.DELIVERED, Receiving.TAKEN})


def resemblance(
    tables: QueueFile | Transaction, item: ItemId, document: Document, fingerprint: str
) -> Resemblance:
    """Return what resembles the document of ``item``, the item itself apart."""
    day = document.promulgated
    values = {
        "id": item,
        "sender": document.sender.code,
        "document_id": document.document_id,
        "code": document.code if document.number else "",
        "year": f"{day.year:04}" if day else "",
        "fingerprint": fingerprint,
    }
    same = tables.row(_SAME, values)
    if same is not None:
        here = same["state"] in _HANDED_OVER
        return Resemblance(same=Original(id=ItemId(same["id"]), handed_over=here))
    by = {
        name: ItemId(row["id"])
        for name, sql in (("number", _BY_NUMBER), ("id", _BY_ID), ("content", _BY_CONTENT))
        if (row := tables.row(sql, values)) is not None
    }
    return Resemblance(
        by_number=by.get("number"), by_id=by.get("id"), by_content=by.get("content")
    )
