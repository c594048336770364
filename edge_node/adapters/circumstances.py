"""
What surrounds one item in the queue: its events, its tries, what it waits for, who warned of it.

Reading only, each question by an index: it is asked while a million others lie beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.message import thaw

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row
    from edge_node.domain.message import Message

_EVENTS: Final = """
select at, event, agency, status, note, said, actor, why
  from events where item = :item order by id
"""
_ENVELOPES: Final = """
select id, message, status, state, receivers, sending, created
  from envelopes where item = :item order by created
"""
_TRIES: Final = """
select attempts.at, attempts.attempt, attempts.outcome, attempts.reason,
       envelopes.receivers, envelopes.status
  from envelopes join attempts on attempts.envelope = envelopes.id
 where envelopes.item = :item
 order by attempts.id
"""
_WAITING: Final = """
select work.* from envelopes join work on work.lane in ('push', 'report')
                                      and work.item = envelopes.id
 where envelopes.item = :item
 union all
select * from work
 where item = :item and lane in ('intake', 'acknowledge', 'deliver', 'apply', 'destroy')
"""
# So many in front of it are counted at most: more is no news to anybody.
_AT_MOST: Final = 1000
_IN_FRONT: Final = """
select count(*) as n from (
    select 1 from work
     where lane = :lane and leased is null and alone = 0 and urgency > :urgency and due <= :now
     union all
    select 1 from work
     where lane = :lane and leased is null and alone = 0 and urgency = :urgency and due < :due
     limit :most)
"""
_WARNED: Final = """
select what, agency, at from alarms where item = :item and over is null order by at
"""
_PARTICULARS: Final = "select due, urgency, signed from particulars where item = :item"
_ODD: Final = "select warnings from documents where id = :item"
_INCOMING: Final = "select * from incoming where id = :item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the journal about the item; ``text`` is a frozen Message, or a peer's words."""

    at: datetime
    event: str
    agency: str
    status: str
    text: str
    actor: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One time the axis was turned to for an envelope; ``status`` is '' for a document."""

    at: datetime
    number: int
    outcome: str
    reason: Message | None
    receivers: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """An envelope about the item: the document itself, or a status on it."""

    id: str
    is_status: bool
    status: str
    state: str
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something that is still to be done about the item, in which lane, and since when tried."""

    lane: str
    item: str  # the envelope, or the item itself
    due: datetime
    leased: datetime | None  # until when somebody is at it
    attempt: int  # how often it was tried
    crashes: int
    alone: bool
    urgency: int
    reason: Message | None


class Circumstances:
    """Reading, and nothing else."""

    def __init__(self, file: QueueFile) -> None:
        """Read the tables in ``file``."""
        self._file = file

    def events(self, item: str) -> list[Event]:
        """Return what happened to the item, oldest first."""
        return [
            Event(
                at=moment(row["at"]),
                event=row["event"],
                agency=row["agency"],
                status=row["status"],
                text=row["note"],
                actor=row["actor"],
                why=row["why"],
            )
            for row in self._file.rows(_EVENTS, {"item": item})
        ]

    def tries(self, item: str) -> list[Try]:
        """Return every time the axis was turned to for it, oldest first."""
        return [
            Try(
                at=moment(row["at"]),
                number=row["attempt"],
                outcome=row["outcome"],
                reason=thaw(row["reason"]),
                receivers=tuple(json.loads(row["receivers"])),
                status=row["status"],
            )
            for row in self._file.rows(_TRIES, {"item": item})
        ]

    def parcels(self, item: str) -> list[Parcel]:
        """Return the envelopes about the item, oldest first."""
        return [
            Parcel(
                id=row["id"],
                is_status=row["message"] == "status",
                status=row["status"],
                state=row["state"],
                receivers=tuple(json.loads(row["receivers"])),
            )
            for row in self._file.rows(_ENVELOPES, {"item": item})
        ]

    def waiting(self, item: str) -> list[Due]:
        """Return what is still to be done about it."""
        return [_due(row) for row in self._file.rows(_WAITING, {"item": item})]

    def in_front(self, due: Due, *, now: datetime) -> int:
        """Return how many are claimed before it; a thousand stands for more."""
        values = {"lane": due.lane, "urgency": due.urgency, "due": stamp(due.due)}
        found = self._file.row(_IN_FRONT, values | {"now": stamp(now), "most": _AT_MOST})
        return int((found or {"n": 0})["n"])

    def warned(self, item: str) -> list[tuple[str, str, datetime]]:
        """Return the incidents about it that are not over: what, with whom, since when."""
        rows = self._file.rows(_WARNED, {"item": item})
        return [(row["what"], row["agency"], moment(row["at"])) for row in rows]

    def particulars(self, item: str) -> tuple[str, int, str]:
        """Return the date it is due on ('' for none), how urgent it is, and what it bears."""
        row = self._file.row(_PARTICULARS, {"item": item})
        return ("", 0, "") if row is None else (row["due"], row["urgency"], row["signed"])

    def odd(self, item: str) -> list[Message]:
        """Return what was odd about a drop when it was taken in."""
        row = self._file.row(_ODD, {"item": item})
        found = [] if row is None else [thaw(text) for text in json.loads(row["warnings"])]
        return [each for each in found if each is not None]

    def arrived(self, item: str) -> Row | None:
        """Return the row of an incoming item."""
        return self._file.row(_INCOMING, {"item": item})


def _due(row: Row) -> Due:
    return Due(
        lane=row["lane"],
        item=row["item"],
        due=moment(row["due"]),
        leased=None if row["leased"] is None else moment(row["leased"]),
        attempt=row["attempt"],
        crashes=row["crashes"],
        alone=bool(row["alone"]),
        urgency=row["urgency"],
        reason=thaw(row["reason"]),
    )
