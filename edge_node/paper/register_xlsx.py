"""
A register as a workbook for Excel and LibreOffice, written row by row in the same little memory.

Every text is written as a text, never as a formula or a link, and days as days. Printed, it is A4
landscape, the titles of the columns on every page, the pages numbered. A document that needs more
lines than a row can be high goes on in the rows below it, or its end would be printed by nobody. A
sheet that is full is followed by another.
"""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import zip_longest
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.register import cell_text, cells_of
from edge_node.paper import fonts
from edge_node.paper.packing import workbook
from edge_node.paper.wrapping import Wrapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from edge_node.domain.register import Cell, Row, Volume

MOST_ROWS: Final = 1_048_576  # in a sheet, of Excel 2007 and later
_MOST_TEXT: Final = 32_767  # UTF-16 units in a cell, likewise
_CUT: Final = " […]"
_FIRST_YEAR: Final = 1900  # Excel has no day before
_A4: Final = 9
_MILLIMETRES: Final = 1.9  # in one unit of a column's width, at 11 points
_PIXELS, _EDGES = 7, 5  # in such a unit, and beside it in every column: ECMA-376, 18.3.1.13
_POINTS: Final = 0.75  # in a pixel
_PADDING: Final = 5.0  # points of a column no letter stands on
_LINE: Final = 14.2  # points from one line to the next
_HIGHEST: Final = 409.0  # points of a row, of Excel
_MOST_LINES: Final = 26  # of a row; with some to spare, for another program's wrapping
_PART: Final = 13  # lines in each row of what is longer: a page is filled with rows, not with gaps
_TITLES: Final = 4  # the row the titles of the columns stand in, counted from 0
_SIZE: Final = 11
_FONT: Final = {"font_name": "Times New Roman", "font_size": _SIZE}
_NAMES: Final = {"in_memory": False, "strings_to_urls": False, "strings_to_formulas": False}


def write_xlsx(
    volume: Volume, rows: Iterable[Row], out: BinaryIO, *, room: Path, most: int = MOST_ROWS
) -> int:
    """
    Write the register; return how many rows it has. ``out`` stays open.

    ``room`` is a folder for what is not packed yet: some ten times the size of the workbook.
    """
    options = {"constant_memory": True, "tmpdir": str(room), "strings_to_numbers": False}
    with workbook(out, options | _NAMES) as book:
        book.set_properties({"title": volume.form.title, "author": volume.agency})
        return _Book(book, volume, most).fill(rows)


class _Book:
    """A workbook that is being filled, one sheet after the other."""

    def __init__(self, book: Workbook, volume: Volume, most: int) -> None:
        self._book = book
        self._volume = volume
        self._most = most
        self._wrapping = Wrapping(fonts.measure(fonts.REGULAR, _SIZE))
        units = [column.width / _MILLIMETRES for column in volume.form.columns]
        self._units = units
        self._rooms = [(_PIXELS * each + _EDGES) * _POINTS - _PADDING for each in units]
        cell = {**_FONT, "border": 1, "text_wrap": True, "valign": "top"}
        middle = {"align": "center"}
        self._text: Format = book.add_format(cell)
        self._centred: Format = book.add_format(cell | middle)
        self._day: Format = book.add_format(cell | middle | {"num_format": "dd/mm/yyyy"})
        head = cell | middle | {"bold": True, "valign": "vcenter", "bg_color": "#EEEEEE"}
        self._head: Format = book.add_format(head)
        self._plain: Format = book.add_format(_FONT)
        self._bold: Format = book.add_format(_FONT | {"bold": True})
        self._title: Format = book.add_format(_FONT | middle | {"bold": True, "font_size": 15})
        self._days: Format = book.add_format(_FONT | middle | {"italic": True})

    def fill(self, rows: Iterable[Row]) -> int:
        """Write every row, and who signs below the last one."""
        count = 0
        sheet, place = self._new_sheet()
        for row in rows:
            for cells in self._parts(cells_of(row)):
                if place == self._most:
                    sheet, place = self._new_sheet()
                self._row(sheet, place, cells)
                place += 1
            count += 1
        self._foot(sheet, place, count)
        return count

    def _new_sheet(self) -> tuple[Worksheet, int]:
        """Add a sheet with its head; return it and the place of its first row."""
        sheet = self._book.add_worksheet(f"Tờ {len(self._book.worksheets()) + 1}")
        columns = self._volume.form.columns
        last = len(columns) - 1
        for number, units in enumerate(self._units):
            sheet.set_column(number, number, units)
        self._paper(sheet, last)
        sheet.write_string(0, 0, self._volume.agency.upper(), self._bold)
        # In a sheet written row by row nothing can be merged; centred across, it looks the same.
        for row, words, form in (
            (1, self._volume.form.title.upper(), self._title),
            (2, self._volume.days.told, self._days),
        ):
            form.set_align("center_across")
            sheet.write_string(row, 0, words, form)
            for number in range(1, last + 1):
                sheet.write_blank(row, number, None, form)
        titles = [column.title for column in columns]
        bold = Wrapping(fonts.measure(fonts.BOLD, _SIZE))
        sheet.set_row(_TITLES, _height(bold, titles, self._rooms))
        for number, title in enumerate(titles):
            sheet.write_string(_TITLES, number, title, self._head)
        return sheet, _TITLES + 1

    def _paper(self, sheet: Worksheet, last: int) -> None:
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)  # as wide as a page, as long as it takes
        sheet.freeze_panes(_TITLES + 1, 0)
        sheet.repeat_rows(_TITLES)
        words = f"{self._volume.form.title}. {self._volume.days.told}".replace("&", "&&")
        sheet.set_footer(f"&L&8{words}&R&8Trang &P/&N")
        sheet.ignore_errors({"number_stored_as_text": f"A1:{chr(ord('A') + last)}{self._most}"})

    def _parts(self, cells: Sequence[Cell]) -> Iterator[Sequence[Cell]]:
        """Yield the rows a document takes: one, but for a text of very many lines."""
        texts = [cell if isinstance(cell, str) else "" for cell in cells]
        if not any(map(self._is_long, texts, self._rooms)):
            yield cells
            return
        pieces: list[Sequence[Cell]] = [
            self._wrapping.pieces(cell, room, _PART) if isinstance(cell, str) else [cell]
            for cell, room in zip(cells, self._rooms, strict=True)
        ]
        yield from zip_longest(*pieces)

    def _is_long(self, text: str, room: float) -> bool:
        """Return whether a text needs more lines than a row has."""
        # No letter is wider than it is high, and of two lines in a row one is more than half full.
        if 2 * len(text) * _SIZE <= (_MOST_LINES - 1) * room:
            return False
        return len(self._wrapping.lines(text, room)) > _MOST_LINES

    def _row(self, sheet: Worksheet, place: int, cells: Sequence[Cell]) -> None:
        # Excel fits a row to its text when it opens the file, LibreOffice does not.
        texts = [cell if isinstance(cell, str) else "" for cell in cells]
        sheet.set_row(place, _height(self._wrapping, texts, self._rooms))
        columns = self._volume.form.columns
        for number, (column, cell) in enumerate(zip(columns, cells, strict=True)):
            if isinstance(cell, int):
                sheet.write_number(place, number, cell, self._centred)
            elif isinstance(cell, date) and cell.year >= _FIRST_YEAR:
                moment = datetime.combine(cell, time())
                sheet.write_datetime(place, number, moment, self._day)
            else:
                form = self._centred if column.centred else self._text
                _write_text(sheet, place, number, cell_text(cell), form)
        _forget(sheet, place - 1)

    def _foot(self, sheet: Worksheet, place: int, count: int) -> None:
        """Write the total and the places of the signatures, where the sheet has room for them."""
        last = len(self._volume.form.columns) - 1
        lines = [
            (1, 0, f"Tổng số: {count} văn bản.", self._plain),
            (3, last - 2, "Ngày …… tháng …… năm ………", self._plain),
            (4, 1, "NGƯỜI LẬP SỔ", self._bold),
            (4, last - 2, "THỦ TRƯỞNG CƠ QUAN", self._bold),
            (5, 1, "(Ký, ghi rõ họ tên)", self._plain),
            (5, last - 2, "(Ký, ghi rõ họ tên, đóng dấu)", self._plain),
        ]
        for below, column, words, form in _fitting(lines, place, self._most):
            sheet.write_string(place + below, column, words, form)


def _height(wrapping: Wrapping, texts: Sequence[str], rooms: Sequence[float]) -> float:
    """Return how high a row is so that all of it can be read, in points."""
    lines = max(
        len(wrapping.lines(text, room)) if text else 1
        for text, room in zip(texts, rooms, strict=True)
    )
    return min(lines * _LINE + 2, _HIGHEST)


def _forget(sheet: Worksheet, place: int) -> None:
    """Drop what XlsxWriter keeps of a row it has written: 300 MB for a million heights."""
    for kept in (sheet.row_info, sheet.row_sizes):
        kept.pop(place, None)


def _write_text(sheet: Worksheet, place: int, number: int, text: str, form: Format) -> None:
    if text:
        sheet.write_string(place, number, _fitted(text), form)
    else:
        sheet.write_blank(place, number, None, form)


def _fitted(text: str) -> str:
    """Return the text as long as a cell may be; a longer one would be no valid workbook."""
    if 2 * len(text) <= _MOST_TEXT or len(text.encode("utf-16-le")) <= 2 * _MOST_TEXT:
        return text
    room = 2 * (_MOST_TEXT - len(_CUT))
    return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _CUT


def _fitting(
    lines: Sequence[tuple[int, int, str, Format]], place: int, most: int
) -> Iterator[tuple[int, int, str, Format]]:
    yield from (line for line in lines if place + line[0] < most)
