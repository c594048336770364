"""What a status is about, found by the name it uses for the document."""

from __future__ import annotations

import pytest
from builders import HOUR, MINUTE, T0, THEM, a_document, a_listed, a_new_document, a_status, stored

from edge_node.domain.envelope import Lane, MessageType


def receive(queue, message, axis_id="axis-1", now=T0 + HOUR):
    listed = a_listed(axis_id, message=MessageType.STATUS)
    queue.arriving.add(listed, stored(), b"<x/>", now=now)
    claim, _ = queue.arriving.claim(Lane.ACKNOWLEDGE, now=now, lease=MINUTE)
    queue.arriving.acknowledged(claim, now=now)
    claim, _ = queue.arriving.claim(Lane.APPLY, now=now, lease=MINUTE)
    return queue.arriving.applied(claim, message, now=now)


def status_of(queue, item):
    return [fate.status for fate in queue.outgoing.fates(item)]


@pytest.mark.parametrize(
    ("number", "notation"), [("12", "UBND-VP"), ("12/2026", "NĐ/CP"), ("12", "")]
)
@pytest.mark.parametrize("document_id", ["", "somebody else's id"])
def test_a_status_that_names_issuer_and_code_finds_the_newest_document(
    queue, number, notation, document_id
):
    """Also where number or notation have strokes of their own."""
    letters = [
        a_document(number, notation=notation, document_id=f"id-{edition}") for edition in "12"
    ]
    for edition, letter in enumerate(letters):
        new = a_new_document(f"o00000000{edition}", document=letter)
        queue.outgoing.add(new, now=T0 + edition * MINUTE)
    other = a_document("12", notation="KHAC")
    queue.outgoing.add(a_new_document("o000000009", document=other), now=T0 + HOUR)

    about = a_document(number, notation=notation, document_id=document_id)
    assert receive(queue, a_status("03", about=about))
    assert status_of(queue, "o000000001") == ["03"]
    assert status_of(queue, "o000000000") == status_of(queue, "o000000009") == [""]


def test_a_status_about_another_agencys_document_is_about_none_of_ours(queue):
    """The same number of another issuer is another document."""
    queue.outgoing.add(a_new_document(), now=T0)
    about = a_document(sender=THEM, document_id="x")
    assert not receive(queue, a_status("03", about=about, sender=THEM))


def test_a_status_that_names_nothing_is_about_nothing(queue):
    """Not even about a document without a number."""
    queue.outgoing.add(a_new_document(document=a_document("", notation="")), now=T0)
    about = a_document("", notation="", document_id="")
    assert not receive(queue, a_status("03", about=about))


def test_statuses_that_arrive_out_of_order_leave_the_furthest(queue):
    """Each is told, but the document does not go back; a return counts, and what came after it."""
    queue.outgoing.add(a_new_document(), now=T0)
    stands = []
    said = [("06", 9), ("03", 5), ("02", 20), ("04", 15), ("05", 30)]
    for number, (code, minute) in enumerate(said):
        status = a_status(code, at=T0 + minute * MINUTE)
        assert receive(queue, status, f"axis-{number}")
        stands += status_of(queue, "o000000001")

    assert stands == ["06", "06", "02", "02", "05"]
    events = [each.status for each in queue.history.of("o000000001") if each.event == "status"]
    assert events == [code for code, _ in said]
