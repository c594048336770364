"""
What goes through a day, hour by hour, and how much stands where: counted no further than asked.

A table of a million rows is never counted whole: beyond the limit it is "as many, or more".
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import stamp
from edge_node.domain.lifecycle import Receiving, Sending

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge_node.adapters.database import QueueFile

_SENT: Final = """
select (created - :start) / 3600000 as hour, count(*) as n from documents
 where created >= :start and created < :end group by hour
"""
_CAME: Final = """
select (created - :start) / 3600000 as hour, count(*) as n from incoming
 where message = 'edoc' and created >= :start and created < :end group by hour
"""
_OUT: Final = """
select count(*) as n from (select 1 from fates where state = :state limit :most)
"""
_IN: Final = """
select count(*) as n
  from (select 1 from incoming where message = 'edoc' and state = :state limit :most)
"""
_KEPT: Final = """
select count(*) as n from (select 1 from fates where state = 'held' and kept = 1 limit :most)
"""
# What is on its way, or waits for a person; what came to its end is history.
OUT: Final = (Sending.QUEUED, Sending.UNSURE, Sending.HELD, Sending.REFUSED, Sending.DEAD)
IN: Final = (
    Receiving.RECEIVED,
    Receiving.ACKNOWLEDGED,
    Receiving.DELIVERED,
    Receiving.QUARANTINED,
)
_HOURS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How many documents were handed over and came in each hour of a day."""

    sent: tuple[int, ...]
    received: tuple[int, ...]


class Traffic:
    """Reading, and nothing else."""

    def __init__(self, file: QueueFile) -> None:
        """Read the tables in ``file``."""
        self._file = file

    def day(self, start: datetime, end: datetime) -> Day:
        """Return what went through from ``start`` on, up to a day later and before ``end``."""
        values = {"start": stamp(start), "end": stamp(end)}
        return Day(sent=self._hours(_SENT, values), received=self._hours(_CAME, values))

    def standing(self, *, most: int) -> Mapping[str, Mapping[str, int]]:
        """Return how many stand where, counted up to ``most``: `out` by receiver, and `in`."""
        out = {str(state): self._count(_OUT, state, most) for state in OUT}
        into = {str(state): self._count(_IN, state, most) for state in IN}
        return MappingProxyType({"out": out, "in": into})

    def kept(self, *, most: int) -> int:
        """Return for how many receivers a person keeps documents back, counted up to ``most``."""
        row = self._file.row(_KEPT, {"most": most}) or {"n": 0}
        return int(row["n"])

    def _hours(self, sql: str, values: Mapping[str, object]) -> tuple[int, ...]:
        found = {row["hour"]: row["n"] for row in self._file.rows(sql, values)}
        return tuple(found.get(hour, 0) for hour in range(_HOURS))

    def _count(self, sql: str, state: str, most: int) -> int:
        row = self._file.row(sql, {"state": state, "most": most}) or {"n": 0}
        return int(row["n"])
