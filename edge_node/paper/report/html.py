"""
A report as one HTML file that needs nothing else: read in a browser, printed from there.

No script, no font, no picture is fetched; all that comes from documents is escaped. Printed, it
is A4 upright, a table's head on every page it runs over.
"""

from __future__ import annotations

from datetime import date
from html import escape
from typing import TYPE_CHECKING, Final

from edge_node.paper.report.charts import picture_of
from edge_node.paper.report.drawing import svg
from edge_node.paper.report.parts import Chart

if TYPE_CHECKING:
    from edge_node.paper.report.parts import Part, Report, Table
    from edge_node.paper.wording import Cell, Wording

_STYLE: Final = """
@page { size: A4; margin: 20mm 15mm 20mm 25mm; }
body { font: 11pt/1.35 "Times New Roman", "Liberation Serif", serif; color: #1a1a1a;
  max-width: 180mm; margin: 2em auto; padding: 0 1em; }
header { border-bottom: 1.5pt solid #1f4e79; margin-bottom: 1.4em; padding-bottom: .6em; }
.agency { font-weight: bold; text-transform: uppercase; margin: 0 0 1em; }
h1 { font-size: 16pt; text-align: center; text-transform: uppercase; margin: 0; }
.period { font-size: 13pt; font-weight: bold; text-align: center; margin: .2em 0 0; }
.period::first-letter { text-transform: uppercase; }
.as-of { text-align: center; font-style: italic; margin: .2em 0 0; }
h2 { font-size: 13pt; color: #1f4e79; border-bottom: .5pt solid #1f4e79; margin: 1.6em 0 .6em;
  break-after: avoid; }
h3 { font-size: 11pt; margin: 1.2em 0 .4em; break-after: avoid; }
table { border-collapse: collapse; width: 100%; font-size: 10pt; }
th, td { border: .5pt solid #9aa3af; padding: 2.5pt 5pt; overflow-wrap: anywhere; }
th { background: #e8edf3; text-align: center; }
td { text-align: right; font-variant-numeric: tabular-nums; }
td.t { text-align: left; }
tr { break-inside: avoid; }
tr.total td { font-weight: bold; background: #f4f6f9; }
figure { margin: .6em 0 1em; break-inside: avoid; }
figcaption { font-weight: bold; margin-bottom: .3em; }
svg { width: 100%; height: auto; font-family: inherit; }
.note { font-size: 9.5pt; font-style: italic; color: #4b5563; margin: .5em 0; }
@media print {
  body { margin: 0; padding: 0; max-width: none; }
  thead { display: table-header-group; }
  th, tr.total td, svg { print-color-adjust: exact; }
}
"""


def html_of(report: Report) -> bytes:
    """Return the report as the bytes of an HTML file."""
    title = escape(f"{report.title}, {report.period}")
    parts = "\n".join(
        _part(number, part, report.wording) for number, part in enumerate(report.parts, start=1)
    )
    return f"""<!DOCTYPE html>
<html lang="{report.wording.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<p class="agency">{escape(report.agency)}</p>
<h1>{escape(report.title)}</h1>
<p class="period">{escape(report.period)}</p>
<p class="as-of">{escape(report.as_of)}</p>
</header>
{parts}
</body>
</html>
""".encode()


def _part(number: int, part: Part, wording: Wording) -> str:
    blocks = (
        _figure(block, wording) if isinstance(block, Chart) else _table(block, wording)
        for block in part.blocks
    )
    notes = (f'<p class="note">{escape(note)}</p>' for note in part.notes)
    lines = (f"<h2>{number}. {escape(part.title)}</h2>", *blocks, *notes)
    return "\n".join(("<section>", *lines, "</section>"))


def _figure(chart: Chart, wording: Wording) -> str:
    drawn = svg(picture_of(chart, wording))
    return f"<figure>\n<figcaption>{escape(chart.title)}</figcaption>\n{drawn}\n</figure>"


def _table(table: Table, wording: Wording) -> str:
    whole = sum(table.widths)
    widths = "".join(f'<col style="width:{100 * width / whole:.2f}%">' for width in table.widths)
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in table.head)
    last = len(table.rows) - 1
    rows = "\n".join(
        _row(row, wording, total=table.total and place == last)
        for place, row in enumerate(table.rows)
    )
    return f"""<h3>{escape(table.title)}</h3>
<table>
<colgroup>{widths}</colgroup>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>"""


def _row(row: tuple[Cell, ...], wording: Wording, *, total: bool) -> str:
    cells = "".join(_cell(cell, wording) for cell in row)
    return f"<tr{' class=total' if total else ''}>{cells}</tr>"


def _cell(cell: Cell, wording: Wording) -> str:
    kind = " class=t" if isinstance(cell, str | date) else ""
    return f"<td{kind}>{escape(wording.cell(cell))}</td>"
