"""
A ZIP that is written as it comes, with the SHA-256 of everything that went into it.

Names in it are plain: what another system could stumble over is replaced, and of two that would be
the same the second gets a number. Links and whatever is no file are left out.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

SUMS: Final = "SHA256SUMS"
_CHUNK: Final = 1 << 18
_ODD: Final = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
_MODE: Final = 0o100644 << 16


class Archive:
    """One ZIP being written into an open file."""

    def __init__(self, out: BinaryIO, *, at: datetime) -> None:
        """Begin it; everything in it bears the moment ``at``."""
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self._at = at.timetuple()[:6]
        self._known: set[str] = set()
        self.sums: dict[str, str] = {}  # SHA-256 by name, in the order they came
        self.sizes: dict[str, int] = {}

    def put(self, name: str, content: bytes) -> str:
        """Add some bytes; return the name they got."""
        return self._add(name, iter((content,)))

    def stream(self, name: str, file: BinaryIO) -> str:
        """Add what can be read from an open file; return the name it got."""
        return self._add(name, iter(lambda: file.read(_CHUNK), b""))

    def folder(self, name: str, folder: Path) -> list[str]:
        """Add the files below a folder, but hidden ones; return the names they got."""
        added = []
        with disk_errors(folder):
            for path in _files(folder):
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                with os.fdopen(os.open(path, flags), "rb") as file:
                    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                        inner = path.relative_to(folder).as_posix()
                        added.append(self.stream(f"{name}/{inner}", file))
        return added

    def close(self) -> None:
        """Add the sums of all that is in it, and end it."""
        lines = (f"{digest}  {name}\n" for name, digest in sorted(self.sums.items()))
        self._add(SUMS, iter(("".join(lines).encode(),)))
        self._zip.close()

    def _add(self, name: str, chunks: Iterator[bytes]) -> str:
        name = self._free(_plain(name))
        entry = zipfile.ZipInfo(name, self._at)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = _MODE
        self._known.add(name.lower())
        digest, size = hashlib.sha256(), 0
        with self._zip.open(entry, "w", force_zip64=True) as inside:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                inside.write(chunk)
        self.sums[name], self.sizes[name] = digest.hexdigest(), size
        return name

    def _free(self, name: str) -> str:
        known = self._known  # Windows takes names for the same that differ in case
        if name.lower() not in known:
            return name
        path = PurePosixPath(name)
        numbered = (f"{path.parent}/{path.stem} ({n}){path.suffix}" for n in range(2, 100_000))
        return next(each for each in numbered if each.lower() not in known)


def _files(folder: Path) -> Iterator[Path]:
    """Yield what lies below a folder and is not hidden, in order; links are not followed."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


def _plain(name: str) -> str:
    text = os.fsencode(name).decode("utf-8", "replace")
    return _ODD.sub("_", unicodedata.normalize("NFC", text))
