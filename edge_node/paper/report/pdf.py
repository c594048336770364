"""
A report as a PDF to hand round: A4 upright, what belongs together on one page where it fits.

The fonts are embedded. The same report gives the same bytes: its date is no part of the file.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal
from xml.sax.saxutils import escape

from reportlab.graphics import shapes
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    HRFlowable,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as Grid

from edge_node.paper import fonts
from edge_node.paper.report.charts import WIDTH, picture_of
from edge_node.paper.report.drawing import BLUE, FAINT, INK, Box, Dot, Line, Text
from edge_node.paper.report.parts import Chart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.paper.report.drawing import Mark, Picture
    from edge_node.paper.report.parts import Part, Report, Table
    from edge_node.paper.wording import Cell, Wording

# The margins of Decree 30/2020/NĐ-CP (appendix I).
_LEFT, _RIGHT, _TOP, _BOTTOM = 30 * mm, 15 * mm, 20 * mm, 20 * mm
_PAGE: Final = (210 * mm, 297 * mm)
_TOTAL: Final = "pages"  # what is drawn where the number of pages belongs, once that is known
_BEGINNING: Final = 130.0  # points: less of a table is not begun at the foot of a page
_SHORT: Final = 14  # rows of a table that is not torn apart between pages


def _style(
    name: str,
    font: str,
    size: float,
    *,
    alignment: Literal[0, 1, 2] = TA_LEFT,
    colour: str = INK,
    before: float = 0,
    after: float = 0,
) -> ParagraphStyle:
    return ParagraphStyle(
        name,
        fontName=font,
        fontSize=size,
        leading=size * 1.25,
        textColor=HexColor(colour),
        alignment=alignment,
        spaceBefore=before,
        spaceAfter=after,
    )


_CELL: Final = _style("cell", fonts.REGULAR, 9.5)
_NUMBER: Final = _style("number", fonts.REGULAR, 9.5, alignment=TA_RIGHT)
_BOLD: Final = _style("bold", fonts.BOLD, 9.5)
_SUM: Final = _style("sum", fonts.BOLD, 9.5, alignment=TA_RIGHT)
_HEAD: Final = _style("head", fonts.BOLD, 9.5, alignment=TA_CENTER)
_AGENCY: Final = _style("agency", fonts.BOLD, 11)
_TITLE: Final = _style("title", fonts.BOLD, 15, alignment=TA_CENTER)
_PERIOD: Final = _style("period", fonts.BOLD, 13, alignment=TA_CENTER)
_AS_OF: Final = _style("as-of", fonts.ITALIC, 11, alignment=TA_CENTER)
_PART: Final = _style("part", fonts.BOLD, 13, colour=BLUE, before=16)
_BLOCK: Final = _style("block", fonts.BOLD, 10.5, before=10, after=4)
_NOTE: Final = _style("note", fonts.ITALIC, 9, colour=FAINT, before=6)


def write_pdf(report: Report, out: BinaryIO) -> None:
    """Write the report; ``out`` stays open."""
    fonts.register()
    page = BaseDocTemplate(
        out,
        pagesize=_PAGE,
        leftMargin=_LEFT,
        rightMargin=_RIGHT,
        topMargin=_TOP,
        bottomMargin=_BOTTOM,
        title=f"{report.title}, {report.period}",
        author=report.agency,
        creator="edge-node",
        lang=report.wording.language,
        initialFontName=fonts.REGULAR,  # Helvetica otherwise, which is not embedded
        invariant=1,
    )
    frame = Frame(
        _LEFT,
        _BOTTOM,
        _PAGE[0] - _LEFT - _RIGHT,
        _PAGE[1] - _TOP - _BOTTOM,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    words = f"{report.title}, {report.period}. {report.as_of}."

    def foot(canvas: Canvas, _: BaseDocTemplate) -> None:
        _draw_foot(canvas, words)

    page.addPageTemplates([PageTemplate(frames=[frame], onPage=foot)])
    page.build(list(_story(report)), canvasmaker=_Numbered)


class _Numbered(Canvas):
    """A canvas that knows at its end how many pages it has."""

    def save(self) -> None:
        """Draw the number of pages wherever a page left room for it."""
        self.beginForm(_TOTAL, 0, -8, 60, 16)
        self.setFont(fonts.REGULAR, 8)
        self.setFillColor(HexColor(FAINT))
        self.drawString(0, 0, f"/{self.getPageNumber() - 1}")
        self.endForm()
        super().save()


def _draw_foot(canvas: Canvas, words: str) -> None:
    canvas.saveState()
    canvas.setFont(fonts.REGULAR, 8)
    canvas.setFillColor(HexColor(FAINT))
    canvas.drawString(_LEFT, 11 * mm, words)
    right = _PAGE[0] - _RIGHT - 10
    canvas.drawRightString(right, 11 * mm, str(canvas.getPageNumber()))
    canvas.translate(right, 11 * mm)
    canvas.doForm(_TOTAL)
    canvas.restoreState()


# ── what stands on the pages ─────────────────────────────────────────────────────────────────


def _story(report: Report) -> Iterator[Flowable]:
    yield _words(report.agency.upper(), _AGENCY)
    yield Spacer(1, 14)
    yield _words(report.title.upper(), _TITLE)
    yield Spacer(1, 4)
    yield _words(report.period[:1].upper() + report.period[1:], _PERIOD)
    yield _words(report.as_of, _AS_OF)
    yield Spacer(1, 8)
    yield HRFlowable(width="100%", thickness=1.2, color=HexColor(BLUE), spaceAfter=2)
    for number, part in enumerate(report.parts, start=1):
        yield from _part(number, part, report.wording)


def _part(number: int, part: Part, wording: Wording) -> Iterator[Flowable]:
    heading: list[Flowable] = [_words(f"{number}. {part.title}", _PART)]
    for block in part.blocks:
        title = _words(block.title, _BLOCK)
        if isinstance(block, Chart):
            yield KeepTogether([*heading, title, _drawn(picture_of(block, wording))])
        elif len(block.rows) <= _SHORT:
            yield KeepTogether([*heading, title, _grid(block, wording)])
        else:
            yield CondPageBreak(_BEGINNING)
            yield from (*heading, title, _grid(block, wording))
        heading = []
    yield from (_words(note, _NOTE) for note in part.notes)


def _words(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text), style)


def _grid(table: Table, wording: Wording) -> Grid:
    whole = sum(table.widths)
    room = _PAGE[0] - _LEFT - _RIGHT
    last = len(table.rows) - 1
    rows = [
        [_cell(cell, wording, bold=table.total and place == last) for cell in row]
        for place, row in enumerate(table.rows)
    ]
    grid = Grid(
        [[_words(title, _HEAD) for title in table.head], *rows],
        colWidths=[room * width / whole for width in table.widths],
        repeatRows=1,
    )
    lines: list[tuple[Any, ...]] = [  # commands of reportlab
        ("GRID", (0, 0), (-1, -1), 0.5, HexColor("#9aa3af")),
        ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e8edf3")),
        ("FONTNAME", (0, 0), (-1, -1), fonts.REGULAR),  # named though nothing is set in it
        ("VALIGN", (0, 0), (-1, 0), "MIDDLE"),
        ("VALIGN", (0, 1), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("NOSPLIT", (0, -3), (-1, -1)),  # no total alone on a page
    ]
    if table.total:
        lines.append(("BACKGROUND", (0, -1), (-1, -1), HexColor("#f4f6f9")))
    grid.setStyle(TableStyle(lines))
    return grid


def _cell(cell: Cell, wording: Wording, *, bold: bool) -> Paragraph:
    if isinstance(cell, str | date):
        return _words(wording.cell(cell), _BOLD if bold else _CELL)
    return _words(wording.cell(cell), _SUM if bold else _NUMBER)


def _drawn(picture: Picture) -> shapes.Drawing:
    """Return the picture as a drawing, whose zero is at the bottom."""
    scale = (_PAGE[0] - _LEFT - _RIGHT) / WIDTH
    tall = picture.height
    font = fonts.REGULAR  # it names Helvetica otherwise, which is not embedded
    size = (picture.width * scale, tall * scale)
    drawing = shapes.Drawing(*size, initialFontName=font)
    group = shapes.Group(transform=(scale, 0, 0, scale, 0, 0))
    for mark in picture.marks:
        group.add(_shape(mark, tall))
    drawing.add(group)
    return drawing


def _shape(mark: Mark, tall: float) -> shapes.Shape:
    """Return a mark as a shape on a sheet so tall."""
    shape: shapes.Shape
    look: dict[str, object]
    match mark:
        case Box():
            shape = shapes.Rect(mark.x, tall - mark.y - mark.height, mark.width, mark.height)
            look = {"fillColor": HexColor(mark.fill), "strokeColor": None}
        case Dot():
            shape = shapes.Circle(mark.x, tall - mark.y, mark.radius)
            look = {"fillColor": HexColor(mark.fill), "strokeColor": None}
        case Line():
            shape = shapes.Line(mark.x1, tall - mark.y1, mark.x2, tall - mark.y2)
            look = {"strokeColor": HexColor(mark.stroke), "strokeWidth": mark.width}
        case Text():
            shape = shapes.String(mark.x, tall - mark.y, mark.text)
            look = {"fontName": fonts.REGULAR, "fontSize": mark.size}
            look |= {"fillColor": HexColor(mark.fill), "textAnchor": str(mark.anchor)}
    shape.setProperties(look)
    return shape
