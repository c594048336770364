"""Registers as files: what spreadsheets, browsers, printers and people find in them."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import tracemalloc
import unicodedata
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser

import needs
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.register import Days, OutgoingRow, Register, Volume, cell_text, cells_of
from edge_node.paper import fonts
from edge_node.paper.register_csv import guarded, write_csv
from edge_node.paper.register_html import write_html
from edge_node.paper.register_pdf import write_pdf
from edge_node.paper.register_xlsx import write_xlsx
from edge_node.paper.wrapping import Wrapping

NOVEMBER = Days(first=date(2026, 11, 1), last=date(2026, 11, 30))
VOLUME = Volume(agency="Ủy ban nhân dân xã A", register=Register.OUTGOING, days=NOVEMBER)
TITLES = [column.title for column in VOLUME.form.columns]
LETTERS = (
    "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
)


def a_row(number=1, **fields):
    known = {
        "code": f"{number}/QĐ-UBND",
        "promulgated": date(2026, 11, 5),
        "matter": f"Quyết định Về việc thứ {number}",
        "signer": "Nguyễn Thị Thùy Dương",
        "receivers": "Sở Nội vụ; Sở Giáo dục và Đào tạo",
        "kept_by": "VT",
        "copies": 12,
        "sent": date(2026, 11, 6),
        "received": "Đã đến 06/11/2026",
        "notes": "",
    }
    return OutgoingRow(**(known | fields))


def rows(count, **fields):
    return [a_row(number, **fields) for number in range(1, count + 1)]


def written(write, found, volume=VOLUME, **options):
    """Return what is written of these rows; each of them is counted."""
    out = io.BytesIO()
    assert write(volume, iter(found), out, **options) == len(found)
    assert not out.closed
    return out.getvalue()


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────


def test_a_csv_file_is_read_back_as_it_was_written():
    """RFC 4180 in UTF-8, with the mark Excel knows the encoding by; one line of titles."""
    odd = a_row(matter='Về "A", B; C', receivers="", copies=None)
    content = written(write_csv, [a_row(), odd])

    assert content.startswith("\ufeffSố".replace("Số", '"Số, ký hiệu').encode())
    assert content.count(b"\r\n") == 3
    head, *found = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert head == TITLES
    assert found == [[cell_text(cell) for cell in cells_of(row)] for row in (a_row(), odd)]
    assert found[0][1] == "05/11/2026"


@pytest.mark.parametrize("begins", "=+-@＝＋－＠")  # noqa: RUF001 - the wide forms are meant
def test_what_strangers_wrote_is_no_formula_to_a_spreadsheet(begins):
    """An apostrophe before it, which is how a spreadsheet is told that a text follows."""
    text = f"{begins}HYPERLINK(1)"
    (_, line) = csv.reader(
        io.StringIO(written(write_csv, [a_row(matter=text)]).decode("utf-8-sig"))
    )
    assert line[2] == f"'{text}"
    assert guarded(f"a{text}") == f"a{text}"


# ── XLSX ─────────────────────────────────────────────────────────────────────────────────────


def workbook(tmp_path, found, volume=VOLUME, **options):
    content = written(write_xlsx, found, volume, room=tmp_path, **options)
    return openpyxl.load_workbook(io.BytesIO(content))


def test_a_workbook_has_its_titles_and_prints_as_a_register(tmp_path):
    """A4 landscape, one page wide, the titles frozen and on every page, the pages numbered."""
    (sheet,) = workbook(tmp_path, rows(3)).worksheets

    assert sheet["A1"].value == "ỦY BAN NHÂN DÂN XÃ A"
    assert sheet["A2"].value == "SỔ ĐĂNG KÝ VĂN BẢN ĐI"
    assert sheet["A3"].value == "Từ ngày 01/11/2026 đến ngày 30/11/2026"
    assert [cell.value for cell in sheet[5]] == TITLES
    assert sheet.freeze_panes == "A6"
    assert sheet.print_title_rows == "$5:$5"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0  # as many pages as it takes, each as wide as it is
    assert sheet.oddFooter.right.text == "Trang &P/&N"
    assert sheet["A10"].value == "Tổng số: 3 văn bản."
    assert {cell.alignment.wrap_text for cell in sheet[6]} == {True}


def test_days_and_numbers_are_days_and_numbers_and_all_else_is_text(tmp_path):
    """Nothing is computed, linked or rounded; what Excel has no day for stays a text."""
    odd = a_row(
        code="007",
        matter="=1+1",
        receivers="http://example.org/",
        promulgated=date(1890, 5, 19),
        copies=None,
        notes="x" + "\u0301" * 40_000,  # marks need no line of their own
    )
    (sheet,) = workbook(tmp_path, [a_row(), odd]).worksheets
    plain, strange = (list(sheet[number]) for number in (6, 7))

    assert plain[1].value == datetime(2026, 11, 5)  # noqa: DTZ001 - a day has no zone
    assert plain[1].number_format == "dd/mm/yyyy"
    assert plain[6].value == 12
    assert [cell.value for cell in strange[:3]] == ["007", "19/05/1890", "=1+1"]
    assert {cell.data_type for cell in strange[:3]} == {"s"}
    assert strange[4].hyperlink is None
    assert strange[6].value is None
    assert len(strange[9].value) == 32_767
    assert strange[9].value.endswith("\u0301 […]")


def test_a_full_sheet_is_followed_by_another(tmp_path):
    """With the same head; who signs comes after the last row."""
    book = workbook(tmp_path, rows(5), most=8)
    assert book.sheetnames == ["Tờ 1", "Tờ 2"]
    first, second = book.worksheets
    assert [first.cell(row, 1).value for row in (5, 6, 8)] == [
        *(TITLES[0], "1/QĐ-UBND", "3/QĐ-UBND"),
    ]
    assert first.max_row == 8
    assert [second.cell(row, 1).value for row in (5, 6, 7)] == [
        *(TITLES[0], "4/QĐ-UBND", "5/QĐ-UBND"),
    ]


def test_a_row_is_as_high_as_its_text(tmp_path):
    """LibreOffice does not fit rows to what is in them; no row is higher than Excel has them."""
    long = "Ủy ban nhân dân xã Đồng Đăng; " * 9
    found = [a_row(), a_row(receivers=long), a_row(receivers=long * 2)]
    (sheet,) = workbook(tmp_path, found).worksheets
    heights = [sheet.row_dimensions[number].height for number in (6, 7, 8)]
    assert 25 < heights[0] < 50 < heights[1] < 220 < heights[2] <= 409.5


def test_a_document_too_long_for_a_row_goes_on_below_it(tmp_path):
    """Excel has no row of so many lines; what is cut off on paper has not been registered."""
    names = [f"Ủy ban nhân dân xã Thử Nghiệm số {number}" for number in range(200)]
    found = [a_row(1), a_row(2, receivers="; ".join(names)), a_row(3)]
    (sheet,) = workbook(tmp_path, found).worksheets
    *lines, last = range(7, 7 + [row[0].value for row in sheet.iter_rows(7)].index("3/QĐ-UBND"))

    assert last - 7 == len(lines) > 5
    assert " ".join(sheet.cell(row, 5).value for row in (*lines, last)) == "; ".join(names)
    assert {cell.value for row in sheet.iter_rows(8, last) for cell in (*row[:4], *row[5:])} == {
        None
    }
    assert all(sheet.row_dimensions[row].height < 400 for row in (*lines, last))
    assert sheet.cell(last + 3, 1).value == "Tổng số: 3 văn bản."


@pytest.mark.parametrize("most", [1, 3, 100])
def test_in_pieces_a_text_is_the_same(most):
    """A word that was broken is broken there, and all else at a space."""
    wrapping = Wrapping(len)
    text = "Nơi nhận: xã 1; xã 2; " + "7" * 25 + "/QĐ-UBND-VP và các xã khác"
    pieces = wrapping.pieces(text, 10, most)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert [line for piece in pieces for line in wrapping.lines(piece, 10)] == wrapping.lines(
        text, 10
    )


def test_a_long_workbook_takes_no_more_memory_than_a_short_one(tmp_path):
    """What a row needed is forgotten once it is written, its height with it."""
    held = []

    def found(count):
        for number in range(count):
            yield a_row(number % 50)
        held.append(tracemalloc.get_traced_memory()[0])

    for count in (100, 100, 1600):  # once to load what is needed
        tracemalloc.start()
        with (tmp_path / "book.xlsx").open("wb") as out:
            write_xlsx(VOLUME, found(count), out, room=tmp_path)
        tracemalloc.stop()
    assert held[2] - held[1] < 50_000


def test_libreoffice_reads_what_was_written(tmp_path):
    """Opened and saved as CSV by it, each cell is what it was."""
    needs.program("soffice", "libreoffice-calc-nogui")
    found = [
        a_row(),
        a_row(2, matter='=1+1 "x"\u2026', notes=unicodedata.normalize("NFC", LETTERS)),
    ]
    (tmp_path / "book.xlsx").write_bytes(written(write_xlsx, found, room=tmp_path))
    home = f"-env:UserInstallation=file://{tmp_path}/office"
    wanted = "csv:Text - txt - csv (StarCalc):44,34,76,1"  # as shown, in UTF-8
    book = tmp_path / "book.xlsx"
    subprocess.run(
        ["soffice", home, "--headless", "--convert-to", wanted, "--outdir", tmp_path, book],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with (tmp_path / "book.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[4] == TITLES
    assert lines[5:7] == [[cell_text(cell) for cell in cells_of(row)] for row in found]


# ── HTML ─────────────────────────────────────────────────────────────────────────────────────


class Seen(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, text):
        """Read all of it."""
        super().__init__()
        self.tags, self.cells, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Keep it."""
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_data(self, data):
        """Keep what stands in a cell."""
        if self.tags and self.tags[-1] in {"td", "th"}:
            self.cells[-1] += data.strip("\n")


def test_a_page_holds_the_register_and_fetches_nothing():
    """All that was written by others is text; titles are repeated in print."""
    odd = a_row(matter='<script>alert("1")</script> & <b>', notes="</td></table>")
    page = written(write_html, [a_row(), odd]).decode()
    seen = Seen(page)

    numbers = [f"({number})" for number in range(1, 11)]
    expected = [cell_text(cell) for row in (a_row(), odd) for cell in cells_of(row)]
    assert seen.cells == [*TITLES, *numbers, *expected]
    assert not {"script", "link", "img", "iframe", "object"} & set(seen.tags)
    assert not {"src", "href", "onload"} & set(seen.attributes)
    assert "url(" not in page
    assert "A4 landscape" in page
    assert "table-header-group" in page
    assert "Tổng số: 2 văn bản." in page


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────


def pages(tmp_path, found, volume=VOLUME):
    """Return the text of each page, as it is copied out of the file."""
    needs.program("pdftotext", "poppler-utils")
    path = tmp_path / "register.pdf"
    path.write_bytes(written(write_pdf, found, volume))
    told = subprocess.run(
        ["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True
    )
    assert told.stderr == ""
    return told.stdout.split("\f")[:-1]


def test_a_pdf_is_read_as_what_was_written_in_it(tmp_path):
    """Every letter of Vietnamese, in NFC, out of fonts that lie in the file."""
    text = f"{LETTERS} {LETTERS.upper()}"
    (page,) = pages(tmp_path, [a_row(matter=" ".join(text), receivers="")])

    assert unicodedata.is_normalized("NFC", page)
    assert set(text) <= set(page)
    for words in ("ỦY BAN NHÂN DÂN XÃ A", "SỔ ĐĂNG KÝ VĂN BẢN ĐI", "1/QĐ-UBND", "05/11/2026"):
        assert words in page
    for words in ("Từ ngày 01/11/2026 đến ngày 30/11/2026", "Tổng số: 1 văn bản.", "Trang 1/1"):
        assert words in page
    for words in ("NGƯỜI LẬP SỔ", "THỦ TRƯỞNG CƠ QUAN", "Ngày …… tháng …… năm ………"):
        assert words in page
    listed = subprocess.run(
        ["pdffonts", tmp_path / "register.pdf"], check=True, capture_output=True, text=True
    )
    _, _, *lines = listed.stdout.splitlines()
    assert len(lines) >= 3
    for line in lines:
        assert re.search(r"LiberationSerif.* yes yes yes +\d+ +0$", line), line


def test_every_page_has_the_titles_and_its_number_of_so_many(tmp_path):
    """A4 landscape; the name of the register stands on the first page and at the foot of all."""
    found = pages(tmp_path, rows(60))
    assert len(found) == 4
    for number, page in enumerate(found, start=1):
        for title in ("Người ký", "Ký nhận", "Ghi chú"):
            assert title in page
        assert f"Trang {number}/4" in page
        assert "Sổ đăng ký văn bản đi. Từ ngày 01/11/2026" in page
    codes = [int(code) for page in found for code in re.findall(r"(\d+)/QĐ-UBND", page)]
    assert codes == list(range(1, 61))
    told = subprocess.run(
        ["pdfinfo", tmp_path / "register.pdf"], check=True, capture_output=True, text=True
    ).stdout
    assert re.search(r"Page size: +841.\d+ x 595.\d+ pts \(A4\)", told)
    assert "Sổ đăng ký văn bản đi" in told


def test_no_row_is_torn_between_two_pages(tmp_path):
    """Of rows of any height each stands on one page as a whole."""
    found = [
        a_row(number, receivers=" ".join(f"r{number}x{part}" for part in range(number % 23 * 3)))
        for number in range(1, 80)
    ]
    texts = pages(tmp_path, found)
    assert len(texts) > 5
    for number in range(1, 80):
        on = {place for place, page in enumerate(texts) if re.search(rf"\br{number}x", page)}
        assert len(on) <= 1, number


def test_a_row_longer_than_a_page_goes_on_and_nothing_of_it_is_lost(tmp_path):
    """Seven hundred communes are more than a page holds."""
    names = [f"xã-{number:04}" for number in range(2000)]
    found = [a_row(1), a_row(2, receivers="; ".join(names)), a_row(3)]
    texts = pages(tmp_path, found)

    assert len(texts) > 2
    assert re.findall(r"xã-\d{4}", "".join(texts)) == names
    assert "3/QĐ-UBND" in texts[-1]


def test_a_row_longer_than_a_page_begins_where_there_is_room(tmp_path):
    """Half a page of nothing before it would be paper for nobody."""
    found = [a_row(1), a_row(2, receivers="; ".join(f"xã-{number}" for number in range(900)))]
    first, *_ = pages(tmp_path, found)
    assert "1/QĐ-UBND" in first
    assert "2/QĐ-UBND" in first
    beginnings = set()
    for count in range(10, 20):
        first, *_ = pages(tmp_path, [*rows(count), a_row(99, receivers=found[1].receivers)])
        _, begun, part = first.partition("99/QĐ-UBND")
        beginnings.add(part.count("xã-") > 15 if begun else "not begun")
    assert beginnings == {True, "not begun"}  # a line or two of it would be no beginning


def test_the_signatures_stand_on_the_page_of_the_last_row(tmp_path):
    """However many rows there are, and however full the page was."""
    for count in range(1, 34):
        last = pages(tmp_path, rows(count))[-1]
        words = (f"{count}/QĐ-UBND", "Tổng số", "NGƯỜI LẬP SỔ", "(Ký, ghi rõ họ tên)", "Trang ")
        places = [last.index(each) for each in words]
        assert places == sorted(places)  # from the top of the page to its foot


def test_a_register_without_rows_is_a_register(tmp_path):
    """It says so: nothing was sent in these days."""
    (page,) = pages(tmp_path, [])
    assert "Tổng số: 0 văn bản." in page
    assert written(write_csv, []).count(b"\r\n") == 1
    assert workbook(tmp_path, []).worksheets[0]["A7"].value == "Tổng số: 0 văn bản."
    assert "Tổng số: 0 văn bản." in written(write_html, []).decode()


def test_a_long_name_of_an_agency_is_broken_into_lines(tmp_path):
    """It stays on the page."""
    volume = replace(VOLUME, agency="Ban Quản lý Khu kinh tế " * 12)
    (page,) = pages(tmp_path, [a_row()], volume)
    head = page.partition("SỔ ĐĂNG KÝ")[0]
    assert " ".join(head.split()) == "BAN QUẢN LÝ KHU KINH TẾ " * 11 + "BAN QUẢN LÝ KHU KINH TẾ"
    assert len(head.split("\n")) > 3


@pytest.mark.parametrize("register", Register)
def test_what_has_no_spaces_stays_within_its_column(register):
    """A number as long as a line is broken at its strokes, anything else where it must be."""
    wrapping = Wrapping(fonts.measure(fonts.REGULAR, 9))
    for column in Volume(agency="A", register=register, days=NOVEMBER).form.columns:
        width = column.width * 72 / 25.4
        assert len(wrapping.lines(column.title, width)) <= 4
        for line in wrapping.lines("7816/VPCP-TTĐT-KSTTHC-" + "w" * 300, width):
            assert wrapping.width(line) <= width


# ── lines ────────────────────────────────────────────────────────────────────────────────────

WORDS = st.lists(st.text(st.sampled_from("abcđ/-"), min_size=1, max_size=30), max_size=12)


@given(WORDS, st.integers(1, 20))
def test_broken_into_lines_a_text_loses_nothing_and_fits(words, width):
    """Every letter is there, in its order; no line is wider than it may be."""
    lines = Wrapping(len).lines(" ".join(words), width)
    assert "".join(lines).replace(" ", "") == "".join(words)
    assert all(0 < len(line) <= width for line in lines) or lines == [""]


def test_a_line_ends_at_a_space_or_a_stroke_where_there_is_one():
    """So that a number can still be read as one."""
    wrapping = Wrapping(len)
    assert wrapping.lines("7816/VPCP-TTĐT ngày", 10) == ["7816/VPCP-", "TTĐT ngày"]
    assert wrapping.lines("Ủy ban nhân dân", 8) == ["Ủy ban", "nhân dân"]
    assert wrapping.lines("abcdefghijkl mn", 5) == ["abcde", "fghij", "kl mn"]
    assert wrapping.lines("", 5) == [""]


# ── fonts ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", fonts.FILES.values(), ids=fonts.FILES)
def test_the_fonts_have_every_letter_of_vietnamese(path):
    """They come with the package, and their licence lies beside them."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        known = font.getBestCmap()
    assert {ord(letter) for letter in LETTERS + LETTERS.upper() + "0123456789…\u2013“”•"} <= set(
        known
    )
    assert "SIL OPEN FONT LICENSE" in (path.parent / "LICENSE").read_text("utf-8")
