"""The register of outgoing documents, of a queue in which things happened; how all are read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import islice

import pytest
from builders import HOUR, OTHERS, T0, THEM, a_document
from register_office import DAY, NOVEMBER, TODAY, Office, a_change, theirs

from edge_node.adapters import register_incoming, register_outgoing
from edge_node.adapters.registers import Registers
from edge_node.domain.document import Business, BusinessKind, Signer
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.register import Days, Register


@pytest.fixture
def office(queue):
    return Office(queue)


# ── what left ────────────────────────────────────────────────────────────────────────────────


def test_a_document_that_left_has_every_column(office):
    """Who signed, who gets it, who keeps a copy, when the axis took it, what the receiver said."""
    document = a_document(
        signer=Signer(name="Nguyễn Văn An", position="Chủ tịch"),
        places=("- Như trên;", "- TT. Tỉnh ủy;", "- Lưu: VT, KTTH."),
        copies=7,
    )
    office.sends(document, now=T0 + DAY)
    office.hears(document, "01", now=T0 + 2 * DAY)

    row = office.out()
    assert (row.code, row.promulgated) == ("12/UBND-VP", TODAY)
    assert row.matter == "Công văn V/v thử nghiệm số 12"
    assert (row.signer, row.copies) == ("Nguyễn Văn An", 7)
    assert (row.receivers, row.kept_by) == ("Đơn vị H99.02; TT. Tỉnh ủy", "VT, KTTH")
    assert (row.sent, row.received) == (date(2026, 11, 22), "Đã đến 23/11/2026")
    assert row.notes == ""


def test_what_has_not_left_has_no_day_of_sending(office):
    """Not while it waits, nor where it could not be sent; the notes say why."""
    office.sends(a_document("1"), event=None)
    office.sends(a_document("2"), now=T0 - HOUR, event=SendingEvent.REFUSED)
    waits, refused = office.rows(Register.OUTGOING)

    assert (waits.sent, waits.received, waits.notes) == (None, "", "")
    assert (refused.sent, refused.notes) == (None, "Trục không nhận")


def test_of_several_receivers_the_register_says_how_many_have_it(office):
    """And when the last of them said so; a later word of the same receiver counts once."""
    document = a_document(to=(THEM, OTHERS))
    office.sends(document)
    office.hears(document, "01")
    office.hears(document, "03", now=T0 + DAY)
    assert office.out().received == "Đã đến 1/2 nơi, 22/11/2026"

    office.hears(document, "01", sender=OTHERS, now=T0 + 2 * DAY)
    assert office.out().received == "Đã đến 2/2 nơi, 23/11/2026"


def test_a_single_receivers_furthest_word_stands_for_its_signature(office):
    """03 says more than 01."""
    document = a_document()
    office.sends(document)
    office.hears(document, "01")
    office.hears(document, "03", now=T0 + DAY)
    assert office.out().received == "Đã tiếp nhận 22/11/2026"


def test_who_refused_it_and_why_is_noted(office):
    """In the receiver's own words, without the code at their head."""
    document = a_document(to=(THEM, OTHERS))
    office.sends(document)
    office.hears(document, "02", note="[WRONG_RECIPIENT] Gửi nhầm nơi nhận")

    row = office.out()
    assert row.notes == "Đơn vị H99.02 từ chối tiếp nhận: Gửi nhầm nơi nhận"
    assert row.received == ""


def test_a_recall_and_its_answers_are_noted(office):
    """Why it was asked back, and what each receiver said to that."""
    item = office.sends(a_document(to=(THEM, OTHERS)))
    office.enters("changes", **a_change(item, ours=True, state="agreed"))
    office.enters("changes", **a_change(item, ours=True, state="refused", agency=OTHERS))

    assert office.out().notes == (
        "Lấy lại: Sai số liệu; Đơn vị H99.02: đồng ý; Đơn vị H99.03: không đồng ý"
    )


def test_what_replaces_a_document_names_it_and_is_named_by_it(office):
    """Both lines tell of each other; an update of the same number has no line of its own."""
    older = office.sends(a_document("12"))
    newer = office.sends(a_document("15"))
    update = office.sends(
        a_document("12", document_id="u", business=Business(kind=BusinessKind.UPDATE))
    )
    for item, kind in ((newer, "replace"), (update, "update")):
        link = {"item": item, "kind": kind, "document_id": f"d{kind}", "older": older}
        office.enters("links", **link, created=0)
    first, second = office.rows(Register.OUTGOING)

    assert first.notes == "Được thay thế bằng văn bản 15/UBND-VP ngày 21/11/2026"
    assert second.notes == "Thay thế văn bản 12/UBND-VP ngày 21/11/2026"


def test_a_request_to_have_a_document_back_has_no_line(office):
    """It is about another document and is none itself."""
    asks = Business(kind=BusinessKind.RECALL, document_id="x", reason="Sai")
    office.sends(a_document("13", business=asks), event=None)
    assert office.rows(Register.OUTGOING) == []


def test_what_is_dropped_again_for_others_is_one_line(office):
    """The same number, date and DocumentId: all its receivers, as they stand now."""
    office.sends(a_document(to=(THEM,)), event=SendingEvent.REFUSED)
    document = a_document(to=(THEM, OTHERS))
    office.sends(document, now=T0 + DAY)

    row = office.out()
    assert row.receivers == "Đơn vị H99.02; Đơn vị H99.03"
    assert (row.sent, row.notes) == (date(2026, 11, 22), "")


def test_what_never_left_gives_way_to_what_left_by_its_number(office):
    """Corrected and dropped again under a new DocumentId, it is the same document on paper."""
    office.sends(a_document(document_id="a"), event=SendingEvent.REFUSED)
    assert office.out().notes == "Trục không nhận"
    office.sends(a_document(document_id="b", subject="V/v khác"), now=T0 + DAY)
    row = office.out()
    assert (row.matter, row.notes) == ("Công văn V/v khác", "")


def test_receivers_are_named_in_the_order_of_the_alphabet(office):
    """By their names, as Vietnamese words are ordered."""
    names = {"H99.01": "Sở Y tế", "H99.02": "Đảng ủy", "H99.03": "Ủy ban", "H99.04": "Bộ Nội vụ"}
    document = a_document(to=list(names))
    receivers = tuple(replace(each, name=names[each.code]) for each in document.receivers)
    office.sends(replace(document, receivers=receivers))
    assert office.out().receivers == "Bộ Nội vụ; Đảng ủy; Sở Y tế; Ủy ban"


def test_a_number_used_twice_in_a_year_is_noted(office):
    """Number and notation are unique in a year, and begin anew with the next."""
    office.sends(a_document("12"))
    office.sends(a_document("12", promulgated=date(2026, 11, 25)))
    office.sends(a_document("12", promulgated=date(2027, 1, 4)))
    notes = [row.notes for row in office.rows(Register.OUTGOING)]
    assert notes == [
        "Trùng số, ký hiệu với văn bản ngày 25/11/2026",
        "Trùng số, ký hiệu với văn bản ngày 21/11/2026",
    ]


def test_outgoing_documents_are_ordered_by_day_number_and_notation(office):
    """Numbers as numbers, notations as Vietnamese words; only the days asked for are told."""
    wanted = [
        (date(2026, 11, 20), "10", "UBND"),
        (TODAY, "9", "CT-UBND"),
        (TODAY, "9", "QD-UBND"),
        (TODAY, "9", "QĐ-UBND"),
        (TODAY, "10", "CT-UBND"),
        (date(2026, 11, 30), "1", "UBND"),
    ]
    others = [(date(2026, 10, 31), "1", "UBND"), (date(2026, 12, 1), "1", "UBND")]
    for day, number, notation in [*wanted, *others][::-1]:
        document = a_document(number, notation=notation, promulgated=day)
        office.sends(document, event=None)

    rows = office.rows(Register.OUTGOING)
    assert [(row.promulgated, *row.code.split("/")) for row in rows] == wanted


def test_a_document_whose_story_was_lost_keeps_its_day_of_sending(office, queue):
    """What was rebuilt from the waybills has fates and no events."""
    document = a_document()
    office.sends(document)
    office.hears(document, "01")
    with queue.file.transaction() as transaction:
        transaction.execute("drop trigger events_stay", {})
        transaction.execute("delete from events", {})

    row = office.out()
    assert (row.sent, row.received) == (TODAY, "Đã đến 21/11/2026")


def test_a_paper_copy_is_noted(office):
    """Somebody has to carry it."""
    office.sends(a_document(business=Business(paper=True)), event=None)
    assert office.out().notes == "Có gửi bản giấy"


# ── how it is read ───────────────────────────────────────────────────────────────────────────


def test_a_register_is_read_a_day_at_a_time(office, queue):
    """However long it is: only the day in hand is in memory, and days without any are skipped."""
    for day in (1, 2, 30):
        office.sends(a_document(str(day), promulgated=date(2026, 11, day)), event=None)
    rows = Registers(queue.file).rows(Register.OUTGOING, NOVEMBER, now=T0)
    first = list(islice(rows, 1))
    with queue.file.transaction() as transaction:
        transaction.execute("update documents set subject = 'later'", {})

    assert first[0].matter.endswith("số 1")
    assert [row.matter for row in rows] == ["Công văn: later"] * 2
    assert Registers(queue.file).count(Register.OUTGOING, NOVEMBER) == 3


def test_no_day_that_cannot_be_counted_on_is_asked_for(office):
    """From the first day there is to the last."""
    office.receives(theirs())
    always = Days(first=date.min, last=date.max)
    assert len(office.rows(Register.INCOMING, always)) == 1
    assert office.rows(Register.OUTGOING, always) == []


def test_every_statement_seeks_a_day_by_an_index(queue):
    """Neither a table nor an index is walked through, and nothing is sorted by SQLite."""
    statements = [
        text
        for module in (register_outgoing, register_incoming)
        for text in vars(module).values()
        if isinstance(text, str) and text.strip().startswith("select")
    ]
    assert len(statements) == 18
    for sql in statements:
        values = dict.fromkeys(re.findall(r":(\w+)", sql), "2026-11-21")
        steps = [row["detail"] for row in queue.file.rows(f"explain query plan {sql}", values)]
        day = ("documents_promulgated", "incoming_arrived")
        assert any(index in steps[0] for index in day), (sql, steps)
        assert not [step for step in steps if re.search("^SCAN|TEMP B-TREE", step)], (sql, steps)
