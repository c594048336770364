"""
Disks that fail: a small tmpfs that is filled or made read-only, and calls that answer an error.

Mounting needs root. The calls are answered by `failing.c`, compiled with gcc and loaded before
libc, so that SQLite gets the error, too; only below the folder the control file names.
"""

from __future__ import annotations

import errno
import os
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOURCE = Path(__file__).with_name("failing.c")


@dataclass(frozen=True)
class Mounted:
    """A file system of its own."""

    root: Path

    def fill(self) -> None:
        """Leave nothing free on it."""
        handle = os.open(self._ballast, os.O_WRONLY | os.O_CREAT, 0o600)
        with suppress(OSError):  # until there is no byte to be had
            while True:
                left = os.statvfs(self.root)
                os.posix_fallocate(
                    handle, os.fstat(handle).st_size, max(left.f_bavail, 1) * left.f_frsize
                )
        os.close(handle)

    def empty(self) -> None:
        """Give back what was filled."""
        self._ballast.unlink(missing_ok=True)

    def read_only(self) -> None:
        """Refuse every writer from now on."""
        _run("mount", "-o", "remount,ro", self.root)

    def writable(self) -> None:
        """Take writers again."""
        _run("mount", "-o", "remount,rw", self.root)

    @property
    def _ballast(self) -> Path:
        return self.root / "ballast"


@contextmanager
def mounted(root: Path, *, size: str) -> Iterator[Mounted]:
    """Mount a tmpfs of that size for as long as the block lasts."""
    root.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "edge-node-torture", root)
    try:
        yield Mounted(root)
    finally:
        _run("umount", "-l", root)


@dataclass(frozen=True)
class Failing:
    """What makes the calls of a process fail that was started with `environ`."""

    shim: Path
    control: Path

    @property
    def environ(self) -> dict[str, str]:
        """What the process must have been started with."""
        return {"LD_PRELOAD": str(self.shim), "FAILING_CONTROL": str(self.control)}

    def fail(self, below: Path, number: int = errno.EIO) -> None:
        """Answer that error to whoever writes, syncs or renames below a folder."""
        fresh = self.control.with_suffix(".new")
        fresh.write_text(f"{number} {below}\n")
        fresh.rename(self.control)

    def heal(self) -> None:
        """Answer as the disk does."""
        self.control.unlink(missing_ok=True)


def failing(folder: Path) -> Failing:
    """Compile it into a folder."""
    shim = folder / "failing.so"
    _run("gcc", "-shared", "-fPIC", "-O1", "-o", shim, _SOURCE, "-ldl")
    return Failing(shim, folder / "failing")


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
