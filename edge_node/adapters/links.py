"""
Which older document a newer one answers, recalls, changes or replaces, whichever way both go.

Where the older one is not here yet, the link waits for it. These functions run inside the
caller's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import stamp
from edge_node.adapters.envelopes import read_as
from edge_node.domain.change import Link, replies, targets
from edge_node.domain.document import only_itself
from edge_node.domain.item import ItemId

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.document import Document, Reference, SameAgency

_OURS: Final = "o"  # what the ids of documents on their way out begin with
REPLY: Final = "reply"
ANEW: Final = "anew"  # the same document, under a DocumentId of its own
# One that has a folder is the one the agency knows; some software gives one id to all it sends.
# What has no fingerprint is set aside: whether the agency has it is open (`aside.name`).
# (A plus keeps SQLite from an index of much.)
_IN_BY_ID: Final = """
select id from incoming
 where document_id = :document_id and +sender = :organ and +message = 'edoc' and id <> :item
   and +fingerprint <> ''
 order by code = :code desc, folder <> '' desc, created limit 1
"""
_IN_BY_CODE: Final = """
select id from incoming
 where code = :code and code <> '' and sender = :organ and +message = 'edoc' and id <> :item
   and kind <> 'recall' and (:day = '' or promulgated = :day) and +fingerprint <> ''
 order by folder <> '' desc, created desc limit 1
"""
_OUT_BY_ID: Final = """
select id from documents
 where document_id = :document_id and sender = :organ and id <> :item
 order by rtrim(number || '/' || notation, '/') = :code desc, created desc limit 1
"""
_OUT_BY_CODE: Final = """
select id from documents
 where number = :number and notation = :notation and sender = :organ and id <> :item
   and kind <> 'recall' and (:day = '' or promulgated = :day)
 order by created desc limit 1
"""
# A link that names an id is met by that id; one that has none by number and notation.
_ARRIVED: Final = (
    """
    update links set older = :item
     where older is null and document_id = :document_id and document_id <> ''
       and organ = :organ and item <> :item
    """,
    """
    update links set older = :item
     where older is null and document_id = '' and code = :code and organ = :organ
       and item <> :item
    """,
)


def enter(
    transaction: Transaction,
    item: ItemId,
    document: Document,
    *,
    now: datetime,
    same: SameAgency = only_itself,
) -> None:
    """Enter what a document points back to, and that those which wait for it have it."""
    for reference in targets(document):
        outgoing = item.startswith(_OURS)
        older = find(transaction, reference, outgoing=outgoing, item=item, same=same)
        _put(transaction, item, str(document.business.kind), reference, older, now=now)
    for reference in replies(document):
        older = find(transaction, reference, outgoing=False, item=item, same=same)
        older = older or find(transaction, reference, outgoing=True, item=item)
        _put(transaction, item, REPLY, reference, older, now=now)
    if document.business.kind != "recall":
        values: dict[str, object] = {"item": item, "organ": document.sender.code}
        values |= {"code": document.code, "document_id": document.document_id}
        for statement in _ARRIVED:
            transaction.execute(statement, values)


def sent_anew(
    transaction: Transaction, old: ItemId, new: ItemId, about: Reference, *, now: datetime
) -> None:
    """Enter that a document is sent once more under another DocumentId."""
    _put(transaction, new, ANEW, about, old, now=now)


def asked(
    transaction: Transaction,
    item: ItemId,
    kind: str,
    about: Reference,
    *,
    now: datetime,
    same: SameAgency = only_itself,
) -> ItemId | None:
    """Enter what a status message points back to; return that, where we have it."""
    older = find(transaction, about, outgoing=False, item=item, same=same)
    _put(transaction, item, kind, about, older, now=now)
    return older


def find(
    tables: QueueFile | Transaction,
    about: Reference,
    *,
    outgoing: bool,
    item: str = "",
    same: SameAgency = only_itself,
) -> ItemId | None:
    """
    Return a document of ours (``outgoing``) or of another agency; None where we have none such.

    By DocumentId, else by issuer, number and date; ``item`` itself is not meant. Where the issuer
    has none such, what the ``same`` agency issued under another code is.
    """
    found = _find(tables, about, about.organ, outgoing=outgoing, item=item)
    if found is not None or outgoing:
        return found
    others = sorted(set(same(about.organ)) - {about.organ})
    named = (_find(tables, about, organ, outgoing=False, item=item) for organ in others)
    return next(filter(None, named), None)


def _find(
    tables: QueueFile | Transaction, about: Reference, organ: str, *, outgoing: bool, item: str
) -> ItemId | None:
    day = about.promulgated.isoformat() if about.promulgated else ""
    values = {"organ": organ, "item": item, "day": day, "code": about.code}
    row: Row | None = None
    if about.document_id:
        by_id = _OUT_BY_ID if outgoing else _IN_BY_ID
        row = tables.row(by_id, values | {"document_id": about.document_id})
    if row is None and about.code and not outgoing:
        row = tables.row(_IN_BY_CODE, values)
    if row is None and about.code and outgoing:
        row = _ours_by_code(tables, about.code, values)
    return None if row is None else ItemId(row["id"])


def to_link(row: Row) -> Link:
    """Return a row of the table as a value."""
    return Link(
        item=ItemId(row["item"]),
        kind=row["kind"],
        document_id=row["document_id"],
        organ=row["organ"],
        code=row["code"],
        older=ItemId(row["older"]) if row["older"] else None,
    )


def _ours_by_code(
    tables: QueueFile | Transaction, code: str, values: dict[str, str]
) -> Row | None:
    for number, notation in read_as(code):
        row = tables.row(_OUT_BY_CODE, values | {"number": number, "notation": notation})
        if row is not None:
            return row
    return None


def _put(
    transaction: Transaction,
    item: ItemId,
    kind: str,
    about: Reference,
    older: ItemId | None,
    *,
    now: datetime,
) -> None:
    row: dict[str, object] = {"item": item, "kind": kind, "document_id": about.document_id}
    row |= {"organ": about.organ, "code": about.code, "older": older, "created": stamp(now)}
    transaction.replace("links", row)
