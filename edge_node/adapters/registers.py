"""
The registers as the queue has them: rows of values, a day at a time, however long the register is.

What a day's rows say is the affair of `register_outgoing` and `register_incoming`. Each day is
read as it stands then: what comes in while a long register is written may be told in its last
days and not in its first.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from edge_node.adapters import register_incoming, register_outgoing
from edge_node.domain.register import Register
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from edge_node.adapters.database import QueueFile
    from edge_node.domain.register import Days, Row


class Registers:
    """Reading, and nothing else."""

    def __init__(self, file: QueueFile, name_of: Callable[[str], str] = str) -> None:
        """Read the tables in ``file``; ``name_of`` names an agency a document does not name."""
        self._file = file
        self._name_of = name_of

    def count(self, register: Register, days: Days) -> int:
        """Return how many rows a register has at most."""
        sql = register_outgoing.COUNT if register is Register.OUTGOING else register_incoming.COUNT
        row = self._file.row(sql, _values(days))
        return int(row["n"]) if row else 0

    def rows(self, register: Register, days: Days, *, now: datetime) -> Iterator[Row]:
        """
        Yield the rows of a register in its order.

        Outgoing documents belong to their own day, by number and notation; incoming ones to the
        day they arrived, by their number of arrival. ``now`` says what is late.
        """
        today = in_vietnam(now).date()
        for day in self._days(register, days):
            yield from self._of(register, day, today)

    def _of(self, register: Register, day: str, today: date) -> list[Row]:
        if register is Register.OUTGOING:
            return [*register_outgoing.rows_of(self._file, day, self._name_of)]
        if register is Register.INCOMING:
            return [*register_incoming.incoming_of(self._file, day, self._name_of)]
        return [*register_incoming.follow_up_of(self._file, day, self._name_of, today=today)]

    def _days(self, register: Register, days: Days) -> Iterator[str]:
        """Yield the days on which there is anything, by an index."""
        outgoing = register is Register.OUTGOING
        sql = register_outgoing.NEXT_DAY if outgoing else register_incoming.NEXT_DAY
        values = _values(days)
        while row := self._file.row(sql, values):
            if row["day"] is None:
                return
            yield row["day"]
            if row["day"] >= values["last"]:
                return
            following = date.fromisoformat(row["day"]) + timedelta(days=1)
            values["first"] = following.isoformat()


def _values(days: Days) -> dict[str, str]:
    return {"first": days.first.isoformat(), "last": days.last.isoformat()}
