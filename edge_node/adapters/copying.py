"""
Copies of files and folders for where a rename cannot go, and whether two hold the same bytes.

A copy is read back before it counts. The names it is made under, and what becomes of the original,
are `edge_node.adapters.durable`'s affair.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.adapters.disk import NameUnusable, disk_errors, shown
from edge_node.adapters.pulse import beat
from edge_node.adapters.steps import Step, passing
from edge_node.domain.errors import DiskTrouble
from edge_node.domain.message import say

if TYPE_CHECKING:
    from typing import NoReturn

_CHUNK: Final = 1 << 20


def same_content(one: Path, other: Path) -> bool:
    """Tell whether two files, or two folders with all that is in them, hold the same bytes."""
    with disk_errors(one):
        return _fingerprint(one) == _fingerprint(other)


def copy_tree(source: Path, folder: Path) -> None:
    """Copy all that is in a folder into another, its files durably; links stay links."""
    for entry in sorted(source.iterdir()):
        copy = folder / entry.name
        if entry.is_symlink():
            copy.symlink_to(entry.readlink())
        elif entry.is_dir():
            copy.mkdir()
            copy_tree(entry, copy)
            shutil.copystat(entry, copy)
        else:
            with copy.open("xb") as file:
                copy_file(entry, file, copy)


def copy_file(source: Path, file: BinaryIO, copy: Path) -> None:
    """
    Copy a file durably into another, which is open (``file``) at ``copy``, and read it again.

    Raises NameUnusable where it is no regular file, DiskTrouble where the copy holds other bytes.
    """
    if not stat.S_ISREG(source.lstat().st_mode):
        raise NameUnusable(
            say("{path} is not a regular file and cannot be copied", path=shown(source)),
            hint=say("remove it from the drop"),
        )
    digest = hashlib.sha256()
    with source.open("rb") as original:
        while chunk := original.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
            beat()  # a share may give a large file very slowly
    file.flush()
    with passing(Step.SYNC, copy):
        os.fsync(file.fileno())
    shutil.copystat(source, copy)
    if _leaf(copy) != digest.hexdigest():
        raise DiskTrouble(
            say("the copy of {path} does not hold what was written", path=shown(source)),
            hint=say("look into the kernel's log for disk errors"),
        )


def _fingerprint(path: Path) -> dict[str, str]:
    if not path.is_dir() or path.is_symlink():
        return {"": _leaf(path)}
    found = {}
    for root, _, names in os.walk(path, onerror=_raise):
        for name in names:
            leaf = Path(root) / name
            found[str(leaf.relative_to(path))] = _leaf(leaf)
    return found


def _leaf(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _raise(error: OSError) -> NoReturn:
    raise error
