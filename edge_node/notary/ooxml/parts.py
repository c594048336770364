"""
The parts of an office file, read by whoever looks at its first page: leniently, and bounded.

What stands in them is not known here.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zipfile import ZipFile

_LARGEST: Final = 32 << 20  # bytes of one part that are read
_ENTRIES: Final = 20_000
_EVENTS: Final = 1_000_000  # beginnings and ends of elements in one part
_LARGEST_SHEET: Final = 1 << 30  # bytes, which are looked through and not read
_OVERLAP: Final = 4096  # bytes; what prints above a sheet has 255 characters at most
_UTF_8: Final = re.compile(rb"(?i)(?:\xef\xbb\xbf)?\s*<(?!\?xml[^>]*encoding=(?!.utf-8))")
_ENCRYPTED: Final = 0x1
_CHUNK: Final = 1 << 20
_CLEARED: Final = frozenset({"p", "row", "si", "tc", "tr", "Relationship"})


class Torn(Exception):
    """A part cannot be read."""


class Parts:
    """The parts of a file by their names, in any case; of two by one name, both."""

    def __init__(self, archive: ZipFile) -> None:
        """Look at no part yet; Torn where there are too many."""
        self._archive = archive
        self._entries = archive.infolist()
        if len(self._entries) > _ENTRIES:
            raise Torn

    def has(self, pattern: str) -> bool:
        """Tell whether there is a part by such a name."""
        return any(True for _ in self.named(pattern))

    def named(self, pattern: str) -> Iterator[int]:
        """Yield the numbers of the parts by such names."""
        for number, entry in enumerate(self._entries):
            name = entry.filename.replace("\\", "/").lstrip("/")
            if re.fullmatch(pattern, name, re.IGNORECASE):
                yield number

    def name(self, number: int) -> str:
        """Return what a part is called."""
        return self._entries[number].filename.replace("\\", "/").lstrip("/")

    def found_in(self, number: int, pattern: re.Pattern[bytes]) -> list[str] | None:
        """Return what a pattern captures in a part as it is written; None where not in UTF-8."""
        entry = self._entries[number]
        if entry.flag_bits & _ENCRYPTED:
            raise Torn
        found: list[str] = []
        tail = b""
        try:
            with self._archive.open(entry) as stream:
                bounded = _Bounded(stream.read, _LARGEST_SHEET)
                while chunk := bounded.read():
                    if not tail and (b"\0" in chunk[:4] or not _UTF_8.match(chunk)):
                        return None
                    text = tail + chunk
                    ends = 0
                    for one in pattern.finditer(text):
                        found.append(one[1].decode("utf-8", "replace"))
                        ends = one.end()
                    tail = text[max(ends, len(text) - _OVERLAP) :]
        except zlib.error as error:
            raise Torn from error
        return found

    def events(self, number: int) -> Iterator[tuple[str, etree._Element]]:
        """Yield the elements of a part as they begin and end."""
        entry = self._entries[number]
        if entry.flag_bits & _ENCRYPTED:
            raise Torn
        try:
            with self._archive.open(entry) as stream:
                walked = etree.iterparse(
                    _Bounded(stream.read),
                    events=("start", "end"),
                    resolve_entities=False,
                    no_network=True,
                    load_dtd=False,
                    huge_tree=False,
                )
                for count, (event, element) in enumerate(walked):
                    if count > _EVENTS:
                        raise Torn
                    if isinstance(element.tag, str):
                        yield event, element
                        if event == "end" and local(element) in _CLEARED:
                            element.clear(keep_tail=True)
        except etree.XMLSyntaxError as error:
            if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
                raise MemoryError from error
            raise Torn from error
        except zlib.error as error:
            raise Torn from error


@dataclass(slots=True)
class _Bounded:
    """A stream that ends in an error where it goes on for too long."""

    take: Callable[[int], bytes]
    left: int = _LARGEST

    def read(self, size: int = -1) -> bytes:
        chunk = self.take(min(size if size > 0 else _CHUNK, _CHUNK))
        self.left -= len(chunk)
        if self.left < 0:
            raise Torn
        return chunk


def local(element: etree._Element) -> str:
    """Return what an element is called, whatever its namespace."""
    return str(element.tag).rpartition("}")[2]
