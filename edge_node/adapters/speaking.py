"""
What the agency says of documents it received, and by which name.

Each public method is one transaction. What may be said is `giving`'s affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters import giving
from edge_node.adapters.incoming import as_reference
from edge_node.domain.item import ItemId

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.document import Reference
    from edge_node.domain.standing import Given

# From the moment its folder has a name the software may have it, and be quicker than we are.
_REPORTABLE_ITEM: Final = """
select * from incoming
 where id = :item and (message = 'edoc' or kind = 'recall') and folder <> ''
   and state in ('acknowledged', 'delivered', 'taken', 'recalled')
"""
# (A plus keeps SQLite from the index of everything that was ever delivered.)
_REPORTABLE: Final = """
select * from incoming
 where document_id = :document_id and document_id <> ''
   and +message = 'edoc' and +state in ('acknowledged', 'delivered', 'taken', 'recalled')
   and +folder <> ''
 order by created desc limit 1
"""


class Speaking:
    """Our statuses of documents of others."""

    def __init__(self, file: QueueFile, waybills: Waybills) -> None:
        """Work on the tables in ``file``; what must outlive them is written to ``waybills``."""
        self._file = file
        self._waybills = waybills

    def reference(
        self, *, item: str = "", document_id: str = ""
    ) -> tuple[ItemId, Reference] | None:
        """Return a document that was handed over as a status names it; None if there is none."""
        if item:
            row = self._file.row(_REPORTABLE_ITEM, {"item": item})
        else:
            row = self._file.row(_REPORTABLE, {"document_id": document_id})
        if row is None:
            return None
        return ItemId(row["id"]), as_reference(row)

    def give(
        self, item: ItemId, given: Given, *, now: datetime, first: Given | None = None
    ) -> bool:
        """
        Queue a status about an incoming document; False where its file was taken already.

        ``first`` is the status 01 of a document the software has in hand before it was entered
        that it came into sight. OutOfTurn where the document's life does not allow it,
        StatusRefused where nothing can be said of it.
        """
        with self._file.transaction() as transaction:
            subject = giving.give(transaction, item, given, first=first, now=now)
            if subject is not None:
                self._waybills.add(transaction, subject, now=now, wait=True)
            return subject is not None
