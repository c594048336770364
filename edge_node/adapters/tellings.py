"""
The notices on their way: spread over addresses, told one by one, put off, given up at last.

Every try is entered before it is made, and what is told once the other side has taken it. Where
the power goes in between, it is told once more, after a while: at least once, and never in vain;
and where nothing can be entered, because the disk is full, nobody is told again and again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.addresses_file import meant
from edge_node.adapters.database import moment, stamp
from edge_node.domain.alarms import wait_after
from edge_node.domain.message import thaw

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from edge_node.adapters.addresses_file import Address
    from edge_node.adapters.database import QueueFile, Row
    from edge_node.domain.message import Message

_TO_SPREAD: Final = """
select id, channels, due from notices indexed by notices_due
 where spread = 0 and due <= :now order by id
"""
_SPREAD: Final = "update notices set spread = 1 where id = :id"
_DUE: Final = """
select tellings.notice, tellings.attempt, notices.event, notices.words, notices.created,
       incidents.rule, incidents.watch, incidents.severity, incidents.about, incidents.seen
  from tellings indexed by tellings_due join notices on notices.id = tellings.notice
                left join incidents on incidents.id = notices.incident
 where tellings.told is null and tellings.dropped is null and tellings.due <= :now
   and tellings.address = :address
 order by tellings.notice
"""
_ADDRESSES: Final = """
select distinct address from tellings
 where told is null and dropped is null and due <= :now order by address
"""
_TOLD: Final = "update tellings set told = :now where notice = :notice and address = :address"
_DROPPED: Final = """
update tellings set dropped = :now where notice = :notice and address = :address
"""
_LATER: Final = """
update tellings set attempt = attempt + 1, due = :due
 where notice = :notice and address = :address
"""
_WAITING: Final = """
select count(*) as n, coalesce(sum(attempt > 0), 0) as tried
  from tellings where told is null and dropped is null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One notice for one address; a digest has lines and no rule."""

    notice: int
    event: str
    lines: tuple[Message, ...]
    created: datetime
    attempt: int = 0
    rule: str = ""
    watch: str = ""
    severity: str = ""
    about: str = ""
    seen: datetime | None = None


class Tellings:
    """What is still to be told."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file

    def spread(self, addresses: Sequence[Address], *, now: datetime) -> None:
        """Give every notice that is due to the addresses it is meant for."""
        with self._file.transaction() as transaction:
            for row in transaction.rows(_TO_SPREAD, {"now": stamp(now)}):
                for address in meant(addresses, json.loads(row["channels"])):
                    telling = {"notice": row["id"], "address": address.name, "due": row["due"]}
                    transaction.insert("tellings", telling)
                transaction.execute(_SPREAD, {"id": row["id"]})

    def addresses(self, now: datetime) -> list[str]:
        """Return the names of those for whom something is due."""
        return [row["address"] for row in self._file.rows(_ADDRESSES, {"now": stamp(now)})]

    def due(self, address: str, now: datetime) -> list[Telling]:
        """Return what is due for one of them, the oldest first."""
        values = {"now": stamp(now), "address": address}
        return [_telling(row) for row in self._file.rows(_DUE, values)]

    def told(self, address: str, tellings: Iterable[Telling], *, now: datetime) -> None:
        """Enter that the other side has taken these."""
        self._enter(_TOLD, address, tellings, {"now": stamp(now)})

    def begin(self, address: str, tellings: Sequence[Telling], *, now: datetime) -> None:
        """Enter a try that is about to be made, and when the next is, however this one ends."""
        attempt = max((each.attempt for each in tellings), default=0) + 1
        self._enter(_LATER, address, tellings, {"due": stamp(now + wait_after(attempt))})

    def failed(
        self, address: str, tellings: Sequence[Telling], *, now: datetime, give_up: timedelta
    ) -> bool:
        """Drop what could not be told and is too old; tell whether any was."""
        old = [each for each in tellings if now - each.created >= give_up]
        self._enter(_DROPPED, address, old, {"now": stamp(now)})
        return bool(old)

    def waiting(self) -> tuple[int, int]:
        """Return how many wait to be told, and how many of them could not be, so far."""
        row = self._file.row(_WAITING) or {"n": 0, "tried": 0}
        return row["n"], row["tried"]

    def _enter(
        self, sql: str, address: str, tellings: Iterable[Telling], values: dict[str, int]
    ) -> None:
        with self._file.transaction() as transaction:
            for each in tellings:
                transaction.execute(sql, {**values, "notice": each.notice, "address": address})


def _telling(row: Row) -> Telling:
    words = [row["words"]] if row["rule"] is not None else json.loads(row["words"])
    return Telling(
        notice=row["notice"],
        event=row["event"],
        lines=tuple(line for line in map(thaw, words) if line is not None),
        created=moment(row["created"]),
        attempt=row["attempt"],
        rule=row["rule"] or "",
        watch=row["watch"] or "",
        severity=row["severity"] or "",
        about=row["about"] or "",
        seen=None if row["seen"] is None else moment(row["seen"]),
    )
