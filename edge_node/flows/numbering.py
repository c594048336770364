"""What a clerk is told of the number and notation of a document that is to go out; never a no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.domain.document import BusinessKind
from edge_node.domain.message import say
from edge_node.domain.numbers import remarks

if TYPE_CHECKING:
    from edge_node.domain.document import Document
    from edge_node.domain.document_types import DocumentTypes
    from edge_node.domain.message import Message
    from edge_node.flows.ports import Before


def numbering(document: Document, types: DocumentTypes, queue: Before) -> tuple[Message, ...]:
    """
    Return what is odd about how a document is numbered.

    Numbers of an issuer are unique in a year and begin anew on 1 January (Decree 30/2020/NĐ-CP).
    """
    found = remarks(document, types)
    if document.business.kind is BusinessKind.NEW and (before := queue.reused(document)):
        item, day = before
        found.append(
            say(
                "number {code} was used before in this year, on {day}: {id}",
                code=document.code,
                day=day,
                id=item,
            )
        )
    return tuple(found)
