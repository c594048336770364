"""That a document's payload was removed by retention: what is refused then, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message

_REMOVED: Final = "select removed from documents where id = :item and removed is not null"


class PayloadRemoved(NotAllowed):
    """What somebody wants to send or hand over was removed by retention."""


def demand_here(tables: QueueFile | Transaction, item: ItemId) -> None:
    """Make sure that the payload of a document that went out is here; PayloadRemoved."""
    row = tables.row(_REMOVED, {"item": item})
    if row is not None:
        raise PayloadRemoved(
            on_which_day(moment(row["removed"])),
            hint=say("drop the document into the outbox again, from where its original is kept"),
        )


def demand_kept(row: Row) -> None:
    """Make sure that the payload of an item that came is here; PayloadRemoved."""
    if row["removed"] is not None:
        raise PayloadRemoved(
            on_which_day(moment(row["removed"])), hint=say("ask its sender to send it again")
        )


def on_which_day(at: datetime) -> Message:
    """Say when its payload went, and why."""
    return say("its payload was removed on {day} by retention", day=iso(at)[:10])
