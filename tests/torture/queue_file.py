"""A node's queue, read from outside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torture.bench import Agency

_UNTOLD = "select 1 from documents where untold union all select 1 from events where untold"


def at_work(agency: Agency) -> bool:
    """Tell whether a node's queue still holds something to do or to tell."""
    return bool(rows(agency, "select * from work")) or bool(rows(agency, _UNTOLD))


def rows(agency: Agency, query: str, *values: object) -> list[sqlite3.Row]:
    """Return what a query finds."""
    uri = f"{(agency.data / 'queue.db').as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(query, values).fetchall()
