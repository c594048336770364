"""
The one SQLite file: how it is opened, how a transaction is made, how moments are written.

WAL with `synchronous=FULL`: what a method has answered survives a power cut. Each thread has its
own connection; writers of this process queue up here, those of others (a command) wait for each
other inside SQLite. The tables are `schema`'s affair, what stands in them the queue's.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlite_utils import Database

from edge_node.adapters.schema import MIGRATIONS
from edge_node.adapters.steps import Step, passing
from edge_node.domain.errors import DiskTrouble, QueueHeld
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Row = dict[str, Any]

# Longer than any transaction of ours under load, shorter than a person's patience at the CLI.
_BUSY: Final = 20.0
# The low byte of an SQLite error code names the kind, the rest the occasion.
_KIND: Final = 0xFF

# No 0, 1, i, l, o: an id is read aloud over the telephone.
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"


class QueueFile:
    """The database file, opened once in every thread that uses it."""

    def __init__(self, path: Path) -> None:
        """Open the file at ``path``, make it where it is missing, and bring its schema up."""
        self.path = path
        self._threads = threading.local()
        # SQLite lets a writer that has to wait sleep for milliseconds at a time, in no order.
        self._writing = threading.Lock()
        with disk_trouble(path):
            MIGRATIONS.apply(self._db)

    @property
    def _db(self) -> Database:
        opened: Database | None = getattr(self._threads, "db", None)
        if opened is None:
            with disk_trouble(self.path):
                opened = Database(_connect(self.path), execute_plugins=False)
            self._threads.db = opened
        return opened

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[Row]:
        """Return the rows a reading statement finds."""
        with disk_trouble(self.path):
            return _rows(self._db.conn, sql, values or {})

    def row(self, sql: str, values: Mapping[str, object] | None = None) -> Row | None:
        """Return the first row a reading statement finds, or None."""
        return next(iter(self.rows(sql, values)), None)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """
        Write all of it, durably, or nothing; the write lock is taken at the start.

        Where ``durable`` is false nobody waits for the disk: a power cut may undo it, unless a
        durable transaction came after it. It is for what is simply done again then.
        """
        connection = self._db.conn
        with self._writing, disk_trouble(self.path), _synchronous(connection, durable=durable):
            connection.execute("begin immediate")
            try:
                yield Transaction(connection)
            except BaseException:
                connection.rollback()
                raise
            with passing(Step.COMMIT, self.path):
                connection.execute("commit")

    def close(self) -> None:
        """Close this thread's connection; the last one closed folds the WAL back in."""
        opened: Database | None = getattr(self._threads, "db", None)
        if opened is not None:
            opened.close()
            del self._threads.db


class Transaction:
    """One open write transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Speak to ``connection``, whose transaction somebody else opens and ends."""
        self._connection = connection

    def execute(self, sql: str, values: Mapping[str, object]) -> int:
        """Run one statement; return how many rows it changed."""
        return self._connection.execute(sql, dict(values)).rowcount

    def insert(self, table: str, values: Mapping[str, object]) -> None:
        """Insert one row; the names are literals of this package, never input."""
        columns = ", ".join(values)
        places = ", ".join(f":{column}" for column in values)
        self._connection.execute(
            f"insert into {table} ({columns}) values ({places})",  # noqa: S608 - see docstring
            dict(values),
        )

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
    return kind + "".join(secrets.choice(_LETTERS) for _ in range(9))


@contextmanager
def disk_trouble(path: Path) -> Iterator[None]:
    """Turn SQLite's own errors into ours: whatever they are, the queue cannot be used now."""
    try:
        yield
    except sqlite3.OperationalError as error:
        # Python's own complaints of that class have no code.
        if getattr(error, "sqlite_errorcode", 0) & _KIND == sqlite3.SQLITE_BUSY:
            raise QueueHeld(
                say("another process holds the queue {path}", path=str(path)),
                hint=say("let it end; if it hangs, `fuser -v {path}` names it", path=str(path)),
            ) from error
        raise DiskTrouble(
            say("the queue {path} cannot be used: {error}", path=str(path), error=str(error)),
            hint=say("free some space, or look at the disk and at the owner of the file"),
        ) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise  # a mistake of ours, not of the disk
        raise DiskTrouble(
            say("the queue {path} is damaged: {error}", path=str(path), error=str(error)),
            hint=say("keep the file, and restore the newest backup beside it"),
        ) from error


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


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")
    return connection
