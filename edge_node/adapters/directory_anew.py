"""
A directory another release made, emptied so that this one fetches it anew.

What the lists said is asked for again; what people imported is kept, as far as its columns are
known here. All of it is one transaction.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from edge_node.adapters.directory_file import VERSION, at_once, make, version
from edge_node.adapters.directory_merge import know
from edge_node.domain.directory import Known

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from edge_node.adapters.directory_file import DirectoryFile

# The index of names lays tables of its own beside it: they go with it.
_TABLES: Final = """
select name from pragma_table_list
 where schema = 'main' and type in ('table', 'virtual') and name not like 'sqlite_%'
 order by type = 'table', name
"""
_TEXTS: Final = ("name", "other_code", "parent", "mail", "successor")


def begin_anew(file: DirectoryFile) -> bool:
    """Empty the file, but for what people imported; False where its form is ours, or it is not."""
    if not file.path.exists():
        return False
    with file.as_it_stands() as opened, closing(opened) as connection:
        if version(connection) in {0, VERSION}:
            return False
        with at_once(connection):
            imported = list(_imported(connection))
            for name in _tables(connection):
                connection.execute(f'drop table "{name}"')
            make(connection)
            for each in imported:
                know(connection, each)
    return True


def _imported(connection: sqlite3.Connection) -> Iterator[Known]:
    """Yield what people know of each unit."""
    said = {str(row["code"]): row for row in _rows(connection, "local", {"code"})}
    aliases: dict[str, list[str]] = {}
    for row in _rows(connection, "aliases", {"alias", "code"}):
        aliases.setdefault(str(row["code"]), []).append(str(row["alias"]))
    for code in sorted(said.keys() | aliases.keys()):
        row = said.get(code, {})
        texts = {name: str(row.get(name) or "") for name in _TEXTS}
        yield Known(code=code, aliases=tuple(aliases.get(code, ())), **texts)


def _rows(connection: sqlite3.Connection, table: str, wanted: set[str]) -> list[dict[str, object]]:
    """Return the rows of a table that has these columns; none where it has not."""
    columns = {str(row["name"]) for row in connection.execute(f"pragma table_info({table})")}
    if not wanted <= columns:
        return []
    return [dict(row) for row in connection.execute(f"select * from {table}")]  # noqa: S608 - our own names


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [str(name) for (name,) in connection.execute(_TABLES)]
