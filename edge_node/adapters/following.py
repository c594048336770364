"""
What happens in the queue, followed by whoever counts: tries to send, and how long documents take.

Both records only ever grow, so what is new stands behind the last number that was seen. Nothing is
told of what happened before somebody began to follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.database import QueueFile

_AT_ONCE: Final = 2000
# However long nobody asked, one answer costs no more than this; the rest is for the next.
_ROUNDS: Final = 25
_LAST_ATTEMPT: Final = "select coalesce(max(id), 0) as id from attempts"
_LAST_EVENT: Final = "select coalesce(max(id), 0) as id from events"
_ATTEMPTS: Final = "select id, outcome from attempts where id > :after order by id limit :most"
# (The first 01 of a receiver is the one that counts, and how its document came to the axis last.)
_EVENTS: Final = """
select events.id, events.event, events.at, documents.created,
       (select max(taken.at) from events as taken
         where taken.item = events.item and taken.id < events.id
           and taken.agency = events.agency and taken.event = 'accepted') as accepted
  from events join documents on documents.id = events.item
 where events.id > :after and events.id <= :last
   and (events.event = 'accepted' and events.agency <> ''
        or events.event = 'status' and events.status = '01'
           and not exists (
               select 1 from events as before
                where before.item = events.item and before.id < events.id
                  and before.agency = events.agency
                  and before.event = 'status' and before.status = '01'))
 order by events.id
"""
_HIGHEST: Final = """
select max(id) as id from (select id from events where id > :after order by id limit :most)
"""


class Span(StrEnum):
    """A part of the way of a document that goes out, for each of its receivers."""

    TO_AXIS = "to the axis"  # taken in, until the axis has it
    TO_ARRIVAL = "to the arrival"  # at the axis, until the receiver says that it came (01)
    WHOLE = "whole"  # taken in, until the receiver says that it came


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """How long a part of the way took one document."""

    span: Span
    seconds: float


class Following:
    """Whoever reads on where he ended; for one thread at a time."""

    def __init__(self, file: QueueFile) -> None:
        """Begin behind what has happened so far; raises what `QueueFile` does."""
        self._file = file
        self._attempts: int = (file.row(_LAST_ATTEMPT) or {"id": 0})["id"]
        self._events: int = (file.row(_LAST_EVENT) or {"id": 0})["id"]

    def outcomes(self) -> Iterator[str]:
        """Yield how each new try to send ended, as it is called in the queue."""
        for _ in range(_ROUNDS):
            rows = self._file.rows(_ATTEMPTS, {"after": self._attempts, "most": _AT_ONCE})
            for row in rows:
                self._attempts = row["id"]
                yield row["outcome"]
            if len(rows) < _AT_ONCE:
                return

    def took(self) -> Iterator[Took]:
        """Yield how long documents took that came a step further."""
        for _ in range(_ROUNDS):
            values = {"after": self._events, "most": _AT_ONCE}
            highest = (self._file.row(_HIGHEST, values) or {"id": None})["id"]
            if highest is None:
                return
            for row in self._file.rows(_EVENTS, {"after": self._events, "last": highest}):
                self._events = row["id"]
                if row["event"] == "accepted":
                    yield _span(Span.TO_AXIS, row["created"], row["at"])
                    continue
                if row["accepted"] is not None:
                    yield _span(Span.TO_ARRIVAL, row["accepted"], row["at"])
                yield _span(Span.WHOLE, row["created"], row["at"])
            self._events = highest


def _span(span: Span, begun: int, ended: int) -> Took:
    return Took(span=span, seconds=max(0, ended - begun) / 1000)  # a clock may be set back
