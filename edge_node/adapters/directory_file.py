"""
The database of the directory: a file of its own beside the queue, opened once in every thread.

It can be fetched again, so it is in no backup of the queue, and a sync never holds up those who
write there. Writers take turns; readers go on while somebody writes (WAL). What stands in the
tables is the affair of `directory` and `directory_update`. Nothing of the queue is loaded for it.

    lists     what is known of each list of the axis: when it was read whole, and its trouble
    listed    what each list said of each unit last; it tells which rows are news
    local     what the agency's own people know, laid over that
    aliases   further codes of a unit, from there
    units     the two together, as they are looked up
    names     the names of the units by their plain letters, for the search
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import make_private
from edge_node.adapters.steps import Step, passing
from edge_node.domain.directory import DirectoryUnusable
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BUSY: Final = timedelta(seconds=20)
VERSION: Final = 1
# A first sync touches the same pages of the indexes again and again: they are written once for
# every 32 MB, and kept in memory meanwhile.
_PAGES: Final = 8000
_CACHE: Final = 16_000  # KB, of which a lookup uses next to nothing

_SCHEMA: Final = """
create table lists (
    name text primary key,
    units integer not null default 0,
    synced integer,
    asked integer,
    again integer,
    problem text not null default ''
) strict, without rowid;
create table units (
    id integer primary key,
    code text not null unique,
    name text not null default '',
    plain text not null default '',
    other_code text not null default '',
    parent text not null default '',
    mail text not null default '',
    version text not null default '',
    modified text not null default '',
    successor text not null default '',
    level integer not null default 0,
    first_seen integer,
    last_seen integer,
    gone integer
) strict;
create index units_code on units (code collate nocase);
create index units_other on units (other_code collate nocase) where other_code <> '';
create index units_plain on units (plain);
create table listed (
    unit integer not null,
    list text not null,
    axis_id text not null,
    above text not null,
    name text not null,
    mail text not null,
    other_code text not null,
    version text not null,
    modified text not null,
    primary key (unit, list)
) strict, without rowid;
create index listed_axis on listed (list, axis_id);
create table local (
    code text primary key,
    name text not null,
    other_code text not null,
    parent text not null,
    mail text not null,
    successor text not null
) strict, without rowid;
create table aliases (
    alias text not null,
    code text not null,
    primary key (alias, code)
) strict, without rowid;
create index aliases_code on aliases (code);
create table counted (units integer not null) strict;
insert into counted values (0);
create virtual table names using fts5 (plain, tokenize='ascii', prefix='1 2 3', detail=none);
"""


class DirectoryFile:
    """The file, opened once in every thread that uses it; made where it is missing."""

    def __init__(self, path: Path, *, busy: timedelta = _BUSY) -> None:
        """Open nothing yet; whoever finds another at work on the tables waits up to ``busy``."""
        self.path = path
        self._busy = busy
        self._threads = threading.local()
        self._writing = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give what the tables are asked through; DirectoryUnusable."""
        with self._errors():
            yield self._connection()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """
        Write all of it or nothing; DirectoryUnusable.

        What is not ``durable`` a power cut may undo: it is fetched again then.
        """
        with self._errors(), self._writing:
            connection = self._connection()
            connection.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
            connection.execute("begin immediate")
            try:
                yield connection
                with passing(Step.COMMIT, self.path):
                    connection.execute("commit")
            except BaseException:
                if connection.in_transaction:
                    connection.rollback()
                raise

    @contextmanager
    def as_it_stands(self) -> Iterator[sqlite3.Connection]:
        """Open the file whatever its form is; whoever asks closes it. DirectoryUnusable."""
        with self._errors():
            yield opened(self.path, self._busy)

    def close(self) -> None:
        """Close this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is not None:
            connection.close()
            del self._threads.connection

    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if known is not None:
            return known
        connection = opened(self.path, self._busy)
        try:
            _bring_up(connection, self.path)
        except BaseException:
            connection.close()
            raise
        self._threads.connection = connection
        return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """
        Turn SQLite's errors into ours; our own mistakes stay what they are.

        What a damaged file says may be no text, no day and no moment; SQLite's own words on it
        may be no text either.
        """
        try:
            yield
        except (sqlite3.DatabaseError, ValueError, OverflowError) as error:
            ours = sqlite3.IntegrityError | sqlite3.ProgrammingError | UnicodeEncodeError
            if isinstance(error, ours):
                raise
            raise DirectoryUnusable(
                say(
                    "the directory of agencies {path} cannot be used: {error}",
                    path=str(self.path),
                    error=str(error),
                ),
                hint=say(
                    "look at the disk and at the owner of the file; if it is damaged, remove it:"
                    " it is fetched again, and what you imported is to be imported again"
                ),
            ) from error


def stamp(moment: datetime) -> int:
    """Return the moment as the tables hold it: milliseconds since 1970, as in the queue."""
    return round(moment.timestamp() * 1000)


def moment(stamped: int | None) -> datetime | None:
    """Return the moment a stamp stands for; None where there is none."""
    return None if stamped is None else datetime.fromtimestamp(stamped / 1000, UTC)


def opened(path: Path, busy: timedelta) -> sqlite3.Connection:
    """Open the file at ``path`` as it stands; made where it is missing."""
    make_private(path)
    connection = sqlite3.connect(path, timeout=busy.total_seconds(), isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("pragma journal_mode = wal")
        connection.execute(f"pragma wal_autocheckpoint = {_PAGES}")
        connection.execute(f"pragma cache_size = -{_CACHE}")
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables where there are none; DirectoryUnusable where they are not ours."""
    if version(connection) == VERSION:
        return
    with at_once(connection):
        found = version(connection)
        if found not in {0, VERSION}:
            raise DirectoryUnusable(
                say(
                    "the directory of agencies {path} is of another version of edge-node",
                    path=str(path),
                ),
                hint=say("start the node again: it fetches the directory anew"),
            )
        if found == 0:
            make(connection)


def make(connection: sqlite3.Connection) -> None:
    """Make the tables in a file that has none."""
    for statement in filter(str.strip, _SCHEMA.split(";\n")):
        connection.execute(statement)
    connection.execute(f"pragma user_version = {VERSION}")


def version(connection: sqlite3.Connection) -> int:
    """Return which form the tables have; 0 for a file without any."""
    return int(connection.execute("pragma user_version").fetchone()[0])


@contextmanager
def at_once(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of it or nothing; the write lock is taken at the start."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        connection.rollback()
        raise
