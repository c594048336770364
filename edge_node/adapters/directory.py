"""
The directory of agencies as it is looked up: by code in either form, by name, by part of a name.

Reads only; it is brought up to date by `directory_update`, searched by `directory_search`. As long
as nothing was ever read into it, it knows nobody and says so.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from edge_node.adapters import directory_search
from edge_node.adapters.directory_file import DirectoryFile, moment
from edge_node.adapters.directory_update import DirectoryUpdate, standing
from edge_node.domain.directory import Unit

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.directory import AgencyList, ListStanding

_BY_CODE: Final = "select * from units where code = :code"
# Some directories give many units the same other code, by mistake: then it says nothing.
_BY_OTHER_CODE: Final = """
select * from units
 where other_code = :code collate nocase and other_code = :code and other_code <> '' limit 2
"""
_BY_ALIAS: Final = """
select units.* from aliases join units on units.code = aliases.code where aliases.alias = :code
 order by units.gone is not null, units.code limit 1
"""
_ALIASES_OF: Final = "select alias from aliases where code = :code order by alias"
_NAMED_SO: Final = "select code from aliases where alias = :code"
_PARENT: Final = """
select p.code from listed l
  join listed above on above.list = l.list and above.axis_id = l.above
  join units p on p.id = above.unit
 where l.unit = :id and l.above not in ('', '0') and p.id <> :id limit 1
"""
_LAST_SEEN: Final = """
select max(s.synced) from listed l join lists s on s.name = l.list where l.unit = :id
"""
_MOST_CODES: Final = 20  # of one agency; more is a mistake in somebody's table


class Directory:
    """The directory of one node; for any number of threads, each with a connection of its own."""

    def __init__(self, path: Path) -> None:
        """Work on the file at ``path``; nothing is opened before the first question."""
        self._file = DirectoryFile(path)

    @property
    def update(self) -> DirectoryUpdate:
        """Who brings it up to date."""
        return DirectoryUpdate(self._file)

    def unit(self, code: str) -> Unit | None:
        """
        Return the unit that goes by a code, of either form, or by an alias; None for nobody.

        A code that is gone, but is the other code of a unit that is there, is that unit's.
        """
        with self._file.reading() as db:
            row = _find(db, code)
            return None if row is None else _to_unit(db, row)

    def name(self, code: str) -> str:
        """Return what the agency of a code is called; empty where nobody knows."""
        with self._file.reading() as db:
            row = _find(db, code)
            return "" if row is None else str(row["name"])

    def count(self) -> int:
        """Return how many units there are, those that are gone not counted."""
        with self._file.reading() as db:
            return int(db.execute("select units from counted").fetchone()[0])

    def synced(self) -> datetime | None:
        """Return when a list was last read whole that had anybody on it; None for never."""
        read = [each.synced for each in self.standing().values() if each.synced and each.units]
        return max(read, default=None)

    def standing(self) -> Mapping[AgencyList, ListStanding]:
        """Return what is known of each list that was ever asked for."""
        return standing(self._file)

    def same_agency(self, code: str) -> frozenset[str]:
        """Return every code the agency of this code is known to go by, this one among them."""
        codes, open_ = {code}, [code]
        with self._file.reading() as db:
            while open_ and len(codes) < _MOST_CODES:
                fresh = _further_codes(db, open_.pop()) - codes
                codes |= fresh
                open_ += sorted(fresh)
        return frozenset(codes)

    def search(self, text: str, *, limit: int = 20) -> list[Unit]:
        """Return the units whose code begins so or whose name has these words, best first."""
        with self._file.reading() as db:
            return _units(db, directory_search.search(db, text, limit=limit))

    def nearest(self, code: str, name: str = "") -> Unit | None:
        """Return the unit somebody may have meant who wrote this code and name; None for none."""
        with self._file.reading() as db:
            row = directory_search.nearest(db, code, name)
            return None if row is None else _to_unit(db, row)

    def begin_anew(self) -> bool:
        """
        Empty a file another release made, but for what people imported; False where it is ours.

        Raises DirectoryUnusable. Nobody else may be at work on it.
        """
        from edge_node.adapters.directory_anew import begin_anew  # noqa: PLC0415 - once a release

        return begin_anew(self._file)

    def close(self) -> None:
        """Close this thread's connection."""
        self._file.close()


def _find(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    row = _row(db, _BY_CODE, code)
    if row is not None and row["gone"] is None:
        return row
    others: list[sqlite3.Row] = db.execute(_BY_OTHER_CODE, {"code": code}).fetchall()
    if len(others) == 1 and (row is None or others[0]["gone"] is None):
        return others[0]
    return row or _row(db, _BY_ALIAS, code)


def _row(db: sqlite3.Connection, query: str, code: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(query, {"code": code}).fetchone()
    return row


def _further_codes(db: sqlite3.Connection, code: str) -> set[str]:
    """Return the codes that stand one step from this: other forms, and aliases both ways."""
    found = {row["alias"] for row in db.execute(_ALIASES_OF, {"code": code})}
    found |= {row["code"] for row in db.execute(_NAMED_SO, {"code": code})}
    row = _row(db, _BY_CODE, code)
    if row is not None and row["other_code"] and _are_one(db, row["other_code"], code):
        found.add(row["other_code"])
    others = db.execute(_BY_OTHER_CODE, {"code": code}).fetchall()
    if len(others) == 1 and _are_one(db, code, others[0]["code"]):
        found.add(others[0]["code"])
    return found


def _are_one(db: sqlite3.Connection, other: str, code: str) -> bool:
    """Tell whether ``other`` is the other code of ``code`` alone, and no unit's that denies it."""
    if len(db.execute(_BY_OTHER_CODE, {"code": other}).fetchall()) != 1:
        return False
    row = _row(db, _BY_CODE, other)
    return row is None or row["other_code"] in {"", code}


def _units(db: sqlite3.Connection, rows: Iterable[sqlite3.Row]) -> list[Unit]:
    return [_to_unit(db, row) for row in rows]


def _to_unit(db: sqlite3.Connection, row: sqlite3.Row) -> Unit:
    aliases = db.execute(_ALIASES_OF, {"code": row["code"]})
    parent, last_seen = row["parent"], row["last_seen"]
    if not parent:
        found = db.execute(_PARENT, {"id": row["id"]}).fetchone()
        parent = found["code"] if found else ""
    if last_seen is None and row["gone"] is None:
        last_seen = db.execute(_LAST_SEEN, {"id": row["id"]}).fetchone()[0]
    return Unit(
        code=row["code"],
        name=row["name"],
        other_code=row["other_code"],
        parent=parent,
        mail=row["mail"],
        version=row["version"],
        modified=date.fromisoformat(row["modified"]) if row["modified"] else None,
        first_seen=moment(row["first_seen"]),
        last_seen=moment(last_seen),
        gone=moment(row["gone"]),
        successor=row["successor"],
        aliases=tuple(found["alias"] for found in aliases),
    )
