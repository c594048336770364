"""
A register as a PDF to print: A4 landscape, the titles of the columns on every page.

A row is never torn apart between two pages, but for one that is longer than a page, which begins
where the one before it ended. The last row stands on the page of the signatures. The fonts are
embedded, and what is copied out of the file is the text that was put in, in NFC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.register import cell_text, cells_of
from edge_node.paper import fonts
from edge_node.paper.leaf import leaves
from edge_node.paper.wrapping import Wrapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reportlab.pdfgen.canvas import Canvas

    from edge_node.domain.register import Row, Volume

MOST_ROWS: Final = 40_000  # some three thousand pages: a longer file is hard to open and to print

_MM: Final = 72 / 25.4
_WIDTH, _HEIGHT = 297 * _MM, 210 * _MM
_SIDE, _TOP, _BOTTOM = 10 * _MM, 12 * _MM, 14 * _MM
_SIZE, _LEADING = 9.0, 10.8
_SMALL: Final = 7.5
_PAD: Final = 0.9 * _MM
_HAIR: Final = 0.4
_GREY: Final = 0.92
_SIGNED: Final = 44 * _MM  # the room for the total and the signatures
_TOTAL: Final = "pages"  # what is drawn where the number of pages belongs, once that is known

_FEWEST: Final = 5  # lines of a row longer than a page that are worth beginning on a page

Lines = list[list[str]]  # of each cell


def write_pdf(volume: Volume, rows: Iterable[Row], out: BinaryIO) -> int:
    """Write the register; return how many rows it has. ``out`` stays open."""
    title = f"{volume.form.title}. {volume.days.told}"
    canvas = leaves(out, (_WIDTH, _HEIGHT), title=title, author=volume.agency)
    count = _Book(canvas, volume).fill(rows)
    canvas.save()
    return count


class _Book:
    """A register on its way to paper, page by page."""

    def __init__(self, canvas: Canvas, volume: Volume) -> None:
        self._canvas = canvas
        self._volume = volume
        self._columns = volume.form.columns
        whole = sum(column.width for column in self._columns)
        scale = (_WIDTH - 2 * _SIDE) / whole
        self._widths = [column.width * scale for column in self._columns]
        self._edges = [_SIDE + sum(self._widths[:place]) for place in range(len(self._widths) + 1)]
        self._plain = Wrapping(fonts.measure(fonts.REGULAR, _SIZE))
        self._page = 0
        self._y = self._top = 0.0  # where on the page the next row begins, and where the first did
        self._head = 0.0  # how high the titles of the columns are

    def fill(self, rows: Iterable[Row]) -> int:
        """Draw every row, and who signs below the last one."""
        count = 0
        self._begin_page()
        before: Lines | None = None
        for row in rows:
            if before is not None:
                self._draw_row(before, 0)
            before = self._wrapped(row)
            count += 1
        if before is not None:
            self._draw_row(before, _SIGNED)
        self._close_table()
        self._sign(count)
        self._end_page()
        self._say_how_many()
        return count

    # ── rows ─────────────────────────────────────────────────────────────────────────────────

    def _wrapped(self, row: Row) -> Lines:
        return [
            self._plain.lines(cell_text(cell), width - 2 * _PAD)
            for cell, width in zip(cells_of(row), self._widths, strict=True)
        ]

    def _draw_row(self, cells: Lines, below: float) -> None:
        """Draw a row where it fits as a whole, and ``below`` it so much more, or in parts."""
        height = _height(cells)
        if self._y - height - below < _BOTTOM and self._is_better_on_the_next(height):
            self._next_page()
        while (room := self._lines_left()) < max(map(len, cells)):
            self._draw_part([lines[:room] for lines in cells])
            cells = [lines[room:] for lines in cells]
            self._next_page()
        self._draw_part(cells)
        if self._y - below < _BOTTOM:
            self._next_page()

    def _is_better_on_the_next(self, height: float) -> bool:
        """Return whether a row that does not fit here fits there, or hardly begins here."""
        fresh = _HEIGHT - _TOP - self._head - _BOTTOM
        return height <= fresh or self._lines_left() < _FEWEST

    def _lines_left(self) -> int:
        return int((self._y - _BOTTOM - 2 * _PAD) / _LEADING)

    def _draw_part(self, cells: Lines) -> None:
        canvas, edges = self._canvas, self._edges
        height = _height(cells)
        text = canvas.beginText()
        text.setFont(fonts.REGULAR, _SIZE, _LEADING)
        top = self._y - _PAD - _SIZE * 0.82
        for place, lines in enumerate(cells):
            if lines == [""]:
                continue
            x = edges[place] + _PAD
            if not self._columns[place].centred:
                text.setTextOrigin(x, top)
                text.textLines(lines, trim=0)
                continue
            for number, line in enumerate(lines):
                x = edges[place] + (self._widths[place] - self._plain.width(line)) / 2
                text.setTextOrigin(x, top - number * _LEADING)
                text.textOut(line)
        canvas.drawText(text)
        self._rule(height)

    def _rule(self, height: float) -> None:
        """Move below a row and draw the line that ends it."""
        self._y -= height
        self._canvas.line(self._edges[0], self._y, self._edges[-1], self._y)

    # ── pages ────────────────────────────────────────────────────────────────────────────────

    def _begin_page(self) -> None:
        self._page += 1
        self._canvas.setLineWidth(_HAIR)
        self._y = _HEIGHT - _TOP
        if self._page == 1:
            self._draw_title()
        self._top = self._y
        self._draw_head()
        self._head = self._top - self._y

    def _next_page(self) -> None:
        self._close_table()
        self._end_page()
        self._begin_page()

    def _close_table(self) -> None:
        """Draw the lines between the columns, as far down as there are rows."""
        self._canvas.lines([(x, self._top, x, self._y) for x in self._edges])

    def _end_page(self) -> None:
        canvas = self._canvas
        canvas.setFont(fonts.REGULAR, _SMALL)
        words = f"{self._volume.form.title}. {self._volume.days.told}"
        canvas.drawString(_SIDE, 8 * _MM, words)
        right = _WIDTH - _SIDE - canvas.stringWidth("/00000", fonts.REGULAR, _SMALL)
        canvas.drawRightString(right, 8 * _MM, f"Trang {self._page}")
        canvas.saveState()
        canvas.translate(right, 8 * _MM)
        canvas.doForm(_TOTAL)
        canvas.restoreState()
        canvas.showPage()

    def _say_how_many(self) -> None:
        """Draw the number of pages, wherever a page left room for it."""
        canvas = self._canvas
        canvas.beginForm(_TOTAL, 0, -8, 90, 16)
        canvas.setFont(fonts.REGULAR, _SMALL)
        canvas.drawString(0, 0, f"/{self._page}")
        canvas.endForm()

    def _draw_title(self) -> None:
        canvas, middle = self._canvas, _WIDTH / 2
        name = Wrapping(fonts.measure(fonts.BOLD, 11))
        for line in name.lines(self._volume.agency.upper(), _WIDTH - 2 * _SIDE):
            canvas.setFont(fonts.BOLD, 11)
            canvas.drawString(_SIDE, self._y - 11, line)
            self._y -= 13
        canvas.setFont(fonts.BOLD, 15)
        canvas.drawCentredString(middle, self._y - 22, self._volume.form.title.upper())
        canvas.setFont(fonts.ITALIC, 11)
        canvas.drawCentredString(middle, self._y - 38, self._volume.days.told)
        self._y -= 50

    def _draw_head(self) -> None:
        """Draw the titles of the columns, and their numbers below."""
        canvas = self._canvas
        bold = Wrapping(fonts.measure(fonts.BOLD, _SIZE))
        titles = [
            bold.lines(column.title, width - 2 * _PAD)
            for column, width in zip(self._columns, self._widths, strict=True)
        ]
        height = _height(titles)
        canvas.setFillGray(_GREY)
        canvas.rect(_SIDE, self._y - height, _WIDTH - 2 * _SIDE, height, stroke=0, fill=1)
        canvas.setFillGray(0)
        canvas.line(self._edges[0], self._y, self._edges[-1], self._y)
        canvas.setFont(fonts.BOLD, _SIZE)
        most = max(map(len, titles))
        for place, lines in enumerate(titles):
            lower = (most - len(lines)) * _LEADING / 2
            top = self._y - _PAD - _SIZE * 0.82 - lower
            self._centre(place, lines, top)
        self._rule(height)
        canvas.setFont(fonts.ITALIC, _SMALL)
        for place in range(len(titles)):
            self._centre(place, [f"({place + 1})"], self._y - _SMALL - 0.5)
        self._rule(_SMALL + 3)

    def _centre(self, place: int, lines: Sequence[str], top: float) -> None:
        middle = (self._edges[place] + self._edges[place + 1]) / 2
        for number, line in enumerate(lines):
            self._canvas.drawCentredString(middle, top - number * _LEADING, line)

    def _sign(self, count: int) -> None:
        """Draw the total and the places of the signatures."""
        canvas, y = self._canvas, self._y
        canvas.setFont(fonts.ITALIC, 10)
        canvas.drawString(_SIDE, y - 16, f"Tổng số: {count} văn bản.")
        left, right = _WIDTH * 0.22, _WIDTH * 0.78
        canvas.drawCentredString(right, y - 34, "Ngày …… tháng …… năm ………")
        canvas.drawCentredString(left, y - 61, "(Ký, ghi rõ họ tên)")
        canvas.drawCentredString(right, y - 61, "(Ký, ghi rõ họ tên, đóng dấu)")
        canvas.setFont(fonts.BOLD, 10)
        canvas.drawCentredString(left, y - 48, "NGƯỜI LẬP SỔ")
        canvas.drawCentredString(right, y - 48, "THỦ TRƯỞNG CƠ QUAN")


def _height(cells: Lines) -> float:
    return max(map(len, cells)) * _LEADING + 2 * _PAD
