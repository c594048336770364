"""
The summary of an evidence file on one page, in Vietnamese and English side by side: PDF and HTML.

It says what the file is about and what is in it; it proves nothing. What it says comes in as words
of both languages, because whoever reads it in years may have either.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_node.paper import fonts
from edge_node.paper.leaf import leaves

if TYPE_CHECKING:
    from typing import BinaryIO

    from reportlab.platypus import Flowable

_MM: Final = 72 / 25.4
_WIDTH, _HEIGHT, _EDGE = 210 * _MM, 297 * _MM, 18 * _MM
_MOST: Final = 12  # lines of a list; all of it stands in manifest.json


class Both(NamedTuple):
    """Words in Vietnamese and in English."""

    vi: str
    en: str


TITLE: Final = Both("Hồ sơ chứng cứ của một văn bản điện tử", "Evidence of an electronic document")
_IN_IT: Final = Both("Trong hồ sơ", "In this file")
_MISSING: Final = Both("Không có trong hồ sơ", "Not in this file")
_NOTHING: Final = Both("Không thiếu gì", "Nothing is missing")
_MORE: Final = Both("còn nữa, xem manifest.json", "more, see manifest.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the page says; texts of documents in whatever form they have."""

    agency: str
    made: str
    facts: tuple[tuple[Both, str], ...]
    contents: tuple[tuple[Both, str], ...]  # what, and where in the file
    missing: tuple[Both, ...]
    note: Both  # how to check it


def write_html(summary: Summary) -> bytes:
    """Return the page as one HTML file that needs nothing else."""
    facts = "".join(
        f"<tr><th>{_two(label)}</th><td>{_text(value)}</td></tr>" for label, value in summary.facts
    )
    contents = "".join(
        f"<li>{_two(what)} <code>{_text(where)}</code></li>" for what, where in summary.contents
    )
    missing = "".join(f"<li>{_two(one)}</li>" for one in summary.missing)
    missing = f"<ul>{missing}</ul>" if missing else f"<p>{_two(_NOTHING)}</p>"
    return f"""<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(TITLE.vi)} / {escape(TITLE.en)}</title>
<style>{_STYLE}</style>
</head>
<body>
<p class="agency">{_text(summary.agency)}</p>
<h1>{_two(TITLE)}</h1>
<p class="made">{_text(summary.made)}</p>
<table>{facts}</table>
<h2>{_two(_IN_IT)}</h2>
<ul>{contents}</ul>
<h2>{_two(_MISSING)}</h2>
{missing}
<p class="note">{_two(summary.note)}</p>
</body>
</html>
""".encode()


_STYLE: Final = """
@page { size: A4; margin: 18mm; }
body { font: 11pt/1.35 "Times New Roman", "Liberation Serif", serif; max-width: 50em;
  margin: 1em auto; padding: 0 1em; color: #000; background: #fff; }
.agency { font-weight: bold; margin: 0; }
h1 { font-size: 15pt; margin: .6em 0 .2em; }
h2 { font-size: 12pt; margin: 1em 0 .2em; }
.made, .note { font-style: italic; }
table { border-collapse: collapse; width: 100%; }
th, td { border: .5pt solid #666; padding: 2pt 4pt; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th { width: 32%; font-weight: normal; background: #eee; }
.en { color: #444; font-style: italic; }
code { overflow-wrap: anywhere; }
"""


def write_pdf(summary: Summary, out: BinaryIO) -> None:
    """Write the page as PDF/A4; ``out`` stays open. What does not fit is set smaller."""
    from reportlab.platypus import KeepInFrame  # noqa: PLC0415 - only here

    title = f"{TITLE.vi} / {TITLE.en}"
    canvas = leaves(out, (_WIDTH, _HEIGHT), title=title, author=summary.agency)
    wide, high = _WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE
    page = KeepInFrame(wide, high, _story(summary, wide), mode="shrink")
    _, used = page.wrapOn(canvas, wide, high)
    page.drawOn(canvas, _EDGE, _HEIGHT - _EDGE - used)
    canvas.showPage()
    canvas.save()


def _story(summary: Summary, wide: float) -> list[Flowable]:
    from reportlab.lib.colors import HexColor  # noqa: PLC0415 - as above
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
    from reportlab.platypus import Paragraph, Spacer, Table, TableStyle  # noqa: PLC0415

    plain = ParagraphStyle("plain", fontName=fonts.REGULAR, fontSize=10, leading=12.5)
    head = ParagraphStyle("head", plain, fontName=fonts.BOLD, fontSize=11, spaceBefore=9)
    title = ParagraphStyle("title", head, fontSize=14, leading=18)
    note = ParagraphStyle("note", plain, fontName=fonts.ITALIC, spaceBefore=9)
    rows = [
        [Paragraph(_two(label), plain), Paragraph(_text(value), plain)]
        for label, value in summary.facts
    ]
    grid = TableStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), fonts.REGULAR),  # else Helvetica, not embedded
            ("GRID", (0, 0), (-1, -1), 0.4, HexColor("#666666")),
            ("BACKGROUND", (0, 0), (0, -1), HexColor("#eeeeee")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ]
    )
    contents = [f"{_two(what)}: {_text(where)}" for what, where in summary.contents]
    missing = [_two(one) for one in summary.missing] or [_two(_NOTHING)]
    return [
        Paragraph(_text(summary.agency), head),
        Paragraph(_two(TITLE), title),
        Paragraph(_text(summary.made), note),
        Spacer(1, 6),
        Table(rows, colWidths=[wide * 0.34, wide * 0.66], style=grid),
        Paragraph(_two(_IN_IT), head),
        *(Paragraph(line, plain) for line in _fitting(contents)),
        Paragraph(_two(_MISSING), head),
        *(Paragraph(line, plain) for line in _fitting(missing)),
        Paragraph(_two(summary.note), note),
    ]


def _fitting(lines: list[str]) -> list[str]:
    """Return the lines of a list, the last one a word on what is left out."""
    if len(lines) <= _MOST:
        return lines
    return [*lines[:_MOST], f"+{len(lines) - _MOST}: {_two(_MORE)}"]


def _two(both: Both) -> str:
    return f"{_text(both.vi)} <i>/ {_text(both.en)}</i>"


def _text(text: str) -> str:
    """Return a text as it stands between tags, its letters composed as the fonts have them."""
    return escape(unicodedata.normalize("NFC", text))
