"""
What is printed on the first page of an office file, as far as that shows without laying it out.

Of a text: its headers and footers, and its body, boxes among it, up to the first break of a page
that somebody made or that Word left when it last laid it out. Of a workbook: what prints above
and below each sheet, and the first rows and the boxes of the first. Of slides: the first, and
what lies under it. Read leniently: nothing is vouched for here, and a stamp in an untidy file is
one, too.
"""

from __future__ import annotations

import posixpath
import re
import struct
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Final
from zipfile import BadZipFile, ZipFile

from edge_node.domain.secrecy import Printed, Seen, grade_in, letters_in
from edge_node.notary.ooxml.parts import Parts, Torn, local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from lxml import etree

_PAGE: Final = 8_000  # letters; no page has more
_ROWS: Final = 10  # of a sheet: where an official form has its heading
_ABOVE_AS_WRITTEN: Final = re.compile(
    rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)\b[^<>]{0,200}>([^<]{1,2000})<"
)
_BREAKS: Final = frozenset({"lastRenderedPageBreak"})
# What a header of a sheet says of fonts and places: &"Arial,Bold"&14&C&KFF0000
_CODES: Final = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|\d+|[A-Za-z&])')
_PLACES: Final = re.compile(r"&[LCR]")
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED: Final = "EncryptedPackage".encode("utf-16-le")
_CHUNK: Final = 1 << 20


def printed(file: BinaryIO) -> Printed:
    """Return what the first page of an office file says."""
    if file.read(len(_COMPOUND)) == _COMPOUND:
        return Printed(seen=Seen.LOCKED if _is_locked(file) else Seen.OLD)
    try:
        with ZipFile(file) as archive:
            parts = Parts(archive)
            read = next((read for mark, read in _READERS if parts.has(mark)), None)
            if read is None:
                return Printed(seen=Seen.OTHER)
            lines = list(read(parts))
    # OSError: from places where a ZIP says that its entries lie, and no file goes so far.
    except (BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OSError, Torn):
        return Printed(seen=Seen.BROKEN)
    grade = grade_in(lines)
    seen = Seen.READ if any(map(letters_in, lines)) else Seen.NOTHING
    return Printed(seen=seen, grade=grade)


def _is_locked(file: BinaryIO) -> bool:
    """Whether an office file in its envelope is one under a password."""
    tail = b""
    while chunk := file.read(_CHUNK):
        if _LOCKED in tail + chunk:
            return True
        tail = chunk[-len(_LOCKED) :]
    return False


# ── text ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Writing:
    """The paragraphs of a part as they are read; one may hold a box that holds others."""

    open: list[list[str]] = field(default_factory=list)
    letters: int = 0
    ended: bool = False  # with the paragraph at hand the page is over

    def see(self, event: str, element: etree._Element) -> Iterator[str]:
        """Yield the paragraphs that are complete; an empty one parts cells and boxes."""
        name = local(element)
        if name == "p":
            if event == "start":
                self.open.append([])
            elif self.open:
                yield self._closed()
        elif event == "end" and name in _PARTING:
            yield ""
        elif event == "end" and self.open and (told := _said(element, name)):
            self.open[-1].append(told)

    def has_begun(self) -> bool:
        """Tell whether anything was written yet, in the paragraphs at hand as well."""
        return self.letters > 0 or any(map(letters_in, map("".join, self.open)))

    def _closed(self) -> str:
        paragraph = "".join(self.open.pop())
        self.letters += letters_in(paragraph)
        return paragraph


def _said(element: etree._Element, name: str) -> str:
    if name == "t":
        return element.text or ""
    if name == "textpath":  # a watermark, WordArt: words drawn along a line of their own
        return f"\n{_attribute(element, 'string')}\n"
    return _SIGNS.get(name, "")


def _paragraphs(parts: Parts, number: int) -> Iterator[str]:
    writing = _Writing()
    for event, element in parts.events(number):
        yield from writing.see(event, element)
    yield ""


def _first_page(parts: Parts, number: int) -> Iterator[str]:
    """Yield the paragraphs of a body as far as they are on its first page."""
    writing = _Writing()
    for event, element in parts.events(number):
        for paragraph in writing.see(event, element):
            yield paragraph
            if writing.ended and not writing.open:
                return
        if event == "end" and _breaks_page(element) and writing.has_begun():
            if not writing.open:
                return
            writing.ended = True
        if writing.letters > _PAGE:
            return


def _breaks_page(element: etree._Element) -> bool:
    name = local(element)
    if name == "br":
        return _attribute(element, "type") == "page"
    if name == "sectPr":
        kinds = [_attribute(one, "val") for one in element if local(one) == "type"]
        return kinds[-1:] not in (["continuous"], ["nextColumn"])
    return name in _BREAKS


def _text(parts: Parts) -> Iterator[str]:
    for number in parts.named(r"word/(?:header|footer)[^/]*\.xml"):
        yield from _paragraphs(parts, number)
    for number in parts.named(r"word/document[^/]*\.xml"):
        yield from _first_page(parts, number)
        yield ""


# ── sheets ───────────────────────────────────────────────────────────────────────────────────


def _workbook(parts: Parts) -> Iterator[str]:
    sheets = sorted(parts.named(r"xl/(?:work|chart)sheets/[^/]*\.xml"), key=_by_number(parts))
    wanted: dict[int, None] = {}
    for place, number in enumerate(sheets):
        for cell in _sheet(parts, number, with_cells=place == 0):
            if isinstance(cell, int):
                wanted[cell] = None
            else:
                yield cell
    yield from _shared(parts, wanted)
    for number in sorted(parts.named(r"xl/drawings/[^/]*\.(?:xml|vml)"), key=_by_number(parts)):
        yield from _paragraphs(parts, number)


def _sheet(parts: Parts, number: int, *, with_cells: bool) -> Iterator[str | int]:
    """Yield what stands above and below a sheet, and of its cells texts and numbers of texts."""
    kind = ""
    rows = 0
    # A sheet may have a million rows, and what prints above it stands behind them.
    scanned = parts.found_in(number, _ABOVE_AS_WRITTEN)
    for text in scanned or ():
        yield from _above_or_below(unescape(text))
    if scanned is not None and not with_cells:
        return
    for event, element in parts.events(number):
        name = local(element)
        if event == "start":
            if name == "c":
                kind = element.get("t", "")
            rows += name == "row"
            if scanned is not None and rows > _ROWS:
                return
            continue
        if name in _ABOVE_AND_BELOW and scanned is None:
            yield from _above_or_below(element.text or "")
        elif with_cells and rows <= _ROWS and name in ("v", "t"):
            told = element.text or ""
            if kind == "s" and name == "v":
                yield from (int(one) for one in [told.strip()] if one.isascii() and one.isdigit())
            else:
                yield from (told, "")


def _above_or_below(text: str) -> Iterator[str]:
    for place in _PLACES.split(text):
        yield from (_CODES.sub("", place), "")


def _shared(parts: Parts, wanted: Iterable[int]) -> Iterator[str]:
    """Yield the texts of a workbook that the cells name by their numbers."""
    numbers = set(wanted)
    last = max(numbers, default=-1)
    for part in parts.named(r"xl/sharedStrings[^/]*\.xml"):
        here, text = -1, ""
        for event, element in parts.events(part):
            name = local(element)
            if name == "si" and event == "start":
                here, text = here + 1, ""
                if here > last:
                    break
            elif name == "t" and event == "end":
                text += element.text or ""
            elif name == "si" and here in numbers:
                yield from (text, "")


# ── slides ───────────────────────────────────────────────────────────────────────────────────


def _slides(parts: Parts) -> Iterator[str]:
    slides = sorted(parts.named(r"ppt/slides/[^/]*\.xml"), key=_by_number(parts))
    first = _first_slide(parts)
    slide = next((one for one in slides if parts.name(one) == first), None)
    if slide is None:
        slide = next(iter(slides), None)
    seen: set[int] = set()
    while slide is not None and slide not in seen:
        seen.add(slide)
        yield from _paragraphs(parts, slide)
        under = [target for kind, target in _related(parts, slide).values() if kind in _UNDER]
        slide = next((one for one in parts.named(r"ppt/[^/]*/[^/]*\.xml")
                      if parts.name(one) in under and one not in seen), None)  # fmt: skip


def _first_slide(parts: Parts) -> str:
    for number in parts.named(r"ppt/presentation\.xml"):
        related = _related(parts, number)
        for event, element in parts.events(number):
            if event == "end" and local(element) == "sldId":
                named = (target for key, value in element.attrib.items() if str(key)[:1] == "{"
                         for _, target in [related.get(str(value), ("", ""))])  # fmt: skip
                return next(named, "")
    return ""


def _related(parts: Parts, number: int) -> dict[str, tuple[str, str]]:
    """Return what a part is related to, by its ids: of which kind, and where."""
    folder, _, name = parts.name(number).rpartition("/")
    related: dict[str, tuple[str, str]] = {}
    for one in parts.named(re.escape(f"{folder}/_rels/{name}.rels")):
        for event, element in parts.events(one):
            if event == "start" and local(element) == "Relationship":
                kind = element.get("Type", "").rpartition("/")[2]
                target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", "")))
                related[element.get("Id", "")] = (kind, target.lstrip("/"))
    return related


# ── all ──────────────────────────────────────────────────────────────────────────────────────


def _by_number(parts: Parts) -> Callable[[int], tuple[int, str]]:
    """Return what sorts sheet2.xml before sheet10.xml."""

    def key(number: int) -> tuple[int, str]:
        name = parts.name(number)
        return int((re.findall(r"\d{1,9}", name) or ["0"])[-1]), name

    return key


def _attribute(element: etree._Element, name: str) -> str:
    found = (str(value) for key, value in element.attrib.items() if _bare(str(key)) == name)
    return next(found, "")


def _bare(key: str) -> str:
    return key.rpartition("}")[2]


_SIGNS: Final = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_PARTING: Final = frozenset({"tc", "txbxContent", "txBody", "textbox", "sp"})
_ABOVE_AND_BELOW: Final = frozenset(
    f"{which}{what}" for which in ("odd", "even", "first") for what in ("Header", "Footer")
)
_UNDER: Final = frozenset({"slideLayout", "slideMaster"})
_READERS: Final = (
    (r"word/document[^/]*\.xml", _text),
    (r"xl/workbook[^/]*\.(?:xml|bin)", _workbook),
    (r"ppt/presentation[^/]*\.xml", _slides),
)
