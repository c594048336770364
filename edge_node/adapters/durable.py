"""
How a file becomes durable: temporary name, fsync, rename, fsync of the folder. Only here.

Whoever writes a file that must survive a power cut, or moves one, comes through this module; the
OSErrors of a disk leave it as our errors (`disk_errors`). What the files mean and where they lie
is left to the callers; how bytes get to another disk, to `edge_node.adapters.copying`; what a
writer that is gone left behind, to `edge_node.adapters.unfinished`.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.adapters.copying import copy_file, copy_tree, same_content
from edge_node.adapters.disk import (
    AccessDenied,
    FileGone,
    NameTaken,
    NameUnusable,
    disk_errors,
    shown,
)
from edge_node.adapters.steps import Step, passing
from edge_node.adapters.unfinished import (
    ROOM,
    fitted,
    hidden,
    is_moved,
    lock,
    moved_from,
    remove,
    sweep,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "AccessDenied",
    "FileGone",
    "NameTaken",
    "NameUnusable",
    "Part",
    "building",
    "disk_errors",
    "fitted",
    "hand_over",
    "is_moved",
    "move",
    "moved_from",
    "part_of",
    "private_folder",
    "remove_aside",
    "room",
    "same_content",
    "shown",
    "sweep",
    "sync_file",
    "sync_folder",
    "sync_tree",
    "write",
    "write_all",
    "writing",
]

_OTHERS: Final = 0o077
_NO_FOLDER_SYNC: Final = {errno.EINVAL, errno.EBADF, errno.EOPNOTSUPP}  # CIFS and some FUSE


@dataclass(frozen=True, slots=True)
class Part:
    """A file being written under a temporary name."""

    file: BinaryIO
    path: Path

    def become(self, target: Path, *, mode: int) -> None:
        """Make what was written durable and give it its name; an older file is replaced."""
        self.replace(target, mode=mode)
        sync_folder(target.parent)

    def replace(self, target: Path, *, mode: int) -> None:
        """Do the same, but for the name: that is durable once the folder is."""
        self.file.flush()
        if not mode & _OTHERS:
            hand_over(self.file.fileno(), target.parent)
        os.fchmod(self.file.fileno(), mode)  # whatever the umask is
        with passing(Step.SYNC, self.path):
            os.fsync(self.file.fileno())
        with passing(Step.RENAME, target):
            self.path.replace(target)


@contextmanager
def part_of(path: Path) -> Iterator[Part]:
    """Open a temporary file beside ``path``, ours as long as it is open; gone at the end."""
    part = _new_part(path)
    try:
        with part.file:
            yield part
    finally:
        with suppress(FileNotFoundError):  # renamed by now, when all went well
            part.path.unlink()


@contextmanager
def writing(path: Path, *, mode: int = 0o640) -> Iterator[BinaryIO]:
    """
    Give a file to write to; when the block ends well, ``path`` is that file, and durable.

    An older file of that name is replaced, seen whole before and whole after. When the block
    ends with an exception nothing of it remains. Raises what `disk_errors` raises.
    """
    with disk_errors(path), part_of(path) as part:
        yield part.file
        part.become(path, mode=mode)


def write(path: Path, data: bytes, *, mode: int = 0o640) -> None:
    """Write these bytes, all of them and durably, or leave what was there."""
    with writing(path, mode=mode) as file:
        file.write(data)


def write_all(folder: Path, files: Mapping[str, bytes], *, mode: int = 0o640) -> None:
    """Write files by their names, each seen whole or not at all, all durable at the end."""
    with disk_errors(folder):
        for name, data in files.items():
            with part_of(folder / name) as part:
                part.file.write(data)
                part.replace(folder / name, mode=mode)
        sync_folder(folder)


@contextmanager
def building(path: Path, *, mode: int = 0o750) -> Iterator[Path]:
    """
    Give a hidden folder to fill; when the block ends well, it is ``path``, and durable.

    Raises NameTaken when ``path`` exists, and what `disk_errors` raises; then nothing remains.
    """
    with disk_errors(path):
        _refuse_existing(path)
        part = hidden(path, "part")
        part.mkdir(mode=0o700)
        handle = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            lock(handle)
            yield part
            part.chmod(mode)
            sync_tree(part)
            _refuse_existing(path)
            with passing(Step.RENAME, path):
                part.rename(path)
            sync_folder(path.parent)
        finally:
            os.close(handle)
            shutil.rmtree(part, ignore_errors=True)  # not there any more, when all went well


def private_folder(path: Path) -> None:
    """Make a folder that only its owner enters, where there is none; see `hand_over`."""
    with disk_errors(path):
        for missing in reversed([one for one in (path, *path.parents) if not one.is_dir()]):
            missing.mkdir(mode=0o700 if missing == path else 0o777, exist_ok=True)
            handle = os.open(missing, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                hand_over(handle, missing.parent)
            finally:
                os.close(handle)


def hand_over(handle: int, folder: Path) -> None:
    """
    Give what root has open, and only its owner may read, to the owner of the folder it lies in.

    So the node reads what a command of root's wrote into its folder. SQLite does the same with
    the files beside a database.
    """
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    if owner.st_uid != os.fstat(handle).st_uid:
        with suppress(PermissionError):  # root of a container need not be allowed to
            os.fchown(handle, owner.st_uid, owner.st_gid)


@contextmanager
def room(folder: Path) -> Iterator[Path]:
    """Give a hidden folder to work in; it is gone at the end, whatever is in it."""
    with disk_errors(folder):
        part, handle = _new_room(folder)
        try:
            yield part
        finally:
            os.close(handle)
            shutil.rmtree(part, ignore_errors=True)  # what remains is swept at the next start


def sync_folder(path: Path) -> None:
    """Make names created, renamed or removed in the folder durable."""
    with disk_errors(path):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with passing(Step.SYNC_FOLDER, path):
                os.fsync(handle)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:  # there the server's own order is all we have
                raise
        finally:
            os.close(handle)


def sync_file(path: Path) -> None:
    """Make the bytes of a file somebody else wrote durable."""
    with disk_errors(path):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            with passing(Step.SYNC, path):
                os.fsync(handle)
        finally:
            os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make every file and folder below durable, and the folder itself, from the leaves up."""
    with disk_errors(folder):
        for root, _, names in os.walk(folder, topdown=False, onerror=_raise):
            here = Path(root)
            for name in names:
                if stat.S_ISREG((here / name).lstat().st_mode):
                    sync_file(here / name)
            sync_folder(here)


def move(source: Path, target: Path) -> None:
    """
    Rename a file or folder durably; NameTaken when the target exists.

    The look before the rename is enough because only the node writes into the folders it moves
    to. (A hard link, which refuses by itself, is not allowed on other people's files where
    `fs.protected_hardlinks` is set, and never on folders.)

    Where the two lie on different mounts: copy under a hidden name with fsync, verify the copy by
    SHA-256, rename it into place, then take the source away under a hidden name and delete it. A
    crash in between leaves source and target both whole, never neither.
    """
    with disk_errors(source):
        _refuse_existing(target)
        try:
            with passing(Step.RENAME, target):
                source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_over(source, target)
            remove_aside(source)
        else:
            sync_folder(target.parent)
            if source.parent != target.parent:
                sync_folder(source.parent)


def remove_aside(source: Path) -> None:
    """Remove a file or folder so that it is either all there or not to be seen."""
    with disk_errors(source):
        aside = hidden(source, "moved")
        with passing(Step.RENAME, aside):
            source.rename(aside)
        sync_folder(source.parent)
        with passing(Step.REMOVE, aside):
            remove(aside)


def _new_part(path: Path) -> Part:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        name = hidden(path, "part")
        file = os.fdopen(os.open(name, flags, 0o600), "wb")
        lock(file.fileno())
        if os.fstat(file.fileno()).st_nlink:
            return Part(file, name)
        file.close()  # a sweep saw it in the moment before it was locked


def _new_room(folder: Path) -> tuple[Path, int]:
    while True:
        part = hidden(folder / ROOM, "part")
        part.mkdir(mode=0o700)
        try:
            handle = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:  # a sweep saw it in the moment before it was locked
            continue
        lock(handle)
        if part.exists():
            return part, handle
        os.close(handle)  # likewise


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))


def _copy_over(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        with building(target, mode=stat.S_IMODE(source.stat().st_mode)) as folder:
            copy_tree(source, folder)
    else:
        with part_of(target) as part:
            copy_file(source, part.file, part.path)
            part.become(target, mode=stat.S_IMODE(source.stat().st_mode))


def _raise(error: OSError) -> None:
    raise error
