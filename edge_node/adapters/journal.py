"""
The journal as it is read: in pages, by id, however long it is; and whether its chain holds.

An event that was altered, taken away, put in or exchanged breaks the chain; the last ones cut off
are missed by the count SQLite keeps, or by a head. Who rewrites the whole chain, that count and
the heads leaves no trace in this file: then only what was said of a head outside of it tells. One
that is of no event here is explained where the journal says that it is that of an older state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from hashlib import new
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_node.adapters.database import moment, stamp
from edge_node.adapters.heads import Heads
from edge_node.domain.journal import (
    GENESIS,
    RESTORED,
    Entry,
    Fault,
    Kind,
    Restored,
    linked,
    lost_of,
)
from edge_node.domain.time import VIETNAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from edge_node.adapters.database import QueueFile, Row
    from edge_node.domain.journal import Head, KeptHead

_PAGE: Final = 2000
_BEFORE_ALL: Final = -(2**63)  # an id nobody gives is found, too
_EVENTS: Final = "select * from events where id > :after and id <= :last order by id limit :limit"
_LINK: Final = "select id, chain from events where id <= :id order by id desc limit 1"
_AT: Final = "select id, at from events where id >= :id order by id limit 1"
_OF_ITEM: Final = "select id from events where item = :item order by id"
# In one statement: both are of the same moment, whoever writes beside us.
_END: Final = """
select seq as given,
       coalesce((select id from events where id > 0 order by id desc limit 1), 0) as last
  from sqlite_sequence where name = 'events'
"""
_ENDLESS: Final = 2**63 - 1
_HASHES: Final = ("sha256", "sha384", "sha512")


class Link(NamedTuple):
    """A place in the chain: after which event, and the hash there."""

    id: int
    chain: bytes


BEGINNING: Final = Link(0, GENESIS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event as it stands in the journal, and the hash that stands beside it."""

    entry: Entry
    chain: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a walk through the journal came to; ``fault`` is the first one, None if all holds."""

    count: int  # events that hold
    head: Link  # after the last of them
    heads: int  # that were compared
    stamped: int  # of these, those with a time-stamp
    fault: Fault | None = None
    kept: int = 0  # heads of those kept outside that are of this journal
    restored: tuple[Restored, ...] = ()  # where it goes on as that of an older state


class Journal:
    """The events of a queue, in order."""

    def __init__(self, file: QueueFile, *, page: int = _PAGE) -> None:
        """Read the table in ``file``, so many events at a time."""
        self._file = file
        self._page = page
        self.heads = Heads(file)

    def lines(self, *, after: int = _BEFORE_ALL, last: int = _ENDLESS) -> Iterator[Line]:
        """Yield the events with ids greater than ``after`` up to ``last``, in flat memory."""
        while True:
            values = {"after": after, "last": last, "limit": self._page}
            rows = self._file.rows(_EVENTS, values)
            for row in rows:
                yield _to_line(row)
            if len(rows) < self._page:
                return
            after = rows[-1]["id"]

    def link(self, event: int = _ENDLESS) -> Link:
        """Return the place behind an event, or behind the last one there is."""
        row = self._file.row(_LINK, {"id": event})
        return BEGINNING if row is None else Link(row["id"], row["chain"])

    def of(self, item: str) -> list[int]:
        """Return the ids of the events of one item."""
        return [row["id"] for row in self._file.rows(_OF_ITEM, {"item": item})]

    def before(self, day: date) -> int:
        """
        Return the id of the last event before a day (+07:00); 0 where none was.

        It is sought by halves, since ids and moments go together; where the clock was set back
        they do not, and the border lies at one of the events that could be meant.
        """
        midnight = stamp(datetime.combine(day, time(), VIETNAM).astimezone(UTC))
        low, high = 1, self.link().id + 1
        while low < high:
            middle = (low + high) // 2
            row = self._file.row(_AT, {"id": middle})
            if row is None or row["at"] >= midnight:
                high = middle
            else:
                low = row["id"] + 1
        return low - 1

    def verify(
        self,
        *,
        outside: Iterable[KeptHead] = (),
        tell: Callable[[int], None] = lambda _: None,
    ) -> Verified:
        """
        Walk through all of it and reckon the chain anew; stop at the first thing that is wrong.

        ``outside`` are heads as others kept them: each has to be of this journal, or of a state
        that was lost by its own word. ``tell`` is called with the number of events walked through,
        a page at a time.
        """
        walk = _Walk(self.heads.all(), outside)
        while True:
            for line in self.lines(after=walk.place.id if walk.count else _BEFORE_ALL):
                if not walk.step(line):
                    return walk.result()
                if walk.count % self._page == 0:
                    tell(walk.count)
            end = self._file.row(_END) or {"last": 0, "given": 0}
            if end["last"] <= walk.place.id:
                return walk.end(end["given"])


class _Walk:
    """How far the chain was followed, and what there is to compare it with."""

    def __init__(self, heads: Iterator[Head], outside: Iterable[KeptHead]) -> None:
        self.place = BEGINNING
        self.count = 0
        self._outside = _Outside(outside)
        self._heads = heads
        self._head = next(heads, None)
        self._compared = self._stamped = 0
        self._fault: Fault | None = None

    def step(self, line: Line) -> bool:
        """Go on by one event; False where it does not fit."""
        due, entry = self.place.id + 1, line.entry
        if entry.id != due:
            gone = entry.id > due
            return self._wrong(due if gone else entry.id, Kind.MISSING if gone else Kind.FOREIGN)
        chain = linked(self.place.chain, entry.leaf)
        if chain != line.chain:
            return self._wrong(entry.id, Kind.ALTERED)
        self.place = Link(entry.id, chain)
        self.count += 1
        self._outside.see(entry, chain)
        return self._compare()

    def end(self, given: int) -> Verified:
        """Return what it came to at the last event; ``given`` is the last id ever given."""
        if given != self.place.id or self._head is not None:
            self._wrong(self.place.id + 1, Kind.CUT)
        elif (other := self._outside.unexplained()) is not None:
            is_cut = other.event > self.place.id
            event, kind = (
                (self.place.id + 1, Kind.CUT) if is_cut else (other.event, Kind.REWRITTEN)
            )
            self._wrong(event, kind)
        return self.result()

    def result(self) -> Verified:
        """Return what it came to so far."""
        return Verified(
            count=self.count,
            head=self.place,
            heads=self._compared,
            stamped=self._stamped,
            fault=self._fault,
            kept=self._outside.kept,
            restored=tuple(self._outside.restored),
        )

    def _compare(self) -> bool:
        """Compare the place with the head that was vouched for there, if one was."""
        head = self._head
        if head is None or head.event > self.place.id:
            return True
        if head.event < self.place.id or head.chain != self.place.chain:
            return self._wrong(min(head.event, self.place.id), Kind.REWRITTEN)
        if head.token is not None:
            if not _is_over(head.token, head.chain):
                return self._wrong(head.event, Kind.UNSTAMPED)
            self._stamped += 1
        self._compared += 1
        self._head = next(self._heads, None)
        return True

    def _wrong(self, event: int, kind: Kind) -> bool:
        self._fault = Fault(id=event, kind=kind)
        return False


class _Outside:
    """Heads that others kept, and what the journal says of those that are not its own."""

    def __init__(self, heads: Iterable[KeptHead]) -> None:
        self._due: dict[int, list[KeptHead]] = {}
        for head in heads:
            self._due.setdefault(head.event, []).append(head)
        self._others: list[KeptHead] = []
        self.restored: list[Restored] = []
        self.kept = 0

    def see(self, entry: Entry, chain: bytes) -> None:
        """Compare an event with what others kept of it."""
        for head in self._due.pop(entry.id, ()):
            if head.chain == chain:
                self.kept += 1
            else:
                self._others.append(head)
        if entry.event == RESTORED:
            self.restored.append(_restored(entry))

    def unexplained(self) -> KeptHead | None:
        """Return the first that is neither of this journal nor of a state it says is lost."""
        others = [*self._others, *(head for heads in self._due.values() for head in heads)]
        left = (head for head in others if not any(each.explains(head) for each in self.restored))
        return min(left, key=lambda head: head.event, default=None)


def _restored(entry: Entry) -> Restored:
    return Restored(
        id=entry.id,
        at=moment(entry.at),
        actor=entry.actor,
        why=entry.why,
        note=entry.note,
        lost=lost_of(entry.status),
    )


def _is_over(token: bytes, chain: bytes) -> bool:
    """Tell whether a time-stamp names this chain at all; its signature is for others to verify."""
    return any(new(name, chain).digest() in token for name in _HASHES)


def _to_line(row: Row) -> Line:
    chain, _ = row.pop("chain"), row.pop("untold")
    return Line(entry=Entry(**row), chain=chain)
