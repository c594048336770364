"""
The table of incidents, and what is to be told of them: entered with the change, told once.

A notice is for channels, by the names rules have for them; whoever sends spreads it over the
addresses those have (`edge_node.adapters.tellings`). What happens to an incident is
`edge_node.domain.incidents`' affair.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.adapters.history import note
from edge_node.adapters.marks import Marks
from edge_node.domain.incidents import Incident, Turn
from edge_node.domain.item import ItemId
from edge_node.domain.message import freeze, thaw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.alarms import Rule
    from edge_node.domain.incidents import Change
    from edge_node.domain.message import Message

_ON: Final = "select * from incidents indexed by incidents_on where over is null"
_RAISED: Final = """
select * from incidents where raised is not null and over is null order by raised, id
"""
_PAST: Final = """
select * from incidents where raised is not null order by raised desc, id desc limit :limit
"""
_RAISE: Final = "update incidents set raised = :now, words = :words where id = :id"
_GONE: Final = "update incidents set gone = :gone where id = :id"
_OVER: Final = "update incidents set over = :now where id = :id"
_FORGET: Final = "delete from incidents where id = :id"
_KEEP_SILENT: Final = """
update notices set spread = 1 where incident = :id and event = 'raised' and spread = 0
"""
_OLD: Final = "delete from incidents where over < :before"
_OLD_DIGESTS: Final = "delete from notices where incident is null and created < :before"
_NEW: Final = "select max(id) as id from incidents"
_DUE: Final = """
select 1 from notices where spread = 0 and due <= :now
 union all
select 1 from tellings where told is null and dropped is null and due <= :now
 limit 1
"""
_JOURNAL: Final = "alarms"  # what the journal has in the place of an item's id
RAISED: Final = "raised"
OVER: Final = "over"
DIGEST: Final = "digest"


# What lasts lasts as long by a clock that was set; what is tried again is so as soon as before.
_MOVE_ON: Final = """
update incidents set seen = seen + :by, gone = gone + :by where over is null
"""
_MOVE_TELLINGS: Final = """
update tellings set due = max(:now, due + :by)
 where told is null and dropped is null and due > :begin
"""
# (The end of quiet hours is by the clock that is right: one that was days ahead is brought along.)
_MOVE_NOTICES: Final = """
update notices set due = max(:now, due + :by) where spread = 0 and due > :begin and :by < -:day
"""
_DAY: Final = timedelta(days=1)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Incidents:
    """The incidents of one node."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file
        self._marks = Marks(file)

    def on(self) -> list[Incident]:
        """Return what is not over, the oldest first; not all of it has lasted long enough."""
        found = [_incident(row) for row in self._file.rows(_ON)]
        return sorted(found, key=lambda each: each.id)

    def raised(self) -> list[Incident]:
        """Return what has been told and is not over, the oldest first."""
        return [_incident(row) for row in self._file.rows(_RAISED)]

    def past(self, limit: int) -> list[Incident]:
        """Return what was ever told, over or not, the newest first."""
        return [_incident(row) for row in self._file.rows(_PAST, {"limit": limit})]

    def enter(
        self,
        changes: Iterable[Change],
        *,
        now: datetime,
        due: Callable[[Rule], datetime] | None,
        marks: Mapping[str, str],
    ) -> None:
        """
        Enter what happened, what is to be told of it, and how far was looked, all at once.

        ``due`` is from when on people may be told by a rule; None where there is nobody to tell.
        """
        with self._file.transaction() as transaction:
            for change in changes:
                _enter(transaction, change, now=now, due=due)
            for name, value in marks.items():
                self._marks.put(name, value, within=transaction)

    def digest(self, lines: Sequence[Message], *, now: datetime, mark: tuple[str, str]) -> None:
        """Enter the digest of a day, where it has lines, and that the day had its own."""
        with self._file.transaction() as transaction:
            if lines:
                words = json.dumps([freeze(line) for line in lines])
                _notice(transaction, None, DIGEST, (), words, now=now, due=now)
            self._marks.put(*mark, within=transaction)

    def anything_due(self, now: datetime) -> bool:
        """Tell whether there is something to send."""
        return self._file.row(_DUE, {"now": stamp(now)}) is not None

    def forget(self, *, before: datetime) -> None:
        """Throw out what was over before a moment, and what was told of it."""
        with self._file.transaction(durable=False) as transaction:
            transaction.execute(_OLD, {"before": stamp(before)})
            transaction.execute(_OLD_DIGESTS, {"before": stamp(before)})


def clock_was_set(transaction: Transaction, *, now: datetime, by: timedelta) -> None:
    """Bring what is open along, as `work.clock_was_set` does; ``now`` is by the clock as set."""
    moved = {"by": by // _MILLISECOND}
    due = moved | {"now": stamp(now), "begin": stamp(min(now, now - by))}
    transaction.execute(_MOVE_ON, moved)
    transaction.execute(_MOVE_TELLINGS, due)
    transaction.execute(_MOVE_NOTICES, due | {"day": _DAY // _MILLISECOND})


def _enter(
    transaction: Transaction,
    change: Change,
    *,
    now: datetime,
    due: Callable[[Rule], datetime] | None,
) -> None:
    rule, old = change.rule, change.incident
    if change.turn in {Turn.BEGUN, Turn.RAISED, Turn.PASSED}:
        _begin(transaction, change, now=now, due=due)
        return
    assert old is not None  # noqa: S101 - all else happens to an incident there is
    if change.turn in {Turn.GONE, Turn.BACK}:
        gone = stamp(now) if change.turn is Turn.GONE else None
        transaction.execute(_GONE, {"id": old.id, "gone": gone})
    elif change.turn is Turn.FORGOTTEN and old.raised is None:
        transaction.execute(_FORGET, {"id": old.id})
    else:
        transaction.execute(_OVER, {"id": old.id, "now": stamp(now)})
        untold = transaction.execute(_KEEP_SILENT, {"id": old.id})
        _write_down(transaction, OVER, old.rule, old.about, old.words, now)
        ended = change.turn is Turn.OVER and rule is not None and rule.tells_recovery
        if ended and rule is not None and due is not None and not (untold or rule.digest_only):
            words = freeze(old.words)
            _notice(transaction, old.id, OVER, rule.to, words, now=now, due=due(rule))


def _begin(
    transaction: Transaction,
    change: Change,
    *,
    now: datetime,
    due: Callable[[Rule], datetime] | None,
) -> None:
    rule, sighting, old = change.rule, change.sighting, change.incident
    assert rule is not None  # noqa: S101 - nothing begins without a rule that watches
    assert sighting is not None  # noqa: S101 - nor without having been seen
    words, raised = freeze(sighting.words), change.turn is not Turn.BEGUN
    if old is None:
        row: dict[str, object] = {"rule": rule.name, "watch": rule.watch, "about": sighting.about}
        row |= {"stage": sighting.stage, "severity": rule.severity, "words": words}
        row |= {"seen": stamp(now), "raised": stamp(now) if raised else None}
        row |= {"over": stamp(now) if change.turn is Turn.PASSED else None}
        transaction.insert("incidents", row)
        number = (transaction.row(_NEW, {}) or {})["id"]
    else:
        number = old.id
        transaction.execute(_RAISE, {"id": number, "now": stamp(now), "words": words})
    if raised:
        _write_down(transaction, RAISED, rule.name, sighting.about, sighting.words, now)
        if due is not None and not rule.digest_only:
            _notice(transaction, number, RAISED, rule.to, words, now=now, due=due(rule))


def _notice(
    transaction: Transaction,
    incident: int | None,
    event: str,
    channels: Sequence[str],
    words: str,
    *,
    now: datetime,
    due: datetime,
) -> None:
    row: dict[str, object] = {"incident": incident, "event": event, "words": words}
    row |= {"channels": json.dumps(channels), "created": stamp(now), "due": stamp(due)}
    transaction.insert("notices", row)


def _write_down(
    transaction: Transaction, event: str, rule: str, about: str, words: Message, now: datetime
) -> None:
    note(
        transaction,
        ItemId(_JOURNAL),
        f"alarm {event}",
        now=now,
        status=rule,
        text=freeze(words),
        agency=about,
    )


def _incident(row: Row) -> Incident:
    words = thaw(row["words"])
    assert words is not None  # noqa: S101 - nothing is entered without them
    return Incident(
        id=row["id"],
        rule=row["rule"],
        watch=row["watch"],
        about=row["about"],
        stage=row["stage"],
        severity=row["severity"],
        words=words,
        seen=moment(row["seen"]),
        **{name: _when(row[name]) for name in ("raised", "gone", "over")},
    )


def _when(stamped: int | None) -> datetime | None:
    return None if stamped is None else moment(stamped)
