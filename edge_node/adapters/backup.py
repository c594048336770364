"""
Copies of the queue, made while it is at work: whole, checked, and known as copies.

`VACUUM INTO` reads one state of the database beside the writers, whom it keeps waiting for
milliseconds. A copy gets its name, `queue-YYYYMMDD-HHMMSS.db` (UTC), once it is durable and has
been found sound; only then older ones go. It carries a mark that it is one, so that a node started
on it sends nothing before a person has said that it may.
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
from edge_node.adapters.sends import COPY
from edge_node.adapters.soundness import demand_sound
from edge_node.adapters.steps import Step, passing
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME: Final = re.compile(r"queue-(\d{8}-\d{6})\.db")
_STAMP: Final = "%Y%m%d-%H%M%S"
_SECOND: Final = timedelta(seconds=1)  # what two names differ by at least
_BUSY: Final = 20.0  # seconds
_MARK: Final = "insert or replace into marks (name, value) values (?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One copy, and the moment it is called after."""

    path: Path
    at: datetime


@dataclass(frozen=True, slots=True)
class Backups:
    """The folder copies of the queue lie in."""

    folder: Path

    def make(self, queue: Path, *, keep: int, now: datetime) -> Backup:
        """
        Copy the queue as it stands, and keep the newest ``keep`` copies; return the new one.

        DiskTrouble or QueueDamaged where that cannot be; then the older copies all remain.
        """
        with durable.disk_errors(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable.sweep(self.folder)
            self._put_right(now)
            made = self._next(now)
            with durable.part_of(made.path) as part:
                _copy(queue, part.path)
                demand_sound(part.path)
                part.become(made.path, mode=0o600)
        self._prune(keep)
        return made

    def all(self) -> list[Backup]:
        """Return the copies there are, the newest first."""
        return sorted(self._found(), key=lambda backup: backup.path.name, reverse=True)

    def newest_sound(self) -> tuple[Backup | None, list[Path]]:
        """Return the newest copy that is sound, and the newer ones that are not."""
        unsound: list[Path] = []
        for backup in self.all():
            try:
                demand_sound(backup.path)
            except EdgeNodeError:
                unsound.append(backup.path)
            else:
                return backup, unsound
        return None, unsound

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
                at = datetime.strptime(named[1], _STAMP).replace(tzinfo=UTC)
                yield Backup(path=path, at=at)

    def _prune(self, keep: int) -> None:
        with durable.disk_errors(self.folder):
            for old in self.all()[keep:]:
                with passing(Step.REMOVE, old.path):
                    old.path.unlink(missing_ok=True)


def _copy(queue: Path, copy: Path) -> None:
    with disk_trouble(queue), closing(_connect(queue)) as source:
        source.execute("vacuum into ?", (str(copy),))
    with disk_trouble(copy), closing(_connect(copy)) as made:
        made.execute(_MARK, (COPY, "yes"))


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None)
