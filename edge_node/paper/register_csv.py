"""
A register as CSV (RFC 4180), for whatever reads tables: one line of titles, then the rows.

UTF-8 with a byte order mark, without which Excel takes the letters for those of another encoding.
A text a spreadsheet would take for a formula gets an apostrophe before it, which is how people
tell a spreadsheet that what follows is text: what strangers wrote is never computed.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.register import cell_text, cells_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.domain.register import Row, Volume

# What begins a formula in Excel, LibreOffice and Google Sheets; the wide forms do in East Asian
# ones. (Tabs and line ends, which some strip before they look, are no part of a row's texts.)
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_AS_TEXT: Final = "'"


def write_csv(volume: Volume, rows: Iterable[Row], out: BinaryIO) -> int:
    """Write the register; return how many rows it has. ``out`` stays open."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
    try:
        writer = csv.writer(text)  # its default dialect is RFC 4180
        writer.writerow([column.title for column in volume.form.columns])
        count = 0
        for row in rows:
            writer.writerow([guarded(cell_text(cell)) for cell in cells_of(row)])
            count += 1
        text.flush()
    finally:
        text.detach()
    return count


def guarded(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return _AS_TEXT + text if text.startswith(_FORMULA) else text
