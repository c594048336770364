"""
Whether a drop can be taken: all that belongs to it has settled, is whole, and may be read.

What belongs to it has been found out before; here the clock, the kernel and the files are asked.
"""

from __future__ import annotations

import errno
import os
import pwd
import stat
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge_node.adapters import durable
from edge_node.adapters.disk import shown
from edge_node.adapters.drops import Scan, Waiting
from edge_node.adapters.listing import list_folder
from edge_node.adapters.mounts import is_remote
from edge_node.adapters.settle import Access, access
from edge_node.domain.errors import FolderMissing
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_node.adapters.drops import Drop, OutboxSettings
    from edge_node.adapters.listing import Listing
    from edge_node.adapters.settle import Round, Sighting, Sightings
    from edge_node.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One look at a folder: what lies in it, how to look further in, and the judgements."""

    listing: Listing
    eyes: Round
    ripeness: Ripeness


@contextmanager
def sight_of(
    folder: Path, settings: OutboxSettings, sightings: Sightings, *, now: float
) -> Iterator[Sight]:
    """
    Look at a folder once, by our monotonic clock; what nobody can take is noted with the reason.

    Raises FolderMissing when the folder is not there, and what `disk_errors` raises.
    """
    ripeness = Ripeness(settings, now=now, leases=not is_remote(folder))
    with durable.disk_errors(folder), sightings.round(now) as eyes:
        if not folder.is_dir():
            raise FolderMissing(
                say("the folder {path} is not there", path=shown(folder)),
                hint=say("see whether the share is mounted, or create the folder again"),
            )
        listing = list_folder(folder, eyes.see)
        for odd, why in listing.odd:
            ripeness.wait(odd.path, why, odd.since)
        yield Sight(listing=listing, eyes=eyes, ripeness=ripeness)


class Ripeness:
    """The judgements of one scan, gathered as they are made."""

    def __init__(self, settings: OutboxSettings, *, now: float, leases: bool) -> None:
        """Judge by our clock ``now``; ``leases`` tells whether writers can be asked after."""
        self.now = now
        self._quiet = settings.quiet.total_seconds()
        self._timeout = settings.settle_timeout.total_seconds()
        self._leases = leases
        self._ready: list[tuple[float, int, str, Drop]] = []
        self._taken: set[Sighting] = set()
        self._waiting: list[Waiting] = []
        self._next_look: float | None = None

    def scan(self) -> Scan[Drop]:
        """Return all that was judged, what has been ready longest first."""
        self._ready.sort(key=lambda ripe: ripe[:-1])
        return Scan(
            ready=tuple(drop for *_, drop in self._ready),
            waiting=tuple(self._waiting),
            next_look=self._next_look,
        )

    def wait(
        self,
        place: str,
        why: Message,
        since: float,
        *,
        until: float | None = None,
        hint: Message | None = None,
    ) -> None:
        """Note that something stays where it is, and when to look again, if time can change it."""
        self._waiting.append(Waiting(place=place, why=why, since=since, hint=hint))
        if until is not None and (self._next_look is None or until < self._next_look):
            self._next_look = until

    def take(self, drop: Drop, members: Sequence[Sighting]) -> None:
        """
        Note that a drop can be taken, or refused in place.

        What one look finds ready together leaves in the order in which it was written.
        """
        since = max(member.since for member in members)
        written = max(member.written for member in members)
        self._ready.append((since, written, drop.name, drop))
        self._taken.update(members)

    def takes(self, file: Sighting) -> bool:
        """Tell whether a file belongs to a drop that can be taken."""
        return file in self._taken

    def settled(self, about: str, members: Sequence[Sighting]) -> bool:
        """Tell whether all of them have looked the same for the quiet period; notes it if not."""
        latest = max(members, key=lambda member: member.since)
        if self.now - latest.since >= self._quiet:
            return True
        why = say("{file} is still changing", file=shown(latest.name))
        self.wait(about, why, latest.since, until=latest.since + self._quiet)
        return False

    def readable(self, about: str, members: Sequence[Sighting]) -> bool:
        """Tell whether all may be read and nobody writes to them; notes the first that is not."""
        for member in members:
            found = access(member.path, leases=self._leases)
            if found is not Access.FREE:
                # Nothing but another look tells when a writer lets go.
                soon = self.now + max(self._quiet, 1.0)
                until = None if found is Access.DENIED else soon
                self.wait(about, _obstacle(member, found), member.since, until=until)
                return False
        return True

    def ripe(
        self,
        drop: Drop,
        members: Sequence[Sighting],
        about: str,
        *,
        trouble: Message | None = None,
        grace: float = 0.0,
    ) -> Drop | None:
        """
        Return the drop when it can be taken, with its fault if it has one; else note why not.

        ``trouble`` is what may mend itself (a file yet to come); once nothing has changed for
        ``settle_timeout`` it is a fault. ``grace`` is how long it waits in any case, in seconds.
        """
        if not self.settled(about, members) or not self.readable(about, members):
            return None
        since = max(member.since for member in members)
        if drop.fault is None:
            trouble = trouble or _first_flaw(members)
        if drop.fault is None and trouble is not None:
            if self.now < since + self._timeout:
                self.wait(about, self._patient(trouble), since, until=since + self._timeout)
                return None
            return replace(drop, fault=trouble)
        if self.now < since + grace:
            why = say("a sidecar may still come for it; after that it is taken by the rule")
            self.wait(about, why, since, until=since + grace)
            return None
        return drop

    def _patient(self, trouble: Message) -> Message:
        return say(
            "{trouble}; it is refused when nothing has changed for {seconds} seconds",
            trouble=trouble,
            seconds=round(self._timeout),
        )


def not_ours(path: Path) -> Message | None:
    """Return why a folder may not be taken as a whole, if so; OSError on a read-only disk."""
    if os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return None
    if os.statvfs(path).f_flag & os.ST_RDONLY:  # no right of the folder's own would help
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fspath(path))
    return denied(path)


def denied(path: Path) -> Message:
    """Return the sentence about what the node may not read or move."""
    try:
        status = path.lstat()
    except OSError:
        return say("the node may not look at {file}", file=shown(path.name))
    return say(
        "the node may not take {file}: it belongs to {owner} with mode {mode}; let its group "
        "read it, and write to it where it is a folder",
        file=shown(path.name),
        owner=_owner(status.st_uid),
        mode=f"{stat.S_IMODE(status.st_mode):04o}",
    )


def _obstacle(member: Sighting, found: Access) -> Message:
    if found is Access.DENIED:
        return denied(Path(member.path))
    if found is Access.WRITTEN:
        return say("{file} is open for writing in another program", file=shown(member.name))
    return say("{file} has just gone", file=shown(member.name))


def _first_flaw(members: Sequence[Sighting]) -> Message | None:
    for member in members:
        flaw = member.flaw()
        if flaw is not None:
            return say("{file} is not complete: {flaw}", file=shown(member.name), flaw=flaw)
    return None


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
