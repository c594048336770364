"""
The spool: package bytes on disk by their SHA-256, durable before anybody counts on them.

What the bytes are, and when nobody needs them any more, is the queue's affair.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.adapters import durable
from edge_node.adapters.steps import Step, passing
from edge_node.domain.envelope import Digest, Stored
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from typing_extensions import Buffer

_CHUNK: Final = 1 << 18


class SpoolWriter(io.BufferedWriter):
    """What a package is written to; `stored` says what it became, once the block has ended."""

    stored: Stored


class _Measured(io.FileIO):
    """Hashes and counts the bytes on their way to the disk; goes forward only."""

    def __init__(self, handle: int) -> None:
        super().__init__(handle, "wb", closefd=False)
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: Buffer, /) -> int:
        written = super().write(data) or 0
        self.digest.update(memoryview(data)[:written])
        self.size += written
        return written

    def seekable(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Spool:
    """A private folder of packages: `packages/ab/cdef…`, and `tmp/` for what is being written."""

    root: Path

    def create(self) -> None:
        """Make the folders where they are missing, readable to nobody else."""
        with durable.disk_errors(self.root):
            for folder in (self.root, self._tmp, self._packages):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable.sync_folder(self.root)

    @contextmanager
    def store(self) -> Iterator[SpoolWriter]:
        """
        Give something to write a package to; the same bytes are kept once.

        When the block has ended, the file is durable and ``writer.stored`` names it; when it ends
        with an exception, nothing remains. Raises DiskTrouble where the disk cannot take it.
        """
        with durable.disk_errors(self.root), durable.part_of(self._tmp / "package") as part:
            raw = _Measured(part.file.fileno())
            writer = SpoolWriter(raw, _CHUNK)
            try:
                yield writer
            except BaseException:
                raw.close()  # what is still buffered is not wanted any more
                raise
            writer.close()
            writer.stored = Stored(digest=Digest(raw.digest.hexdigest()), size=raw.size)
            self._keep(part, writer.stored)

    def path(self, digest: Digest) -> Path:
        """Return where the package of this digest lies, if it is there."""
        return self._packages / digest[:2] / digest[2:]

    def open(self, digest: Digest) -> BinaryIO:
        """Open a package for reading; FileGone when the spool does not have it."""
        path = self.path(digest)
        with durable.disk_errors(path):
            try:
                return path.open("rb")
            except FileNotFoundError:
                raise durable.FileGone(
                    say("the spool has no package {digest}", digest=digest),
                    hint=say("put {path} back from a backup", path=str(path)),
                ) from None

    @contextmanager
    def room(self) -> Iterator[Path]:
        """Give a folder to take a package apart in; nothing of it remains at the end."""
        with durable.room(self._tmp) as room:
            yield room

    def sweep(self) -> int:
        """Remove what writers that are gone left behind; return how many files that were."""
        return durable.sweep(self._tmp)

    def destroy(self, digest: Digest) -> bool:
        """Remove a package, durably; tells whether there was one."""
        path = self.path(digest)
        with durable.disk_errors(path):
            durable.sweep(self._tmp)
            if not path.exists():
                return False
            with passing(Step.REMOVE, path):
                path.unlink()
            durable.sync_folder(path.parent)
            return True

    def sweep_packages(self, keep: Callable[[Digest], bool], *, before: datetime) -> int:
        """
        Remove packages stored before a moment that nobody keeps; return how many there were.

        ``before`` spares what a command beside us has stored and not yet entered anywhere.
        """
        removed = 0
        with durable.disk_errors(self.root):
            for path in self._packages.glob("[0-9a-f]" * 2 + "/*"):
                if not keep(Digest(path.parent.name + path.name)) and _older(path, before):
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def _keep(self, part: durable.Part, stored: Stored) -> None:
        target = self.path(stored.digest)
        if target.exists() and target.stat().st_size == stored.size:
            os.utime(target)  # stored once more: as young for a sweep as if it had been written
            # Whoever stored it first may have died before its name was durable.
            durable.sync_folder(target.parent)
            durable.sync_folder(self._packages)
            return
        if not target.parent.exists():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            if self._is_open:
                target.parent.chmod(0o2750)
            durable.sync_folder(self._packages)
        part.become(target, mode=0o640 if self._is_open else 0o600)

    @property
    def _is_open(self) -> bool:
        """Whether a group may read here (`edge_node.adapters.access`), which it hands down."""
        return bool(self.root.stat().st_mode & stat.S_ISGID)

    @property
    def _tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def _packages(self) -> Path:
        return self.root / "packages"


def _older(path: Path, moment: datetime) -> bool:
    return path.stat().st_mtime < moment.timestamp()
