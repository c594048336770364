"""
Where a picture is not paper: its cells that are darker, put together to strips.

A scan is one picture over a whole page, and most of it is paper. Paper that is scanned is not
white but of one lightness nearly everywhere; a picture that is only a part of the page is on
white paper. A cell is taken where a twenty-fifth of its light is missing: a hair across it, or a
full stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.notary.pdf.pictures import PAPER, lightness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image
    from pyhanko.pdf_utils import generic

    from edge_node.notary.pdf.sheets import Box

MISSING: Final = 10  # of 255
DIMMEST: Final = 217  # the lightness of 255 at which paper is still paper
DARK, CLEAR = b"\1", b"\0"


def inked(
    picture: generic.StreamObject, cells: tuple[int, int], *, scanned: bool
) -> Iterator[Box]:
    """
    Yield the strips of a picture that are no paper, in the square of one unit it is drawn in.

    ``cells`` are across and down; ``scanned`` is whether it fills a page. Raises
    `pictures.Unknown` and what damaged pictures raise, before the first strip.
    """
    light = lightness(picture, cells)
    paper = _paper(light) if scanned else PAPER
    dark = light.point([1 if one < paper - MISSING else 0 for one in range(256)]).tobytes()
    return _strips(dark, *cells)


def _paper(light: Image.Image) -> int:
    """Return the lightness that half of the cells have at least, or white if that is no paper."""
    seen, half = 0, light.width * light.height / 2
    for level, count in enumerate(light.histogram()):
        seen += count
        if seen > half:
            return level if level >= DIMMEST else PAPER
    return PAPER


def _strips(dark: bytes, across: int, down: int) -> Iterator[Box]:
    for row in range(down):
        line = dark[row * across : (row + 1) * across]
        top, bottom = 1 - row / down, 1 - (row + 1) / down
        start = line.find(DARK)
        while start >= 0:
            end = line.find(CLEAR, start)
            end = across if end < 0 else end
            yield (start / across, bottom, end / across, top)
            start = line.find(DARK, end)
