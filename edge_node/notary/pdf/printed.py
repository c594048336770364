"""
What is printed on page 1 of a PDF: its lines, and its picture where it has no text.

By PDFium, which reads what strangers wrote in every browser. It runs no script here, opens nothing
but the memory it is given, and knows no fonts but its own and the document's. Notes and stamps
that lie over the page are read with it; what is attached to the file is not.
"""

from __future__ import annotations

import ctypes
import math
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import pypdfium2_raw as pdfium

from edge_node.domain.secrecy import GRAVITY, Grade, Printed, Seen, grade_in, letters_in
from edge_node.notary.pdf.lines import Letter, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

DOTS: Final = 250  # per inch, in which a page is drawn
_POINTS: Final = 72  # per inch
_MOST: Final = 40_000  # letters that are read of one page; a full one has 5000
_COVERED: Final = 0.5  # of a page, by pictures: then it is a scan
_FEW: Final = 40  # letters on a scan that somebody wrote on, and nobody read by machine
_DEEP: Final = 5  # forms within forms
_NOTES: Final = 1000  # things that lie over a page, whose words are read
_WORDS: Final = 256  # characters of what such a thing says; a grade has a dozen
_WANTS_PASSWORD: Final = (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
_LARGEST: Final = 0xFFFF
_SURROGATES: Final = range(0xD800, 0xE000)

pdfium.FPDF_InitLibrary()


class _Kind(IntEnum):
    """What a thing on a page is (fpdf_edit.h)."""

    IMAGE = 3
    FORM = 5


# What says something over a page that programs draw by themselves, and where it says it: notes
# that stand open there, and fields of forms (ISO 32000-1, 12.5.6.6 and 12.7.3).
_SAYING: Final = {
    pdfium.FPDF_ANNOT_FREETEXT: b"Contents",
    pdfium.FPDF_ANNOT_WIDGET: b"V",
}
_UNSEEN: Final = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW


@dataclass(frozen=True, slots=True)
class Canvas:
    """Memory to draw in: one byte a pixel, white 255, and how many there are."""

    address: int
    pixels: int


@contextmanager
def opened(address: int, size: int) -> Iterator[object | Seen]:
    """Give the document in memory, or why it cannot be read."""
    document = pdfium.FPDF_LoadMemDocument64(address, size, None)
    if not document:
        locked = pdfium.FPDF_GetLastError() in _WANTS_PASSWORD
        yield Seen.LOCKED if locked else Seen.BROKEN
        return
    try:
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


def printed(address: int, size: int, canvas: Canvas | None) -> Printed:
    """Return what page 1 says; where it says nothing it is drawn, if there is a canvas."""
    with opened(address, size) as document:
        if isinstance(document, Seen):
            return Printed(seen=document)
        with _first_page(document) as page:
            if not page:
                return Printed(seen=Seen.BROKEN)
            scanned = _covered(page) >= _COVERED
            letters = list(_letters_of(page))
            found = [grade_in(lines_of(letters), blurred=scanned)]
            # A signature draws its owner's name over a scan, which nobody has read for that.
            enough = letters_in("".join(one.text for one in letters)) >= (_FEW if scanned else 1)
            if pdfium.FPDFPage_GetAnnotCount(page) > 0:
                found.append(grade_in(_said_over(page)))
                found.append(_grade_over(document, page, blurred=scanned))
            grade = max(filter(None, found), key=GRAVITY.index, default=None)
            if grade or enough:
                return Printed(seen=Seen.READ, grade=grade)
            return Printed(seen=Seen.NOTHING, size=_draw(page, canvas) if canvas else None)


def pictured(address: int, size: int, canvas: Canvas) -> Printed:
    """Return page 1 drawn, whatever it says; nothing is read."""
    with opened(address, size) as document:
        if isinstance(document, Seen):
            return Printed(seen=document)
        with _first_page(document) as page:
            drawn = _draw(page, canvas) if page else None
            return Printed(seen=Seen.READ if drawn else Seen.BROKEN, size=drawn)


def _said_over(page: object) -> Iterator[str]:
    """Yield the words of notes and fields, which may have no appearance; blank lines part them."""
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), _NOTES)):
        note = pdfium.FPDFPage_GetAnnot(page, number)
        if not note:
            continue
        try:
            key = _SAYING.get(pdfium.FPDFAnnot_GetSubtype(note))
            if key and not pdfium.FPDFAnnot_GetFlags(note) & _UNSEEN:
                yield from (_text_in(note, key), "")
        finally:
            pdfium.FPDFPage_CloseAnnot(note)


def _text_in(note: object, key: bytes) -> str:
    """Return a short text of a note; "" for a long one, and where there is none."""
    room = (ctypes.c_ushort * _WORDS)()
    length = pdfium.FPDFAnnot_GetStringValue(note, key, room, ctypes.sizeof(room))
    told = bytes(room)[: max(0, length - 2)] if length <= ctypes.sizeof(room) else b""
    return told.decode("utf-16-le", "replace")


def _grade_over(document: object, page: object, *, blurred: bool) -> Grade | None:
    """Return the grade on a page with what lies over it, which becomes part of it in memory."""
    if pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) != pdfium.FLATTEN_SUCCESS:
        return None
    with _first_page(document) as flat:
        return grade_in(lines_of(_letters_of(flat)), blurred=blurred) if flat else None


@contextmanager
def _first_page(document: object) -> Iterator[object]:
    page = pdfium.FPDF_LoadPage(document, 0)
    try:
        yield page
    finally:
        if page:
            pdfium.FPDF_ClosePage(page)


@contextmanager
def _words(page: object) -> Iterator[tuple[object, int]]:
    """Give the text of a page and how many characters it has, of those that are read."""
    text = pdfium.FPDFText_LoadPage(page)
    try:
        yield text, min(max(0, pdfium.FPDFText_CountChars(text)), _MOST) if text else 0
    finally:
        if text:
            pdfium.FPDFText_ClosePage(text)


def _letters_of(page: object) -> Iterator[Letter]:
    x, y, box = ctypes.c_double(), ctypes.c_double(), pdfium.FS_RECTF()
    to_x, to_y, to_box = ctypes.byref(x), ctypes.byref(y), ctypes.byref(box)
    with _words(page) as (text, count):
        for number in range(count):
            letter = _character(pdfium.FPDFText_GetUnicode(text, number))
            if (
                not letter
                or not pdfium.FPDFText_GetCharOrigin(text, number, to_x, to_y)
                or not pdfium.FPDFText_GetLooseCharBox(text, number, to_box)
                or not all(map(math.isfinite, (x.value, y.value, box.left, box.top)))
            ):
                continue
            yield Letter(
                text=letter,
                x=x.value,
                y=y.value,
                width=abs(box.right - box.left),
                height=abs(box.top - box.bottom),
                angle=_degrees(pdfium.FPDFText_GetCharAngle(text, number)),
            )


def _character(code: int) -> str:
    """Return a character that is one; PDFium's own marks and what no font explains are none."""
    sound = ord(" ") <= code <= _LARGEST and code not in _SURROGATES
    return chr(code) if sound and chr(code).isprintable() else ""


def _degrees(angle: float) -> float:
    """Return an angle, which PDFium counts clockwise, in degrees; it says -1 where it has none."""
    return math.degrees(2 * math.pi - angle) if 0 <= angle <= 2 * math.pi else 0.0


def _covered(page: object) -> float:
    """Return how much of a page pictures cover, at most 1; what overlaps counts twice."""
    area = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page)
    things = pdfium.FPDFPage_CountObjects(page)
    covered = sum(
        _area(thing)
        for number in range(min(things, _MOST))
        if _has_picture(thing := pdfium.FPDFPage_GetObject(page, number))
    )
    return min(1.0, covered / area) if area > 0 else 0.0


def _has_picture(thing: object, deep: int = 0) -> bool:
    kind = pdfium.FPDFPageObj_GetType(thing)
    if kind == _Kind.IMAGE:
        return True
    if kind != _Kind.FORM or deep == _DEEP:
        return False
    return any(
        _has_picture(pdfium.FPDFFormObj_GetObject(thing, number), deep + 1)
        for number in range(min(pdfium.FPDFFormObj_CountObjects(thing), _MOST >> 3 * deep))
    )


def _area(thing: object) -> float:
    sides = [ctypes.c_float() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetBounds(thing, *map(ctypes.byref, sides)):
        return 0.0
    left, bottom, right, top = (side.value for side in sides)
    area = abs((right - left) * (top - bottom))
    return area if math.isfinite(area) else 0.0


def _draw(page: object, canvas: Canvas) -> tuple[int, int] | None:
    """Draw a page in grey, as sharp as fits; return its size in pixels."""
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    if not (width > 0 and height > 0 and math.isfinite(width * height)):
        return None
    scale = min(DOTS / _POINTS, math.sqrt(canvas.pixels / (width * height)))
    across, down = max(1, int(width * scale)), max(1, int(height * scale))
    if across * down > canvas.pixels:
        return None
    picture = pdfium.FPDFBitmap_CreateEx(
        across, down, pdfium.FPDFBitmap_Gray, canvas.address, across
    )
    if not picture:
        return None
    try:
        pdfium.FPDFBitmap_FillRect(picture, 0, 0, across, down, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(
            picture, page, 0, 0, across, down, 0, pdfium.FPDF_GRAYSCALE | pdfium.FPDF_ANNOT
        )
    finally:
        pdfium.FPDFBitmap_Destroy(picture)
    return across, down
