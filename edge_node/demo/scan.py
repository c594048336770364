"""
A PDF as a scanner makes it, of any size, written on the spot with the standard library alone.

The pages look like typed letters on grey paper from far away and mean nothing from near by. It is
for showing and measuring how large files travel; it knows nothing of what a document says.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAGE: Final = (595.28, 841.89)  # A4 in points
_MARGINS: Final = (0.14, 0.08)  # of the page's width and height: left and right, top and bottom
_LINES: Final = 44  # lines of type a page
_PER_PAGE: Final = 3  # objects: the page, what it draws, the image
_SMALLEST: Final = 4_000  # bytes a page: below that nothing looks like a page

# What the noise becomes: paper is light grey, ink nearly black.
_PAPER: Final = bytes(214 + noise // 7 for noise in range(256))
_INK: Final = bytes(28 + noise // 4 for noise in range(256))


class _Stroke(NamedTuple):
    """A piece of a letter: where its ink begins and ends, in pixels, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int


def write_scan(path: Path, *, pages: int, size: int, seed: int = 1) -> None:
    """
    Write a PDF of ``pages`` grey A4 pages, about ``size`` bytes in all (within two in a hundred).

    The same arguments give the same bytes. Rows of pixels go to disk as they are made, so memory
    does not grow with ``size``. ValueError when a page would get fewer than 4 000 bytes.
    """
    if pages < 1 or size < pages * _SMALLEST:
        raise ValueError(f"no scan of {pages} pages fits into {size} bytes")
    pixels = size // pages - 600  # what the objects around an image take
    width = int((pixels * _PAGE[0] / _PAGE[1]) ** 0.5)
    height = pixels // width
    chance = random.Random(seed)  # noqa: S311 - noise, not a secret
    with path.open("wb") as file:
        pdf = _Pdf(file)
        for number in range(pages):
            pdf.page(_PER_PAGE * number + 3, width, height, _rows(width, height, chance))
        pdf.close(pages, seed)


class _Pdf:
    """The objects of one file, in the order they are written, and where each one begins."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._begins: dict[int, int] = {}
        file.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")

    def page(self, number: int, width: int, height: int, rows: Iterator[bytes]) -> None:
        """Write one page that is filled by one image, 8 bits a pixel, row by row."""
        across, down = _PAGE
        draw = f"q {across} 0 0 {down} 0 0 cm /Scan Do Q"
        self._object(
            number,
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {across} {down}]"
            f" /Contents {number + 1} 0 R"
            f" /Resources << /XObject << /Scan {number + 2} 0 R >> >> >>",
        )
        self._object(number + 1, f"<< /Length {len(draw)} >>\nstream\n{draw}\nendstream")
        self._begin(
            number + 2,
            f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height}"
            f" /ColorSpace /DeviceGray /BitsPerComponent 8 /Length {width * height} >>\nstream\n",
        )
        for row in rows:
            self._file.write(row)
        self._file.write(b"\nendstream\nendobj\n")

    def close(self, pages: int, seed: int) -> None:
        """Write what names the pages, and the table of where everything is."""
        kids = " ".join(f"{_PER_PAGE * number + 3} 0 R" for number in range(pages))
        self._object(1, "<< /Type /Catalog /Pages 2 0 R >>")
        self._object(2, f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>")
        begins = self._file.tell()
        count = len(self._begins) + 1
        table = "".join(f"{self._begins[number]:010} 00000 n \n" for number in range(1, count))
        self._write(f"xref\n0 {count}\n0000000000 65535 f \n{table}")
        name = f"{seed % 2**128:032X}"
        self._write(f"trailer\n<< /Size {count} /Root 1 0 R /ID [<{name}> <{name}>] >>\n")
        self._write(f"startxref\n{begins}\n%%EOF\n")

    def _object(self, number: int, body: str) -> None:
        self._begin(number, f"{body}\nendobj\n")

    def _begin(self, number: int, text: str) -> None:
        self._begins[number] = self._file.tell()
        self._write(f"{number} 0 obj\n{text}")

    def _write(self, text: str) -> None:
        self._file.write(text.encode("ascii"))


def _rows(width: int, height: int, chance: random.Random) -> Iterator[bytes]:
    """Yield the page's rows of pixels: noise on paper, and ink where letters are."""
    strokes = sorted(_type(width, height, chance), reverse=True)
    under_way: list[_Stroke] = []
    for line in range(height):
        noise = chance.randbytes(width)
        row = bytearray(noise.translate(_PAPER))
        while strokes and strokes[-1].top <= line:
            under_way.append(strokes.pop())
        under_way = [stroke for stroke in under_way if stroke.bottom > line]
        for _, _, left, right in under_way:
            row[left:right] = noise[left:right].translate(_INK)
        yield bytes(row)


def _type(width: int, height: int, chance: random.Random) -> Iterator[_Stroke]:
    """Yield the strokes of a page of type: paragraphs of words, each word some upright strokes."""
    side, top = int(width * _MARGINS[0]), int(height * _MARGINS[1])
    pitch = (height - 2 * top) / _LINES
    em = max(pitch * 0.45, 1.0)
    for line in range(_LINES):
        begins = chance.random() < 1 / 5  # a paragraph: indented, after a short line
        at = side + (em * 3 if begins else 0)
        end = width - side - (chance.random() * width / 3 if chance.random() < 1 / 5 else 0)
        base = top + line * pitch + pitch * 0.75
        while at < end:
            for _ in range(chance.randint(2, 7)):
                if at >= end:
                    break
                rises = em * chance.choice((1, 1, 1, 1.5))
                yield _Stroke(
                    int(base - rises), int(base), int(at), int(at + max(em * 0.22, 1)) + 1
                )
                if chance.random() < 1 / 2:  # a bow or a bar to the next stroke
                    bar = int(base - em * chance.choice((0.15, 0.55, 1)))
                    thick = max(int(em * 0.18), 1)
                    yield _Stroke(bar, bar + thick, int(at), int(at + em * 0.6) + 1)
                at += em * 0.62
            at += em * 0.7
