"""
The release after this one, as far as tests need it: this program with one migration more.

As a module it gives the migrations to the tests; run as a program it is the command `edge-node` of
that release.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edge_node.adapters.schema import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator


def m9001_tomorrow(db: Any) -> None:
    """Change what migrations change: a column, an index, the values in a table, a new table."""
    db.execute("alter table documents add column shelf text not null default 'old'")
    db.execute("create index documents_shelf on documents (shelf)")
    db.execute("update documents set shelf = upper(shelf)")
    db.execute("create table shelves (name text primary key) strict, without rowid")
    db.execute("insert into shelves select distinct shelf from documents")


@contextmanager
def tomorrow(*migrations: Any) -> Iterator[None]:
    """Be the next release for as long as the block lasts, with these migrations or the usual."""
    before = len(MIGRATIONS)
    MIGRATIONS.extend(migrations or (m9001_tomorrow,))
    try:
        yield
    finally:
        del MIGRATIONS[before:]


if __name__ == "__main__":
    from edge_node.cli.app import main

    MIGRATIONS.append(m9001_tomorrow)
    sys.argv[0] = "edge-node"
    main()
