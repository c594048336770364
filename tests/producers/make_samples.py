"""
Make the sample documents again, with the producers that agencies really use.

    apt-get install libreoffice-writer-nogui libreoffice-calc-nogui poppler-utils qpdf \
        fonts-liberation2 fonts-dejavu-core
    python tests/producers/make_samples.py

LibreOffice writes most PDFs, as in the agencies themselves; python-docx and openpyxl the Office
files, fpdf2, cairo (by poppler) and qpdf the rest. The results are committed: neither the demo nor
a test needs any of these programs. Dates are pinned, so a second run gives files of the same
content (LibreOffice puts an id of its own into each PDF).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import letters
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm
from fpdf import FPDF
from fpdf.enums import Align
from official_form import COUNTRY, MOTTO, NOTICE, a_page, lay_out, put
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "edge_node" / "demo" / "documents"
VERSIONS = ROOT / "tests" / "data" / "documents"
MADE = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")


def main() -> None:
    """Make everything anew."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _demo(work)
        _versions(work)
    for made in sorted([*DEMO.iterdir(), *VERSIONS.iterdir()]):
        print(f"{made.stat().st_size:>8}  {made.relative_to(ROOT)}")  # noqa: T201 - its result


def _demo(work: Path) -> None:
    for name, letter in (
        ("101-BND-VP", letters.REQUEST),
        ("245-UBND-VX", letters.REPLY),
        ("77-QD-UBND", letters.DECISION),
    ):
        source = work / f"{name}.docx"
        _save_docx(lay_out(letter), source, title=letter.about)
        shutil.move(_office(source, "pdf"), DEMO / f"{name}.pdf")
    outline = DEMO / "101-de-cuong-bao-cao.docx"
    _save_docx(_outline(), outline, title=letters.OUTLINE_TITLE)
    shutil.copy(outline, work)
    shutil.move(_office(work / outline.name, "pdf"), DEMO / "101-de-cuong-bao-cao.pdf")
    _annex(DEMO / "101-phu-luc.xlsx")
    _invitation().output(str(DEMO / "33-GM-VP.pdf"))


def _outline():
    docx = a_page()
    for text, bold in ((letters.OUTLINE_TITLE, True), (letters.OUTLINE_ABOUT, True)):
        put(docx.add_paragraph(), text, align=WD_ALIGN_PARAGRAPH.CENTER, bold=bold)
    put(
        docx.add_paragraph(),
        letters.OUTLINE_SOURCE,
        align=WD_ALIGN_PARAGRAPH.CENTER,
        italic=True,
        after=14,
    )
    for heading, text in letters.OUTLINE:
        put(docx.add_paragraph(), heading, bold=True, after=4)
        line = put(docx.add_paragraph(), text, align=WD_ALIGN_PARAGRAPH.JUSTIFY, after=8)
        line.paragraph_format.first_line_indent = Mm(12.7)
        if text.endswith(":"):
            _outline_table(docx)
    return docx


def _outline_table(docx) -> None:
    widths = (Mm(12), Mm(64), Mm(28), Mm(28), Mm(28))
    rows = (letters.OUTLINE_COLUMNS, *letters.OUTLINE_ROWS)
    table = docx.add_table(rows=len(rows), cols=len(widths))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for values, row in zip(rows, table.rows, strict=True):
        for index, (text, cell, width) in enumerate(zip(values, row.cells, widths, strict=True)):
            cell.width = width
            head = values is letters.OUTLINE_COLUMNS
            align = None if index == 1 and not head else WD_ALIGN_PARAGRAPH.CENTER
            put(cell.paragraphs[0], text, size=12, bold=head, align=align)
    put(docx.add_paragraph(), "", size=8)


def _save_docx(docx, path: Path, *, title: str) -> None:
    core = docx.core_properties
    core.title, core.author, core.comments = title, "Văn phòng (thử nghiệm)", NOTICE
    core.created = core.modified = MADE.replace(tzinfo=None)
    core.language = "vi-VN"
    docx.save(str(path))
    _pin_dates(path)


def _annex(path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = "Danh sách đơn vị"
    columns = letters.ANNEX_COLUMNS
    last = get_column_letter(len(columns))
    for row, text in enumerate((letters.ANNEX_TITLE, letters.OUTLINE_SOURCE), 1):
        sheet.merge_cells(f"A{row}:{last}{row}")
        sheet[f"A{row}"] = text
        sheet[f"A{row}"].font = Font(
            name="Times New Roman", size=14 if row == 1 else 12, bold=row == 1, italic=row > 1
        )
        sheet[f"A{row}"].alignment = Alignment(horizontal="center")
    sheet.append([])
    sheet.append(columns)
    for number, values in enumerate(letters.ANNEX_ROWS, 1):
        sheet.append((number, *values))
    end = sheet.max_row
    sheet.append(("", "Tổng cộng", "", "", f"=SUM(E5:E{end})", ""))
    _dress(sheet, first=4)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", "9"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.freeze_panes = "A5"
    book.properties.title, book.properties.creator = letters.ANNEX_TITLE, "Văn phòng (thử nghiệm)"
    book.properties.created = book.properties.modified = MADE.replace(tzinfo=None)
    book.save(path)
    _pin_dates(path)


def _dress(sheet, *, first: int) -> None:
    thin = Side(style="thin")
    for row in sheet.iter_rows(min_row=first, max_col=len(letters.ANNEX_COLUMNS)):
        strong = row[0].row in {first, sheet.max_row}
        for cell in row:
            cell.font = Font(name="Times New Roman", size=12, bold=strong)
            cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
            centred = row[0].row == first or cell.column in {1, 3, 5}
            cell.alignment = Alignment(
                horizontal="center" if centred else "left", vertical="center", wrap_text=True
            )
            if row[0].row == first:
                cell.fill = PatternFill("solid", fgColor="DDE6F0")
        sheet.row_dimensions[row[0].row].height = 22  # points
    for index, width in enumerate((6, 48, 16, 34, 15, 18), 1):
        sheet.column_dimensions[get_column_letter(index)].width = width


def _invitation() -> FPDF:
    """Return an invitation (giấy mời) as programs that print PDFs by themselves make it."""
    pdf = _blank("1.7")
    pdf.add_page()
    _invitation_head(pdf)
    pdf.ln(8)
    _line(pdf, "GIẤY MỜI", style="B", size=14)
    _line(pdf, letters.INVITATION_ABOUT, style="B", size=13)
    middle = pdf.w / 2 + 5
    pdf.line(middle - 18, pdf.get_y() + 1.5, middle + 18, pdf.get_y() + 1.5)
    pdf.ln(7)
    _line(pdf, "Kính gửi: Ủy ban nhân dân tỉnh Sông Xanh (thử nghiệm)", size=13)
    pdf.ln(4)
    pdf.set_font("Serif", size=12.5)
    with pdf.text_columns(text_align=Align.J, line_height=1.5) as columns:
        for text in letters.INVITATION:
            with columns.paragraph(first_line_indent=12.7, bottom_margin=1.5) as paragraph:
                paragraph.write(text)
    _invitation_foot(pdf)
    return pdf


def _invitation_head(pdf: FPDF) -> None:
    top = pdf.get_y()
    left, right = (pdf.l_margin - 2, 70), (pdf.l_margin + 68, 94)
    for row, (text, style, size) in enumerate(
        ((letters.INVITATION_AGENCY[0], "", 11), (letters.INVITATION_AGENCY[1], "B", 11))
    ):
        _cell(pdf, text, at=(left, top + 6 * row), style=style, size=size)
    pdf.line(left[0] + 24, top + 13, left[0] + 46, top + 13)
    _cell(pdf, letters.INVITATION_NUMBER, at=(left, top + 16), size=12)
    _cell(pdf, COUNTRY, at=(right, top), style="B", size=11)
    _cell(pdf, MOTTO, at=(right, top + 6), style="B", size=12)
    half = pdf.get_string_width(MOTTO) / 2
    middle = right[0] + right[1] / 2
    pdf.line(middle - half, top + 13, middle + half, top + 13)
    _cell(pdf, letters.INVITATION_DATE, at=(right, top + 16), style="I", size=12)
    pdf.set_y(top + 22)


def _invitation_foot(pdf: FPDF) -> None:
    pdf.ln(5)
    top = pdf.get_y()
    left, right = (pdf.l_margin, 75), (pdf.l_margin + 75, 87)
    _cell(pdf, "Nơi nhận:", at=(left, top), style="BI", size=11, align=Align.L)
    for row, text in enumerate(letters.INVITATION_COPIES, 1):
        _cell(pdf, text, at=(left, top + 5 * row), size=10, align=Align.L)
    for row, text in enumerate(letters.INVITATION_SIGNS):
        _cell(pdf, text, at=(right, top + 6 * row), style="B", size=12)
    _cell(pdf, letters.INVITATION_SIGNER, at=(right, top + 40), style="B", size=12.5)


def _cell(
    pdf: FPDF,
    text: str,
    *,
    at: tuple[tuple[float, float], float],
    size: float,
    style: str = "",
    align: Align = Align.C,
) -> None:
    (left, width), top = at
    pdf.set_font("Serif", style=style, size=size)
    pdf.set_xy(left, top)
    pdf.cell(width, 6, text, align=align)


def _line(pdf: FPDF, text: str, *, size: float, style: str = "") -> None:
    pdf.set_font("Serif", style=style, size=size)
    pdf.cell(0, 7, text, align=Align.C, new_x="LMARGIN", new_y="NEXT")


def _blank(version: str) -> FPDF:
    pdf = _Noted(format="A4")
    pdf.pdf_version = version
    pdf.set_margins(30, 20, 18)
    pdf.set_auto_page_break(True, 20)  # noqa: FBT003 - fpdf2's own signature
    pdf.set_creation_date(MADE)
    pdf.set_title(letters.INVITATION_ABOUT)
    pdf.set_author("Văn phòng (thử nghiệm)")
    pdf.set_lang("vi-VN")
    for style, face in (("", ""), ("B", "-Bold"), ("I", "-Italic"), ("BI", "-BoldItalic")):
        pdf.add_font("Serif", style=style, fname=DEJAVU / f"DejaVuSerifCondensed{face}.ttf")
    return pdf


class _Noted(FPDF):
    """Every page says at its foot that it is a sample."""

    def footer(self) -> None:
        self.set_y(-15)
        self.set_text_color(112)
        _line(self, NOTICE, size=8, style="I")
        self.set_text_color(0)


def _versions(work: Path) -> None:
    """Make one small PDF of every version from 1.4 to 2.0, and Office files of LibreOffice."""
    note = work / "note.docx"
    docx = a_page()
    for text in ("THÔNG BÁO", "Về việc kiểm tra phiên bản tệp PDF", "Số: 9/TB-VP"):
        put(docx.add_paragraph(), text, align=WD_ALIGN_PARAGRAPH.CENTER, bold=True)
    _save_docx(docx, note, title="Thông báo kiểm tra")
    archive = 'pdf:writer_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"%d"}}'
    for part, name in ((1, "1.4-libreoffice-pdfa-1b"), (0, "1.6-libreoffice")):
        shutil.move(_office(note, archive % part), VERSIONS / f"pdf-{name}.pdf")
    plain = VERSIONS / "pdf-1.6-libreoffice.pdf"
    cairo = VERSIONS / "pdf-1.5-cairo.pdf"
    _run("pdftocairo", "-pdf", plain, cairo)
    packed = VERSIONS / "pdf-1.7-qpdf-linearized.pdf"
    _run(
        "qpdf",
        *("--linearize", "--object-streams=generate", "--force-version=1.7", "--deterministic-id"),
        plain,
        packed,
    )
    pdf = _blank("2.0")
    pdf.add_page()
    _line(pdf, "THÔNG BÁO", size=14, style="B")
    _line(pdf, "Về việc kiểm tra phiên bản tệp PDF", size=13)
    pdf.output(str(VERSIONS / "pdf-2.0-fpdf2.pdf"))
    again = work / "again"
    again.mkdir()
    shutil.move(_office(note, "docx", into=again), VERSIONS / "libreoffice.docx")
    sheet = work / "bang.xlsx"
    book = Workbook()
    book.active.append(("Đơn vị", "Số văn bản"))
    book.active.append(("Sở Thử nghiệm", 12))
    book.save(sheet)
    shutil.move(_office(sheet, "xlsx", into=again), VERSIONS / "libreoffice.xlsx")


def _office(source: Path, form: str, *, into: Path | None = None) -> Path:
    """Let LibreOffice convert the file; return what it made."""
    into = into or source.parent
    profile = source.parent / "profile"
    _run(
        "soffice",
        f"-env:UserInstallation={profile.as_uri()}",
        *("--headless", "--convert-to", form, "--outdir", into),
        source,
    )
    return into / f"{source.stem}.{form.partition(':')[0]}"


def _pin_dates(path: Path) -> None:
    """Write the ZIP again with one date in all its entries, so that it comes out the same."""
    with zipfile.ZipFile(path) as old:
        entries = [(entry.filename, old.read(entry)) for entry in old.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, MADE.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)


def _run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
