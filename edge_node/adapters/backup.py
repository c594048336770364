"""
Copies of the queue, made while it is at work: whole, checked, and known as copies.

`VACUUM INTO` reads one state of the database beside the writers, whom it keeps waiting for
milliseconds. A copy gets its name, `queue-YYYYMMDD-HHMMSS.db` (UTC), once it is durable and has
been found sound; only then older ones go. It carries a mark that it is one, so that a node started
on it sends nothing before a person has said that it may.

Before a newer release changes the tables, one more is made, `schema-N-YYYYMMDD-HHMMSS.db`, after
the number of migrations it has. It is in no rotation: it is what one goes back to.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.database import disk_trouble
from edge_node.adapters.pulse import beat_while_at_it
from edge_node.adapters.sends import COPY, DOUBTED, HELD
from edge_node.adapters.soundness import demand_sound
from edge_node.adapters.steps import Step, passing
from edge_node.domain.errors import DiskTrouble, EdgeNodeError, QueueNewer
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge_node.adapters.answering import Answering

_NAME: Final = re.compile(r"queue-(\d{8}-\d{6})\.db")
_BEFORE_UPGRADE: Final = re.compile(r"schema-(\d+)-(\d{8}-\d{6})\.db")
_STAMP: Final = "%Y%m%d-%H%M%S"
_SECOND: Final = timedelta(seconds=1)  # what two names differ by at least
_BUSY: Final = 20.0  # seconds
_MARK: Final = "insert or replace into marks (name, value) values (:name, :value)"
_UNMARK: Final = "delete from marks where name in (:held, :doubted)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One copy, and the moment it is called after."""

    path: Path
    at: datetime


@dataclass(frozen=True, slots=True)
class Backups:
    """The folder copies of the queue lie in; ``answering`` keeps a node at work from hanging."""

    folder: Path
    answering: Answering | None = None

    def demand_answer(self) -> None:
        """Return if the folder answers; FolderMissing where it is a share that is silent."""
        if self.answering is not None:
            self.answering.demand()

    def make(self, queue: Path, *, keep: int, now: datetime) -> Backup:
        """
        Copy the queue as it stands, and keep the newest ``keep`` copies; return the new one.

        DiskTrouble or QueueDamaged where that cannot be; then the older copies all remain.
        """
        with durable.disk_errors(self.folder):
            self._open()
            self._put_right(now)
            made = self._next(now)
            _write(queue, made.path)
        self._remove(self.all()[keep:])
        return made

    def before_upgrade(self, queue: Path, *, schema: int, now: datetime) -> Backup:
        """
        Copy a queue whose tables are about to change; ``schema``: how many migrations made them.

        It takes the place of the one made before another try of the same. Raises as `make` does.
        """
        with durable.disk_errors(self.folder):
            self._open()
            path = self.folder / f"schema-{schema}-{now.astimezone(UTC):{_STAMP}}.db"
            _write(queue, path)
        tries = [kept for kept in self.kept() if kept.path.name.startswith(f"schema-{schema}-")]
        self._remove([old for old in tries if old.path != path])
        return Backup(path=path, at=now)

    def kept(self) -> list[Backup]:
        """Return the copies made before upgrades, which only a person or another such removes."""
        return [
            Backup(path=path, at=_moment(named[2]))
            for path in sorted(self.folder.glob("schema-*.db"))
            if (named := _BEFORE_UPGRADE.fullmatch(path.name))
        ]

    def all(self) -> list[Backup]:
        """Return the copies there are, the newest first."""
        return sorted(self._found(), key=lambda backup: backup.path.name, reverse=True)

    def newest_sound(self) -> tuple[Backup | None, list[Path]]:
        """
        Return the newest copy that is sound, and the newer ones that are not.

        Those a newer release made are passed over: they are of use to that one only.
        """
        unsound: list[Path] = []
        for backup in sorted(self.all() + self.kept(), key=lambda each: each.at, reverse=True):
            try:
                demand_sound(backup.path)
            except QueueNewer:
                continue
            except EdgeNodeError:
                unsound.append(backup.path)
            else:
                return backup, unsound
        return None, unsound

    def _open(self) -> None:
        self.demand_answer()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.sweep(self.folder)

    def _put_right(self, now: datetime) -> None:
        """
        Name what a clock that was ahead has named after the future: after the one made before it.

        Its name would hide every later copy, and have good older ones removed in its place.
        """
        ahead = [backup for backup in reversed(self.all()) if backup.at > now]
        if not ahead:
            return
        behind = next((backup.at for backup in self.all() if backup.at <= now), None)
        at = behind or now - len(ahead) * _SECOND - _SECOND
        for backup in ahead:
            at += _SECOND
            if backup.path != self._called(at):
                durable.move(backup.path, self._called(at))

    def _called(self, at: datetime) -> Path:
        return self.folder / f"queue-{at.astimezone(UTC):{_STAMP}}.db"

    def _next(self, now: datetime) -> Backup:
        """Name the next copy: later than all there are, whatever the clock says."""
        newest = next(iter(self.all()), None)
        at = now.astimezone(UTC) if newest is None else max(now, newest.at + _SECOND)
        return Backup(path=self._called(at), at=at)

    def _found(self) -> Iterator[Backup]:
        for path in self.folder.glob("queue-*.db"):
            if named := _NAME.fullmatch(path.name):
                yield Backup(path=path, at=_moment(named[1]))

    def _remove(self, backups: Iterable[Backup]) -> None:
        with durable.disk_errors(self.folder):
            for old in backups:
                with passing(Step.REMOVE, old.path):
                    old.path.unlink(missing_ok=True)


def _moment(named: str) -> datetime:
    return datetime.strptime(named, _STAMP).replace(tzinfo=UTC)


def _write(queue: Path, path: Path) -> None:
    """Make a copy that is sound before it has its name."""
    with durable.part_of(path) as part:
        copy_of_queue(queue, part.path)
        demand_sound(part.path)
        part.become(path, mode=0o600)


def copy_of_queue(queue: Path, copy: Path) -> None:
    """Copy the queue as it stands into a file that is empty or new, and mark it as a copy."""
    with disk_trouble(queue):
        _copy(queue, copy)
    with disk_trouble(copy), closing(_connect(copy)) as made:
        made.execute(_MARK, {"name": COPY, "value": "yes"})
        # A pause tells of what was asked and read until then. Whoever begins from the copy begins
        # one of his own: more was sent and handed over since.
        made.execute(_UNMARK, {"held": HELD, "doubted": DOUBTED})


def copy_of_database(database: Path, copy: Path) -> None:
    """Copy one beside the queue as it stands, whoever writes meanwhile; DiskTrouble."""
    try:
        _copy(database, copy)
    except sqlite3.DatabaseError as error:
        raise DiskTrouble(
            say(
                "the database {path} cannot be copied: {error}",
                path=str(database),
                error=str(error),
            ),
            hint=say(
                "look at the disk and at the owner of the file; if it is damaged, stop the node"
                " and move it away: a directory of agencies is fetched again, and what you"
                " imported is to be imported again"
            ),
        ) from error


def _copy(database: Path, copy: Path) -> None:
    with closing(_connect(database)) as source:
        source.execute("vacuum into ?", (str(copy),))


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None)
    beat_while_at_it(connection)
    return connection
