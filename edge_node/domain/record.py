"""What the queue can tell of an item: how it stands, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.envelope import Fate, ItemId
    from edge_node.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event of one item; ``text`` is a frozen Message, or the words of a peer."""

    number: int
    item: ItemId
    at: datetime
    event: str
    agency: str = ""
    status: str = ""
    text: str = ""
    document_id: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A taken-in drop as its status.json tells of it; ``folder`` is '' while it is claimed."""

    id: ItemId
    document_id: str
    number: str
    notation: str
    ref: str
    name: str
    folder: str
    created: datetime
    fates: tuple[Fate, ...]
    warnings: tuple[Message, ...] = ()
