"""The registers as the regulation has them: their columns, and how what is known is put."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import NotAllowed
from edge_node.domain.register import (
    FORMS,
    Days,
    FollowUpRow,
    IncomingRow,
    OutgoingRow,
    Register,
    Volume,
    cell_text,
    cells_of,
    dated,
    day_of,
    joined,
    matter_of,
    split_places,
    tidy,
)

# Decree 30/2020/NĐ-CP, appendix IV.
COLUMNS = {
    Register.OUTGOING: "Số, ký hiệu văn bản · Ngày tháng văn bản · Tên loại và trích yếu nội dung"
    " văn bản · Người ký · Nơi nhận văn bản · Đơn vị, người nhận bản lưu · Số lượng bản ·"
    " Ngày chuyển · Ký nhận · Ghi chú",
    Register.INCOMING: "Ngày đến · Số đến · Tác giả · Số, ký hiệu văn bản · Ngày tháng văn bản ·"
    " Tên loại và trích yếu nội dung văn bản · Đơn vị hoặc người nhận · Ngày chuyển · Ký nhận ·"
    " Ghi chú",
    Register.FOLLOW_UP: "Số đến · Tên loại, số, ký hiệu, ngày tháng và tác giả văn bản ·"
    " Đơn vị hoặc người nhận · Thời hạn giải quyết · Tiến độ giải quyết ·"
    " Số, ký hiệu văn bản trả lời · Ghi chú",
}
ROWS = {
    Register.OUTGOING: OutgoingRow,
    Register.INCOMING: IncomingRow,
    Register.FOLLOW_UP: FollowUpRow,
}


@pytest.mark.parametrize("register", Register)
def test_the_columns_are_those_of_the_regulation(register):
    """Letter for letter, in its order, one for each value of a row, as wide as a page."""
    columns = FORMS[register].columns
    assert " · ".join(column.title for column in columns) == COLUMNS[register]
    assert len(ROWS[register].__dataclass_fields__) == len(columns)
    assert sum(column.width for column in columns) == 277


def test_a_row_gives_its_values_in_the_order_of_the_columns():
    """Days and numbers stay what they are until they are written."""
    row = FollowUpRow(
        number="345",
        document="Công văn 12/UBND-VP",
        unit="Phòng Tổng hợp",
        due=date(2026, 11, 5),
        progress="Đang xử lý",
        answer="",
        notes="",
    )
    cells = cells_of(row)
    assert cells[0] == "345"
    assert cells[3] == date(2026, 11, 5)
    assert [cell_text(cell) for cell in (*cells[3:5], None, 7)] == [
        *("05/11/2026", "Đang xử lý", "", "7"),
    ]


def test_days_are_told_named_and_split_as_months():
    """The last day belongs to them; each part is told for itself."""
    days = Days(first=date(2026, 11, 20), last=date(2027, 1, 3))
    assert days.told == "Từ ngày 20/11/2026 đến ngày 03/01/2027"
    volume = Volume(agency="A", register=Register.OUTGOING, days=days)
    assert volume.stem == "so-van-ban-di_2026-11-20_2027-01-03"
    assert [(str(part.days.first), str(part.days.last)) for part in volume.by_month()] == [
        ("2026-11-20", "2026-11-30"),
        ("2026-12-01", "2026-12-31"),
        ("2027-01-01", "2027-01-03"),
    ]
    assert len(Days(first=date(9999, 12, 1), last=date.max).months()) == 1
    with pytest.raises(NotAllowed, match="2026-11-02 to 2026-11-01"):
        Days(first=date(2026, 11, 2), last=date(2026, 11, 1))


MATTERS = [
    ("Công văn", "V/v họp giao ban", "Công văn V/v họp giao ban"),
    ("Quyết định", "Về việc khen thưởng", "Quyết định Về việc khen thưởng"),
    ("Kế hoạch", "Chuyển đổi số", "Kế hoạch: Chuyển đổi số"),
    ("Quyết định", "Quyết định khen thưởng", "Quyết định khen thưởng"),
    ("", "V/v họp", "V/v họp"),
    ("Công văn", "", "Công văn"),
    ("Công văn", " V/v\n  hai\tdòng ", "Công văn V/v hai dòng"),
]


@pytest.mark.parametrize(("kind", "subject", "told"), MATTERS)
def test_type_and_subject_are_one_sentence(kind, subject, told):
    """The name of the type is said once."""
    assert matter_of(kind, subject) == told


def test_who_keeps_a_copy_is_told_apart_from_who_gets_one():
    """As the end of a document lists them, with its dashes and stops."""
    places = ["- Như trên;", "- TT. Tỉnh ủy;", "-  Lưu: VT, KTTH.", "", "- Như Điều 3;"]
    assert split_places(places) == (["TT. Tỉnh ủy"], "VT, KTTH")
    decomposed = unicodedata.normalize("NFD", "- Lưu VT; P.TH")
    assert split_places([decomposed]) == ([], "VT; P.TH")
    assert split_places(["Lưu trữ tỉnh Lạng Sơn", "Lưu: VT"]) == (["Lưu trữ tỉnh Lạng Sơn"], "VT")


def test_what_is_said_twice_stands_once():
    """The order stays."""
    assert joined(["a", "", " b ", "a"]) == "a; b"


def test_a_document_is_named_with_its_day():
    """A table may not know the day."""
    assert dated("12/UBND", "2026-11-05") == "12/UBND ngày 05/11/2026"
    assert dated("12/UBND", "") == "12/UBND"


def test_the_day_of_a_moment_is_that_of_vietnamese_clocks():
    """Late in the evening in London it is tomorrow in Hà Nội."""
    assert day_of(datetime(2026, 11, 21, 17, 0, tzinfo=UTC)) == date(2026, 11, 22)


@given(st.text(st.sampled_from("a ế\u0301\u200b\u0085\n\t\x00\ud800\u2028日")) | st.text())
def test_a_text_becomes_one_line_that_can_be_drawn(text):
    """NFC, no controls, no marks that draw nothing; done twice it changes nothing."""
    line = tidy(text)
    assert tidy(line) == line
    assert unicodedata.is_normalized("NFC", line)
    categories = {unicodedata.category(char) for char in line}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "  " not in line
