"""
What is known of a unit altogether: what people know, laid over what the lists say of it.

Each list says its own; where they differ the first one counts that says anything, people before
all. These functions run inside the caller's transaction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_node.domain.directory import AgencyList, level_of
from edge_node.domain.spelling import plain_letters

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from edge_node.domain.directory import Known

_MERGED: Final = ("name", "other_code", "parent", "mail", "version", "modified", "successor")
# Whose word counts where they differ: people who know better come before all lists.
_ORDER: Final = {name: place for place, name in enumerate(("", *map(str, AgencyList)))}

_OF_UNITS: Final = """
select unit, list, name, other_code, '', mail, version, modified, '' from listed
 where unit in (select value from json_each(:units))
union all
select u.id, '', l.name, l.other_code, l.parent, l.mail, '', '', l.successor
  from local l join units u on u.code = l.code
 where u.id in (select value from json_each(:units))
"""
_UNITS: Final = "select * from units where id in (select value from json_each(:units))"
_WRITE: Final = f"""
update units set {", ".join(f"{name} = ?" for name in _MERGED)}, plain = ?, level = ? where id = ?
"""  # noqa: S608 - likewise
NAME: Final = "insert into names (rowid, plain) values (?, ?)"
_UNNAME: Final = "delete from names where rowid = ?"


def know(db: sqlite3.Connection, known: Known) -> None:
    """Enter what people know of one unit, in place of what they said of it before."""
    db.execute("delete from local where code = ?", (known.code,))
    db.execute("delete from aliases where code = ?", (known.code,))
    texts = (known.name, known.other_code, known.parent, known.mail, known.successor)
    if any(texts):
        db.execute("insert into local values (?, ?, ?, ?, ?, ?)", (known.code, *texts))
    db.executemany(
        "insert or ignore into aliases (alias, code) values (?, ?)",
        [(alias, known.code) for alias in known.aliases],
    )
    if any(texts) or known.aliases:
        db.execute("insert or ignore into units (code) values (?)", (known.code,))
    row = db.execute("select id from units where code = ?", (known.code,)).fetchone()
    if row is not None:
        merge(db, [row["id"]])
    if not any(texts) and not known.aliases:
        # Nobody says that it exists any more, and no list ever did.
        db.execute("delete from units where code = ? and first_seen is null", (known.code,))


def merge(db: sqlite3.Connection, units: Sequence[int]) -> None:
    """Write anew what is known of these units altogether, where that has changed."""
    if not units:
        return
    values = {"units": json.dumps(units)}
    said: dict[int, list[tuple[int, tuple[str, ...]]]] = {unit: [] for unit in units}
    for unit, source, *texts in db.execute(_OF_UNITS, values):
        said[unit].append((_ORDER.get(source, len(_ORDER)), tuple(texts)))
    written: list[tuple[str | int, ...]] = []
    renamed: list[tuple[int, str, str]] = []
    for row in db.execute(_UNITS, values):
        before = tuple(row[name] for name in _MERGED)
        sources = [texts for _, texts in sorted(said[row["id"]])]
        if row["gone"] is not None:
            sources.append((*before[:-1], ""))  # what it was when it was last seen
        merged = _first_said(sources)
        if merged != before or not row["level"]:
            plain = plain_letters(merged[0])
            written.append((*merged, plain, level_of(row["code"]), row["id"]))
            renamed.append((row["id"], row["plain"], plain))
    db.executemany(_WRITE, written)
    changed = [(unit, old, new) for unit, old, new in renamed if old != new]
    db.executemany(_UNNAME, [(unit,) for unit, old, _ in changed if old])
    db.executemany(NAME, [(unit, new) for unit, _, new in changed if new])


def _first_said(sources: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return of each column what the first says who says anything."""
    if not sources:
        return ("",) * len(_MERGED)
    if len(sources) == 1:
        return sources[0]
    return tuple(next(filter(None, texts), "") for texts in zip(*sources, strict=True))
