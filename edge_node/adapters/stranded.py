"""
Files a crash cut off: how often the node died over each is counted beside the work.

A drop that is taken in at the first try costs nothing here. One that a crash cut off gets a row of
`work` in the lane `intake` before anything is done with it again, and is leased like any work:
whoever finds the lease at the next start knows over what the node died. A file of `statuses/` is
not claimed: each that lies there at a start is leased, in a lane of its own, before it is read.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from edge_node.adapters import work
from edge_node.adapters.database import stamp
from edge_node.domain.envelope import Claim, Lane
from edge_node.domain.item import ItemId

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from edge_node.adapters.database import QueueFile, Transaction

_ALL: Final = "select item, alone from work where lane = :lane"
_FORGET: Final = "delete from work where lane = :lane and item = :item"
_ENTER: Final = """
insert into work (lane, item, due, crashes) values (:lane, :item, :now, :crashes)
on conflict (lane, item) do nothing
"""
# Whoever tries alone may take what is suspected; a lease of our own life is taken over.
_BEGIN: Final = """
update work set leased = :until, attempt = attempt + 1, token = :token
 where lane = :lane and item = :item and alone <= :suspects
returning attempt
"""


class Stranded:
    """The claimed drops, or the files of another folder, that are being seen through."""

    def __init__(
        self, file: QueueFile, lane: Lane = Lane.INTAKE, *, only: ItemId | None = None
    ) -> None:
        """Work on the tables in ``file``; ``only``: on that file alone, though it is suspected."""
        self._file = file
        self._lane = lane
        self._only = only

    def enter(self, items: Iterable[ItemId], *, now: datetime) -> list[ItemId]:
        """
        Enter what lies in the claims at the start; return what is to be seen through here.

        The rest is tried alone. One that is new was in hand when the node ended: its first crash.
        """
        found = list(items)
        with self._file.transaction() as transaction:
            alone = self._forget(transaction, found)
            for item in found:
                values = {"lane": self._lane, "item": item, "now": stamp(now), "crashes": 1}
                transaction.execute(_ENTER, values)
        return [item for item in found if item not in alone]

    def forget(self, found: Iterable[ItemId]) -> set[ItemId]:
        """Forget what is there no more; return what is tried alone."""
        with self._file.transaction() as transaction:
            return self._forget(transaction, found)

    def _forget(self, transaction: Transaction, found: Iterable[ItemId]) -> set[ItemId]:
        rows = transaction.rows(_ALL, {"lane": self._lane})
        for item in {row["item"] for row in rows}.difference(found):
            transaction.execute(_FORGET, {"lane": self._lane, "item": item})
        return {ItemId(row["item"]) for row in rows if row["alone"]}

    def begin(self, item: ItemId, *, now: datetime, lease: timedelta) -> Claim | None:
        """Enter, durably, that a file is in hand; None where it is to be tried alone."""
        until, token = now + lease, secrets.randbits(62)
        values: dict[str, object] = {"lane": self._lane, "item": item}
        with self._file.transaction() as transaction:
            transaction.execute(_ENTER, values | {"now": stamp(now), "crashes": 0})
            values |= {"until": stamp(until), "token": token, "suspects": item == self._only}
            row = transaction.row(_BEGIN, values)
            if row is None:
                return None
            transaction.in_hand.take(token)
        return Claim(lane=self._lane, item=item, token=token, attempt=row["attempt"], until=until)

    def finish(self, claim: Claim) -> None:
        """Enter that a file has been seen through; LeaseLost."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)

    def give_back(self, claim: Claim) -> None:
        """Enter that a file is not in hand any more, and was not seen through; LeaseLost."""
        with self._file.transaction() as transaction:
            work.give_back(transaction, claim)
