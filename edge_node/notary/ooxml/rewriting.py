"""
An office file written anew with some entries replaced: every other one is copied as it is packed.

Nothing is unpacked or packed again, so a large file costs its copying. ZIP only; which entries
are replaced, and by what, is the caller's.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED

from edge_node.domain.message import say
from edge_node.notary.ooxml.archive import Entry, PackageUnsound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO

    from edge_node.notary.ooxml.archive import Archive

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_VERSION: Final = 20  # 2.0: DEFLATE, no more
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # as Office dates every entry
_FARTHEST: Final = (1 << 32) - 1
_LEVEL: Final = 6


def rewrite(archive: Archive, target: BinaryIO, replaced: Mapping[str, bytes]) -> None:
    """
    Write ``archive`` to ``target``, with the entries named in ``replaced`` having that content.

    What ``replaced`` names beyond the entries of the archive comes last, in its own order.
    """
    written = _Written(target)
    for entry in archive.entries:
        if entry.name in replaced:
            written.add(*_packed(entry.name, replaced[entry.name]))
        else:
            written.add(entry, archive.packed(entry))
    before = {entry.name for entry in archive.entries}
    for name, content in replaced.items():
        if name not in before:
            written.add(*_packed(name, content))
    written.close()


class _Written:
    """A ZIP that grows at its end."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._length = 0
        self._listed: list[bytes] = []

    def add(self, entry: Entry, packed: Iterable[bytes]) -> None:
        name = entry.name.encode("ascii")
        year, month, day, hour, minute, second = entry.date_time
        told = (
            _VERSION,
            0,
            entry.method,
            hour << 11 | minute << 5 | second // 2,
            max(year - 1980, 0) << 9 | month << 5 | day,
            entry.crc,
            entry.packed,
            entry.size,
            len(name),
            0,
        )
        central = _CENTRAL.pack(b"PK\1\2", _VERSION, *told, 0, 0, 0, 0, self._length)
        self._listed.append(central + name)
        self._write(_LOCAL.pack(b"PK\3\4", *told) + name)
        for chunk in packed:
            self._write(chunk)

    def close(self) -> None:
        begin = self._length
        directory = b"".join(self._listed)
        count = len(self._listed)
        self._write(directory)
        self._write(_END.pack(b"PK\5\6", 0, 0, count, count, len(directory), begin, 0))

    def _write(self, chunk: bytes) -> None:
        self._length += len(chunk)
        if self._length > _FARTHEST:
            raise PackageUnsound(say("the file is too large to be signed"))
        self._target.write(chunk)


def _packed(name: str, content: bytes) -> tuple[Entry, list[bytes]]:
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflater.compress(content) + deflater.flush()
    entry = Entry(
        name=name,
        offset=0,
        packed=len(packed),
        size=len(content),
        crc=zlib.crc32(content),
        method=ZIP_DEFLATED,
        date_time=_EARLIEST,
    )
    return entry, [packed]
