"""A package on its way in: written to a file and hashed as it arrives, never whole in memory."""

from __future__ import annotations

import hashlib
import os
import uuid
from typing import TYPE_CHECKING

from edge_node.protocol.vxp import FILE_END

if TYPE_CHECKING:
    from pathlib import Path


class Draft:
    """A body being received; it becomes durable only by `keep`."""

    def __init__(self, folder: Path) -> None:
        """Begin an empty file under ``folder``, named for the id the package will get."""
        self.doc_id = str(uuid.uuid4())
        self.path = folder / f"{self.doc_id}.edxml"
        self.size = 0
        self._hash = hashlib.sha256()
        self._held = b""  # the last two bytes: perhaps the line end that closes the file
        self._file = self.path.open("xb", buffering=0)

    def write(self, piece: bytes) -> None:
        """Take the next bytes of the body."""
        piece = self._held + piece
        cut = max(len(piece) - len(FILE_END), 0)
        self._held = piece[cut:]
        self._take(memoryview(piece)[:cut])

    def close(self) -> bytes:
        """Take the body as complete, less one line end at its end; return its SHA-256."""
        if self._held != FILE_END:
            self._take(memoryview(self._held))
        self._held = b""
        return self._hash.digest()

    def keep(self) -> None:
        """Make the file and its name durable."""
        os.fsync(self._file.fileno())
        self._file.close()
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def discard(self) -> None:
        """Remove the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _take(self, piece: memoryview) -> None:
        self._hash.update(piece)
        self.size += len(piece)
        while piece:
            piece = piece[self._file.write(piece) :]
