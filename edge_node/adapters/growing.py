"""
A document while it is being signed: what it was, and behind that, in a PDF, what a child drafted.

Written here and nowhere else. What is to be signed is copied once, and only the copy is worked on:
whoever still has the file open cannot change what was judged. The child has its own file for what
it adds, and this one only to read: so the document stays as it was whatever the child does, and
the digest that is signed is of the bytes that are handed out.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.adapters.durable import part_of
from edge_node.domain.envelope import Digest, Stored
from edge_node.notary.wire import Garbled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.adapters.durable import Part
    from edge_node.adapters.preparing import Place

CHUNK: Final = 1 << 20  # bytes that are copied and hashed at a time


def pour(source: BinaryIO, target: BinaryIO) -> tuple[hashlib._Hash, int]:
    """Copy from where ``source`` stands to where ``target`` does; return the SHA-256 and size."""
    hashed, size = hashlib.sha256(), 0
    while piece := source.read(CHUNK):
        hashed.update(piece)
        target.write(piece)
        size += len(piece)
    target.flush()
    return hashed, size


@dataclass(slots=True)
class Growing:
    """A file of ours that only ever gets longer, but for `cut` and the gap that `fill` fills."""

    part: Part
    length: int = 0
    _taken: int = field(default=0, init=False)  # bytes of the document as it was
    _hashed: hashlib._Hash = field(default_factory=hashlib.sha256, init=False)  # of these

    def take(self, source: BinaryIO) -> Digest:
        """Copy the document, of which this file is the beginning; return its SHA-256."""
        self._hashed, self.length = pour(source, self.part.file)
        self._taken = self.length
        return Digest(self._hashed.hexdigest())

    def stored(self) -> Stored:
        """Return the SHA-256 and the size of this file; what was taken is not hashed again."""
        hashed = self._hashed.copy()
        with self.reading() as below, os.fdopen(below, "rb", closefd=False) as file:
            file.seek(self._taken)
            _hash(file, self.length - self._taken, hashed)
        return Stored(digest=Digest(hashed.hexdigest()), size=self.length)

    @contextmanager
    def original(self, beside: Path) -> Iterator[Path]:
        """Give the document as it was taken, in a file of ours beside another."""
        if self.length == self._taken:
            yield self.part.path
            return
        with part_of(beside) as copy, self.part.path.open("rb") as file:
            left = self._taken
            while piece := file.read(min(left, CHUNK)):
                copy.file.write(piece)
                left -= len(piece)
            copy.file.flush()
            yield copy.path

    @contextmanager
    def reading(self) -> Iterator[int]:
        """Give this file to read, by a descriptor that cannot write."""
        below = os.open(self.part.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield below
        finally:
            os.close(below)

    @contextmanager
    def adding(self) -> Iterator[tuple[int, int]]:
        """
        Give this file to read and an empty one to write; what is in that is added at the end.

        Raises OSError as disks do.
        """
        tail = os.memfd_create("signature", os.MFD_CLOEXEC)
        try:
            with self.reading() as below:
                yield below, tail
            with os.fdopen(tail, "rb", closefd=False) as file:
                file.seek(0)
                self.part.file.seek(self.length)
                _, size = pour(file, self.part.file)
                self.length += size
        finally:
            os.close(tail)

    def digest(self, place: Place, hashed: str, *, since: int, reserved: int) -> bytes:
        """
        Return the digest of all bytes but the gap's.

        `Garbled` unless that is an empty one for ``reserved`` bytes, behind the first ``since``.
        """
        empty = b"<" + b"00" * reserved + b">"
        held = since <= place.start and place.end <= self.length
        if not held or place.end - place.start != len(empty):
            raise Garbled("gap")
        digest, done = hashlib.new(hashed), 0
        if hashed == self._hashed.name:  # what was taken is not hashed again
            digest, done = self._hashed.copy(), self._taken
        with self.part.path.open("rb") as file:
            file.seek(done)
            _hash(file, place.start - done, digest)
            if file.read(len(empty)) != empty:
                raise Garbled("gap")
            _hash(file, self.length - place.end, digest)
        return digest.digest()

    def fill(self, place: Place, content: bytes) -> None:
        """Write a signature or token (DER) into its gap, in which it fits."""
        told = content.hex().upper().encode("ascii")
        if len(told) > place.end - place.start - 2:
            raise ValueError(place)
        self.part.file.seek(place.start + 1)
        self.part.file.write(told)
        self.part.file.flush()

    def cut(self, length: int) -> None:
        """Make it as long as it was before something was added."""
        self.part.file.truncate(length)
        self.length = length


def _hash(file: BinaryIO, size: int, digest: hashlib._Hash) -> None:
    while size and (piece := file.read(min(size, CHUNK))):
        digest.update(piece)
        size -= len(piece)
    if size:
        raise Garbled("length")  # somebody else has been at this file
