"""
The one SQLite file: how it is opened, how a transaction is made, how moments are written.

WAL with `synchronous=FULL`: what a method has answered survives a power cut. Each thread has its
own connection; writers of this process queue up here, those of others (a command) wait for each
other inside SQLite. Whoever has the file open while another is put in its place (`restore`,
`recover`) is refused. The tables are `schema`'s affair, what stands in them the queue's.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from edge_node.adapters.disk import disk_errors, make_private
from edge_node.adapters.in_hand import InHand
from edge_node.adapters.mounts import MOUNTINFO, foreign_filesystem
from edge_node.adapters.pulse import beat_while_at_it
from edge_node.adapters.schema_standing import demand_ours, make
from edge_node.adapters.steps import Step, passing
from edge_node.domain.actor import THE_NODE, Actor
from edge_node.domain.errors import ConfigError, DiskTrouble, QueueDamaged, QueueHeld
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Row = dict[str, Any]

# Longer than any transaction of ours under load, shorter than a person's patience at the CLI.
BUSY: Final = timedelta(seconds=20)
# The low byte of an SQLite error code names the kind, the rest the occasion.
_KIND: Final = 0xFF
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

# No 0, 1, i, l, o: an id is read aloud over the telephone.
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"


class QueueFile:
    """The database file, opened once in every thread that uses it."""

    def __init__(self, path: Path, *, busy: timedelta = BUSY, mountinfo: Path = MOUNTINFO) -> None:
        """
        Open the file at ``path``, and make it where it is missing.

        Whoever finds another process writing waits up to ``busy`` for it. Raises ConfigError on
        a disk WAL does not work on, QueueNewer and QueueOlder where the tables are not those of
        this release, and what `disk_trouble` raises.
        """
        _demand_own_disk(path, mountinfo)
        self.path = path
        self._busy = busy
        self._damage: QueueDamaged | None = None
        self._in_hand = InHand()
        self._threads = threading.local()
        # SQLite lets a writer that has to wait sleep for milliseconds at a time, in no order.
        self._writing = threading.Lock()
        self._counting = threading.Lock()
        self._connections = 0
        self._opened: tuple[int, int] | None = None  # which file of the disk they are to
        self._tables = -1  # SQLite's own count of changes to the tables, when we looked last
        self._begin()

    def _begin(self) -> None:
        """Make the tables of a new file; whoever only reads does not."""
        with self._minding():
            make(self._conn, self.path)
            self._demand_our_tables(self._conn)

    def _demand_our_tables(self, connection: sqlite3.Connection) -> None:
        """
        Make sure that the tables are those of this release; QueueNewer, QueueOlder.

        Another release may have changed them beneath a process that has the file open.
        """
        count = int(connection.execute("pragma schema_version").fetchone()[0])
        if count != self._tables:
            demand_ours(connection, self.path)
            self._tables = count

    @property
    def _conn(self) -> sqlite3.Connection:
        opened: sqlite3.Connection | None = getattr(self._threads, "conn", None)
        if opened is None:
            with self._minding():
                opened = self._connect()
            with self._counting:
                self._connections += 1
                self._opened = self._opened or _which(self.path)
            self._threads.conn = opened
        return opened

    def _connect(self) -> sqlite3.Connection:
        return _connect(self.path, self._busy)

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[Row]:
        """Return the rows a reading statement finds."""
        with self._minding():
            return _rows(self._conn, sql, values or {})

    def row(self, sql: str, values: Mapping[str, object] | None = None) -> Row | None:
        """Return the first row a reading statement finds, or None."""
        return next(iter(self.rows(sql, values)), None)

    @contextmanager
    def acting(self, actor: Actor) -> Iterator[None]:
        """Let everything this thread writes in the block bear a person's name and reason."""
        before = self._actor
        self._threads.actor = actor
        try:
            yield
        finally:
            self._threads.actor = before

    @property
    def _actor(self) -> Actor:
        actor: Actor = getattr(self._threads, "actor", THE_NODE)
        return actor

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """
        Write all of it, durably, or nothing; the write lock is taken at the start.

        Where ``durable`` is false nobody waits for the disk: a power cut may undo it, unless a
        durable transaction came after it. It is for what is simply done again then.
        """
        connection = self._conn
        with self._writing, self._minding(), _synchronous(connection, durable=durable):
            connection.execute("begin immediate")
            try:
                self._demand_our_tables(connection)
                yield Transaction(connection, self._in_hand, self._actor)
                with passing(Step.COMMIT, self.path):
                    connection.execute("commit")
            except BaseException:
                # A commit the disk did not take leaves the transaction open, and the lock held.
                if connection.in_transaction:
                    connection.rollback()
                raise

    def empty_log(self) -> bool:
        """Write the log back into the file and cut it to nothing; False while it is read."""
        with self._writing, self._minding():
            row = self._conn.execute("pragma wal_checkpoint(truncate)").fetchone()
        return not row[0]

    def demand_unharmed(self) -> None:
        """Raise again what was found wrong with the file since it was opened; QueueDamaged."""
        if self._damage is not None:
            raise QueueDamaged(self._damage.message, hint=self._damage.hint)

    @contextmanager
    def _minding(self) -> Iterator[None]:
        """
        Turn SQLite's errors into ours; a file once found damaged is not touched again.

        Nor is one that was moved away: what is entered there is lost to whoever opens the other.
        """
        self.demand_unharmed()
        try:
            with disk_trouble(self.path):
                self._demand_in_place()
                yield
        except QueueDamaged as error:
            self._damage = error
            raise

    def _demand_in_place(self) -> None:
        """Make sure that the file is still the one that was opened; QueueDamaged."""
        if self._opened is not None and _which(self.path) != self._opened:
            raise QueueDamaged(
                say(
                    "the queue {path} was moved or replaced while it was open", path=str(self.path)
                ),
                hint=say(
                    "start anew what has it open, for example:"
                    " systemctl restart edge-node-web@NAME"
                ),
            )

    def close(self) -> None:
        """Close this thread's connection; the last one closed folds the WAL back in."""
        opened: sqlite3.Connection | None = getattr(self._threads, "conn", None)
        if opened is not None:
            opened.close()
            del self._threads.conn
            with self._counting:
                self._connections -= 1
                if not self._connections:  # who comes next has what lies there then
                    self._opened = None


class Transaction:
    """One open write transaction."""

    __slots__ = ("_connection", "actor", "in_hand")

    def __init__(self, connection: sqlite3.Connection, in_hand: InHand, actor: Actor) -> None:
        """Speak to ``connection``, whose transaction somebody else opens and ends."""
        self._connection = connection
        self.in_hand = in_hand
        self.actor = actor

    def execute(self, sql: str, values: Mapping[str, object]) -> int:
        """Run one statement; return how many rows it changed."""
        return self._connection.execute(sql, dict(values)).rowcount

    def insert(self, table: str, values: Mapping[str, object]) -> None:
        """Insert one row; the names are literals of this package, never input."""
        self._put("insert", table, values)

    def replace(self, table: str, values: Mapping[str, object]) -> None:
        """Insert one row in place of what stands in its way; the names likewise."""
        self._put("insert or replace", table, values)

    def _put(self, verb: str, table: str, values: Mapping[str, object]) -> None:
        columns = ", ".join(values)
        places = ", ".join(f":{column}" for column in values)
        statement = f"{verb} into {table} ({columns}) values ({places})"
        self._connection.execute(statement, dict(values))

    def rows(self, sql: str, values: Mapping[str, object]) -> list[Row]:
        """Return every row of a reading or returning statement."""
        return _rows(self._connection, sql, values)

    def row(self, sql: str, values: Mapping[str, object]) -> Row | None:
        """Return the first row, or None."""
        return next(iter(self.rows(sql, values)), None)


def _rows(connection: sqlite3.Connection, sql: str, values: Mapping[str, object]) -> list[Row]:
    cursor = connection.execute(sql, dict(values))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, found, strict=True)) for found in cursor]


def stamp(moment: datetime) -> int:
    """Return the moment as the tables hold it: milliseconds since 1970, UTC."""
    return round(moment.timestamp() * 1000)


def moment(stamped: int) -> datetime:
    """Return the moment a table's stamp stands for."""
    return datetime.fromtimestamp(stamped / 1000, UTC)


def new_id(kind: str) -> str:
    """Return a fresh id: one letter for what it names, nine that tell it from all others."""
    import secrets  # noqa: PLC0415 - it loads OpenSSL, and whoever reads makes no ids

    return kind + "".join(secrets.choice(_LETTERS) for _ in range(9))


@contextmanager
def disk_trouble(path: Path) -> Iterator[None]:
    """
    Turn SQLite's own errors into ours: whatever they are, the queue cannot be used now.

    QueueHeld: somebody else writes; nothing of ours was. DiskTrouble: the disk did not take or
    give it; the state before stands. QueueDamaged: what the file holds is not a sound database.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise  # a mistake of ours, not of the disk
        # Python's own complaints of that class have no code.
        kind = getattr(error, "sqlite_errorcode", 0) & _KIND
        if kind == sqlite3.SQLITE_BUSY:
            raise QueueHeld(
                say("another process holds the queue {path}", path=str(path)),
                hint=say("let it end; if it hangs, `fuser -v {path}` names it", path=str(path)),
            ) from error
        if kind in _DAMAGE:
            raise damaged(path, str(error)) from error
        raise DiskTrouble(
            say("the queue {path} cannot be used: {error}", path=str(path), error=str(error)),
            hint=say("free some space, or look at the disk and at the owner of the file"),
        ) from error


def damaged(path: Path, problem: str) -> QueueDamaged:
    """Return the error for a file that holds no sound database; ``problem`` in SQLite's words."""
    return QueueDamaged(
        say("the queue {path} is damaged: {error}", path=str(path), error=problem),
        hint=say("stop the node; `edge-node recover` sets the file aside and rebuilds it"),
    )


def _which(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from all others; None where there is none."""
    with disk_errors(path):
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
    return status.st_dev, status.st_ino


def _demand_own_disk(path: Path, mountinfo: Path) -> None:
    """Make sure that no other machine has a hand in the file: its locks and WAL are in memory."""
    kind = foreign_filesystem(path.parent, mountinfo=mountinfo)
    if kind is not None:
        raise ConfigError(
            say(
                "the queue cannot lie in {path}: {kind} belongs to another machine",
                path=str(path.parent),
                kind=kind,
            ),
            hint=say(
                "put folders.data on a disk of this machine; the exchange folder may be a share"
            ),
        )


@contextmanager
def _synchronous(connection: sqlite3.Connection, *, durable: bool) -> Iterator[None]:
    """Let the block's commit wait for the disk, or not; otherwise every commit does."""
    if durable:
        yield
        return
    connection.execute("pragma synchronous = normal")
    try:
        yield
    finally:
        connection.execute("pragma synchronous = full")


def _connect(path: Path, busy: timedelta) -> sqlite3.Connection:
    make_private(path)
    connection = sqlite3.connect(path, timeout=busy.total_seconds(), isolation_level=None)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")
        connection.execute("pragma secure_delete = on")  # what is deleted is gone from the pages
    except sqlite3.Error:
        connection.close()
        raise
    beat_while_at_it(connection)
    return connection
