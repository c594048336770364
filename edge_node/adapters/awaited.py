"""
Requests that came before the document they are about: they wait, and know it when it comes.

All of it runs inside the caller's transaction; the requests themselves are `changes`' affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters import links
from edge_node.adapters.changes import give_back, request_in, to_change
from edge_node.adapters.history import note as enter_event
from edge_node.domain.document import BusinessKind, only_itself

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.change import Change
    from edge_node.domain.document import Document, SameAgency
    from edge_node.domain.item import ItemId

# (Two seeks of one index; what names nothing waits for nothing.)
_PARKED: Final = """
select * from changes
 where item is null and document_id = :document_id and document_id <> '' and asked_by_us = 0
union all
select * from changes
 where item is null and document_id = '' and code = :code and code <> '' and asked_by_us = 0
"""
_MEANT: Final = "update changes set item = :item where id = :id"


def came(
    transaction: Transaction,
    item: ItemId,
    document: Document,
    *,
    now: datetime,
    same: SameAgency = only_itself,
) -> None:
    """
    Enter what an incoming document points back to, asks of us, and was awaited by.

    ``same`` tells by which codes its issuer goes: nobody else asks for what he issued.
    """
    links.enter(transaction, item, document, now=now, same=same)
    awaited = _arrived(transaction, item, document, now=now, same=same)
    request_in(transaction, item, document, now=now, same=same)
    if any(each.gives_back(document) for each in awaited):
        give_back(transaction, item, now=now)


def _arrived(
    transaction: Transaction,
    item: ItemId,
    document: Document,
    *,
    now: datetime,
    same: SameAgency = only_itself,
) -> list[Change]:
    """Let the requests that came before their document know it; return them."""
    if document.business.kind is BusinessKind.RECALL:
        return []
    meant = _waiting(transaction, item, document, same)
    for row in meant:
        transaction.execute(_MEANT, {"id": row["id"], "item": item})
        event = f"{row['kind']} asked"
        text, agency = row["reason"], row["agency"]
        enter_event(transaction, item, event, now=now, agency=agency, text=text)
    return [to_change(row | {"item": item}) for row in meant]


def waiting_for(
    tables: QueueFile | Transaction, document: Document, *, same: SameAgency = only_itself
) -> list[Change]:
    """Return the requests about a document of which we had heard before it came."""
    return [to_change(row) for row in _waiting(tables, "", document, same)]


def _waiting(
    tables: QueueFile | Transaction, item: str, document: Document, same: SameAgency
) -> list[Row]:
    """Return the requests of a document's issuer that wait for it."""
    values = {"code": document.code, "document_id": document.document_id}
    day = document.promulgated.isoformat() if document.promulgated else ""
    issuer = document.sender.code
    found = [row for row in tables.rows(_PARKED, values) if _fits(row, item, day)]
    if all(row["agency"] == issuer for row in found):
        return found
    codes = {issuer, *same(issuer)}
    return [row for row in found if row["agency"] in codes]


def _fits(row: Row, item: str, day: str) -> bool:
    """Tell whether a request that waits means this document, by its date where both have one."""
    return row["carrier"] != item and (
        bool(row["document_id"]) or not (row["promulgated"] and day) or row["promulgated"] == day
    )
