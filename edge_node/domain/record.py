"""
What the queue can tell of an item: how it stands, what happened to it, and why.

A reason is the sentence of the error it was, and what came with that error rides along among the
sentence's values, under names no sentence uses: what a person can do, and the axis's own words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge_node.domain.errors import AxisRefused, AxisUnclear
from edge_node.domain.message import Message

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.envelope import AxisId
    from edge_node.domain.errors import EdgeNodeError
    from edge_node.domain.fate import Fate
    from edge_node.domain.item import ItemId
    from edge_node.domain.signing import Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """
    One event of one item; ``text`` is a frozen Message, or the words of a peer.

    ``at`` is when we learnt of it, ``said`` when it happened by a peer's own clock.
    """

    number: int
    item: ItemId
    at: datetime
    event: str
    agency: str = ""
    status: str = ""
    text: str = ""
    said: datetime | None = None
    document_id: str = ""
    ref: str = ""
    actor: str = ""  # the person who did it; '' for the node itself
    why: str = ""  # the reason they gave


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
    acts: tuple[Act, ...] = ()
    kind: str = "new"
    removed: bool = False  # by retention: there is no folder any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """An accepted document that one of its receivers is not known to have, and since when."""

    item: ItemId
    receiver: str
    axis_id: AxisId
    since: datetime


def reason_of(error: EdgeNodeError) -> Message:
    """Return what happened as the queue keeps it, with the hint and the axis's own words."""
    beside: dict[str, object] = {"hint": error.hint} if error.hint else {}
    if isinstance(error, AxisRefused | AxisUnclear):
        beside |= {"axis_code": error.code, "axis_text": error.text}
    return replace(error.message, values={**error.message.values, **beside})


def hint_in(reason: Message | None) -> Message | None:
    """Return what a person can do about it, where the reason knows."""
    hint = reason.values.get("hint") if reason else None
    return hint if isinstance(hint, Message) else None


def axis_words_in(reason: Message | None) -> tuple[str, str]:
    """Return the axis's own code and text; empty where it was not the axis that said no."""
    values = reason.values if reason else {}
    return values.get("axis_code", ""), values.get("axis_text", "")
