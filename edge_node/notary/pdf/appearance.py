"""
How our signatures look, as Decree 30/2020/NĐ-CP has it, and where on the page they stand.

On a document itself the seal of the agency, in its real size, lies over a third of the image of
whoever signed, at its left. On annexes in files of their own and on copies there is a block of
text at the top right of page 1. Nothing is ever put over what is there, but the seal.
"""

from __future__ import annotations

import io
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, BinaryIO, Final

from fpdf import FPDF
from fpdf.fonts import TTFFont
from PIL import Image
from pyhanko.pdf_utils import generic, layout
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.form_tools import get_single_field_annot
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis.rules.form_field_rules import is_field_visible
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.stamp import StaticStampStyle

from edge_node.domain.errors import Outage
from edge_node.domain.message import Message, say
from edge_node.notary.cms_reading import Unreadable
from edge_node.notary.fences import FOREIGN, hush
from edge_node.notary.pdf.opening import opened
from edge_node.notary.pdf.painted import painted
from edge_node.notary.pdf.preflight import SAVE_AGAIN, NotSignable, refusal
from edge_node.notary.pdf.sheets import Box, Sheet, overlays, pages, rectangle, sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from pyhanko.pdf_utils.writer import BasePdfFileWriter

HANOI: Final = timezone(timedelta(hours=7))
SIZE: Final = 10.0  # points: of the letters
BASE: Final = 9.5  # points from the top of a line to the foot of its letters
LEADING: Final = 12.0  # points: from line to line
CLEAR: Final = 1.5  # millimetres kept free around the text
TOP: Final = range(5, 41)  # millimetres below the upper edge, tried in turn
RIGHT: Final = (15, 10, 20, 5)  # millimetres from the right edge, likewise
OVER: Final = 1 / 3  # of the signer's image lies under the seal
MOST_OVER: Final = 1 / 2  # where the seal would stand beyond the edge
PNG: Final = b"\x89PNG\r\n\x1a\n"


class PictureUnfit(Outage):
    """The image of the seal, or the font, cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """What is shown for one signature of one document; fulfils `signing.Look`."""

    page: int
    box: Box  # within the page
    turned: int  # degrees clockwise that the page is turned when it is shown
    drawing: bytes  # a PDF of one page, upright

    def style(self) -> StaticStampStyle:
        """Return what draws it, new every time: pyHanko's keep all they ever drew in."""
        return StaticStampStyle(
            background=_Drawing(self.drawing, self.turned),
            background_opacity=1.0,
            background_layout=layout.SimpleBoxLayoutRule(
                x_align=layout.AxisAlignment.ALIGN_MID,
                y_align=layout.AxisAlignment.ALIGN_MID,
            ),
            border_width=0,
        )


def text_block(source: BinaryIO, lines: Sequence[str], *, at: datetime, font: Path) -> Appearance:
    """
    Put lines of text, and the time of signing below them, at the top right of page 1.

    ``font`` is a TrueType file of the Times kind. Raises `NotSignable` where there is no free
    space, and `PictureUnfit` where the font cannot be used.
    """
    told = [unicodedata.normalize("NFC", one) for one in lines]
    told.append(at.astimezone(HANOI).isoformat(timespec="seconds"))
    drawing, width, height = _written(told, font)
    return _fenced(lambda: _at_top_right(opened(source), drawing, width, height))


def seal(
    source: BinaryIO, picture: bytes, *, width: float, height: float, beside: str = ""
) -> Appearance:
    """
    Lay the image of the agency's seal over a third of the signer's image, at its left.

    ``picture`` is a PNG with a transparent ground, ``width`` and ``height`` its real size in
    millimetres. ``beside`` names the signer's field; without it, it is the last one that shows.
    Raises `NotSignable` where no signature shows or no room is left of it, and `PictureUnfit`.
    """
    drawing = _pictured(picture, width, height)
    return _fenced(lambda: _beside(opened(source), drawing, (width, height), beside))


def _fenced(look: Callable[[], Appearance]) -> Appearance:
    hush()
    try:
        return look()
    except NotSignable:
        raise
    except Unreadable as error:
        raise NotSignable(error.message, hint=SAVE_AGAIN) from error
    except FOREIGN as error:
        raise refusal(error) from error


def _at_top_right(
    reader: PdfFileReader, drawing: bytes, width: float, height: float
) -> Appearance:
    page = reader.find_page_for_modification(0)[0].get_object()
    shown = sheet(page)
    try:
        taken = [box for box in map(shown.seen, painted(page)) if box[3] > shown.height / 2]
    except FOREIGN as error:
        raise NotSignable(
            say("what stands on page 1 of the PDF cannot be measured"), hint=_UNSEEN
        ) from error
    width, height = width / shown.unit, height / shown.unit
    for place in _places(shown, width, height):
        gap = shown.units(CLEAR)
        around = (place[0] - gap, place[1] - gap, place[2] + gap, place[3] + gap)
        if not any(_touch(around, one) for one in taken):
            box = shown.within(place)
            return Appearance(page=0, box=box, turned=shown.turned, drawing=drawing)
    raise NotSignable(
        say("there is no free space for the signature at the top right of page 1"), hint=_UNSEEN
    )


_UNSEEN: Final = say("leave a free strip at the top of page 1, or sign without showing it")


def _places(shown: Sheet, width: float, height: float) -> list[Box]:
    """Return where a block may stand, the best place first."""
    found = []
    for down in TOP:
        for inward in RIGHT:
            right = shown.width - shown.units(inward)
            top = shown.height - shown.units(down)
            if right - width >= shown.units(RIGHT[-1]) and top - height >= shown.height / 2:
                found.append((right - width, top - height, right, top))
    return found


def _touch(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _beside(
    reader: PdfFileReader, drawing: bytes, size: tuple[float, float], name: str
) -> Appearance:
    number, page, signer = _signer(reader, name)
    shown = sheet(page)
    image = shown.seen(signer)
    width, height = (shown.units(one) for one in size)
    wide = image[2] - image[0]
    left = max(image[0] + wide * OVER - width, 0.0)
    bottom = (image[1] + image[3] - height) / 2
    bottom = min(max(bottom, 0.0), shown.height - height)
    if left + width > image[0] + wide * MOST_OVER or bottom < 0:
        raise NotSignable(
            say("there is no room for the seal at the left of the signature it belongs to"),
            hint=say("have it signed again further to the right, or sign without showing a seal"),
        )
    place = (left, bottom, left + width, bottom + height)
    return Appearance(page=number, box=shown.within(place), turned=shown.turned, drawing=drawing)


def _signer(reader: PdfFileReader, name: str) -> tuple[int, generic.DictionaryObject, Box]:
    """Return the page, and where on it the signature shows that the seal belongs to."""
    filled = list(enumerate_sig_fields(reader, filled_status=True))
    seen = [
        field.get_object()
        for one, _, field in filled
        if is_field_visible(field.get_object()) and (not name or str(one) == name)
    ]
    if not seen:
        raise NotSignable(
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


def _written(lines: Sequence[str], font: Path) -> tuple[bytes, float, float]:
    """Draw lines of text; return the drawing and its size in points."""
    try:
        paper = _paper("pt")
        with _writing_by(font, paper):
            widths = [paper.get_string_width(one) for one in lines]
            width, height = max(widths), LEADING * len(lines)
            paper.add_page(format=(width, height))
            for number, line in enumerate(lines):
                paper.text(width - widths[number], LEADING * number + BASE, line)
            return bytes(paper.output()), width, height
    except FOREIGN as error:
        raise PictureUnfit(
            say("the font {file} cannot be used", file=font.name),
            hint=say("install fonts-liberation2, or name another TrueType font"),
        ) from error


@contextmanager
def _writing_by(font: Path, paper: FPDF) -> Iterator[None]:
    """Let the paper write by this font, whose file stays open for so long."""
    paper.add_font("serif", fname=font)
    paper.set_font("serif", size=SIZE)
    face = paper.fonts["serif"]
    try:
        yield
    finally:
        if isinstance(face, TTFFont):
            face.ttfont.close()


def _pictured(picture: bytes, width: float, height: float) -> bytes:
    """Draw a picture as large as its paper (millimetres)."""
    if not picture.startswith(PNG):
        raise _unfit(say("the image of the seal is no PNG"))
    try:
        with Image.open(io.BytesIO(picture)) as opened_picture:
            clear = opened_picture.has_transparency_data
            opened_picture.verify()
    except FOREIGN as error:
        raise _unfit(say("the image of the seal cannot be read")) from error
    if not clear:
        raise _unfit(say("the ground of the seal's image is not transparent"))
    try:
        paper = _paper("mm")
        paper.add_page(format=(width, height))
        paper.image(io.BytesIO(picture), x=0, y=0, w=width, h=height)
        return bytes(paper.output())
    except FOREIGN as error:
        raise _unfit(say("the image of the seal cannot be read")) from error


def _unfit(why: Message) -> PictureUnfit:
    return PictureUnfit(why, hint=say("name a PNG file with a transparent ground"))


def _paper(unit: str) -> FPDF:
    """Return a document without pages, to be drawn on to the edge."""
    paper = FPDF(unit=unit)
    paper.set_margin(0)
    paper.set_auto_page_break(auto=False)
    return paper


class _Drawing(PdfContent):
    """A drawing that is put upright onto a page that is shown turned."""

    def __init__(self, drawing: bytes, turned: int) -> None:
        super().__init__()
        self._drawing = drawing
        self._turned = turned

    def render(self) -> bytes:
        """Take the drawing into the document, and return the operators that show it."""
        writer: BasePdfFileWriter = self._ensure_writer
        imported = writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self._drawing)))
        self.resources.xobject["/Drawing"] = imported
        left, bottom, right, top = rectangle(imported.get_object()["/BBox"])
        width, height = right - left, top - bottom
        across = self._turned % 180 != 0
        self.box = layout.BoxConstraints(
            width=height if across else width, height=width if across else height
        )
        matrix = {
            0: (1, 0, 0, 1, 0, 0),
            90: (0, 1, -1, 0, height, 0),
            180: (-1, 0, 0, -1, width, height),
            270: (0, -1, 1, 0, 0, width),
        }[self._turned]
        return b"%g %g %g %g %g %g cm /Drawing Do" % matrix
