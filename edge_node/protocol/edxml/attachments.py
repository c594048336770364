"""
The convention by which attachments travel: base64, most of them zipped first.

The vendor's library (EdXML102 0.0.3) sends pdf, doc, docx and zip as they are and puts everything
else into a ZIP of one entry; older ones zip everything, and what the content type claims is often
wrong. Bytes stream through here; names and limits of a package are the reader's affair.
"""

from __future__ import annotations

import binascii
import hashlib
import os
from typing import TYPE_CHECKING, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from edge_node.domain.errors import Permanent
from edge_node.domain.message import say
from edge_node.domain.names import safe_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge_node.protocol.edxml.streams import Target

# The last two are the vendor library's own misspellings of xls and xlsx.
_RAW: Final = frozenset({"pdf", "doc", "docx", "zip", "xsl", "xslx"})
ZIPPED: Final = "application/zip"

_CHUNK: Final = 3 << 18  # a multiple of three bytes encodes without padding
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first moment a ZIP can name
_UNIX: Final = 3


def extension(name: str) -> str:
    """Return a name's extension in lower case, without the dot."""
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem else ""


def travels_raw(name: str) -> bool:
    """Tell whether a file of that name is sent as it is; every other one is zipped."""
    return extension(name) in _RAW


def content_type(name: str) -> str:
    """Return the content type an attachment of that name travels under."""
    return f"application/{extension(name)}" if travels_raw(name) else ZIPPED


class Base64Writer:
    """A stream that writes what it is given as one unwrapped line of base64."""

    def __init__(self, out: Target) -> None:
        """Write to ``out``, which stays open; `finish` writes the padding."""
        self._out = out
        self._rest = b""

    def write(self, data: bytes) -> int:
        """Encode what makes whole groups of three and keep the rest for the next call."""
        block = self._rest + data if self._rest else data
        whole = len(block) - len(block) % 3
        self._rest = bytes(block[whole:])
        self._out.write(binascii.b2a_base64(memoryview(block)[:whole], newline=False))
        return len(data)

    def flush(self) -> None:
        """Do nothing: an unfinished group cannot be written yet."""

    def finish(self) -> None:
        """Write the last group with its padding."""
        self._out.write(binascii.b2a_base64(self._rest, newline=False))
        self._rest = b""


class _Gather:
    """A stream that hands on its many small writes as few big ones."""

    def __init__(self, out: Base64Writer) -> None:
        self._out = out
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        if len(self._held) >= _CHUNK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        self._out.write(bytes(self._held))
        self._held.clear()


class AttachmentChanged(Permanent):
    """A file is another than the one that was judged, and so is what was written of it."""


def encode(path: Path, name: str, content_id: str, out: Target, *, digest: str = "") -> None:
    """
    Write the file's bytes to ``out`` as they travel under that name: base64, zipped or not.

    The same file gives the same bytes whenever it is written. AttachmentChanged where its SHA-256
    is not ``digest``, if that is given; OSError when it cannot be read.
    """
    base64, hashed = Base64Writer(out), hashlib.sha256()
    with path.open("rb") as source:
        if travels_raw(name):
            for chunk in _pieces(source, hashed):
                base64.write(chunk)
        else:
            size = os.fstat(source.fileno()).st_size
            inner = _inner_name(name, content_id)
            _zip(_pieces(source, hashed), size, inner, base64)
    base64.finish()
    if digest and hashed.hexdigest() != digest:
        raise AttachmentChanged(
            say("{file} was changed after it had been looked at", file=name),
            hint=say("leave it alone until it has been sent, and drop it into the outbox again"),
        )


def _pieces(source: BinaryIO, hashed: hashlib._Hash) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        hashed.update(chunk)
        yield chunk


def _inner_name(name: str, content_id: str) -> str:
    ending = extension(name)
    return safe_name(f"{content_id}.{ending}" if ending else content_id)


def _zip(pieces: Iterable[bytes], size: int, name: str, out: Base64Writer) -> None:
    """Write a ZIP of one entry, deflated: Java's streaming reader takes a data descriptor so."""
    entry = ZipInfo(name, _EPOCH)
    entry.compress_type = ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.file_size = size  # from it zipfile decides whether the entry needs ZIP64
    gather = _Gather(out)
    # zipfile needs no more of a stream it cannot seek than these two methods.
    with ZipFile(gather, "w") as archive, archive.open(entry, "w") as inner:  # type: ignore[call-overload]
        for piece in pieces:
            inner.write(piece)
    gather.flush()
