"""What waits: how much of it for whom since when, and what will be tried when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.message import thaw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from edge_node.adapters.database import QueueFile
    from edge_node.domain.message import Message

# A document is as old as its taking in, however often it was tried or set back since.
_OUT: Final = """
select fates.receiver as agency, count(*) as n,
       (created <= :a) + (created <= :b) + (created <= :c) + (created <= :d)
       + (created <= :e) + (created <= :f) + (created <= :g) as age
  from fates cross join documents on documents.id = fates.item
 where fates.state in ('queued', 'unsure', 'held')
 group by fates.receiver, age
"""
_IN: Final = """
select sender as agency, count(*) as n,
       (created <= :a) + (created <= :b) + (created <= :c) + (created <= :d)
       + (created <= :e) + (created <= :f) + (created <= :g) as age
  from incoming
 where message = 'edoc' and state in ('received', 'acknowledged', 'quarantined')
 group by sender, age
"""
_LANES: Final = "select distinct lane from work order by lane"
_NEXT: Final = """
select work.lane, work.item as thing, coalesce(envelopes.item, work.item) as item, work.due,
       work.attempt, work.leased, work.alone, work.reason,
       coalesce(envelopes.receivers, '[]') as receivers, coalesce(envelopes.state, '') as state,
       coalesce(envelopes.reason, '') as told, coalesce(envelopes.status, '') as status
  from work left join envelopes on envelopes.id = work.item
 where work.lane = :lane and work.leased is :leased and work.alone = :alone
 order by work.due limit :limit
"""
_UNDER_WAY: Final = "select lane, item, leased from work where leased is not null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How many documents wait for or from one agency: a number for each age."""

    outgoing: bool
    agency: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """One thing that will be done: with what, when, and why not before."""

    lane: str
    item: str  # the document
    thing: str  # the document, or the envelope that carries it or a status about it
    due: datetime
    tries: int  # so many were made
    in_hand: bool  # somebody works on it at this moment
    alone: bool  # it is tried apart from all else: the node may have died over it
    receivers: str  # a JSON list
    state: str
    status: str
    reason: Message | None


class Outlook:
    """Reading, and nothing else."""

    def __init__(self, file: QueueFile) -> None:
        """Read the tables in ``file``."""
        self._file = file

    def ages(self, steps: Sequence[timedelta], *, now: datetime) -> list[Waits]:
        """
        Count what waits for each agency and from it, by age, the largest counts first.

        ``steps`` are the seven ages that part the eight columns, the youngest first.
        """
        values = {name: stamp(now - step) for name, step in zip("abcdefg", steps, strict=True)}
        found: dict[tuple[bool, str], list[int]] = {}
        for outgoing, sql in ((True, _OUT), (False, _IN)):
            for row in self._file.rows(sql, values):
                counts = found.setdefault((outgoing, row["agency"]), [0] * (len(steps) + 1))
                counts[row["age"]] += row["n"]
        told = (
            Waits(outgoing=outgoing, agency=agency, counts=tuple(counts))
            for (outgoing, agency), counts in found.items()
        )
        return sorted(told, key=lambda each: (not each.outgoing, -sum(each.counts), each.agency))

    def next(self, *, limit: int) -> list[Next]:
        """Return what will be done, the soonest first, what is in hand before all else."""
        rows = []
        in_hand = self._file.rows(_UNDER_WAY)[:limit]
        for row in self._file.rows(_LANES):
            for alone in (0, 1):
                values = {"lane": row["lane"], "leased": None, "alone": alone, "limit": limit}
                rows += self._file.rows(_NEXT, values)
            for held in {each["leased"] for each in in_hand if each["lane"] == row["lane"]}:
                for alone in (0, 1):
                    values = {"lane": row["lane"], "leased": held, "alone": alone, "limit": limit}
                    rows += self._file.rows(_NEXT, values)
        rows.sort(key=lambda row: (row["leased"] is None, row["due"]))
        return [
            Next(
                lane=row["lane"],
                item=row["item"],
                thing=row["thing"],
                due=moment(row["due"]),
                tries=row["attempt"],
                in_hand=row["leased"] is not None,
                alone=bool(row["alone"]),
                receivers=row["receivers"],
                state=row["state"],
                status=row["status"],
                reason=thaw(row["reason"] or row["told"]),
            )
            for row in rows[:limit]
        ]
