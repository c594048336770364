"""
A PDF while it is being signed: what it was, and behind that what a child drafted.

Written here and nowhere else. The child has its own file for what it adds, and this one only to
read: so the document stays as it was whatever the child does, and the digest that is signed is of
the bytes that are handed out.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.notary.wire import Garbled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.durable import Part
    from edge_node.adapters.preparing import Place

CHUNK: Final = 1 << 20  # bytes that are copied and hashed at a time


@dataclass(slots=True)
class Growing:
    """A file of ours that only ever gets longer, but for `cut` and the gap that `fill` fills."""

    part: Part
    length: int = 0

    @contextmanager
    def adding(self) -> Iterator[tuple[int, int]]:
        """
        Give this file to read and an empty one to write; what is in that is added at the end.

        Raises OSError as disks do.
        """
        tail = os.memfd_create("signature", os.MFD_CLOEXEC)
        try:
            below = os.open(self.part.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                yield below, tail
            finally:
                os.close(below)
            with os.fdopen(tail, "rb", closefd=False) as file:
                file.seek(0)
                self.add(file)
        finally:
            os.close(tail)

    def add(self, source: BinaryIO) -> None:
        """Write all of ``source``, from where it stands, at the end."""
        self.part.file.seek(self.length)
        shutil.copyfileobj(source, self.part.file, CHUNK)
        self.part.file.flush()
        self.length = self.part.file.tell()

    def digest(self, place: Place, hashed: str, *, since: int, reserved: int) -> bytes:
        """
        Return the digest of all bytes but the gap's.

        `Garbled` unless that is an empty one for ``reserved`` bytes, behind the first ``since``.
        """
        empty = b"<" + b"00" * reserved + b">"
        held = since <= place.start and place.end <= self.length
        if not held or place.end - place.start != len(empty):
            raise Garbled("gap")
        digest = hashlib.new(hashed)
        with self.part.path.open("rb") as file:
            _hash(file, place.start, digest)
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
