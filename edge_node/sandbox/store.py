"""
What the sandbox remembers, in one SQLite file: agencies, sends and deliveries.

Every public method is one transaction, durable when it returns (WAL, synchronous=FULL). Writers
take turns on one connection, readers on another. Packages are files, and not known here. The
view `accepted_sends` is for whoever wants to know about doubles; `doubles` reads it without
disturbing a server at work. `forget_since` is for tests alone: it makes the state of an axis that
came back from an older backup.
"""

from __future__ import annotations

import fcntl
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import AlreadyRunning, NotAllowed
from edge_node.domain.message import say
from edge_node.domain.time import iso
from edge_node.sandbox.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from edge_node.domain.envelope import MessageType
    from edge_node.sandbox.census import Unit
    from edge_node.sandbox.package import Header
    from edge_node.sandbox.settings import Member

DATABASE: Final = "sandbox.db"

# From which transport status an item may be moved to which. A receiver says `done` as soon as it
# holds the bytes, and `fail` afterwards if it cannot read them; either leaves the list for good.
_BEFORE: Final[Mapping[str, tuple[str, ...]]] = {
    "processing": ("initial", "processing"),
    "done": ("initial", "processing", "fail", "done"),
    "fail": ("initial", "processing", "fail", "done"),
}

_LISTED: Final = """
  from deliveries d join sends s on s.id = d.send
 where d.receiver = :receiver and d.message_type = :message_type
"""
_PENDING: Final = f"{_LISTED} and d.status in ('initial', 'processing')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One accepted package: the sender's id for it, what it says, its bytes' SHA-256, size."""

    doc_id: str
    message: MessageType
    header: Header
    sha256: str
    size: int
    deliveries: Mapping[str, str]  # receiver to the receiver's own id


@dataclass(frozen=True, slots=True, kw_only=True)
class Double:
    """A message the axis accepted more than once for the same receiver."""

    sender: str
    document_id: str
    receiver: str
    message_type: str
    status_code: str
    sends: int


def doubles(folder: Path) -> tuple[Double, ...]:
    """Return what the sandbox in ``folder`` accepted more than once; reads only."""
    query = "select * from accepted_sends where sends > 1 order by document_id, receiver"
    uri = f"{(folder / DATABASE).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
        rows = db.execute(query).fetchall()
    names = ("sender", "document_id", "receiver", "message_type", "status_code")
    return tuple(Double(**dict(zip(names, row[:5], strict=True)), sends=row[5]) for row in rows)


def hold(folder: Path) -> TextIO:
    """Keep a sandbox to ourselves until what this gives is closed; AlreadyRunning."""
    held = (folder / ".lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        raise AlreadyRunning(
            say("the sandbox in {folder} is being served already", folder=str(folder))
        ) from None
    return held


def forget_since(folder: Path, moment: datetime) -> tuple[str, ...]:
    """
    Make a sandbox that is not being served forget all that happened from ``moment`` on.

    What an axis has lost that was restored from a state of that moment: packages accepted since
    are gone with their deliveries, and what receivers said since of older ones is unsaid. Stamps
    are whole seconds, and the second of the moment is forgotten. Returns the docIds that
    senders were told of what is gone. Raises AlreadyRunning.
    """
    with closing(hold(folder)), closing(_connect(folder / DATABASE)) as db:
        db.executescript(SCHEMA)
        args = {"moment": iso(moment)}
        db.execute("begin immediate")
        gone = db.execute("select doc_id from sends where at >= :moment order by id", args)
        doc_ids = tuple(str(row["doc_id"]) for row in gone)
        since = "(select id from sends where at >= :moment)"
        db.execute(f"delete from deliveries where send in {since}", args)  # noqa: S608 - ours
        db.execute(f"delete from forgotten where send in {since}", args)  # noqa: S608 - ours
        db.execute("delete from sends where at >= :moment", args)
        db.execute(
            """
            update deliveries set status = 'initial', status_desc = '', updated = created
             where updated >= :moment
            """,
            args,
        )
        db.execute("commit")
    for doc_id in doc_ids:
        (folder / "packages" / f"{doc_id}.edxml").unlink(missing_ok=True)
    return doc_ids


class Store:
    """The database of one sandbox; to be used from any number of threads."""

    def __init__(self, folder: Path) -> None:
        """Open the database in ``folder``, and make it where there is none."""
        self._writing, self._reading = Lock(), Lock()
        self._writer = _connect(folder / DATABASE)
        self._writer.executescript(SCHEMA)
        self._reader = _connect(folder / DATABASE)

    def close(self) -> None:
        """Close the database; nothing may be asked of the store afterwards."""
        self._reader.close()
        self._writer.close()

    def enrol(self, members: Iterable[Member], *, now: datetime) -> None:
        """Make the directory hold the agencies of the settings, and no others of theirs."""
        rows = [
            {"code": m.code, "name": m.name, "parent": m.parent, "old": m.old_code}
            for m in members
        ]
        with self._write() as db:
            db.execute("update agencies set deleted = 1 where registered_by = ''")
            db.executemany(
                """
                insert into agencies (code, name, parent, old_code, modified)
                values (:code, :name, :parent, :old, :now)
                on conflict (code) do update set
                    name = :name, parent = :parent, old_code = :old,
                    registered_by = '', deleted = 0
                """,
                [row | {"now": iso(now)} for row in rows],
            )

    def settle(self, units: Iterable[Unit], *, now: datetime) -> None:
        """Enter the units of a made-up country, beside whoever has their codes already."""
        with self._write() as db:
            db.executemany(
                """
                insert into agencies (code, old_code, name, parent, mail, registered_by, modified)
                values (?, ?, ?, ?, ?, 'census', ?) on conflict (code) do nothing
                """,
                (
                    (unit.code, unit.old_code, unit.name, unit.parent, unit.mail, iso(now))
                    for unit in units
                ),
            )

    def register(self, *, code: str, name: str, mail: str, parent: str, now: datetime) -> bool:
        """Enter a unit below ``parent`` in the directory; False if the code is taken."""
        args = {"code": code, "name": name, "mail": mail, "parent": parent, "now": iso(now)}
        with self._write() as db:
            entered = db.execute(
                """
                insert into agencies (code, name, mail, parent, registered_by, modified)
                values (:code, :name, :mail, :parent, :parent, :now)
                on conflict (code) do update set
                    name = :name, mail = :mail, parent = :parent, registered_by = :parent,
                    deleted = 0, version = version + 1, modified = :now
                where deleted
                """,
                args,
            )
            return entered.rowcount == 1

    def delete(self, code: str, *, by: str, now: datetime) -> bool:
        """Take a unit off the directory; False unless ``by`` registered it."""
        with self._write() as db:
            struck = db.execute(
                """
                update agencies set deleted = 1, version = version + 1, modified = :now
                 where code = :code and registered_by = :by and not deleted
                """,
                {"code": code, "by": by, "now": iso(now)},
            )
            return struck.rowcount == 1

    def directory(self, *, parts: int | None = None) -> list[sqlite3.Row]:
        """Return every unit ever known, with its parent's id; of codes of so many parts alone."""
        return self._rows(
            """
            select a.*, coalesce(p.id, '') as parent_id
              from agencies a left join agencies p on p.code = a.parent
             where :parts is null
                or length(a.code) - length(replace(a.code, '.', '')) + 1 = :parts
             order by a.id
            """,
            {"parts": parts},
        )

    def standing(self, codes: Sequence[str]) -> dict[str, bool]:
        """Return, for those of the codes the directory knows, whether the unit is active."""
        marks = ", ".join("?" * len(codes))
        query = f"select code, deleted from agencies where code in ({marks})"  # noqa: S608 - marks
        return {row["code"]: not row["deleted"] for row in self._rows(query, tuple(codes))}

    def accept(self, package: Accepted, *, now: datetime) -> None:
        """Note an accepted package and a delivery for each of its receivers."""
        header, at = package.header, iso(now)
        message = str(package.message)
        with self._write() as db:
            send = db.execute(
                """
                insert into sends (doc_id, sender, message_type, document_id, code, title,
                                   status_code, sha256, size, at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    package.doc_id,
                    header.sender,
                    message,
                    header.document_id,
                    header.code,
                    header.title,
                    header.status_code,
                    package.sha256,
                    package.size,
                    at,
                ),
            ).lastrowid
            db.executemany(
                """
                insert into deliveries (doc_id, send, receiver, message_type, created, updated)
                values (?, ?, ?, ?, ?, ?)
                """,
                [
                    (doc_id, send, receiver, message, at, at)
                    for receiver, doc_id in package.deliveries.items()
                ],
            )

    def leave_out(self, doc_id: str) -> None:
        """Leave an accepted package out of every list of what was sent, for good."""
        with self._write() as db:
            db.execute(
                "insert or ignore into forgotten select id from sends where doc_id = ?", (doc_id,)
            )

    def knows(self, doc_id: str) -> bool:
        """Tell whether a package of that id (the sender's) was accepted."""
        return bool(self._rows("select 1 from sends where doc_id = ?", (doc_id,)))

    def pending(self, receiver: str, message: MessageType) -> list[sqlite3.Row]:
        """Return what waits for a receiver, oldest first."""
        query = f"select d.*, s.sender {_PENDING} order by d.id"
        return self._rows(query, {"receiver": receiver, "message_type": str(message)})

    def between(
        self, receiver: str, message: MessageType, *, since: str, until: str
    ) -> list[sqlite3.Row]:
        """Return all a receiver was ever sent between two ISO moments, whatever became of it."""
        query = f"select d.*, s.sender {_LISTED} and d.created between :since and :until"
        return self._rows(f"{query} order by d.id", _window(receiver, message, since, until))

    def not_failed(self, receiver: str, message: MessageType) -> list[sqlite3.Row]:
        """Return what waits for a receiver and what is done, as if it were waiting still."""
        query = f"""
            select d.doc_id, d.receiver, d.message_type, d.created, d.updated, s.sender,
                   case d.status when 'done' then 'initial' else d.status end as status,
                   d.status_desc, d.status = 'done' as again
            {_LISTED} and d.status <> 'fail' order by d.id
        """
        return self._rows(query, {"receiver": receiver, "message_type": str(message)})

    def count_pending(self, receiver: str, message: MessageType) -> int:
        """Return how much waits for a receiver."""
        query = f"select count(*) {_PENDING}"
        args = {"receiver": receiver, "message_type": str(message)}
        return int(self._rows(query, args)[0][0])

    def delivery(self, doc_id: str, receiver: str) -> sqlite3.Row | None:
        """Return a receiver's delivery with the package's own id and time; None if not its own."""
        rows = self._rows(
            """
            select d.*, s.doc_id as package, s.at
              from deliveries d join sends s on s.id = d.send
             where d.doc_id = ? and d.receiver = ?
            """,
            (doc_id, receiver),
        )
        return rows[0] if rows else None

    def update_status(self, doc_id: str, *, status: str, note: str, now: datetime) -> None:
        """Move a delivery to a transport status; NotAllowed when it cannot go there any more."""
        before = ", ".join(f"'{status}'" for status in _BEFORE[status])
        with self._write() as db:
            moved = db.execute(
                f"""
                update deliveries set status = :status, status_desc = :note, updated = :now
                 where doc_id = :doc_id and status in ({before})
                """,  # noqa: S608 - literals of the table above
                {"status": status, "note": note, "now": iso(now), "doc_id": doc_id},
            )
        if not moved.rowcount:
            raise NotAllowed(say("the delivery cannot become {status} any more", status=status))

    def sent(
        self, sender: str, message: MessageType, *, doc_id: str, since: str, until: str
    ) -> list[sqlite3.Row]:
        """Return what a sender sent, a row per receiver; of one package if ``doc_id`` is given."""
        one = "and s.doc_id = :doc_id" if doc_id else ""
        query = f"""
            select s.*, d.doc_id as receiver_doc_id, d.receiver, d.status, d.status_desc,
                   d.updated
              from sends s join deliveries d on d.send = s.id
             where s.sender = :receiver and s.message_type = :message_type {one}
               and s.at between :since and :until
               and not exists (select 1 from forgotten f where f.send = s.id)
             order by d.id
        """  # noqa: S608 - our own text
        args = _window(sender, message, since, until)
        return self._rows(query, args | {"doc_id": doc_id})

    def _rows(
        self, query: str, args: Sequence[object] | Mapping[str, object] = ()
    ) -> list[sqlite3.Row]:
        with self._reading:
            return self._reader.execute(query, args).fetchall()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """Give the writing connection for one transaction, begun at once and kept or undone."""
        with self._writing:
            self._writer.execute("begin immediate")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("rollback")
                raise
            self._writer.execute("commit")


def _connect(path: Path) -> sqlite3.Connection:
    # Threads take turns under a lock, which sqlite3 cannot know.
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute("pragma foreign_keys = on")
    return db


def _window(agency: str, message: MessageType, since: str, until: str) -> dict[str, object]:
    return {
        "receiver": agency,
        "message_type": str(message),
        "since": since,
        "until": until,
    }
