"""
What registers and reports tell of a document beside its identity, whichever way it goes.

A row beside that of the document, so that what the flows read again and again stays small. The
functions run inside the caller's transaction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_node.adapters.database import Transaction
    from edge_node.domain.document import Document
    from edge_node.domain.item import ItemId


def enter(transaction: Transaction, item: ItemId, document: Document, *, signed: str = "") -> None:
    """
    Enter what the header of a document says of itself, in place of what was known of it.

    ``signed``: what its files bear, '' where nobody looked.
    """
    signer = document.signer
    transaction.replace(
        "particulars",
        {
            "item": item,
            "author": document.sender.name,
            "signer": signer.name if signer else "",
            "position": signer.position if signer else "",
            "competence": signer.competence if signer else "",
            "place": document.place,
            "places": json.dumps(document.places, ensure_ascii=False),
            "due": document.due.isoformat() if document.due else "",
            "urgency": document.priority,
            "pages": document.pages,
            "copies": document.copies,
            "paper": int(document.business.paper),
            "signed": signed,
            "reason": document.business.reason,
        },
    )
