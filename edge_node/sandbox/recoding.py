"""
Gives one attachment another encoding, as the axis has been seen to do, without changing it.

In 2019 the axis decoded what was sent and zipped it again: what came in as `application/pdf` went
out as `application/zip`. The entry in such an archive has an arbitrary name; the document's name
is only what `AttachmentName` says. Works on files, a piece at a time.
"""

from __future__ import annotations

import binascii
import hashlib
import io
import zipfile
import zlib
from contextlib import ExitStack
from pathlib import PurePath
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _typeshed import ReadableBuffer

ZIP_TYPE: Final = "application/zip"
# What zipfile and zlib raise for an archive that is not what it claims to be.
DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)

_RAW: Final = frozenset({".pdf", ".doc", ".docx"})  # what the vendor's library sends unzipped
_ARCHIVES: Final = frozenset({".zip", ".jar", ".edxz"})  # archives by themselves: left alone
_ZIP_START: Final = b"PK\x03\x04"
_IN_MEMORY: Final = 1024 * 1024  # bytes of an attachment held before it goes to disk
_PIECE: Final = 256 * 1024  # bytes at a time; a multiple of 4, so that base64 can be cut there
_DEFLATED_UP_TO: Final = 64 * 1024  # deflating more would only cost time: it rarely shrinks
_ZIP64_FROM: Final = 1 << 30
_INFLATES_AT_MOST: Final = 100  # fold; more is a bomb, which is handed on as it came
_BLANKS: Final = b" \t\r\n"


class Scratch:
    """Makes files without a name, in memory while they are small; gone when it is closed."""

    def __init__(self, folder: Path) -> None:
        """Put what grows under ``folder``."""
        self._folder = str(folder)
        self._files = ExitStack()

    def file(self) -> IO[bytes]:
        """Return an empty file."""
        return self._files.enter_context(
            SpooledTemporaryFile(max_size=_IN_MEMORY, dir=self._folder)
        )

    def close(self) -> None:
        """Forget the files."""
        self._files.close()


def document_in(
    text: IO[bytes], *, name: str, content_type: str, scratch: Scratch
) -> tuple[IO[bytes], int] | None:
    """
    Return the document an attachment holds and its size; None where it is to stay as it is.

    ``text`` is the attachment's base64. What stays: kinds of file that do not travel raw or
    zipped, archives of more than one file, damaged base64 and damaged archives.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in _ARCHIVES or (suffix not in _RAW and content_type != ZIP_TYPE):
        return None
    decoded = _decoded(text, scratch)
    if decoded is None:
        return None
    size = decoded.seek(0, io.SEEK_END)
    decoded.seek(0)
    if decoded.read(len(_ZIP_START)) == _ZIP_START:
        entry = _only_entry(decoded, size)
        if entry is not None:
            return entry
        if suffix != ".docx":  # a .docx is an archive of many parts by nature
            return None
    decoded.seek(0)
    return (decoded, size) if content_type != ZIP_TYPE else None


def write_zipped(document: IO[bytes], size: int, out: IO[bytes], *, entry: str) -> None:
    """
    Write a ZIP of one entry holding ``document`` to ``out``, as base64 on one line.

    The archive has data descriptors, like those the vendor's library makes. Raises one of
    DAMAGED when the document came out of an archive that breaks half-way.
    """
    sink = _Base64Sink(out)
    level = 1 if size <= _DEFLATED_UP_TO else 0
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive,
        archive.open(entry, "w", force_zip64=size >= _ZIP64_FROM) as target,
    ):
        while piece := document.read(_PIECE):
            target.write(piece)
    sink.finish()


def arbitrary_name(seed: str, name: str) -> str:
    """Return a name for the entry that says nothing of the document but its kind."""
    digest = hashlib.sha256(f"{seed}{name}".encode()).hexdigest()
    return f"{digest[:32]}{PurePath(name).suffix}"


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Return the bytes of a file from its beginning, a piece at a time."""
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece


def _decoded(text: IO[bytes], scratch: Scratch) -> IO[bytes] | None:
    """Return the bytes behind base64 that may hold blanks; None if it is damaged."""
    decoded = scratch.file()
    rest = b""
    try:
        for piece in pieces(text):
            clean = rest + piece.translate(None, _BLANKS)
            whole = len(clean) - len(clean) % 4
            rest = clean[whole:]
            decoded.write(binascii.a2b_base64(clean[:whole], strict_mode=True))
    except binascii.Error:
        return None
    return None if rest else decoded


def _only_entry(decoded: IO[bytes], size: int) -> tuple[IO[bytes], int] | None:
    """Open the one file of an archive; None if it has several, or none that can be read."""
    try:
        archive = zipfile.ZipFile(decoded)
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) != 1 or entries[0].file_size > _INFLATES_AT_MOST * size:
            return None
        return archive.open(entries[0]), entries[0].file_size
    except DAMAGED:
        return None


class _Base64Sink(io.RawIOBase):
    """Takes bytes and writes them on as one line of base64; has no position, like a socket."""

    def __init__(self, out: IO[bytes]) -> None:
        super().__init__()
        self._out = out
        self._rest = b""

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        piece = self._rest + bytes(data)
        whole = len(piece) - len(piece) % 3
        self._rest = piece[whole:]
        self._out.write(binascii.b2a_base64(piece[:whole], newline=False))
        return memoryview(data).nbytes

    def finish(self) -> None:
        """Write what did not make three bytes yet, padded."""
        self._out.write(binascii.b2a_base64(self._rest, newline=False))
