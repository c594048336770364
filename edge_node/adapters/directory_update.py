"""
The directory, brought up to date: by the lists of the axis, and by what people know themselves.

A list is read as it arrives, a chunk of rows in a transaction, and only what differs from what
that list said last is written. A unit a whole list lacks is taken off it; one that no list has
any more is gone, which is noted and never deleted. A list that lost implausibly much is not
believed, and leaves the directory as it was.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.directory_file import moment, stamp
from edge_node.adapters.directory_merge import NAME, know, merge
from edge_node.domain.directory import (
    AgencyList,
    ImplausibleLoss,
    ListStanding,
    Reading,
    level_of,
)
from edge_node.domain.message import freeze, say, thaw
from edge_node.domain.spelling import plain_letters

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from edge_node.adapters.directory_file import DirectoryFile
    from edge_node.domain.directory import Known
    from edge_node.domain.envelope import Agency
    from edge_node.domain.message import Message

_CHUNK: Final = 2000  # rows in one transaction: a fraction of a second
# Reforms merge a tenth of all units in a year, never a fifth in a day. Of a handful, any may go.
_PLAUSIBLE: Final = 0.2
_A_HANDFUL: Final = 10
_LONGEST: Final = 500  # characters of a name, or of anything else a list says

# What a list says of a unit, in the order of the columns.
_SAID: Final = ("axis_id", "above", "name", "mail", "other_code", "version", "modified")

_KNOWN: Final = f"""
select u.code, u.id, u.gone is null and u.first_seen is not null as there, l.unit as listed,
       {", ".join(f"l.{name}" for name in _SAID)}
  from units u left join listed l on l.unit = u.id and l.list = :list
 where u.code in (select value from json_each(:codes))
"""  # noqa: S608 - our own names
_SAY: Final = f"""
insert or replace into listed (unit, list, {", ".join(_SAID)})
values (?, ?, {", ".join("?" * len(_SAID))})
"""  # noqa: S608 - likewise
_UNVOUCHED: Final = """
gone is null and first_seen is not null and not exists (
    select 1 from listed l join lists s on s.name = l.list
     where l.unit = units.id and s.synced >= :fresh)
"""
_COUNT_GOING: Final = f"select count(*) from units where {_UNVOUCHED}"  # noqa: S608 - likewise
_GO: Final = f"update units set gone = :now, last_seen = :synced where {_UNVOUCHED}"  # noqa: S608
_KEEP_PARENT: Final = """
update units set parent = coalesce((
       select p.code from listed l
         join listed above on above.list = l.list and above.axis_id = l.above
         join units p on p.id = above.unit
        where l.unit = units.id and l.above not in ('', '0') and p.id <> units.id limit 1), '')
 where id = ? and parent = ''
"""
_COME: Final = """
update units set gone = null, last_seen = null, first_seen = coalesce(first_seen, :now)
 where id = :id
"""
# The same unit under both of its codes is one unit.
_COUNT: Final = """
update counted set units = (
    select count(*) from units u where gone is null and not exists (
           select 1 from units o where o.code = u.other_code and o.gone is null
              and o.other_code = u.code and o.code < u.code))
"""


@dataclass(frozen=True, slots=True)
class _Row:
    """A unit before its row is entered; ``said`` is None where this list did not have it."""

    unit: int
    there: bool  # some list has it
    said: tuple[str, ...] | None


class DirectoryUpdate:
    """Who brings the directory up to date; one at a time."""

    def __init__(self, file: DirectoryFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file

    def read(self, which: AgencyList, *, now: datetime) -> ListReader:
        """Return what takes the rows of a list."""
        return ListReader(self._file, which, now=now)

    def standing(self) -> Mapping[AgencyList, ListStanding]:
        """Return what is known of each list that was ever asked for."""
        return standing(self._file)

    def failed(
        self, which: AgencyList, problem: Message, *, now: datetime, again: datetime
    ) -> None:
        """Enter what kept a list from being read, and when it is to be asked for next."""
        with self._file.transaction() as db:
            _note(db, which, now=now, again=again, problem=problem)

    def know(self, known: Iterable[Known]) -> int:
        """Lay over the directory what people know, durably, all or nothing; return how much."""
        count = 0
        with self._file.transaction(durable=True) as db:
            for each in known:
                know(db, each)
                count += 1
            db.execute(_COUNT)
        return count


class ListReader:
    """One list being read; what it lacks counts only once `finish` was reached."""

    def __init__(self, file: DirectoryFile, which: AgencyList, *, now: datetime) -> None:
        """Begin before the first row."""
        self._file = file
        self._list = which
        self._now = now
        self._waiting: list[Agency] = []
        self._seen = bytearray()  # by the unit's row number: a bit would save 100 KB
        self._units = 0
        self._changed = 0

    def take(self, agency: Agency) -> None:
        """Take the next unit of the list."""
        self._waiting.append(agency)
        if len(self._waiting) >= _CHUNK:
            self._enter()

    def finish(self, *, again: datetime, fresh: datetime, accept_loss: bool = False) -> Reading:
        """
        Enter that this was all of the list; what it lacks now is no longer on it.

        ``again`` is when to ask next; lists last read before ``fresh`` vouch for nobody. Raises
        ImplausibleLoss, and leaves on the list what was there, unless a person accepts that.
        """
        self._enter()
        with self._file.transaction() as db:
            lacking = self._lacking(db)
            if not accept_loss:
                self._demand_plausible(lacking, self._units + len(lacking))
            synced = _last_synced(db)
            db.executemany(_KEEP_PARENT, [(unit,) for unit in lacking])
            db.executemany(
                "delete from listed where unit = ? and list = ?",
                [(unit, str(self._list)) for unit in lacking],
            )
            _note(db, self._list, now=self._now, again=again, units=self._units)
            gone = self._settle(db, fresh, synced, accept_loss=accept_loss)
            db.execute(_COUNT)
        return Reading(units=self._units, changed=self._changed, gone=gone)

    # ── row by row ───────────────────────────────────────────────────────────────────────────

    def _enter(self) -> None:
        """Write what is news of the rows that wait, in one transaction."""
        rows: dict[str, Agency] = {}
        for agency in self._waiting:
            rows.setdefault(agency.code[:_LONGEST], agency)  # a code listed twice counts once
        self._waiting = []
        with self._file.transaction() as db:
            known = self._known(db, rows)
            changed: set[int] = set()
            fresh: list[tuple[str | int, ...]] = []
            for code, agency in rows.items():
                before = known.get(code)
                if agency.deleted:
                    # What was there and is struck now lacks in this list: `finish` sees to that.
                    if before is None:
                        self._add_struck(db, code, agency)
                elif before is None or not self._has(before.unit):  # else it is listed twice
                    unit, is_back = self._come(db, code, before)
                    said = _said(agency)
                    if before is None or before.said != said:
                        fresh.append((unit, str(self._list), *said))
                        changed.add(unit)
                    elif is_back:
                        changed.add(unit)
            db.executemany(_SAY, fresh)
            merge(db, sorted(changed))
        self._changed += len(changed)

    def _come(self, db: sqlite3.Connection, code: str, before: _Row | None) -> tuple[int, bool]:
        """Note that a unit is on this list; return its row number, and whether it was gone."""
        at = stamp(self._now)
        unit = _add(db, code, {"first_seen": at}) if before is None else before.unit
        is_back = before is not None and not before.there
        if is_back:
            db.execute(_COME, {"id": unit, "now": at})
        self._see(unit)
        return unit, is_back

    def _add_struck(self, db: sqlite3.Connection, code: str, agency: Agency) -> None:
        """Enter a unit that was gone before we heard of it: whoever asks is told that it was."""
        at = stamp(self._now)
        values: dict[str, object] = dict(zip(_SAID, _said(agency), strict=True))
        del values["axis_id"], values["above"]
        values |= {"plain": plain_letters(agency.name), "level": level_of(code)}
        unit = _add(db, code, values | {"first_seen": at, "last_seen": at, "gone": at})
        db.executemany(NAME, [(unit, values["plain"])])
        self._changed += 1

    def _known(self, db: sqlite3.Connection, rows: Iterable[str]) -> dict[str, _Row]:
        values = {"list": str(self._list), "codes": json.dumps(list(rows))}
        found = {}
        for code, unit, there, listed, *said in db.execute(_KNOWN, values):
            found[code] = _Row(unit, bool(there), tuple(said) if listed is not None else None)
        return found

    def _see(self, unit: int) -> None:
        if unit >= len(self._seen):
            self._seen.extend(bytes(unit + _CHUNK - len(self._seen)))
        self._seen[unit] = 1
        self._units += 1

    def _has(self, unit: int) -> bool:
        return unit < len(self._seen) and bool(self._seen[unit])

    # ── at the end ───────────────────────────────────────────────────────────────────────────

    def _lacking(self, db: sqlite3.Connection) -> list[int]:
        """Return the units that were on this list and were not among its rows now."""
        rows = db.execute("select unit from listed where list = ?", (str(self._list),))
        return [row[0] for row in rows if not self._has(row[0])]

    def _demand_plausible(self, lacking: Sequence[int], before: int) -> None:
        if not lacking or (self._units and not _is_implausible(len(lacking), before)):
            return
        raise _implausible(self._list, len(lacking), before)

    def _settle(
        self, db: sqlite3.Connection, fresh: datetime, synced: int | None, *, accept_loss: bool
    ) -> int:
        """Enter as gone what no list vouches for any more; return how many that are."""
        values = {"fresh": stamp(fresh), "now": stamp(self._now), "synced": synced}
        going: int = db.execute(_COUNT_GOING, values).fetchone()[0]
        there = db.execute("select units from counted").fetchone()[0]
        if not accept_loss and _is_implausible(going, there):
            raise _implausible(self._list, going, there)
        if going:
            db.execute(_GO, values)
        return going


def standing(file: DirectoryFile) -> Mapping[AgencyList, ListStanding]:
    """Return what is known of each list that was ever asked for."""
    found = {}
    with file.reading() as db:
        for row in db.execute("select * from lists"):
            with suppress(ValueError):  # a list that a newer version knows
                which = AgencyList(row["name"])
                found[which] = ListStanding(
                    list=which,
                    units=row["units"],
                    synced=moment(row["synced"]),
                    asked=moment(row["asked"]),
                    again=moment(row["again"]),
                    problem=thaw(row["problem"]),
                )
    return found


def _note(
    db: sqlite3.Connection,
    which: AgencyList,
    *,
    now: datetime,
    again: datetime,
    units: int | None = None,
    problem: Message | None = None,
) -> None:
    """Enter how asking for a list ended; ``units`` says that it was read whole."""
    values = {
        "name": str(which),
        "now": stamp(now),
        "again": stamp(again),
        "units": units,
        "problem": freeze(problem) if problem is not None else "",
    }
    db.execute("insert or ignore into lists (name) values (:name)", values)
    db.execute(
        "update lists set asked = :now, again = :again, problem = :problem where name = :name",
        values,
    )
    if units is not None:
        db.execute("update lists set units = :units, synced = :now where name = :name", values)


def _last_synced(db: sqlite3.Connection) -> int | None:
    synced: int | None = db.execute("select max(synced) from lists").fetchone()[0]
    return synced


def _said(agency: Agency) -> tuple[str, ...]:
    """Return what a row says, as the table holds it."""
    modified = agency.modified.isoformat() if agency.modified else ""
    texts = (agency.id, agency.parent, agency.name, agency.mail, agency.other_code, agency.version)
    return (*(text[:_LONGEST] for text in texts), modified)


def _is_implausible(lost: int, before: int) -> bool:
    return lost > _A_HANDFUL and lost > before * _PLAUSIBLE


def _implausible(which: AgencyList, lost: int, before: int) -> ImplausibleLoss:
    return ImplausibleLoss(
        say(
            "the list {name} lacks {lost} of {before} units at once: it is not believed,"
            " and the directory stays as it was",
            name=str(which),
            lost=lost,
            before=before,
        ),
        hint=say(
            "ask who runs the axis; if it is so: edge-node agencies sync --accept-loss",
        ),
    )


def _add(db: sqlite3.Connection, code: str, values: Mapping[str, object]) -> int:
    """Add a unit with these columns; return its row number."""
    row = {"code": code, **values}
    columns, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    statement = f"insert into units ({columns}) values ({places})"  # noqa: S608 - our own names
    number = db.execute(statement, row).lastrowid
    assert number is not None  # noqa: S101 - an insert has one
    return number
