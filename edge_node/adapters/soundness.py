"""
Whether the queue's file is a sound database: asked before work begins, and once a day.

Only looks. What a sick file leads to is the daemon's affair, what becomes of it `rebuilding`'s.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import damaged, disk_trouble
from edge_node.adapters.disk import disk_errors
from edge_node.adapters.pulse import beat_while_at_it
from edge_node.adapters.schema_standing import demand_known
from edge_node.domain.errors import EdgeNodeError, QueueDamaged
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path

# The whole check reads every page and compares indexes with tables: 100 MB in 0.1 s from memory,
# at the speed of the disk else. Beyond this the quick one does, which compares no indexes.
QUICK_ABOVE: Final = 200 << 20  # bytes
_BUSY: Final = 20.0  # seconds
_TABLES: Final = ("documents", "envelopes", "fates", "incoming", "work", "marks")


# How many of its steps SQLite takes before it asks whether the time is up.
_STEPS: Final = 1_000


class Unfinished(EdgeNodeError):
    """The time was up before the file was looked through; no flaw was found until then."""


def demand_sound(path: Path, *, quick_above: int = QUICK_ABOVE) -> None:
    """
    Make sure that the file is a database of ours without a flaw; QueueDamaged, QueueNewer.

    Raises DiskTrouble where the disk does not let us look.
    """
    with disk_errors(path):
        size = path.stat().st_size
    with disk_trouble(path), closing(_connect(path)) as connection:
        demand_known(connection, path)
        words = _flaws(connection, quick=size > quick_above)
    if words:
        raise damaged(path, words)


def glance(path: Path, *, within: timedelta) -> None:
    """
    Look through the file quickly and leave no trace beside it; raises as `demand_sound` does.

    Unfinished where that takes longer than ``within``.
    """
    try:
        _glance(path, within)
    except QueueDamaged:
        if not _wal(path).exists():
            raise
        _glance(path, within)  # somebody began to write under our eyes


def _glance(path: Path, within: timedelta) -> None:
    with read_only(path) as connection, _bounded(connection, within):
        words = _flaws(connection, quick=True)
    if words:
        raise damaged(path, words)


@contextmanager
def _bounded(connection: sqlite3.Connection, within: timedelta) -> Iterator[None]:
    ends = time.monotonic() + within.total_seconds()
    connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        raise Unfinished(
            say(
                "the queue was not looked through within {seconds} s; no flaw was found so far",
                seconds=round(within.total_seconds()),
            )
        ) from error


@contextmanager
def read_only(path: Path, *, busy: float = _BUSY) -> Iterator[sqlite3.Connection]:
    """
    Open a file that is there to read in it and leave no trace; raises what `disk_trouble` does.

    Whoever keeps it to itself is waited for, ``busy`` seconds.

    To read a file in WAL mode SQLite lays two others beside it, and whoever may only read cannot
    remove them. Without a WAL nobody has it open: it can be read as if nobody ever wrote.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if not _wal(path).exists():
        uri += "&immutable=1"
    with disk_trouble(path):
        opened = sqlite3.connect(uri, uri=True, timeout=busy, isolation_level=None)
        with closing(opened) as connection:
            yield connection


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _connect(path: Path) -> sqlite3.Connection:
    """Open a file that is there; what its WAL holds is seen, and nothing is written into it."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None)
    beat_while_at_it(connection)
    return connection


def _flaws(connection: sqlite3.Connection, *, quick: bool) -> str:
    """Return what is wrong in SQLite's words, or ''."""
    check = "quick_check" if quick else "integrity_check"
    (found,) = connection.execute(f"pragma {check}(1)").fetchone()
    if found != "ok":
        return str(found)
    for table in _TABLES:
        if connection.execute(f"pragma table_info({table})").fetchone() is None:
            return f"no such table: {table}"
    return ""
