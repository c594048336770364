"""
What the queue keeps of a document that leaves, and which ones before it went by its name.

These functions run inside the caller's transaction; its envelopes and what became of it are
`edge_node.adapters.outgoing`'s affair.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_node.adapters import links, particulars
from edge_node.adapters.beside import fates_of
from edge_node.adapters.database import stamp
from edge_node.domain.envelope import Earlier
from edge_node.domain.item import ItemId
from edge_node.domain.message import freeze
from edge_node.domain.numbers import spellings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Transaction
    from edge_node.domain.document import Document
    from edge_node.domain.envelope import NewDocument
    from edge_node.domain.signing import Act

_HAS: Final = "select 1 from documents where id = :id"
_EARLIER: Final = """
select id, name, fingerprint, folder from documents
 where sender = :sender and kind in (:kind, '')
   and (document_id = :document_id
        or (number = :number and notation = :notation and promulgated = :promulgated))
 order by created desc
"""

# (One that reached nobody was corrected: its number is free again.)
_REUSED: Final = """
select id, promulgated from documents
 where number in (select value from json_each(:numbers)) and notation = :notation
   and promulgated between :first and :last and promulgated <> :promulgated
   and sender = :sender and kind in ('new', '')
   and exists (select 1 from fates where item = documents.id and state not in ('refused', 'dead'))
 order by created desc limit 1
"""


def enter(transaction: Transaction, new: NewDocument, *, now: datetime) -> None:
    """Enter a document that is taken in, its folder still to come."""
    document = new.document
    row = _identity(document) | {
        "id": new.id,
        "type": document.type.name,
        "subject": document.subject,
        "ref": new.ref,
        "fingerprint": new.fingerprint,
        "name": new.name,
        "folder": "",
        "warnings": json.dumps([freeze(warning) for warning in new.warnings]),
        "signatures": acts_text(new.acts),
        "created": stamp(now),
    }
    transaction.insert("documents", row)
    particulars.enter(transaction, new.id, document, signed=new.signed)
    links.enter(transaction, new.id, document, now=now)


def acts_text(acts: Sequence[Act]) -> str:
    """Return the agency's own signatures as a row keeps them."""
    from edge_node.protocol.handoff.acts import act_values  # noqa: PLC0415 - not to list documents

    return json.dumps([act_values(act) for act in acts], ensure_ascii=False)


def has(tables: QueueFile | Transaction, item: ItemId) -> bool:
    """Tell whether a document was taken in, or learnt of, under this id."""
    return tables.row(_HAS, {"id": item}) is not None


def _identity(document: Document) -> dict[str, object]:
    return {
        "document_id": document.document_id,
        "sender": document.sender.code,
        "number": document.number,
        "notation": document.notation,
        "promulgated": document.promulgated.isoformat() if document.promulgated else "",
        "kind": document.business.kind,
    }


def reused(tables: QueueFile | Transaction, document: Document) -> tuple[ItemId, str] | None:
    """
    Return the last document of another day of the same year that has its number and notation.

    Its day is written as `2026-11-20`. None where there is none: numbers begin anew each year.
    """
    day = document.promulgated
    if day is None:
        return None
    year = {"first": f"{day.year:04}-01-01", "last": f"{day.year:04}-12-31"}
    numbers = json.dumps(spellings(document.number))
    row = tables.row(_REUSED, _identity(document) | year | {"numbers": numbers})
    return None if row is None else (ItemId(row["id"]), row["promulgated"])


def earlier(tables: QueueFile | Transaction, document: Document) -> list[Earlier]:
    """Return what went out before by the same DocumentId, or number, notation and date."""
    return [
        Earlier(
            id=ItemId(row["id"]),
            name=row["name"],
            fingerprint=row["fingerprint"],
            fates=fates_of(tables, row["id"]),
            folder=row["folder"],
        )
        for row in tables.rows(_EARLIER, _identity(document))
    ]
