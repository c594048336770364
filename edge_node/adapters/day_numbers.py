"""What came and went between two moments, in numbers, for the digest of a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import stamp

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile

# (By the indexes of what each is counted by.)
_TAKEN_IN: Final = """
select count(*) as n from documents where created >= :start and created < :end
"""
_SENT: Final = """
select count(distinct item) as n from events
 where event in ('accepted', 'delivered') and agency <> '' and at >= :start and at < :end
   and event = 'accepted'
"""
_RECEIVED: Final = """
select count(*) as n from incoming
 where message = 'edoc' and created >= :start and created < :end
"""
_WAITING: Final = "select count(*) as n from fates where state in ('queued', 'unsure', 'held')"
_ASIDE: Final = """
select count(*) as n from incoming
 where message in ('edoc', 'status') and state = 'quarantined'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNumbers:
    """How many documents; what waits and what is set aside is as of now."""

    taken_in: int
    sent: int
    received: int
    waiting: int
    aside: int


def day_numbers(file: QueueFile, start: datetime, end: datetime) -> DayNumbers:
    """Count what came and went between two moments."""

    def count(sql: str) -> int:
        bounds = {"start": stamp(start), "end": stamp(end)} if ":start" in sql else {}
        return int((file.row(sql, bounds) or {"n": 0})["n"])

    return DayNumbers(
        taken_in=count(_TAKEN_IN),
        sent=count(_SENT),
        received=count(_RECEIVED),
        waiting=count(_WAITING),
        aside=count(_ASIDE),
    )
