"""
Whether the queue's file is a sound database: asked before work begins, and once a day.

Only looks. What a sick file leads to is the daemon's affair, what becomes of it `rebuilding`'s.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import damaged, disk_trouble
from edge_node.adapters.disk import disk_errors

if TYPE_CHECKING:
    from pathlib import Path

# The whole check reads every page and compares indexes with tables: 100 MB in 0.1 s from memory,
# at the speed of the disk else. Beyond this the quick one does, which compares no indexes.
QUICK_ABOVE: Final = 200 << 20  # bytes
_BUSY: Final = 20.0  # seconds
_TABLES: Final = ("documents", "envelopes", "fates", "incoming", "work", "marks")


def demand_sound(path: Path, *, quick_above: int = QUICK_ABOVE) -> None:
    """
    Make sure that the file is a database of ours without a flaw; QueueDamaged.

    Raises DiskTrouble where the disk does not let us look.
    """
    with disk_errors(path):
        size = path.stat().st_size
    with disk_trouble(path), closing(_connect(path)) as connection:
        words = _flaws(connection, quick=size > quick_above)
    if words:
        raise damaged(path, words)


def _connect(path: Path) -> sqlite3.Connection:
    """Open a file that is there; what its WAL holds is seen, and nothing is written into it."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None)


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
