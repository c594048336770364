"""
What a disk can answer, in our words: the one place that knows errno and our errors both.

`edge_node.adapters.durable` passes these on; everybody else takes them from there.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import DiskTrouble, EdgeNodeError, FolderMissing, Outage, Permanent
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class AccessDenied(Outage):
    """The operating system does not let us read, write or move something."""


class FileGone(Permanent):
    """A file that should be there is not, though its folder is."""


class NameUnusable(Permanent):
    """The file system does not take that name, or cannot copy what goes by it."""


class NameTaken(EdgeNodeError):
    """Something goes by that name already; it was not overwritten."""


@contextmanager
def disk_errors(path: Path | None = None) -> Iterator[None]:
    """
    Turn OSErrors into ours; ``path`` is named where the operating system names none.

    Full, read-only or failing disks become DiskTrouble, a folder or share that is gone
    FolderMissing, the rest AccessDenied, FileGone or NameUnusable. Ours pass as they are.
    """
    try:
        yield
    except OSError as error:
        verdict = _VERDICTS.get(error.errno or 0, _trouble)
        raise verdict(_named_by(error) or path or Path(), error.strerror or str(error)) from error


def make_private(path: Path) -> None:
    """
    Make an empty file that nobody else may read; one that is there stays as it is.

    It is not opened: closed again, it would take from this process every lock it holds on that
    file (POSIX), those of SQLite among them.
    """
    with suppress(OSError):  # whoever opens it next says better what is wrong
        os.mknod(path, stat.S_IFREG | 0o600)


def shown(path: Path | str) -> str:
    """Return a path or name as it can be printed, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def _named_by(error: OSError) -> Path | None:
    if isinstance(error.filename, str | bytes):
        return Path(os.fsdecode(error.filename))
    return None


def _full(path: Path, reason: str) -> EdgeNodeError:
    return DiskTrouble(
        say("no room left for {path}: {reason}", path=shown(path), reason=reason),
        hint=say("free space on that file system or raise the quota"),
    )


def _read_only(path: Path, _reason: str) -> EdgeNodeError:
    return DiskTrouble(
        say("the file system of {path} is read-only", path=shown(path)),
        hint=say("look into the kernel's log for disk errors, then mount it writable again"),
    )


def _denied(path: Path, reason: str) -> EdgeNodeError:
    return AccessDenied(
        say("the node may not touch {path}: {reason}", path=shown(path), reason=reason),
        hint=say("give the node's user the right to read and write it and to enter its folder"),
    )


def _missing(path: Path, _reason: str) -> EdgeNodeError:
    if os.path.lexists(path.parent):
        return FileGone(
            say("{path} is not there", path=shown(path)),
            hint=say("somebody else moved or removed it; put it back if it is still wanted"),
        )
    return FolderMissing(
        say("the folder {path} is not there", path=shown(path.parent)),
        hint=say("see whether the share is mounted, or create the folder again"),
    )


def _unreachable(path: Path, reason: str) -> EdgeNodeError:
    return FolderMissing(
        say("{path} cannot be reached: {reason}", path=shown(path), reason=reason),
        hint=say("see whether the share is mounted and its server answers"),
    )


def _in_the_way(path: Path, _reason: str) -> EdgeNodeError:
    return AccessDenied(
        say("a file lies where {path} needs a folder", path=shown(path)),
        hint=say("take that file away, or put the folder back"),
    )


def _unusable(path: Path, reason: str) -> EdgeNodeError:
    return NameUnusable(
        say(
            "the file system does not take the name {path}: {reason}",
            path=shown(path),
            reason=reason,
        ),
        hint=say("give it a shorter and simpler name"),
    )


def _taken(path: Path, _reason: str) -> EdgeNodeError:
    return NameTaken(
        say("{path} exists already and is not overwritten", path=shown(path)),
        hint=say("move it away first, or choose another name"),
    )


def _trouble(path: Path, reason: str) -> EdgeNodeError:
    return DiskTrouble(
        say("trouble with {path}: {reason}", path=shown(path), reason=reason),
        hint=say("look into the kernel's log for disk errors"),
    )


_VERDICTS: Final[Mapping[int, Callable[[Path, str], EdgeNodeError]]] = MappingProxyType(
    {
        errno.ENOSPC: _full,
        errno.EDQUOT: _full,
        errno.EROFS: _read_only,
        errno.EACCES: _denied,
        errno.EPERM: _denied,
        errno.ENOENT: _missing,
        errno.ENOTDIR: _in_the_way,
        errno.ENODEV: _unreachable,
        errno.ENXIO: _unreachable,
        errno.ENOTCONN: _unreachable,
        errno.ESTALE: _unreachable,
        errno.EHOSTDOWN: _unreachable,
        errno.EEXIST: _taken,
        errno.ENOTEMPTY: _taken,
        errno.ENAMETOOLONG: _unusable,
        errno.EILSEQ: _unusable,
    }
)
