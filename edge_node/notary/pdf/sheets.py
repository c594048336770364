"""
A page as a person sees it: what is cut off, how it is turned, how long a millimetre is.

Boxes are (left, bottom, right, top). Those `seen` have their origin in the lower left corner of
what is shown, after turning; those `within` the page are in its own coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.reader import PdfFileReader

Box = tuple[float, float, float, float]
Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]

SAME: Final[Matrix] = (1, 0, 0, 1, 0, 0)
POINTS: Final = 72 / 25.4  # of a millimetre
A4: Final = (0.0, 0.0, 595.0, 842.0)
DEEPEST: Final = 64  # levels of the tree of pages
MOST: Final = 20_000  # pages that are looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is shown of a page."""

    box: Box  # within the page
    turned: int  # degrees clockwise: 0, 90, 180 or 270
    unit: float  # points in a unit of the page

    @property
    def width(self) -> float:
        """How wide it is seen, in units of the page."""
        left, bottom, right, top = self.box
        return right - left if self.turned % 180 == 0 else top - bottom

    @property
    def height(self) -> float:
        """How high it is seen, likewise."""
        left, bottom, right, top = self.box
        return top - bottom if self.turned % 180 == 0 else right - left

    def units(self, millimetres: float) -> float:
        """Return a length in units of the page."""
        return millimetres * POINTS / self.unit

    def seen(self, box: Box) -> Box:
        """Return where a box within the page is seen."""
        return ordered(self._seen(box[0], box[1]), self._seen(box[2], box[3]))

    def within(self, box: Box) -> Box:
        """Return where within the page a box is that is seen."""
        return ordered(self._within(box[0], box[1]), self._within(box[2], box[3]))

    def _seen(self, x: float, y: float) -> tuple[float, float]:
        left, bottom, right, top = self.box
        return {
            0: (x - left, y - bottom),
            90: (y - bottom, right - x),
            180: (right - x, top - y),
            270: (top - y, x - left),
        }[self.turned]

    def _within(self, x: float, y: float) -> tuple[float, float]:
        left, bottom, right, top = self.box
        return {
            0: (left + x, bottom + y),
            90: (right - y, bottom + x),
            180: (right - x, top - y),
            270: (left + y, top - x),
        }[self.turned]


def sheet(page: generic.DictionaryObject) -> Sheet:
    """Read what is shown of a page; raises what damaged ones raise."""
    media = _box(inherited(page, "/MediaBox")) or A4
    crop = _box(inherited(page, "/CropBox")) or media
    left, bottom, right, top = shared(media, crop) or media
    turned = inherited(page, "/Rotate")
    return Sheet(
        box=(left, bottom, right, top),
        turned=int(turned) % 360 // 90 * 90 if isinstance(turned, int) else 0,
        unit=float(page["/UserUnit"]) if "/UserUnit" in page else 1.0,
    )


def pages(reader: PdfFileReader) -> Iterator[tuple[int, generic.IndirectObject]]:
    """Yield the pages with their numbers, from 0."""
    waiting = [reader.root.raw_get("/Pages")]
    number = 0
    while waiting and number < MOST:
        one = waiting.pop()
        node = one.get_object()
        if "/Kids" in node and len(waiting) < MOST:
            waiting.extend(reversed(list(node["/Kids"])))
        elif "/Kids" not in node:
            yield number, one
            number += 1


def ordered(one: tuple[float, float], other: tuple[float, float]) -> Box:
    """Return the box between two corners."""
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[0], other[0]),
        max(one[1], other[1]),
    )


def shared(one: Box, other: Box) -> Box | None:
    """Return what two boxes have in common; None if nothing."""
    left, bottom = max(one[0], other[0]), max(one[1], other[1])
    right, top = min(one[2], other[2]), min(one[3], other[3])
    return (left, bottom, right, top) if left < right and bottom < top else None


def clipped(box: Box, clip: Box) -> Box | None:
    """Return what a clip leaves of a box, which may be a mere line."""
    left, bottom = max(box[0], clip[0]), max(box[1], clip[1])
    right, top = min(box[2], clip[2]), min(box[3], clip[3])
    return (left, bottom, right, top) if left <= right and bottom <= top else None


def rectangle(given: generic.PdfObject) -> Box:
    """Return a rectangle of a PDF, whichever of its corners it names."""
    left, bottom, right, top = (float(one) for one in given)  # type: ignore[attr-defined]
    return ordered((left, bottom), (right, top))


def times(first: Matrix, then: Matrix) -> Matrix:
    """Return the matrix that does one and then the other."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + m,
    )


def at(matrix: Matrix, x: float, y: float) -> Point:
    """Return where a matrix puts a point."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def matrix_of(given: Iterable[object]) -> Matrix:
    """Return a matrix from its six numbers."""
    a, b, c, d, e, f = (float(one) for one in given)  # type: ignore[arg-type] # others raise
    return a, b, c, d, e, f


def overlays(page: generic.DictionaryObject) -> list[generic.DictionaryObject]:
    """Return what is laid over a page."""
    return [one.get_object() for one in page["/Annots"]] if "/Annots" in page else []


def _box(given: generic.PdfObject | None) -> Box | None:
    return None if given is None else rectangle(given)


def inherited(page: generic.DictionaryObject, key: str) -> generic.PdfObject | None:
    """Return what a page has, or those above it in the tree."""
    for _ in range(DEEPEST):
        if key in page:
            found: generic.PdfObject = page[key]
            return found
        if "/Parent" not in page:
            break
        page = page["/Parent"]
    return None
