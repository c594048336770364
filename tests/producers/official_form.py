"""
The form of an official document after Decree 30/2020/NĐ-CP, appendix I, laid out as DOCX.

A4, Times New Roman, text of 14 points; the national name and the motto at the right, the agency at
the left, number and notation, place and date, what it is about, to whom, the text, who else gets
it, who signs. It knows the form only; the invented content is `make_samples`'s affair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from PIL import ImageFont

if TYPE_CHECKING:
    from docx.document import Document as Docx
    from docx.shared import Length
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph

COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
NOTICE = "Văn bản mẫu để thử nghiệm phần mềm, nội dung giả định, không có giá trị pháp lý"

# Liberation Serif has the widths of Times New Roman, so lines measured with it fit both.
_BOLD = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Bold.ttf"
_MM_PER_POINT = 25.4 / 72
_HEAD = (Mm(68), Mm(102))  # the national name in one line asks for more than the text's width
_FOOT = (Mm(68), Mm(92))
_CENTER = WD_ALIGN_PARAGRAPH.CENTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What stands in the fields of the form; a text line that begins with `*` is in italics."""

    agency: tuple[str, ...]
    superior: str = ""
    number: str
    place_and_date: str
    about: str
    kind: str = ""  # QUYẾT ĐỊNH, THÔNG BÁO …; a letter (công văn) has none
    authority: str = ""  # the one who decides, above the reasons of a decision
    to: tuple[str, ...] = ()
    body: tuple[str, ...]
    copies_to: tuple[str, ...]
    signs: tuple[str, ...]
    signer: str
    headings: frozenset[str] = field(default=frozenset())


def lay_out(letter: Letter) -> Docx:
    """Return the letter as a DOCX that looks as the decree asks."""
    docx = a_page()
    _head(docx, letter)
    if letter.kind:
        _title(docx, letter)
    if letter.to:
        _addressees(docx, letter.to)
    for line in letter.body:
        _text(docx, line, letter.headings)
    _foot(docx, letter)
    return docx


def a_page() -> Docx:
    """Return an empty A4 document with the decree's margins, font and page numbers."""
    docx = Document()
    section = docx.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    section.header_distance = section.footer_distance = Mm(10)
    normal = docx.styles["Normal"]
    normal.font.name, normal.font.size = "Times New Roman", Pt(14)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "Times New Roman")
    _page_number(docx)
    for footer in (section.footer, section.first_page_footer):
        put(footer.paragraphs[0], NOTICE, size=9, align=_CENTER, italic=True, grey=True)
    return docx


def put(
    paragraph: Paragraph,
    text: str,
    *,
    size: float = 14,
    align: WD_ALIGN_PARAGRAPH | None = None,
    bold: bool = False,
    italic: bool = False,
    grey: bool = False,
    after: float = 0,
) -> Paragraph:
    """Write one run into the paragraph, sizes and distances in points."""
    run = paragraph.add_run(text)
    run.font.size, run.bold, run.italic = Pt(size), bold, italic
    if grey:
        run.font.color.rgb = RGBColor(0x70, 0x70, 0x70)
    if align is not None:
        paragraph.alignment = align
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after, shape.line_spacing = Pt(0), Pt(after), 1.0
    return paragraph


def _head(docx: Docx, letter: Letter) -> None:
    left, right = _two_columns(docx, _HEAD)
    lines = _Lines(left)
    if letter.superior:
        put(lines.next(), letter.superior, size=13, align=_CENTER)
    for name in letter.agency:
        put(lines.next(), name, size=13, align=_CENTER, bold=True)
    _rule(lines.next(), inside=_HEAD[0].mm, width=22)
    put(lines.next(), f"Số: {letter.number}", size=13, align=_CENTER, after=2)
    if not letter.kind:
        put(lines.next(), letter.about, size=12, align=_CENTER)
    lines = _Lines(right)
    put(lines.next(), COUNTRY, size=12.5, align=_CENTER, bold=True)
    put(lines.next(), MOTTO, size=13.5, align=_CENTER, bold=True)
    _rule(lines.next(), inside=_HEAD[1].mm, width=_width(MOTTO, 13.5))
    for _ in range(len(letter.agency) + bool(letter.superior) - 2):
        put(lines.next(), "", size=13)
    put(lines.next(), letter.place_and_date, size=13.5, align=_CENTER, italic=True)


def _title(docx: Docx, letter: Letter) -> None:
    put(docx.add_paragraph(), "", size=8)
    put(docx.add_paragraph(), letter.kind, align=_CENTER, bold=True)
    put(docx.add_paragraph(), letter.about, align=_CENTER, bold=True)
    _rule(docx.add_paragraph(), inside=160, width=40)
    if letter.authority:
        put(docx.add_paragraph(), letter.authority, size=13.5, align=_CENTER, bold=True, after=8)


def _addressees(docx: Docx, names: tuple[str, ...]) -> None:
    put(docx.add_paragraph(), "", size=10)
    if len(names) == 1:
        put(docx.add_paragraph(), f"Kính gửi: {names[0]}.", align=_CENTER, after=12)
        return
    first = put(docx.add_paragraph(), "Kính gửi:", after=2)
    first.paragraph_format.left_indent = Mm(30)
    for name in names:
        end = "." if name == names[-1] else ";"
        line = put(docx.add_paragraph(), f"- {name}{end}", after=12 if end == "." else 2)
        line.paragraph_format.left_indent = Mm(50)


def _text(docx: Docx, line: str, headings: frozenset[str]) -> None:
    if line in headings:
        put(docx.add_paragraph(), line, align=_CENTER, bold=True, after=6)
        return
    paragraph = docx.add_paragraph()
    italic = line.startswith("*")
    head, bar, rest = line.removeprefix("*").partition("|")
    if bar:  # `Điều 1.| …`: the head of an article is bold
        put(paragraph, head, bold=True)
    put(paragraph, rest if bar else head, italic=italic, after=6)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    paragraph.paragraph_format.first_line_indent = Mm(12.7)
    paragraph.paragraph_format.line_spacing = 1.1


def _foot(docx: Docx, letter: Letter) -> None:
    put(docx.add_paragraph(), "", size=6)
    left, right = _two_columns(docx, _FOOT)
    lines = _Lines(left)
    put(lines.next(), "Nơi nhận:", size=12, bold=True, italic=True)
    for name in letter.copies_to:
        end = "." if name == letter.copies_to[-1] else ";"
        put(lines.next(), f"- {name}{end}", size=11)
    lines = _Lines(right)
    for line in letter.signs:
        put(lines.next(), line, size=13.5, align=_CENTER, bold=True)
    for _ in range(4):  # the place of the signature
        put(lines.next(), "")
    put(lines.next(), letter.signer, align=_CENTER, bold=True)


class _Lines:
    """The paragraphs of a cell, one after the other; the first is already there."""

    def __init__(self, cell: _Cell) -> None:
        self._cell = cell
        self._used = False

    def next(self) -> Paragraph:
        if self._used:
            return self._cell.add_paragraph()
        self._used = True
        return self._cell.paragraphs[0]


def _two_columns(docx: Docx, widths: tuple[Length, Length]) -> tuple[_Cell, _Cell]:
    table = docx.add_table(rows=1, cols=2)
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    row = table.rows[0]
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for cell, width in zip(row.cells, widths, strict=True):
        cell.width = width
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    return row.cells[0], row.cells[1]


def _width(text: str, size: float) -> float:
    """Return how wide the text is in bold, in millimetres."""
    return ImageFont.truetype(_BOLD, 1000).getlength(text) / 1000 * size * _MM_PER_POINT


def _rule(paragraph: Paragraph, *, inside: float, width: float) -> None:
    """Draw a thin line of ``width`` mm in the middle of a column ``inside`` mm wide."""
    put(paragraph, "", size=4, after=4)
    paragraph.paragraph_format.space_before = Pt(3)
    paragraph.paragraph_format.line_spacing = Pt(4)
    cell_padding = 3.8 if inside < 160 else 0  # Word adds 1.9 mm at each side of a cell
    indent = Mm((inside - cell_padding - width) / 2)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = indent
    top = OxmlElement("w:top")
    for key, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
        top.set(qn(f"w:{key}"), value)
    borders = OxmlElement("w:pBdr")
    borders.append(top)
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(borders, "w:spacing", "w:ind", "w:jc", "w:rPr")


def _page_number(docx: Docx) -> None:
    """Put page numbers at the top, centred, from the second page on, as the decree asks."""
    section = docx.sections[0]
    section.different_first_page_header_footer = True
    run = section.header.paragraphs[0].add_run()
    section.header.paragraphs[0].alignment = _CENTER
    run.font.size = Pt(13)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        part.text = text or None
        run._r.append(part)
