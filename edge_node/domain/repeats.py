"""
What an incoming document repeats: itself, or only the name of another.

An axis may hand out a document twice under two ids of its own, and a sender may send it again
because it never heard of the first. That is the same document and no fault. A number that comes
back with other content is for a person to look at; it is never a reason not to deliver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.domain.document import BusinessKind
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.domain.document import Document
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The very same document, come before: sender, DocumentId and content agree."""

    id: ItemId
    handed_over: bool  # the agency has it; otherwise it has a folder that is not in sight yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """
    The documents of the same sender that came before one and are like it, by our ids.

    There may be one for each way to be like it: ``by_number`` and ``by_id`` have other content,
    ``by_content`` has another DocumentId.
    """

    same: Original | None = None
    by_number: ItemId | None = None  # number and notation, in the same year
    by_id: ItemId | None = None
    by_content: ItemId | None = None


def alarms(document: Document, like: Resemblance) -> bool:
    """
    Tell whether somebody is to be alarmed: two documents of one issuer bear the same number.

    Not by an id: software that gives one DocumentId to all it sends would raise it every day.
    """
    return like.by_number is not None and document.business.kind is BusinessKind.NEW


def likeness_of(document: Document, like: Resemblance) -> Message | None:
    """Return what a clerk reads beside a document that is delivered; None: there is nothing."""
    if document.business.kind is not BusinessKind.NEW:
        return None  # an update, a replacement or a recall goes by the name of what it is about
    if like.by_number:
        return say(
            "another document came under the same number and notation: {id}", id=like.by_number
        )
    if like.by_id:
        return say("another document came under the same DocumentId: {id}", id=like.by_id)
    if like.by_content:
        return say("the same content came under another DocumentId: {id}", id=like.by_content)
    return None
