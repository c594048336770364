"""
The ZIP under an office file, read as strictly as a signed file must be.

Readers differ about a ZIP that is not tidy: bytes before it or after it, gaps, two entries of one
name. Each may show another document, so none of that is let in. What the entries mean is
`edge_node.notary.ooxml.package`.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from edge_node.domain.errors import Permanent
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from edge_node.domain.message import Message

CHUNK: Final = 1 << 18
_ENTRIES: Final = 20_000  # a workbook of 10 000 pictures has about half as many
_DIRECTORY: Final = 8 << 20  # bytes
_UNPACKED: Final = 2 << 30  # bytes, all entries together
_RATIO: Final = 200  # sheets come to 10 or 20, DEFLATE's utmost is about 1000
_RATIO_FREE: Final = 64 << 20  # bytes that no ratio is asked of

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_FIELD: Final = struct.Struct("<2H")
_FULL: Final = (*[(1 << 16) - 1] * 4, *[(1 << 32) - 1] * 2)  # told by the record for large files
_UNICODE_PATH: Final = 0x7075
_ELSEWHERE: Final = (1 << 32) - 1
_DESCRIPTORS: Final = (0, 12, 16, 20, 24)  # bytes after an entry that was written to a stream
_FIRST: Final = b"PK\3\4"
_NO_MEMORY: Final = "Error -4 "  # zlib's Z_MEM_ERROR, which Python gives no class of its own
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_DESCRIBED: Final = 0x8


class PackageUnsound(Permanent):
    """The file cannot be read as an office file, or holds something unsafe."""

    def __init__(self, message: Message, *, hint: Message | None = None) -> None:
        """Say what is wrong; most of it is gone once an office program has written the file."""
        anew = say("open it in the office program and save it anew")
        super().__init__(message, hint=anew if hint is None else hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: where its packed bytes are, and what they unpack to."""

    name: str  # as in the archive; ASCII
    offset: int  # of the packed bytes
    packed: int  # bytes
    size: int  # bytes
    crc: int
    method: int
    date_time: tuple[int, int, int, int, int, int]


class Archive:
    """The entries of a ZIP, in their order; their bytes come as a stream."""

    def __init__(self, source: BinaryIO, entries: tuple[Entry, ...]) -> None:
        """Take what `read` has found in ``source``."""
        self._source = source
        self.entries = entries

    @classmethod
    def read(cls, source: BinaryIO) -> Self:
        """Read the list of entries of a seekable file; PackageUnsound when it is not tidy."""
        try:
            length = source.seek(0, 2)
            directory, count = _directory(source, length)
            with ZipFile(source) as opened:
                listed = opened.infolist()
            if len(listed) != count:
                raise _untidy(say("its list of entries is longer or shorter than it says"))
            entries = tuple(_entry(source, info) for info in listed)
        except (BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise _no_zip() from error
        _ask_bounds(entries, length)
        _ask_tidy(listed, entries, directory)
        return cls(source, entries)

    def unpacked(self, entry: Entry) -> Iterator[bytes]:
        """Yield the bytes of an entry; PackageUnsound when they are not what its header says."""
        crc = size = 0
        for chunk in self._inflated(entry):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            if size > entry.size:  # the bounds were asked of what the header says
                raise _damaged(entry)
            yield chunk
        if crc != entry.crc or size != entry.size:
            raise _damaged(entry)

    def packed(self, entry: Entry) -> Iterator[bytes]:
        """Yield the bytes of an entry as they lie in the file."""
        self._source.seek(entry.offset)
        left = entry.packed
        while left:
            chunk = self._source.read(min(CHUNK, left))
            if not chunk:
                raise _damaged(entry)
            left -= len(chunk)
            offset = self._source.tell()
            yield chunk
            self._source.seek(offset)  # somebody may have read elsewhere in between

    def _inflated(self, entry: Entry) -> Iterator[bytes]:
        if entry.method == ZIP_STORED:
            yield from self.packed(entry)
            return
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for chunk in self.packed(entry):
                yield inflater.decompress(chunk, CHUNK)
                while inflater.unconsumed_tail:
                    yield inflater.decompress(inflater.unconsumed_tail, CHUNK)
            yield inflater.flush()
        except zlib.error as error:
            if str(error).startswith(_NO_MEMORY):
                raise MemoryError from error
            raise _damaged(entry) from error
        if not inflater.eof or inflater.unused_data:
            raise _damaged(entry)


def _directory(source: BinaryIO, length: int) -> tuple[tuple[int, int], int]:
    """
    Return where the list of entries begins and ends, and how many there are.

    It must end where only the records of the end are, and these must tell of one list: some
    readers go by the first of them, some by the last.
    """
    end = length - _END.size
    if end < 0:
        raise _no_zip()
    mark, *told, comment = _END.unpack(_at(source, end, _END.size))
    if mark != b"PK\5\6" or comment:
        packed = _at(source, 0, len(_FIRST)) == _FIRST
        raise (
            _untidy(say("its end is missing, or there are bytes after it"))
            if packed
            else _no_zip()
        )
    located = end - _LOCATOR.size
    if located >= _END_64.size:
        mark, _, record, _ = _LOCATOR.unpack(_at(source, located, _LOCATOR.size))
        if mark == b"PK\6\7":
            end = located - _END_64.size
            mark, _, _, _, *large = _END_64.unpack(_at(source, end, _END_64.size))
            pairs = zip(told, large, _FULL, strict=True)
            if mark != b"PK\6\6" or record != end or any(one not in rest for one, *rest in pairs):
                raise _untidy(say("its end tells of two lists of entries"))
            told = large
    disk, first_disk, here, count, size, offset = told
    if disk or first_disk or here != count:
        raise _untidy(say("it is one of several volumes"))
    if count > _ENTRIES or size > _DIRECTORY:
        raise _too_large()
    if offset + size != end:
        raise _untidy(say("there are bytes before its beginning or after its list of entries"))
    return (offset, end), count


def _at(source: BinaryIO, offset: int, size: int) -> bytes:
    source.seek(offset)
    return source.read(size)


def _entry(source: BinaryIO, info: ZipInfo) -> Entry:
    """Return an entry whose two headers agree."""
    local = _LOCAL.unpack(_at(source, info.header_offset, _LOCAL.size))
    name, extra = source.read(local[9]), source.read(local[10])
    if local[0] != _FIRST:
        raise _no_zip()
    named = info.orig_filename.isascii() and name == info.orig_filename.encode("ascii")
    if not named or _renames(extra) or _renames(info.extra):
        raise _untidy(say("an entry is called by two names, or by one beyond ASCII"))
    if (local[2] | info.flag_bits) & _ENCRYPTED:
        raise PackageUnsound(say("the file is encrypted"), hint=say("send it without a password"))
    if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise _untidy(say("it is packed by a method that office files do not use"))
    told = (local[3], *local[6:9])
    large = {local[7], local[8]} == {_ELSEWHERE}  # in the extra field, which nobody reads first
    listed = (info.compress_type, info.CRC, info.compress_size, info.file_size)
    described = bool(local[2] & _DESCRIBED)
    if told[:1] != listed[:1] or not (described or large or told == listed):
        raise _untidy(say("an entry's two headers differ"))
    if info.compress_type == ZIP_STORED and info.compress_size != info.file_size:
        raise _untidy(say("an entry's two headers differ"))
    return Entry(
        name=info.orig_filename,
        offset=info.header_offset + _LOCAL.size + local[9] + local[10],
        packed=info.compress_size,
        size=info.file_size,
        crc=info.CRC,
        method=info.compress_type,
        date_time=info.date_time,
    )


def _renames(extra: bytes) -> bool:
    """Whether an extra field gives the entry another name, which some readers go by."""
    while len(extra) >= _FIELD.size:
        kind, size = _FIELD.unpack_from(extra)
        if kind == _UNICODE_PATH:
            return True
        extra = extra[_FIELD.size + size :]
    return False


def _ask_bounds(entries: tuple[Entry, ...], length: int) -> None:
    unpacked = sum(entry.size for entry in entries)
    if unpacked > _UNPACKED or unpacked > max(_RATIO_FREE, _RATIO * length):
        raise _too_large()


def _ask_tidy(
    listed: list[ZipInfo],
    entries: tuple[Entry, ...],
    directory: tuple[int, int],
) -> None:
    """Refuse entries that overlap, or bytes between them that are nobody's."""
    placed = sorted(zip(listed, entries, strict=True), key=lambda one: one[0].header_offset)
    begin = directory[0] if not placed else placed[0][0].header_offset
    if begin:
        raise _untidy(say("there are bytes before its beginning or after its list of entries"))
    starts = [info.header_offset for info, _ in placed] + [directory[0]]
    for (info, entry), (_, following) in zip(placed, pairwise(starts), strict=True):
        between = following - entry.offset - entry.packed
        if between not in (_DESCRIPTORS if info.flag_bits & _DESCRIBED else (0,)):
            raise _untidy(say("its entries overlap, or there are bytes between them"))


def _no_zip() -> PackageUnsound:
    return PackageUnsound(
        say("the file is not a readable .docx, .xlsx or .pptx"),
        hint=say("open it in the office program and save it anew"),
    )


def _untidy(what: Message) -> PackageUnsound:
    return PackageUnsound(
        say("the file is not packed as an office file is: {what}", what=what),
        hint=say("open it in the office program and save it anew"),
    )


def _too_large() -> PackageUnsound:
    return PackageUnsound(
        say("the file unpacks to more than an office file should"),
        hint=say("look at it on a machine of its own: it may be made to fill memory"),
    )


def _damaged(entry: Entry) -> PackageUnsound:
    return PackageUnsound(
        say("{part} cannot be unpacked to what was put in", part="/" + entry.name),
        hint=say("have the file sent again"),
    )
