"""
What cannot be done at present: since when, why, and when it is tried again; a row for each.

The daemon writes, and only what has changed; `status` reads, and believes it only while a daemon
is alive.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.message import freeze, thaw

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row
    from edge_node.domain.message import Message

_ALL: Final = "select what, since, until, reason from pauses order by since, what"
_PUT: Final = """
insert into pauses (what, since, until, reason) values (:what, :since, :until, :reason)
on conflict (what) do update
   set since = excluded.since, until = excluded.until, reason = excluded.reason
"""
_CLEAR: Final = "delete from pauses where what = :what"
_CLEAR_ALL: Final = "delete from pauses"
_SAFE: Final = "select count(*) as n from work where lane = 'push'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Something that rests; ``until`` is None where nobody knows when it is tried again."""

    what: str
    since: datetime
    until: datetime | None
    reason: Message


class Pauses:
    """The table of what rests; from whatever thread."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the table in ``file``."""
        self._file = file
        self._written: dict[str, tuple[int, int | None, str]] = {}
        self._lock = threading.Lock()

    def put(self, pause: Pause) -> None:
        """Enter a pause, in place of what was said of the same thing."""
        until = None if pause.until is None else stamp(pause.until)
        row = (stamp(pause.since), until, freeze(pause.reason))
        with self._lock:
            if self._written.get(pause.what) == row:
                return
            values = dict(zip(("since", "until", "reason"), row, strict=True))
            self._write(_PUT, {"what": pause.what, **values})
            self._written[pause.what] = row

    def clear(self, what: str) -> None:
        """Enter that it goes on."""
        with self._lock:
            if what in self._written:
                self._write(_CLEAR, {"what": what})
                del self._written[what]

    def clear_all(self) -> None:
        """Forget what a daemon that is no more has left."""
        with self._lock:
            self._write(_CLEAR_ALL, {})
            self._written.clear()

    def all(self) -> list[Pause]:
        """Return everything that rests, the longest first."""
        return [_pause(row) for row in self._file.rows(_ALL)]

    def safe(self) -> int:
        """Return how many documents wait here, durable, for the axis to take them."""
        row = self._file.row(_SAFE) or {"n": 0}
        return int(row["n"])

    def _write(self, sql: str, values: dict[str, object]) -> None:
        # What a power cut undoes is cleared by the next start anyhow.
        with self._file.transaction(durable=False) as transaction:
            transaction.execute(sql, values)


def _pause(row: Row) -> Pause:
    reason = thaw(row["reason"])
    assert reason is not None  # noqa: S101 - nothing is entered without one
    return Pause(
        what=row["what"],
        since=moment(row["since"]),
        until=None if row["until"] is None else moment(row["until"]),
        reason=reason,
    )
