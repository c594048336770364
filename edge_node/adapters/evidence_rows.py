"""What the queue has on one item, row by row, for whoever has to show it years later."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.adapters.database import QueueFile, Row

_ENVELOPES: Final = "select * from envelopes where item = :item order by created, id"
# What a status is about stands in its body only. It was entered in one transaction with its event,
# and bears the moment of that; it came at most so long before.
_HEARD: Final = """
select distinct incoming.*
  from events join incoming on incoming.message = 'status' and incoming.at = events.at
       and incoming.created <= events.at and incoming.created >= events.at - :window
 where events.item = :item and events.event = 'status'
 order by incoming.created, incoming.id
"""
_WINDOW: Final = 30 * 86_400_000  # ms: the longest a status is parked, waiting for its document
_RECORD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "documents": "select * from documents where id = :item",
        "incoming": "select * from incoming where id = :item",
        "particulars": "select * from particulars where item = :item",
        "fates": "select * from fates where item = :item",
        "links": "select * from links where item = :item",
        "changes": """
            select * from changes where item = :item
            union select * from changes where carrier = :item
        """,
        "tombstones": "select * from tombstones where item = :item",
        "attempts": """
            select attempts.* from attempts join envelopes on envelopes.id = attempts.envelope
             where envelopes.item = :item order by attempts.id
        """,
    }
)


def envelopes_of(file: QueueFile, item: str) -> list[Row]:
    """Return what was offered to the axis for an item, oldest first; bodies among it."""
    return file.rows(_ENVELOPES, {"item": item})


def incoming_of(file: QueueFile, item: str) -> list[Row]:
    """Return what the axis had for us under this id: one row, or none."""
    return file.rows(_RECORD["incoming"], {"item": item})


def heard_of(file: QueueFile, item: str) -> list[Row]:
    """Return the statuses that may be those entered for an item, oldest first; with bodies."""
    return file.rows(_HEARD, {"item": item, "window": _WINDOW})


def record_of(file: QueueFile, item: str) -> dict[str, list[Row]]:
    """Return the rows of an item by their tables, as JSON can have them: without bodies."""
    found = {table: file.rows(sql, {"item": item}) for table, sql in _RECORD.items()}
    found["envelopes"] = envelopes_of(file, item)
    return {table: [_plain(row) for row in rows] for table, rows in found.items() if rows}


def _plain(row: Row) -> Row:
    return {name: value for name, value in row.items() if not isinstance(value, bytes)}
