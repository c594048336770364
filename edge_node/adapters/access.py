"""
Who may read what the node keeps: one group, by the rights of the file system.

The set-group-id bit has what is made later belong to the group too: SQLite makes its log anew
again and again, with the rights of the queue and the group of the folder. Rights are changed by
name, never by opening: a file of SQLite that is opened and closed aside loses its locks (POSIX).
"""

from __future__ import annotations

import grp
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import ConfigError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER: Final = 0o2750
_FILE: Final = 0o640
_PASSING: Final = 0o001  # others go through, and see nothing of it
_BESIDE: Final = ("", "-wal", "-shm")


def let_read(group: str, *, data: Path, queue: Path, spool: Path, exchange: Path) -> None:
    """
    Let the members of ``group`` read the queue and the spool; ConfigError where that cannot be.

    Where the exchange folder lies in ``data``, the software, which may be of another group, goes
    on passing through that.
    """
    number = _number_of(group)
    passing = _PASSING if exchange.is_relative_to(data) else 0
    _open_folder(data, number, group, _FOLDER | passing)
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            _open(queue.with_name(queue.name + end), number, group, _FILE)
    if spool.is_dir() and not _is_open(spool, number):
        _open_spool(spool, number, group)


def _open_spool(spool: Path, number: int, group: str) -> None:
    """Open the packages there are, once; the folder itself last, as the sign that it was done."""
    _open_folder(spool / "tmp", number, group, _FOLDER)
    for home, _, files in _walk(spool / "packages"):
        _open_folder(home, number, group, _FOLDER)
        for name in files:
            with suppress(FileNotFoundError):
                _open(home / name, number, group, _FILE)
    _open_folder(spool, number, group, _FOLDER)


def _walk(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    for home, folders, files in os.walk(folder):
        yield folder / home, folders, files


def _number_of(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise ConfigError(
            say("access.readers: this machine has no group {group}", group=group),
            hint=say("groupadd --system {group}", group=group),
        ) from None


def _is_open(folder: Path, number: int) -> bool:
    found = folder.stat()
    return found.st_gid == number and stat.S_IMODE(found.st_mode) == _FOLDER


def _open_folder(folder: Path, number: int, group: str, mode: int) -> None:
    with suppress(FileNotFoundError):
        _open(folder, number, group, mode)


def _open(path: Path, number: int, group: str, mode: int) -> None:
    found = path.lstat()
    if found.st_gid == number and stat.S_IMODE(found.st_mode) == mode:
        return
    try:
        os.chown(path, -1, number, follow_symlinks=False)
        path.chmod(mode)  # after it: a change of group may take the bit away
    except PermissionError as error:
        raise ConfigError(
            say(
                "access.readers: {path} cannot be given to the group {group}",
                path=str(path),
                group=group,
            ),
            hint=say("usermod -aG {group} edge-node, and start the node again", group=group),
        ) from error
