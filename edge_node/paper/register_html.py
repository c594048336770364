"""
A register as one HTML file that needs nothing else: read in a browser, printed from there.

No script, no font, no picture is fetched; all that comes from documents is escaped. Printed, it
is A4 landscape with the titles of the columns and a number on every page.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.register import cell_text, cells_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.domain.register import Column, Row, Volume

_STYLE: Final = """
@page {
  size: A4 landscape;
  margin: 12mm 10mm 14mm;
  @bottom-right { font: 8pt serif; content: "Trang " counter(page) "/" counter(pages); }
}
body { font: 10pt/1.3 "Times New Roman", "Liberation Serif", serif; margin: 1em; color: #000; }
.agency { font-weight: bold; text-transform: uppercase; margin: 0; }
h1 { font-size: 15pt; text-align: center; text-transform: uppercase; margin: .6em 0 .1em; }
.days { text-align: center; font-style: italic; margin: 0 0 1em; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; }
th, td { border: .5pt solid #000; padding: 2pt 3pt; overflow-wrap: anywhere; }
td { vertical-align: top; }
th, .c { text-align: center; }
th { background: #eee; position: sticky; top: 0; }
.n th { font-weight: normal; font-style: italic; font-size: 8pt; position: static; }
tr { break-inside: avoid; }
.total { font-style: italic; }
.total, .sign { break-before: avoid; }
tbody tr:last-child { break-after: avoid; }
.sign { display: flex; justify-content: space-between; text-align: center; break-inside: avoid; }
.sign div { width: 40%; min-height: 9em; }
@media print {
  body { margin: 0; font-size: 9pt; }
  thead { display: table-header-group; }
  th { position: static; print-color-adjust: exact; }
}
"""


def write_html(volume: Volume, rows: Iterable[Row], out: BinaryIO) -> int:
    """Write the register; return how many rows it has. ``out`` stays open."""
    columns = volume.form.columns
    out.write(_head(volume).encode())
    count = 0
    for row in rows:
        cells = zip(columns, cells_of(row), strict=True)
        line = "".join(_cell(column, cell_text(cell)) for column, cell in cells)
        out.write(f"<tr>{line}</tr>\n".encode())
        count += 1
    out.write(_foot(count).encode())
    return count


def _head(volume: Volume) -> str:
    columns = volume.form.columns
    whole = sum(column.width for column in columns)
    widths = "".join(
        f'<col style="width:{100 * column.width / whole:.2f}%">' for column in columns
    )
    titles = "".join(f'<th scope="col">{escape(column.title)}</th>' for column in columns)
    numbers = "".join(f"<th>({number})</th>" for number, _ in enumerate(columns, start=1))
    title = escape(volume.form.title)
    return f"""<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<p class="agency">{escape(volume.agency)}</p>
<h1>{title}</h1>
<p class="days">{escape(volume.days.told)}</p>
<table>
<colgroup>{widths}</colgroup>
<thead>
<tr>{titles}</tr>
<tr class="n">{numbers}</tr>
</thead>
<tbody>
"""


def _cell(column: Column, text: str) -> str:
    return f"<td{' class=c' if column.centred else ''}>{escape(text)}</td>"


def _foot(count: int) -> str:
    return f"""</tbody>
</table>
<p class="total">Tổng số: {count} văn bản.</p>
<div class="sign">
<div><br><b>NGƯỜI LẬP SỔ</b><br><i>(Ký, ghi rõ họ tên)</i></div>
<div><i>Ngày …… tháng …… năm ………</i><br>
<b>THỦ TRƯỞNG CƠ QUAN</b><br><i>(Ký, ghi rõ họ tên, đóng dấu)</i></div>
</div>
</body>
</html>
"""
