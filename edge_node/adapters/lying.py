"""
What lies at a path, and what would become of it if nobody touched it any more.

The outbox's own eyes look, at moments that are told to them: when it would be taken is found out
without waiting for it. Nothing is claimed, moved or written. A folder is looked at as if it were
the outbox, wherever it lies; what is read from a drop is found out elsewhere.
"""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters.claims import flaws_in, is_document_sheet
from edge_node.adapters.disk import disk_errors
from edge_node.adapters.drops import SHEET_ENDINGS, Style, ending_of, is_untouchable
from edge_node.adapters.outbox import Outbox
from edge_node.adapters.ripeness import denied
from edge_node.adapters.sheets import read_sheet
from edge_node.domain.message import say
from edge_node.protocol.handoff.words import same_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from edge_node.adapters.drops import Drop, OutboxSettings, Waiting
    from edge_node.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """
    Something that lies at a path.

    ``drop`` is None where it is never taken as it is, and ``why`` says why not. Where it is,
    ``after`` is how long nothing must have changed before; ``why`` what it waits for so long.
    """

    path: Path
    drop: Drop | None = None
    after: timedelta | None = None
    changed: datetime | None = None  # when any of it was changed last, by the disk's word
    why: Message | None = None
    hint: Message | None = None
    flaws: tuple[Message, ...] = ()  # files that cannot be whole, each named
    refused: Path | None = None  # who reads this knows why it was refused where it lies


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which folder is looked at as an outbox, and at what in it; None for all of it."""

    folder: Path
    only: Path | None = None


def place_of(path: Path, *, outbox: Path) -> Place:
    """
    Return where to look for what somebody calls by a path; ``outbox`` is the real one.

    A file that belongs to a folder with a document.json stands for that folder; a folder without
    one is a folder of drops, unless it lies in the outbox itself.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - no link is followed
    if path.is_dir() and not path.is_symlink():
        inner = path / "outbox"
        if path == outbox.parent and inner.is_dir():
            return Place(folder=inner)
        if path != outbox and (path.parent == outbox or _holds_sheet(path)):
            return Place(folder=path.parent, only=path)
        return Place(folder=path)
    home = path.parent
    if home != outbox and _holds_sheet(home) and not _is_loose_sheet(path):
        return Place(folder=home.parent, only=home)
    return Place(folder=home, only=path)


def lying(place: Place, settings: OutboxSettings) -> Iterator[Lying]:
    """
    Yield what lies there, in the order of its names.

    Raises FolderMissing, AccessDenied, DiskTrouble.
    """
    only = place.only
    if only is not None and is_untouchable(only.name):
        yield Lying(path=only, why=_UNTOUCHABLE, hint=_RENAME)
        return
    eyes = Outbox(place.folder, place.folder, settings, anew=True)
    ready: dict[Path, tuple[Drop, timedelta]] = {}
    waited: dict[Path, Waiting] = {}
    for moment in _moments(settings):
        scan = eyes.scan(moment.total_seconds(), only=only)
        for drop in scan.ready:
            ready.setdefault(drop.anchor, (drop, moment))
        waiting = {each.path: each for each in scan.waiting}
        if moment >= settings.quiet:  # before, everything merely changes
            waited |= {path: each for path, each in waiting.items() if path not in ready}
    yield from _told(eyes, only, ready, waited)


def _moments(settings: OutboxSettings) -> list[timedelta]:
    """Return when the answer may change, from the first look on."""
    second = timedelta(seconds=1)
    waits = {timedelta(), settings.quiet, settings.bare_grace, settings.settle_timeout}
    # A file that nobody may take by then nobody may take later.
    return [*sorted(waits), max(waits) + second]


def _told(
    eyes: Outbox,
    only: Path | None,
    ready: Mapping[Path, tuple[Drop, timedelta]],
    waited: Mapping[Path, Waiting],
) -> Iterator[Lying]:
    taken = {member for drop, _ in ready.values() for member in drop.members}
    for path in sorted({*ready, *waited}):
        drop, after = ready.get(path, (None, None))
        if drop is None and path in taken:
            continue  # it goes with its sheet
        if only is not None and not _is_meant(only, path, drop):
            continue
        wait = waited.get(path)
        yield Lying(
            path=path,
            drop=drop,
            after=after,
            changed=_changed([path] if drop is None else [drop.anchor, *drop.members]),
            why=wait.why if wait else None,
            hint=wait.hint if wait else None,
            flaws=flaws_in(drop) if drop else (),
            refused=eyes.refusal_of(drop) if drop else None,
        )


def _is_meant(only: Path, path: Path, drop: Drop | None) -> bool:
    return only == path or (drop is not None and only in drop.members)


def _changed(paths: Iterable[Path]) -> datetime | None:
    latest: float | None = None
    for path in paths:
        with suppress(OSError):
            latest = max(latest or 0.0, path.lstat().st_ctime)
    return None if latest is None else datetime.fromtimestamp(latest, UTC)


def _holds_sheet(folder: Path) -> bool:
    with disk_errors(folder), os.scandir(folder) as entries:
        return any(is_document_sheet(entry.name) for entry in entries)


def _is_loose_sheet(path: Path) -> bool:
    """Tell whether a file is a sheet of its own, in a folder that happens to hold another."""
    if is_document_sheet(path.name) or not ending_of(path.name, SHEET_ENDINGS):
        return False
    with suppress(OSError):
        sheet = next(each for each in path.parent.iterdir() if is_document_sheet(each.name))
        return not any(same_name(path.name, name) for name in read_sheet(sheet).files)
    return False


def denied_to(drop: Drop, user: int) -> Iterator[Message]:
    """
    Yield what of a drop a user (by number) may not take, where we are somebody else.

    Whoever we are, we may look: what matters is whether the node may. Where rights are given to
    single people beside owner and group, nobody here can tell, and nothing is said.
    """
    if user in (0, os.geteuid()):
        return
    groups = _groups_of(user)
    with disk_errors(drop.anchor):
        if drop.style is Style.BUNDLE and not _may(drop.anchor, user, groups, _ENTER):
            yield denied(drop.anchor)
        for path in drop.members:
            if not _may(path, user, groups, _READ):
                yield denied(path)


def _groups_of(user: int) -> frozenset[int]:
    try:
        known = pwd.getpwuid(user)
    except KeyError:
        return frozenset()
    return frozenset(os.getgrouplist(known.pw_name, known.pw_gid))


def _may(path: Path, user: int, groups: frozenset[int], wanted: int) -> bool:
    """Tell whether the mode lets a user do what the bits of ``wanted`` (rwx) stand for."""
    status = path.lstat()
    if user == status.st_uid:
        given = status.st_mode >> 6
    else:
        given = status.st_mode >> 3 if status.st_gid in groups else status.st_mode
    return given & wanted == wanted or _ACL in os.listxattr(path, follow_symlinks=False)


_READ: Final = 0o4
_ENTER: Final = 0o7  # a folder is moved as a whole
_ACL: Final = "system.posix_acl_access"


_UNTOUCHABLE: Final = say(
    "it is never touched: its name begins with . or ~, ends like that of an unfinished file, or "
    "is one of the node's own"
)
_RENAME: Final = say("rename it once it is complete")
# What a person calls the four ways to hand over a document.
WORDS: Final[Mapping[Style, Message]] = {
    Style.BUNDLE: say("a folder with a document.json"),
    Style.SIDECAR: say("a sheet beside its files"),
    Style.PACKAGE: say("a finished package"),
    Style.BARE: say("a bare file, by a rule of the configuration"),
}
