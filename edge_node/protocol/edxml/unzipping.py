"""
Attachments that were zipped only to travel: which ones they are, and their bytes.

Any archive is a stranger's. Nothing it says is believed: not its entries' names, which never
become a file's, nor their sizes, which are counted.
"""

from __future__ import annotations

import struct
import zlib
from contextlib import contextmanager
from io import SEEK_SET, BufferedReader, FileIO
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from edge_node.protocol.edxml.attachments import extension
from edge_node.protocol.edxml.contents import NoRoom, Sink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.domain.envelope import Stored
    from edge_node.protocol.edxml.streams import Target

# These may hold a single entry in their own right; office files never do (the Open Packaging
# Conventions and ODF each ask for several), so one entry means that somebody zipped the file.
_MAY_HOLD_ONE: Final = frozenset({"jar", "apk", "epub", "asice", "asics", "edxz", "kmz"})
_CHUNK: Final = 1 << 18
_DIRECTORY: Final = 1 << 20  # bytes; the list of a single entry is far shorter
_FARTHEST: Final = 2**63 - 1
_ENCRYPTED: Final = 0x1


class CannotOpen(ValueError):
    """It begins like an archive, and is none, or is one we have no key or method for."""


class Damaged(ValueError):
    """The archive is one, and its content is not what was put in."""


def unzip(raw: Path | int, plain: Path | Target, name: str, *, room: int) -> Stored | None:
    """
    Unzip the attachment of that name from ``raw`` into the new file ``plain``.

    Either may be open already: ``raw`` by its descriptor, which stays open.

    None when the archive itself is the attachment. CannotOpen, Damaged, or NoRoom for more than
    ``room`` bytes; ``plain`` may stay behind half written.
    """
    with _opened(raw) as archive:
        entry = _lone_entry(archive, name)
        if entry is None:
            return None
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in {ZIP_DEFLATED, ZIP_STORED}:
            raise CannotOpen  # bzip2 and LZMA do not unzip in bounded steps
        if entry.file_size > room:
            raise NoRoom
        with Sink(plain, room=room) as sink:
            _copy(archive, entry, sink)
        return sink.stored


def _copy(archive: ZipFile, entry: ZipInfo, sink: Sink) -> None:
    try:
        with archive.open(entry) as inner:
            while chunk := inner.read(_CHUNK):
                sink.write(chunk)
    except NoRoom:
        raise
    except (
        BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        ValueError,
        struct.error,
    ) as error:
        raise Damaged from error


class _Wary(BufferedReader):
    """
    A file that zipfile may neither load whole nor leave.

    A hostile archive may be nothing but a list of entries, which in memory is many times as large,
    or point to before its own beginning.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        if size and size > _DIRECTORY:
            raise CannotOpen
        return super().read(size)

    def seek(self, target: int, whence: int = SEEK_SET, /) -> int:
        if whence == SEEK_SET and not 0 <= target <= _FARTHEST:
            raise CannotOpen
        return super().seek(target, whence)


@contextmanager
def _opened(raw: Path | int) -> Iterator[ZipFile]:
    """Open an archive a stranger made; CannotOpen when it is none or cannot be read as one."""
    with _Wary(FileIO(raw, closefd=not isinstance(raw, int))) as source:
        try:
            archive = ZipFile(source)
        except (BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise CannotOpen from error
        with archive:
            yield archive


def _lone_entry(archive: ZipFile, name: str) -> ZipInfo | None:
    """
    Return the entry that is the attachment of that name; None when the archive itself is it.

    An entry's name only tells a `.kmz` that somebody zipped from one that holds a single map.
    """
    ending = extension(name)
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    if len(entries) != 1 or ending == "zip":
        return None
    if ending in _MAY_HOLD_ONE and extension(entries[0].filename) != ending:
        return None
    return entries[0]
