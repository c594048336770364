"""
What the queue knows of suspects: who is to be tried alone, and what is left of a trial.

A suspect is a row of `work` that the ordinary lanes pass over (`alone`). Nobody else works on it
than the child it is tried in, so that here no token is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters import work
from edge_node.adapters.database import moment, stamp
from edge_node.domain.envelope import Claim, Lane
from edge_node.domain.item import ItemId
from edge_node.domain.trial import Suspect

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row

_SUSPECTS: Final = """
select lane, item, crashes, due from work where alone = 1 and leased is null
 order by due limit :limit
"""
_IN_HAND: Final = """
select * from work where lane = :lane and item = :item and alone = 1
"""
_LET_GO: Final = """
update work set leased = null, token = null, due = max(due, :due)
 where lane = :lane and item = :item and alone = 1
"""
# More than ever were suspected at once by any other way than a mistake of ours.
_AT_ONCE: Final = 100


class Trials:
    """The items that are tried alone."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file

    def suspects(self) -> list[Suspect]:
        """Return what is to be tried alone and is not in hand, what is due first first."""
        return [_to_suspect(row) for row in self._file.rows(_SUSPECTS, {"limit": _AT_ONCE})]

    def left(self, suspect: Suspect) -> Claim | None:
        """Return the claim of a child that is no more; None where it let go of it, or was done."""
        values = {"lane": suspect.lane, "item": suspect.item}
        row = self._file.row(_IN_HAND, values)
        if row is None or row["leased"] is None:
            return None
        return Claim(
            lane=suspect.lane,
            item=suspect.item,
            token=row["token"],
            attempt=row["attempt"],
            until=moment(row["leased"]),
        )

    def let_go(self, suspect: Suspect, *, due: datetime) -> None:
        """Take the claim of a child that is no more back: it is tried again from ``due`` on."""
        values = {"lane": suspect.lane, "item": suspect.item, "due": stamp(due)}
        with self._file.transaction() as transaction:
            transaction.execute(_LET_GO, values)

    def finish(self, claim: Claim) -> None:
        """Take off the list what nothing more is to be done about; LeaseLost."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)


def _to_suspect(row: Row) -> Suspect:
    return Suspect(
        lane=Lane(row["lane"]),
        item=ItemId(row["item"]),
        crashes=row["crashes"],
        due=moment(row["due"]),
    )
