"""What happened, in order; and what of it the document software has not been told yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.item import ItemId
from edge_node.domain.journal import GENESIS, Entry, linked
from edge_node.domain.message import freeze, say, thaw
from edge_node.domain.record import Happening

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.message import Message

# An event is about a document that went out, or about a status on one that came in.
_UNTOLD: Final = """
select events.*, coalesce(documents.document_id, incoming.document_id, '') as document_id,
       coalesce(documents.ref, '') as ref
  from events left join documents on documents.id = events.item
              left join incoming on incoming.id = events.item
 where events.untold = 1
 order by events.id
 limit :limit
"""


# The highest id there ever was: where the last events were cut off, their numbers stay missing.
_LAST: Final = """
select (select seq from sqlite_sequence where name = 'events') as number, chain
  from events where id = (select max(id) from events)
"""
_TOLD: Final = "update events set untold = 0 where id = :id"
_OF_ITEM: Final = "select * from events where item = :item order by id"

# What is said of a status's envelope begins so in the record of the document it is about.
REPORT: Final = "report "


class History:
    """The record of events."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file

    def untold(self, *, limit: int) -> list[Happening]:
        """Return what is still to be written to `receipts/`, oldest first."""
        rows = self._file.rows(_UNTOLD, {"limit": limit})
        return [_as_told(_to_happening(row)) for row in rows]

    def told(self, happenings: Sequence[Happening]) -> None:
        """Enter that these lie in `receipts/`."""
        # Lost in a power cut, they are written once more, each under the name it had.
        with self._file.transaction(durable=False) as transaction:
            for happening in happenings:
                transaction.execute(_TOLD, {"id": happening.number})

    def enter(self, item: ItemId, event: str, *, text: Message, now: datetime) -> None:
        """Record what happened to something the queue has no row of."""
        with self._file.transaction() as transaction:
            note(transaction, item, event, now=now, text=freeze(text))

    def of(self, item: ItemId) -> list[Happening]:
        """Return everything that happened to one item, oldest first."""
        return [_to_happening(row) for row in self._file.rows(_OF_ITEM, {"item": item})]


def note(
    transaction: Transaction,
    item: ItemId,
    event: str,
    *,
    now: datetime,
    agency: str = "",
    status: str = "",
    text: str = "",
    said: datetime | None = None,
    tell: bool = False,
) -> None:
    """
    Record an event beside the change it belongs to; ``tell`` if the software must hear it.

    It is chained to the one before, and names the person who acts in this transaction, if any.

    ``said`` is when it happened by a peer's clock, which may be wrong by years.
    """
    last = transaction.row(_LAST, {}) or {"number": 0, "chain": GENESIS}
    entry = Entry(
        id=last["number"] + 1,
        item=item,
        at=stamp(now),
        event=event,
        agency=agency,
        status=status,
        note=text,
        said=stamp(said) if said else None,
        actor=transaction.actor.name,
        why=transaction.actor.why,
    )
    chain = linked(last["chain"], entry.leaf)
    transaction.insert("events", entry.values | {"chain": chain, "untold": int(tell)})


def _as_told(happening: Happening) -> Happening:
    """Return what happened to a status as its receipt has it: the status is in the words."""
    if not happening.event.startswith(REPORT):
        return happening
    words = say(
        "status {status}: {reason}", status=happening.status, reason=thaw(happening.text) or ""
    )
    return replace(happening, event=happening.event.removeprefix(REPORT), text=freeze(words))


def _to_happening(row: Row) -> Happening:
    return Happening(
        number=row["id"],
        item=ItemId(row["item"]),
        at=moment(row["at"]),
        event=row["event"],
        agency=row["agency"],
        status=row["status"],
        text=row["note"],
        said=None if row["said"] is None else moment(row["said"]),
        document_id=row.get("document_id", ""),
        ref=row.get("ref", ""),
        actor=row["actor"],
        why=row["why"],
    )
