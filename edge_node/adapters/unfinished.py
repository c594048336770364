"""
Files that are not finished: what they are called, and the sweep of those nobody writes any more.

Our temporary names are `.{name}.{8 hex digits}.part`, and `….moved` what is being deleted. While
one is being written its writer holds a lock (flock) on it; `sweep` removes those whose writer is
gone. `edge_node.adapters.durable` makes them, and passes this on.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from edge_node.adapters.disk import disk_errors

if TYPE_CHECKING:
    from collections.abc import Collection

Kind = Literal["part", "moved"]
NAME_MAX: Final = 255  # bytes in one name, on every file system we are likely to meet
ROOM: Final = "room"  # what a hidden folder to work in is called
_OURS: Final = re.compile(r"\.(.+)\.[0-9a-f]{8}\.(part|moved)", re.DOTALL)
_NO_LOCKS_HERE: Final = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EINVAL}


def fitted(name: str, suffix: str = "", *, limit: int = NAME_MAX) -> str:
    """Return name and suffix, the name cut and marked with a hash where ``limit`` bytes ask so."""
    whole = os.fsencode(name + suffix)
    if len(whole) <= limit:
        return name + suffix
    mark = f"~{hashlib.sha256(whole).hexdigest()[:8]}{suffix}"
    head = os.fsencode(name)[: limit - len(os.fsencode(mark))]
    return head.decode("utf-8", "ignore") + mark


def hidden(path: Path, kind: Kind) -> Path:
    """Return a name beside that one which is ours."""
    suffix = f".{secrets.token_hex(4)}.{kind}"
    return path.with_name(fitted(f".{path.name}", suffix))


def lock(handle: int) -> None:
    """Keep `sweep` from what is open there, as long as it is."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS_HERE:
            raise


def sweep(
    folder: Path,
    *,
    kind: Kind = "part",
    of: Collection[str] | None = None,
    whose: Literal["ours", "anybody's"] = "ours",
) -> int:
    """
    Remove what writers that are gone left in the folder; return how many there were.

    "part" is what was being written, "moved" what `remove_aside` did not finish to delete. What
    belongs to another user is not ours, whatever it is called. In a folder that is not our own,
    ``of`` are the names of the files that may have been written; rooms are swept as well. Where
    nobody but us can write, what we moved aside is ours, ``whose`` ever it was.
    """
    with disk_errors(folder), os.scandir(folder) as entries:
        alike = [entry for entry in entries if _is_alike(entry.name, kind, of)]
        free = whose == "anybody's"
        ours = [Path(entry.path) for entry in alike if free or _is_our_users(entry)]
    return sum(_swept(path) for path in ours)


def is_moved(name: str) -> bool:
    """Tell whether something is called what is being deleted."""
    return _is_alike(name, "moved", None)


def moved_from(path: Path) -> str:
    """Return what `sweep` knows the rest of a path by, or of the path this is a rest of."""
    name = path.name if is_moved(path.name) else hidden(path, "moved").name
    match = _OURS.fullmatch(name)
    return match[1] if match else name


def remove(path: Path) -> None:
    """Remove a file, or a folder with all there is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_alike(name: str, kind: Kind, of: Collection[str] | None) -> bool:
    match = _OURS.fullmatch(name)
    if match is None or match[2] != kind:
        return False
    return of is None or match[1] == ROOM or match[1] in of


def _is_our_users(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_uid == os.geteuid()
    except FileNotFoundError:
        return False


def _swept(path: Path) -> bool:
    with disk_errors(path):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            if not _orphaned(handle):
                return False
            remove(path)
        finally:
            os.close(handle)
    return True


def _orphaned(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno != errno.EAGAIN and error.errno not in _NO_LOCKS_HERE:
            raise
        return False  # somebody writes it, or nobody can tell
    return True
