"""The directory of agencies: a sound file, every list of it read not too long ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.directory_file import VERSION
from edge_node.adapters.soundness import read_only
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, broken_by, good, warn
from edge_node.domain.errors import EdgeNodeError, QueueDamaged
from edge_node.domain.message import say, thaw
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding
    from edge_node.domain.message import Message

_LISTS: Final = "select name, units, synced, problem from lists order by name"
_UNITS: Final = "select units from counted"
_BUSY: Final = 2.0  # seconds


def _look(situation: Situation) -> Iterator[Finding]:
    config, path = situation.config, situation.config.folders.directory
    if not path.exists():
        if config.directory.lists:
            yield warn("directory.age", say("the directory of agencies was never read"), _SYNC)
        else:
            yield good("directory.age", say("no directory of agencies is asked for"))
        return
    try:
        with read_only(path, busy=_BUSY) as connection:
            if connection.execute("pragma user_version").fetchone()[0] not in {0, VERSION}:
                yield _other_version(path)
                return
            yield from _sound(connection, path)
            yield from _lists(connection, situation)
    except QueueDamaged:
        yield _damaged(path)
    except EdgeNodeError as error:
        yield broken_by("directory.file", error, about=str(path))


def _sound(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    (found,) = connection.execute("pragma quick_check(1)").fetchone()
    if found != "ok":
        yield _damaged(path)
        return
    (units,) = connection.execute(_UNITS).fetchone()
    yield good("directory.file", say("the directory names {count} agencies", count=units))


def _other_version(path: Path) -> Finding:
    return warn(
        "directory.file",
        say("the directory of agencies {path} is of another version of edge-node", path=str(path)),
        say("start the node again: it fetches the directory anew"),
        about=str(path),
    )


def _damaged(path: Path) -> Finding:
    return bad(
        "directory.file",
        say("the directory of agencies {path} is damaged", path=str(path)),
        say("stop the node, rm {path}*, then: edge-node agencies sync", path=str(path)),
        about=str(path),
    )


def _lists(connection: sqlite3.Connection, situation: Situation) -> Iterator[Finding]:
    section, now = situation.config.directory, situation.now
    told = {name: row for name, *row in connection.execute(_LISTS)}
    for name in dict.fromkeys(map(str, section.lists)):
        units, synced, problem = told.get(name, (0, None, ""))
        if synced is None:
            yield _unread(name, thaw(problem or ""))
            continue
        read = datetime.fromtimestamp(synced / 1000, UTC)
        yield _age(name, read, now - read > section.stale_after, now - read, units)


def _unread(name: str, problem: Message | None) -> Finding:
    """Return how a list fares that was never read whole: few axes have all three of them."""
    if problem is not None:
        why = say("the list {name} could not be read: {why}", name=name, why=problem)
        cure = say(
            "if the axis has no such list, take {name} out of directory.lists; else:"
            " edge-node agencies sync",
            name=name,
        )
        return warn("directory.list", why, cure, about=name)
    why = say("the list {name} of agencies was never read", name=name)
    return warn("directory.age", why, _SYNC, about=name)


def _age(name: str, read: datetime, stale: bool, age: timedelta, units: int) -> Finding:  # noqa: FBT001 - of five facts one
    date = f"{in_vietnam(read):%Y-%m-%d %H:%M}"
    if stale:
        why = say(
            "the list {name} of agencies is of {date}: nobody is refused by it any more",
            name=name,
            date=date,
        )
        return warn("directory.age", why, _SYNC, about=name, days=age.days, units=units)
    why = say("the list {name} of agencies was read on {date}", name=name, date=date)
    return good("directory.age", why, about=name, days=age.days, units=units)


_SYNC: Final = say("read it now: edge-node agencies sync")
CHECK: Final = Check(id="directory", rank=58, look=_look)
