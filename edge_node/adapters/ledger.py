"""What an administrator asks the queue: lists, one item in full, how many of what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters import searching
from edge_node.adapters.beside import acts_in, fates_of, links_of, requests_of, stone_of
from edge_node.adapters.database import moment
from edge_node.domain.errors import UnknownItem
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Receiving
from edge_node.domain.message import say, thaw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row
    from edge_node.domain.change import Change, Link, Tombstone
    from edge_node.domain.fate import Fate
    from edge_node.domain.message import Message
    from edge_node.domain.signing import Act
    from edge_node.domain.wanted import Wanted

_FIND_OUT: Final = """
select * from documents where id >= :low and id < :high or document_id = :document_id limit 3
"""
# A status that was parked names a document, and is none.
_FIND_IN: Final = """
select * from incoming
 where id >= :low and id < :high
    or document_id = :document_id and +message = 'edoc' and state <> 'repeated'
 limit 3
"""
_IDS: Final = """
select id from (select id from documents where id >= :low and id < :high limit :limit)
union all
select id from (select id from incoming
                 where id >= :low and id < :high and +message = 'edoc' limit :limit)
 limit :limit
"""
# A status that nobody could make use of stands among the documents in such a state.
_STATUSES_IN: Final = frozenset({Receiving.QUARANTINED, Receiving.PARKED})
_ATTEMPTS: Final = """
select attempts.*, envelopes.status as status
  from attempts join envelopes on envelopes.id = attempts.envelope
 where envelopes.item = :item order by attempts.id
"""
_COUNTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "out": "select state, count(*) as n from fates group by state",
        "in": "select state, count(*) as n from incoming where message = 'edoc' group by state",
        "reports": "select state, count(*) as n from envelopes"
        " where message = 'status' group by state",
        "statuses": "select state, count(*) as n from incoming"
        " where message = 'status' group by state",
    }
)
_HELD: Final = "select count(distinct item) as n from fates where state = 'held' and not kept"
_WAITING: Final = "select count(*) as n, min(due) as due from work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """An outgoing document, as `list` and `show` tell of it."""

    id: ItemId
    document_id: str
    code: str
    promulgated: str
    type: str
    subject: str
    kind: str
    ref: str
    name: str
    folder: str
    created: datetime
    fates: tuple[Fate, ...]
    removed: datetime | None = None  # when retention removed its payload
    signatures: tuple[Act, ...] = ()  # of this agency, made on the way out
    requests: tuple[Change, ...] = ()  # to have it back, change or replace it; or that it is
    links: tuple[Link, ...] = ()  # to and from other documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """An incoming item, as `list` and `show` tell of it."""

    id: ItemId
    axis_id: str
    message: str
    sender: str
    document_id: str
    code: str
    promulgated: str
    type: str
    subject: str
    state: str
    reason: Message | None
    folder: str
    size: int
    created: datetime
    at: datetime
    status: str = ""  # how it stands by what we said of it; an answer to a request is no step
    status_at: datetime | None = None
    arrival_number: str = ""  # in the agency's own register, as its software says
    arrival_date: str = ""
    arrival_unit: str = ""
    kind: str = ""  # new, or what it asks; '' while nobody has read it
    requests: tuple[Change, ...] = ()  # to have it back, change or replace it; or that it is
    links: tuple[Link, ...] = ()  # to and from other documents
    tombstone: Tombstone | None = None  # what was destroyed of it
    removed: datetime | None = None  # when retention removed its payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send an envelope of an item."""

    at: datetime
    envelope: str
    number: int
    outcome: str
    reason: Message | None


class Ledger:
    """Reading, and nothing else."""

    def __init__(self, file: QueueFile) -> None:
        """Read the tables in ``file``."""
        self._file = file

    def search(
        self, wanted: Wanted, *, limit: int, tell: Callable[[Message], str] = str
    ) -> list[Outbound | Inbound]:
        """
        Return the newest ``limit`` documents of each direction that are wanted, newest first.

        Reasons are compared as ``tell`` says them.
        """

        def read(reason: str) -> str:
            message = thaw(reason)
            return tell(message) if message else ""

        found: list[Outbound | Inbound] = []
        if wanted.outgoing:
            rows = searching.outgoing(self._file, wanted, limit=limit, tell=read)
            found += [self._outbound(row) for row in rows]
        if wanted.incoming:
            also = "status" if wanted.state in _STATUSES_IN else "edoc"
            rows = searching.incoming(self._file, wanted, limit=limit, tell=read, also=also)
            found += [self._inbound(row) for row in rows]
        return sorted(found, key=lambda item: item.created, reverse=True)

    def find(self, prefix: str) -> Outbound | Inbound:
        """Return the one item whose id begins so; UnknownItem if there is none, or several."""
        prefix = prefix.encode(errors="replace").decode()  # a terminal may send any bytes
        values = {"low": prefix, "high": prefix + "\U0010ffff", "document_id": prefix}
        out = self._file.rows(_FIND_OUT, values)
        into = self._file.rows(_FIND_IN, values)
        if len(out) + len(into) != 1:
            raise UnknownItem(
                say("no document goes by {id}", id=prefix)
                if not out and not into
                else say("several documents go by {id}", id=prefix),
                hint=say("`edge-node list` shows the ids"),
            )
        return self._outbound(out[0]) if out else self._inbound(into[0])

    def ids(self, prefix: str, *, limit: int) -> list[str]:
        """Return some ids of documents, either way, that begin so."""
        values = {"low": prefix, "high": prefix + "\U0010ffff", "limit": limit}
        return [row["id"] for row in self._file.rows(_IDS, values)]

    def attempts(self, item: ItemId) -> list[Attempt]:
        """Return every try to send an envelope of one item, oldest first."""
        return [
            Attempt(
                at=moment(row["at"]),
                envelope=row["envelope"],
                number=row["attempt"],
                outcome=row["outcome"],
                reason=thaw(row["reason"]),
            )
            for row in self._file.rows(_ATTEMPTS, {"item": item})
        ]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many outgoing units, incoming documents and reports stand in which state."""
        return {
            what: {row["state"]: row["n"] for row in self._file.rows(sql)}
            for what, sql in _COUNTS.items()
        }

    def held(self) -> int:
        """Return how many outgoing documents wait for a person's decision."""
        return int((self._file.row(_HELD) or {"n": 0})["n"])

    def waiting(self) -> tuple[int, datetime | None]:
        """Return how many things are to be done, and since when the oldest is due."""
        row = self._file.row(_WAITING) or {}
        return row["n"], moment(row["due"]) if row["due"] is not None else None

    def _inbound(self, row: Row) -> Inbound:
        item = ItemId(row["id"])
        return replace(
            _inbound(row),
            kind=row["kind"],
            requests=tuple(requests_of(self._file, item)),
            links=links_of(self._file, item),
            tombstone=stone_of(self._file, item) if row["state"] == "recalled" else None,
        )

    def _outbound(self, row: Row) -> Outbound:
        code = f"{row['number']}/{row['notation']}" if row["notation"] else row["number"]
        return Outbound(
            id=ItemId(row["id"]),
            document_id=row["document_id"],
            code=code,
            promulgated=row["promulgated"],
            type=row["type"],
            subject=row["subject"],
            kind=row["kind"],
            ref=row["ref"],
            name=row["name"],
            folder=row["folder"],
            created=moment(row["created"]),
            fates=fates_of(self._file, row["id"]),
            removed=_removed(row),
            signatures=acts_in(row),
            requests=tuple(requests_of(self._file, row["id"])),
            links=links_of(self._file, row["id"]),
        )


def _inbound(row: Row) -> Inbound:
    return Inbound(
        id=ItemId(row["id"]),
        axis_id=row["axis_id"],
        message=row["message"],
        sender=row["sender"],
        document_id=row["document_id"],
        code=row["code"],
        promulgated=row["promulgated"],
        type=row["type"],
        subject=row["subject"],
        state=row["state"],
        reason=thaw(row["reason"]),
        folder=row["folder"],
        size=row["size"],
        created=moment(row["created"]),
        at=moment(row["at"]),
        status=row["status"],
        status_at=moment(row["status_at"]) if row["status"] else None,
        arrival_number=row["arrival_number"],
        arrival_date=row["arrival_date"],
        arrival_unit=row["arrival_unit"],
        removed=_removed(row),
    )


def _removed(row: Row) -> datetime | None:
    at = row["removed"]
    return None if at is None else moment(at)
