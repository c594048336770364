"""
The queue for those who only look: nothing is made, brought up or written.

Whoever may read the folder needs no other right: SQLite reads beside a node at work by the log and
the index it keeps there. Where no node is at work and the log was folded in, there is neither, and
who may not write cannot make them: then nobody writes, and the file is read as it lies.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import quote

from edge_node.adapters.database import QueueFile
from edge_node.adapters.schema_standing import demand_ours
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.adapters.database import Transaction


# What SQLite says where it cannot make the index it reads a log by.
_NO_INDEX: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})


class ReadingFile(QueueFile):
    """The database file, opened to be read and nothing else."""

    def _begin(self) -> None:
        """Make nothing: that is the affair of whoever writes."""

    def _connect(self) -> sqlite3.Connection:
        connection = self._found()
        try:
            demand_ours(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _found(self) -> sqlite3.Connection:
        connection = _opened(self.path, "mode=ro", self._busy.total_seconds())
        try:
            connection.execute("pragma schema_version").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode & 0xFF not in _NO_INDEX or _has_log(self.path):
                raise _denied_or(error, self.path) from error
            return _opened(self.path, "mode=ro&immutable=1", 0)
        return connection

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """Refuse: a command that acts opens the queue itself; NotAllowed."""
        del durable
        _refuse(self.path)
        yield  # type: ignore[unreachable] # what makes it a context manager


def _opened(path: Path, how: str, busy: float) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?{how}"
    return sqlite3.connect(address, uri=True, timeout=busy, isolation_level=None)


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _denied_or(error: sqlite3.OperationalError, path: Path) -> Exception:
    kind = error.sqlite_errorcode & 0xFF
    if kind == sqlite3.SQLITE_CANTOPEN:
        return not_readable(path)
    if kind == sqlite3.SQLITE_READONLY:
        # Of a log nobody has read yet, the index has no mark that whoever may not write could use.
        return NotAllowed(
            say("the queue {path} was written to, and nobody has read it since", path=str(path)),
            hint=say("look again in half a minute, when the node has, or: sudo -u edge-node …"),
        )
    return error


def not_readable(path: Path) -> NotAllowed:
    """Return the error for a queue whoever asks may not read."""
    return NotAllowed(
        say("you may not read the queue {path}", path=str(path)),
        hint=say(
            "have yourself put into the group that `access.readers` names, or:"
            " sudo -u edge-node edge-node …"
        ),
    )


def _refuse(path: Path) -> NoReturn:
    raise NotAllowed(
        say("the queue {path} was opened for reading only", path=str(path)),
        hint=say("sudo -u edge-node edge-node … acts; the operators' group may call it"),
    )
