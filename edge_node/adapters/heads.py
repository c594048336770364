"""
How far the journal reached on each day, and where that was said outside of the queue.

A head is entered once a day and stands; what may be added to it is how it was said, and the
time-stamp of an authority, which may come later.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.journal import Head, Witnesses
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row

_PAGE: Final = 500
_ALL: Final = "select * from heads where event > :after order by event limit :limit"
# The condition keeps SQLite from looking for a way to walk through all of them.
_NEWEST: Final = "select * from heads where event > 0 order by event desc limit 1"
_AT_LEAST: Final = "select * from heads where event >= :event order by event limit 1"
_BELOW: Final = "select * from heads where event < :event order by event desc limit 1"
_OF_DAY: Final = "select 1 from heads where day = :day"
_LAST: Final = "select id, chain from events where id > 0 order by id desc limit 1"
_STAMPED: Final = "update heads set token = :token, how = :how where event = :event"
_SAID: Final = "update heads set how = :how where event = :event"


class Heads:
    """The heads of one journal."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the table in ``file``."""
        self._file = file

    def all(self, *, since: int = 0) -> Iterator[Head]:
        """Yield the heads that stand at this event or later, the oldest first."""
        after = since - 1
        while rows := self._file.rows(_ALL, {"after": after, "limit": _PAGE}):
            for row in rows:
                yield _to_head(row)
            after = rows[-1]["event"]

    def newest(self) -> Head | None:
        """Return the newest head; None before the first day is over."""
        return _maybe(self._file.row(_NEWEST))

    def at_least(self, event: int) -> Head | None:
        """Return the first head that covers an event; None where none does yet."""
        return _maybe(self._file.row(_AT_LEAST, {"event": event}))

    def below(self, event: int) -> Head | None:
        """Return the last head before an event; None where it is of the first day."""
        return _maybe(self._file.row(_BELOW, {"event": event}))

    def is_due(self, now: datetime) -> bool:
        """Tell whether this day has no head yet, though something happened since the last one."""
        if self._file.row(_OF_DAY, {"day": f"{in_vietnam(now):%Y-%m-%d}"}):
            return False
        last, newest = self._file.row(_LAST), self.newest()
        return last is not None and (newest is None or newest.event < last["id"])

    def enter(self, *, now: datetime) -> Head | None:
        """Enter today's head, durably; None where that is done, or nothing is new."""
        day = in_vietnam(now).date()
        with self._file.transaction() as transaction:
            last, newest = transaction.row(_LAST, {}), transaction.row(_NEWEST, {})
            if last is None or (newest is not None and newest["event"] >= last["id"]):
                return None
            if transaction.row(_OF_DAY, {"day": day.isoformat()}):
                return None
            values = {"day": day.isoformat(), "at": stamp(now), "event": last["id"]}
            values |= {"chain": last["chain"], "how": ""}
            transaction.insert("heads", values)
        return Head(day=day, at=now, event=last["id"], chain=last["chain"], how="")

    def said(self, head: Head, *how: Witnesses) -> None:
        """Enter where a head was said."""
        words = " ".join(dict.fromkeys((*head.how.split(), *how)))
        with self._file.transaction() as transaction:
            transaction.execute(_SAID, {"event": head.event, "how": words})

    def stamped(self, head: Head, token: bytes) -> None:
        """Keep the time-stamp over a head."""
        words = " ".join(dict.fromkeys((*head.how.split(), Witnesses.STAMP)))
        with self._file.transaction() as transaction:
            transaction.execute(_STAMPED, {"event": head.event, "token": token, "how": words})


def _maybe(row: Row | None) -> Head | None:
    return None if row is None else _to_head(row)


def _to_head(row: Row) -> Head:
    return Head(
        day=date.fromisoformat(row["day"]),
        at=moment(row["at"]),
        event=row["event"],
        chain=row["chain"],
        how=row["how"],
        token=row["token"],
    )
