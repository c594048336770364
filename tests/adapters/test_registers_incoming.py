"""The registers of what arrived and of what becomes of it, of a queue in which things happened."""

from __future__ import annotations

from datetime import date

import pytest
from builders import HOUR, MINUTE, T0, THEM, a_document
from register_office import DAY, NOVEMBER, TODAY, Office, a_change, theirs

from edge_node.adapters.database import stamp
from edge_node.adapters.registers import Registers
from edge_node.domain.document import Business, BusinessKind, Reference
from edge_node.domain.envelope import MessageType
from edge_node.domain.message import say
from edge_node.domain.order import Arrival
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.register import Days, Register


@pytest.fixture
def office(queue):
    return Office(queue)


# ── what arrived ─────────────────────────────────────────────────────────────────────────────


def test_a_document_that_arrived_has_every_column(office):
    """What its header says, and what the office entered of it."""
    item = office.receives(theirs(promulgated=date(2026, 11, 19)))
    entry = Arrival(number="345", registered=date(2026, 11, 23), unit="Phòng Tổng hợp")
    office.says(item, "03", now=T0 + DAY, arrival=entry)
    office.says(item, "04", now=T0 + 2 * DAY)

    row = office.into()
    assert (row.arrived, row.number) == (date(2026, 11, 23), "345")
    assert (row.author, row.code) == ("Đơn vị H99.02", "7816/UBND-VP")
    assert row.promulgated == date(2026, 11, 19)
    assert row.matter == "Công văn V/v thử nghiệm số 7816"
    assert (row.unit, row.passed_on) == ("Phòng Tổng hợp", date(2026, 11, 23))
    assert (row.received, row.notes) == ("", "")


def test_a_number_of_arrival_is_never_invented(office):
    """Where the software told none the place is empty, and the day is that of the arrival."""
    office.receives(theirs(), now=T0 + 16 * HOUR)  # 17:00 in London
    row = office.into()
    assert (row.number, row.unit, row.passed_on) == ("", "", None)
    assert row.arrived == date(2026, 11, 22)


def test_an_agency_without_a_name_is_named_by_the_directory(office, queue):
    """The name in the package comes first, then the directory's."""
    office.receives(theirs())
    with queue.file.transaction() as transaction:
        transaction.execute("update particulars set author = ''", {})
    registers = Registers(queue.file, {THEM: "Sở Nội vụ"}.get)
    (row,) = registers.rows(Register.INCOMING, NOVEMBER, now=T0)
    assert row.author == "Sở Nội vụ"


def test_incoming_documents_are_ordered_by_day_and_number_of_arrival(office):
    """What has no number yet comes last in its day, as it came."""
    numbers = {"a": "10", "b": "9", "c": "", "d": "100", "e": ""}
    for minute, (name, number) in enumerate(numbers.items()):
        now = T0 + minute * MINUTE
        item = office.receives(theirs(name), now=now)
        if number:
            office.says(item, "03", now=now, arrival=Arrival(number=number, registered=TODAY))
    late = office.receives(theirs("f"), now=T0 + HOUR)
    entry = Arrival(number="99", registered=date(2026, 11, 20))
    office.says(late, "03", now=T0 + HOUR, arrival=entry)

    codes = [row.code[0] for row in office.rows(Register.INCOMING)]
    assert codes == ["f", "b", "a", "d", "c", "e"]
    only = Days(first=TODAY, last=TODAY)
    assert len(office.rows(Register.INCOMING, only)) == 5


def test_what_was_returned_is_noted_with_its_reason(office):
    """It arrived, so it has a line; nobody follows it up."""
    item = office.receives(theirs())
    words = "Gửi nhầm nơi nhận"
    office.says(item, "02", now=T0 + DAY, note=words, reason=ReasonCode.WRONG_RECIPIENT)

    assert office.into().notes == "Trả lại: Gửi nhầm nơi nhận (ngày 22/11/2026)"
    assert office.rows(Register.FOLLOW_UP) == []


def test_what_waits_in_quarantine_is_noted(office, queue):
    """Somebody has to decide; what cannot be read has empty columns."""
    _, claim = office.arrives(MessageType.DOCUMENT)
    queue.arriving.quarantine(claim, say("not XML"), now=T0, answer=False)

    row = office.into()
    assert (row.code, row.matter) == ("", "")
    assert row.notes.startswith("Chờ xem xét: ")
    assert office.rows(Register.FOLLOW_UP) == []


def test_a_document_that_was_taken_back_leaves_its_line(office):
    """The request with its answer, and the day its content was destroyed."""
    item = office.receives(theirs())
    office.enters("changes", **a_change(item, ours=False, state="agreed"))
    stone = {"item": item, "change": "c", "at": stamp(T0 + DAY), "digest": "", "size": 1}
    office.enters("tombstones", **stone, attachments="[]", destroyed="[]", remains="[]")

    assert office.into().notes == (
        "Đã lấy lại, nội dung hủy ngày 22/11/2026; Bên gửi lấy lại: Sai số liệu (đã đồng ý)"
    )


def test_a_document_that_was_replaced_says_by_which(office):
    """The newer one has a line of its own."""
    older = office.receives(theirs("1"))
    newer = office.receives(theirs("2"), now=T0 + MINUTE)
    link = {"item": newer, "kind": "replace", "document_id": "d", "older": older, "created": 0}
    office.enters("links", **link)

    first, second = office.rows(Register.INCOMING)
    assert first.notes == "Được thay thế bằng văn bản 2/UBND-VP ngày 21/11/2026"
    assert second.notes == ""


def test_what_is_no_new_document_has_no_line(office, queue):
    """The same again under another id, a request, an update of what is there, what is unread."""
    first = office.receives(theirs())
    _, claim = office.arrives(MessageType.DOCUMENT)
    queue.arriving.repeated(claim, theirs(), "f", first=first, now=T0)
    asks = Business(kind=BusinessKind.RECALL, document_id=theirs().document_id, reason="Sai")
    office.receives(theirs("9", business=asks), now=T0 + MINUTE)
    update = Business(kind=BusinessKind.UPDATE, document_id=theirs().document_id)
    office.receives(theirs(document_id="u", business=update), now=T0 + MINUTE)
    office.arrives(MessageType.DOCUMENT)

    assert [row.code for row in office.rows(Register.INCOMING)] == ["7816/UBND-VP"]


def test_an_update_of_what_never_came_is_the_document(office):
    """It may name us as a new receiver: then it is all we have."""
    update = Business(kind=BusinessKind.UPDATE, document_id="unknown here")
    office.receives(theirs(business=update))
    assert office.into().code == "7816/UBND-VP"


def test_a_number_of_one_sender_that_comes_twice_is_noted(office):
    """In one year, with other content."""
    office.receives(theirs(document_id="a"))
    office.receives(theirs(document_id="b", promulgated=date(2026, 11, 20)), now=T0 + MINUTE)
    office.receives(theirs(document_id="c", promulgated=date(2025, 11, 20)), now=T0 + HOUR)
    assert [row.notes for row in office.rows(Register.INCOMING)] == [
        "Trùng số, ký hiệu với văn bản ngày 20/11/2026",
        "Trùng số, ký hiệu với văn bản ngày 21/11/2026",
        "",
    ]


# ── what becomes of it ───────────────────────────────────────────────────────────────────────


def test_how_far_a_document_has_come_is_said_in_the_regulations_words(office):
    """With the day of the last status, the office that has it, and what answers it."""
    item = office.receives(theirs(due=date(2026, 11, 25)))
    office.says(item, "03", arrival=Arrival(number="345", registered=TODAY, unit="Phòng Kinh tế"))
    office.says(item, "05", now=T0 + DAY)
    about = Reference(organ=THEM, code=theirs().code, document_id=theirs().document_id)
    office.sends(a_document("99", reply_to=(about,)), now=T0 + 2 * DAY, event=None)

    row = office.follow(now=T0 + 3 * DAY)
    assert (row.number, row.unit, row.due) == ("345", "Phòng Kinh tế", date(2026, 11, 25))
    assert row.document == "Công văn 7816/UBND-VP ngày 21/11/2026, Đơn vị H99.02"
    assert row.progress == "Đang xử lý ngày 22/11/2026"
    assert row.answer == "99/UBND-VP ngày 21/11/2026"


def test_what_is_late_is_marked(office):
    """Today counts while it is not finished, and the day it was finished afterwards."""
    item = office.receives(theirs(due=date(2026, 11, 25)))
    progress = [office.follow(now=T0 + days * DAY).progress for days in (0, 4, 5, 9)]
    assert progress == ["Đã đến", "Đã đến", "Đã đến; QUÁ HẠN 1 ngày", "Đã đến; QUÁ HẠN 5 ngày"]

    office.says(item, "03")
    office.says(item, "06", now=T0 + 6 * DAY)
    assert office.follow(now=T0 + 20 * DAY).progress == (
        "Hoàn thành ngày 27/11/2026; trễ hạn 2 ngày"
    )
