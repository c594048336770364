"""
A report as a workbook for Excel and LibreOffice: a sheet a part, with charts of their own kind.

Numbers are numbers, shares are shares, durations are parts of days, so that one can go on
counting with them. The same report gives the same bytes: its date is that of the figures.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.paper.packing import workbook
from edge_node.paper.report.drawing import BLUE, ORANGE
from edge_node.paper.report.parts import Chart, Drawn
from edge_node.paper.wording import NOTHING, Share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from edge_node.paper.report.parts import Part, Report, Table
    from edge_node.paper.wording import Cell

_A4: Final = 9
_DAY: Final = timedelta(days=1)
_MOST_NAME: Final = 31  # letters in the name of a sheet, of Excel
_FORBIDDEN: Final = str.maketrans("[]:*?/\\'", "()------")
_WIDTH: Final = 100.0  # of all columns of a sheet together, in letters
_FONT: Final = {"font_name": "Times New Roman", "font_size": 11}
_COLOURS: Final = (BLUE, ORANGE)
_LINE: Final = 15.0  # points: the height of a row of one line
_PAGE: Final = 60  # rows on a printed page
_CHART: Final = {"width": 720, "height": 320}  # pixels
_CHART_ROWS: Final = 18
_KINDS: Final[Mapping[Drawn, Mapping[str, str]]] = {
    Drawn.COLUMNS: {"type": "column"},
    Drawn.BARS: {"type": "bar"},
    Drawn.SHARES: {"type": "bar", "subtype": "percent_stacked"},
    Drawn.SPANS: {"type": "bar"},
}


def write_xlsx(report: Report, out: BinaryIO, *, made: datetime) -> None:
    """Write the report; ``made`` is the day the workbook says it is of. ``out`` stays open."""
    options = {
        "in_memory": True,
        "strings_to_urls": False,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
    }
    with workbook(out, options) as book:
        title = f"{report.title}, {report.period}"
        book.set_properties({"title": title, "author": report.agency, "created": _naive(made)})
        writing = _Book(book, report)
        for part in report.parts:
            writing.add(part)


class _Book:
    """A workbook that is being filled."""

    def __init__(self, book: Workbook, report: Report) -> None:
        self._book = book
        self._report = report
        self._widths: list[float] = []  # of the columns of the sheet at hand, in letters
        cell = {**_FONT, "border": 1, "border_color": "#9AA3AF", "valign": "top"}
        self._forms = {
            bold: {
                kind: book.add_format({**cell, **more, **_total(bold=bold)})
                for kind, more in _OF_CELLS.items()
            }
            for bold in (False, True)
        }
        head = {"bold": True, "align": "center", "valign": "vcenter", "bg_color": "#E8EDF3"}
        self._head = book.add_format(cell | head | {"text_wrap": True})
        self._agency = book.add_format(_FONT | {"bold": True})
        self._title = book.add_format(_FONT | {"bold": True, "font_size": 15})
        self._block = book.add_format(_FONT | {"bold": True, "font_size": 12, "color": BLUE})
        self._plain = book.add_format(_FONT | {"italic": True})
        self._note = book.add_format(_FONT | {"italic": True, "text_wrap": True, "valign": "top"})

    def add(self, part: Part) -> None:
        """Add a sheet with the tables of a part, its charts beside the tables they are of."""
        sheet = self._book.add_worksheet(part.title.translate(_FORBIDDEN)[:_MOST_NAME])
        self._paper(sheet)
        lines = (
            (self._report.agency.upper(), self._agency),
            (f"{self._report.title}, {self._report.period}".upper(), self._title),
            (f"{part.title}. {self._report.as_of}", self._plain),
        )
        for row, (text, form) in enumerate(lines):
            sheet.write_string(row, 0, text, form)
        sheet.set_row(1, 1.6 * _LINE)
        row, places = len(lines) + 1, {}
        tables = [block for block in part.blocks if not isinstance(block, Chart)]
        charts = [block for block in part.blocks if isinstance(block, Chart)]
        self._columns(sheet, tables + [chart.table for chart in charts])
        drawn_elsewhere = [chart.table for chart in charts if chart.table not in tables]
        for table in (*tables, *drawn_elsewhere):
            places[id(table)] = row + 2
            row = self._table(sheet, row, table)
        for note in part.notes:
            last = len(self._widths) - 1
            sheet.merge_range(row, 0, row, last, note, self._note)
            sheet.set_row(row, -(-len(note) // int(_WIDTH)) * _LINE)
            row += 1
        page = row // _PAGE * _PAGE  # the first row of the page that is printed
        for chart in charts:
            if row + _CHART_ROWS > page + _PAGE:
                sheet.set_h_pagebreaks([row])
                page = row
            self._chart(sheet, row + 1, chart, places[id(chart.table)])
            row += _CHART_ROWS

    def _columns(self, sheet: Worksheet, tables: list[Table]) -> None:
        """Make the columns as the table with most of them wants it."""
        widths = max((table.widths for table in tables), key=len)
        self._widths = [_WIDTH * width / sum(widths) for width in widths]
        for place, width in enumerate(self._widths):
            sheet.set_column(place, place, width)

    def _lines(self, cells: tuple[Cell, ...]) -> int:
        """Return how many lines the texts of a row take: nobody else makes it higher."""
        texts = zip(cells, self._widths, strict=False)
        lines = (-(-len(text) // int(width)) for text, width in texts if isinstance(text, str))
        return max(lines, default=1)

    def _paper(self, sheet: Worksheet) -> None:
        sheet.set_paper(_A4)
        sheet.set_portrait()
        sheet.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.6)
        sheet.fit_to_pages(1, 0)  # as wide as a page, as long as it takes
        sheet.hide_gridlines(2)
        words = f"{self._report.title}, {self._report.period}".replace("&", "&&")
        sheet.set_footer(f"&L&8{words}&R&8&P/&N")

    def _table(self, sheet: Worksheet, row: int, table: Table) -> int:
        """Write a table from a row on; return the row after the one that stays empty below."""
        sheet.write_string(row, 0, table.title, self._block)
        for column, title in enumerate(table.head):
            sheet.write_string(row + 1, column, title, self._head)
        sheet.set_row(row + 1, 2 * _LINE)
        row += 2
        last = len(table.rows) - 1
        for place, cells in enumerate(table.rows):
            forms = self._forms[table.total and place == last]
            if (lines := self._lines(cells)) > 1:
                sheet.set_row(row + place, lines * _LINE)
            for column, cell in enumerate(cells):
                _write(sheet, row + place, column, cell, forms)
        return row + len(table.rows) + 1

    def _chart(self, sheet: Worksheet, row: int, chart: Chart, first: int) -> None:
        drawn = self._book.add_chart(dict(_KINDS[chart.drawn]))
        last = first + len(chart.rows) - 1
        name = sheet.get_name()
        for place, column in enumerate(chart.series):
            drawn.add_series(
                {
                    "name": [name, first - 1, column],
                    "categories": [name, first, chart.label, last, chart.label],
                    "values": [name, first, column, last, column],
                    "fill": {"color": _COLOURS[place]},
                    "gap": 60,
                }
            )
        drawn.set_title({"name": chart.title, "name_font": {"size": 12}, "overlay": False})
        drawn.set_legend({"position": "bottom"})
        lying = chart.drawn is not Drawn.COLUMNS
        names: dict[str, object] = {"reverse": lying, "num_font": {"size": 9}}
        values: dict[str, object] = {
            "major_gridlines": {"visible": True, "line": {"color": "#D9DDE3"}}
        }
        if chart.drawn is Drawn.SPANS:
            values |= {"log_base": 10, "num_format": "[h]:mm:ss", "crossing": "min"}
        if chart.drawn is Drawn.COLUMNS and chart.rows and isinstance(chart.rows[0][0], date):
            names |= {"num_format": "d", "text_axis": True}
        drawn.set_x_axis(values if lying else names)
        drawn.set_y_axis(names if lying else values)
        drawn.set_size(_CHART)
        sheet.insert_chart(row, 0, drawn)


_OF_CELLS: Final[Mapping[type, Mapping[str, object]]] = {
    str: {"text_wrap": True},
    int: {"num_format": "#,##0"},
    Share: {"num_format": "0.0%"},
    timedelta: {"num_format": "[h]:mm:ss"},
    date: {"num_format": "dd/mm/yyyy", "align": "left"},
    type(None): {"align": "right"},
}


def _naive(moment: datetime) -> datetime:
    """Return a moment as a workbook keeps it: UTC, and no word of that."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _total(*, bold: bool) -> dict[str, object]:
    return {"bold": True, "bg_color": "#F4F6F9"} if bold else {}


def _write(
    sheet: Worksheet, row: int, column: int, cell: Cell, forms: Mapping[type, Format]
) -> None:
    form = forms[type(cell)]
    match cell:
        case Share():
            if cell.value is None:
                sheet.write_string(row, column, NOTHING, forms[type(None)])
            else:
                sheet.write_number(row, column, cell.value, form)
        case timedelta():
            sheet.write_number(row, column, cell / _DAY, form)
        case date():
            sheet.write_datetime(row, column, datetime.combine(cell, time()), form)
        case int():
            sheet.write_number(row, column, cell, form)
        case str():
            sheet.write_string(row, column, cell, form)
        case None:
            sheet.write_string(row, column, NOTHING, form)
