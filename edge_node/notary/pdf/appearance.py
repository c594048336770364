"""
Where our signatures show on the pages of a PDF, as Decree 30/2020/NĐ-CP has it.

On a document itself the seal of the agency, in its real size, lies over a third of the image of
whoever signed, at its left. On annexes in files of their own and on copies there is a block of
text at the top right of page 1. Nothing is ever put over what is there, but the seal.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, BinaryIO, Final

from pyhanko.pdf_utils.form_tools import get_single_field_annot
from pyhanko.sign.diff_analysis.rules.form_field_rules import is_field_visible

from edge_node.domain.errors import NotSignable
from edge_node.domain.message import say
from edge_node.domain.signing import LookKind
from edge_node.notary.cms_reading import Unreadable
from edge_node.notary.fences import FOREIGN, hush
from edge_node.notary.pdf.drawing import style
from edge_node.notary.pdf.fields import signature_fields
from edge_node.notary.pdf.lettering import Lettering
from edge_node.notary.pdf.opening import opened
from edge_node.notary.pdf.painted import painted
from edge_node.notary.pdf.preflight import SAVE_AGAIN, refusal
from edge_node.notary.pdf.sealing import Seal
from edge_node.notary.pdf.sheets import Box, Sheet, overlays, pages, rectangle, sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.stamp import StaticStampStyle

    from edge_node.notary.pdf.drawing import Drawing
    from edge_node.notary.pdf.looks import Sight

HANOI: Final = timezone(timedelta(hours=7))
CLEAR: Final = 1.5  # millimetres kept free around the text
TOP: Final = range(5, 41)  # millimetres below the upper edge, tried in turn
RIGHT: Final = (15, 10, 20, 5)  # millimetres from the right edge, likewise
OVER: Final = 1 / 3  # of the signer's image lies under the seal
MOST_OVER: Final = 1 / 2  # where the seal would stand beyond the edge


class NoPlace(NotSignable):
    """The signature can be made, but finds no place to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """What is shown for one signature of one document; fulfils `signing.Look`."""

    page: int
    box: Box  # within the page
    turned: int  # degrees clockwise that the page is turned when it is shown
    drawing: Drawing

    def style(self) -> StaticStampStyle:
        """Return what draws it, new every time."""
        return style(self.drawing, self.turned)


def drawn(source: BinaryIO, sight: Sight, *, at: datetime) -> Appearance:
    """Show a signature as is wished; raises what `text_block` and `seal` raise."""
    wish = sight.showing
    if wish.kind is LookKind.SEAL:
        return seal(source, sight.seal, width=sight.width, height=sight.height, beside=wish.beside)
    return text_block(source, wish.lines, at=at, font=sight.font)


def text_block(source: BinaryIO, lines: Sequence[str], *, at: datetime, font: bytes) -> Appearance:
    """
    Put lines of text, and the time of signing below them, at the top right of page 1.

    ``font`` is a TrueType file of the Times kind. Raises `NoPlace` where there is no free space,
    `NotSignable` where the file cannot be read or the font lacks a letter, and `PictureUnfit`
    where the font cannot be used.
    """
    hush()
    told = [unicodedata.normalize("NFC", one) for one in lines]
    told.append(at.astimezone(HANOI).isoformat(timespec="seconds"))
    lettering = Lettering.of(told, font)
    return _fenced(lambda: _at_top_right(opened(source), lettering))


def seal(
    source: BinaryIO, picture: bytes, *, width: float, height: float, beside: str = ""
) -> Appearance:
    """
    Lay the image of the agency's seal over a third of the signer's image, at its left.

    ``picture`` is a PNG with a transparent ground, ``width`` and ``height`` its real size in
    millimetres. ``beside`` names the signer's field; without it, it is the last one that shows.
    Raises `NoPlace` where no signature shows or no room is left of it, `NotSignable` where the
    file cannot be read, and `PictureUnfit`.
    """
    hush()
    drawing = Seal.of(picture, width, height)
    return _fenced(lambda: _beside(opened(source), drawing, beside))


def _fenced(look: Callable[[], Appearance]) -> Appearance:
    try:
        return look()
    except NotSignable:
        raise
    except Unreadable as error:
        raise NotSignable(error.message, hint=SAVE_AGAIN) from error
    except MemoryError:
        raise
    except FOREIGN as error:
        raise refusal(error) from error


def _at_top_right(reader: PdfFileReader, drawing: Drawing) -> Appearance:
    page = reader.find_page_for_modification(0)[0].get_object()
    shown = sheet(page)
    places = list(_places(shown, drawing.width / shown.unit, drawing.height / shown.unit))
    taken = _taken(page, shown, places) if places else []
    for place in places:
        around = _around(place, shown)
        if not any(_touch(around, one) for one in taken):
            box = shown.within(place)
            return Appearance(page=0, box=box, turned=shown.turned, drawing=drawing)
    raise NoPlace(
        say("there is no free space for the signature at the top right of page 1"), hint=_UNSEEN
    )


_UNSEEN: Final = say("leave a free strip at the top of page 1, or sign without showing it")


def _taken(page: generic.DictionaryObject, shown: Sheet, places: Sequence[Box]) -> list[Box]:
    """Return what is painted where any of the places would be, as it is seen."""
    lefts, bottoms, rights, tops = zip(*(_around(one, shown) for one in places), strict=True)
    region = (min(lefts), min(bottoms), max(rights), max(tops))
    try:
        boxes = painted(page, within=shown.within(region))
    except MemoryError:
        raise
    except FOREIGN as error:
        raise NoPlace(
            say("what stands on page 1 of the PDF cannot be measured"), hint=_UNSEEN
        ) from error
    return [shown.seen(one) for one in boxes]


def _around(place: Box, shown: Sheet) -> Box:
    gap = shown.units(CLEAR)
    return (place[0] - gap, place[1] - gap, place[2] + gap, place[3] + gap)


def _places(shown: Sheet, width: float, height: float) -> Iterator[Box]:
    """Yield where a block may stand, the best place first."""
    for down in TOP:
        for inward in RIGHT:
            right = shown.width - shown.units(inward)
            top = shown.height - shown.units(down)
            if right - width >= shown.units(RIGHT[-1]) and top - height >= shown.height / 2:
                yield (right - width, top - height, right, top)


def _touch(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _beside(reader: PdfFileReader, drawing: Drawing, name: str) -> Appearance:
    number, page, signer = _signer(reader, name)
    shown = sheet(page)
    image = shown.seen(signer)
    width, height = drawing.width / shown.unit, drawing.height / shown.unit
    wide = image[2] - image[0]
    left = max(image[0] + wide * OVER - width, 0.0)
    bottom = (image[1] + image[3] - height) / 2
    bottom = min(max(bottom, 0.0), shown.height - height)
    if left + width > image[0] + wide * MOST_OVER or bottom < 0:
        raise NoPlace(
            say("there is no room for the seal at the left of the signature it belongs to"),
            hint=say("have it signed again further to the right, or sign without showing a seal"),
        )
    place = (left, bottom, left + width, bottom + height)
    return Appearance(page=number, box=shown.within(place), turned=shown.turned, drawing=drawing)


def _signer(reader: PdfFileReader, name: str) -> tuple[int, generic.DictionaryObject, Box]:
    """Return the page, and where on it the signature shows that the seal belongs to."""
    filled = list(signature_fields(reader, filled=True))
    seen = [
        field.get_object()
        for one, _, field in filled
        if is_field_visible(field.get_object()) and (not name or one == name)
    ]
    if not seen:
        raise NoPlace(
            say("no signature shows in the PDF that the seal could be put beside"),
            hint=say("have the competent person sign it visibly first"),
        )
    annotation = get_single_field_annot(seen[-1])
    for number, reference in pages(reader):
        page = reference.get_object()
        if any(one is annotation for one in overlays(page)):
            return number, page, rectangle(annotation["/Rect"])
    raise NotSignable(
        say("the signature that the seal belongs to stands on no page"), hint=SAVE_AGAIN
    )
