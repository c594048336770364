"""What happened, in order; and what of it the document software has not been told yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.envelope import ItemId
from edge_node.domain.record import Happening

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction

_UNTOLD: Final = """
select events.*, documents.document_id, documents.ref
  from events join documents on documents.id = events.item
 where events.untold = 1
 order by events.id
 limit :limit
"""


class History:
    """The record of events."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file

    def untold(self, *, limit: int) -> list[Happening]:
        """Return what is still to be written to `receipts/`, oldest first."""
        return [_to_happening(row) for row in self._file.rows(_UNTOLD, {"limit": limit})]

    def told(self, happenings: Sequence[Happening]) -> None:
        """Enter that these lie in `receipts/`."""
        # Lost in a power cut, they are written once more, each under the name it had.
        with self._file.transaction(durable=False) as transaction:
            for happening in happenings:
                transaction.execute(
                    "update events set untold = 0 where id = :id", {"id": happening.number}
                )

    def of(self, item: ItemId) -> list[Happening]:
        """Return everything that happened to one item, oldest first."""
        rows = self._file.rows(
            "select * from events where item = :item order by id", {"item": item}
        )
        return [_to_happening(row) for row in rows]


def note(
    transaction: Transaction,
    item: ItemId,
    event: str,
    *,
    now: datetime,
    agency: str = "",
    status: str = "",
    text: str = "",
    tell: bool = False,
) -> None:
    """Record an event beside the change it belongs to; ``tell`` if the software must hear it."""
    row = {"item": item, "at": stamp(now), "event": event, "agency": agency}
    transaction.insert("events", row | {"status": status, "note": text, "untold": int(tell)})


def _to_happening(row: Row) -> Happening:
    return Happening(
        number=row["id"],
        item=ItemId(row["item"]),
        at=moment(row["at"]),
        event=row["event"],
        agency=row["agency"],
        status=row["status"],
        text=row["note"],
        document_id=row.get("document_id", ""),
        ref=row.get("ref", ""),
    )
