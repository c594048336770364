"""
The folder archives lie in: what each is called, which is the newest, which are too many.

`edge-node-CODE-YYYYMMDD-HHMMSS.tar.age` (UTC), or `.tar` where it is not encrypted. Nodes of
several agencies may share the folder. How an archive is made is left to others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.steps import Step, passing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.adapters.marks import Marks

# The mark of when the last archive was made where the configuration wants them.
LAST: Final = "archives.last"
# The mark of the newest archive, until it and all before it were carried elsewhere.
WAITS: Final = "archives.waits"
# The mark of the moment the newest archive that was carried is called after.
CARRIED: Final = "archives.carried"
# The mark of what kept archives from being carried when it was last tried.
HINDERED: Final = "archives.hindered"
_STAMP: Final = "%Y%m%d-%H%M%S"
_SECOND: Final = timedelta(seconds=1)  # what two names differ by at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One archive, and the moment it is called after."""

    path: Path
    at: datetime
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Archives:
    """The archives of one agency in a folder."""

    folder: Path
    agency: str

    def all(self) -> list[Archive]:
        """Return those there are, the newest first; none where the folder is not there."""
        with durable.disk_errors(self.folder):
            return sorted(self._found(), key=lambda archive: archive.at, reverse=True)

    def next(self, now: datetime, *, encrypted: bool) -> Path:
        """Name the next one: later than all there are, whatever the clock says."""
        newest = next(iter(self.all()), None)
        at = now.astimezone(UTC) if newest is None else max(now, newest.at + _SECOND)
        ending = "tar.age" if encrypted else "tar"
        return self.folder / f"edge-node-{self.agency}-{at.astimezone(UTC):{_STAMP}}.{ending}"

    def prune(self, keep: int) -> list[Path]:
        """Remove all but so many, the oldest first; return what went."""
        gone = [archive.path for archive in self.all()[keep:]]
        with durable.disk_errors(self.folder):
            for path in gone:
                with passing(Step.REMOVE, path):
                    path.unlink(missing_ok=True)
        return gone

    def _found(self) -> Iterator[Archive]:
        name = re.compile(rf"edge-node-{re.escape(self.agency)}-(\d{{8}}-\d{{6}})\.tar(\.age)?")
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            named = name.fullmatch(path.name)
            at = _moment(named[1]) if named else None
            if at is not None:
                yield Archive(path=path, at=at, size=path.stat().st_size)


def last_made(marks: Marks) -> datetime | None:
    """Return when an archive was made last, as far as the queue knows."""
    told = marks.get(LAST)
    return None if told is None else datetime.fromisoformat(told)


def archive_is_due(marks: Marks, every: timedelta, now: datetime) -> bool:
    """Tell whether the next one is to be made now."""
    last = last_made(marks)
    # One from the future says that the clock was set, and nothing of its age.
    return last is None or not last <= now < last + every


def is_waiting(marks: Marks) -> bool:
    """Tell whether an archive was made that was not carried elsewhere."""
    return marks.get(WAITS) is not None


def last_carried(marks: Marks) -> datetime | None:
    """Return the moment the newest archive that was carried is called after."""
    told = marks.get(CARRIED)
    return None if told is None else datetime.fromisoformat(told)


def _moment(named: str) -> datetime | None:
    try:
        return datetime.strptime(named, _STAMP).replace(tzinfo=UTC)
    except ValueError:  # digits that are no moment: none of ours
        return None
