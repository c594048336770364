"""What was sent before: the unit that travels once is (document, receiver)."""

import json
from dataclasses import replace

import pytest
from flows_world import DAY, LETTER, Meanwhile, a_sheet, as_lines, names, untouched, vi

from edge_node.node.lanes import Lanes

PDF = LETTER.read_bytes()
OTHER = PDF + b"% another revision\n%%EOF\n"


def drop(desk, to, *, name="12", content=PDF, **sheet):
    desk.drop(name, {"cv.pdf": content}, **a_sheet("cv.pdf", to=to, **sheet))
    desk.turn()


def failed(desk):
    day = desk.exchange / f"failed/{DAY}"
    return names(day) if day.exists() else []


@pytest.fixture
def parties(world):
    return world.desk(), world.desk()


def test_the_same_document_dropped_again_is_not_sent_again(world, parties):
    """The drop goes to failed/ with the id of what it repeats; the document itself travels on."""
    sender, receiver = parties
    drop(sender, receiver.code)
    (first,) = sender.ledger.outbound(limit=9)
    drop(sender, receiver.code, name="12 lan 2")

    assert world.sends(sender.code) == [[receiver.code]]
    assert failed(sender) == ["12 lan 2"]
    place = f"failed/{DAY}/12 lan 2"
    assert untouched(sender.exchange / place, {"cv.pdf": PDF})
    told = sender.error(f"{place}/error")
    assert (told["error"], told["duplicate_of"]) == ("duplicate", first.id)
    assert sender.words(f"{place}/error") == as_lines(
        vi("this document was sent before, to {codes}", codes=receiver.code),
        hint=vi("it is not sent again; leave out the receivers that have it"),
    )
    assert sorted(sender.told()) == ["accepted", "queued"]


def test_the_same_document_written_differently_is_still_the_same(world, parties):
    """Other keys' order, other blanks, decomposed accents: no other document."""
    sender, receiver = parties
    drop(sender, receiver.code, subject="V/v thử nghiệm")
    sheet = a_sheet("cv.pdf", to=receiver.code, subject="V/v  thử nghiệm ")
    turned = json.dumps(dict(reversed(sheet.items()))).encode()
    sender.drop_raw("again", {"cv.pdf": PDF, "document.json": turned})
    sender.turn()

    assert len(world.sends(sender.code)) == 1
    assert failed(sender) == ["again"]


def test_copies_that_are_packed_at_the_same_moment_are_sent_once(world, parties):
    """A child that tries one alone, and the lane that has the other: the second is refused."""
    sender, receiver = parties
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.cut_off("intake", "queue", "add")
    (claim,) = sender.flows["intake"].outbox.unfinished()
    sender.restart()
    sender.drop("12 again", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    child = Lanes(sender.node).intake()
    intake = sender.flows["intake"]
    queue = Meanwhile(intake.queue, "add", lambda: child.see_through(claim, sender.now))
    assert replace(intake, queue=queue).turn(sender.now)

    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]
    assert failed(sender) == ["12 again"]
    assert sender.error(f"failed/{DAY}/12 again/error")["duplicate_of"] == claim


def test_the_same_document_dropped_twice_at_once_is_sent_once(world, parties):
    """Two exports in one scan; the second repeats the first though that is only queued yet."""
    sender, receiver = parties
    for name in ("a", "b"):
        sender.drop(name, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()

    assert len(world.sends(sender.code)) == 1
    assert len(failed(sender)) == 1


def test_the_same_document_for_another_receiver_is_sent_to_that_one(world, parties):
    """Forgotten at first and added later; the first receiver is not bothered again."""
    sender, receiver = parties
    late = world.desk()
    drop(sender, receiver.code)
    drop(sender, late.code, name="bo sung")
    drop(sender, [receiver.code, late.code], name="ca hai")

    assert world.sends(sender.code) == [[receiver.code], [late.code]]
    assert failed(sender) == ["ca hai"]


def test_another_content_under_the_same_number_is_refused(world, parties):
    """A number is given once: somebody must say which of the two is meant."""
    sender, receiver = parties
    drop(sender, receiver.code)
    (first,) = sender.ledger.outbound(limit=9)
    drop(sender, receiver.code, name="sua", content=OTHER)

    assert world.sends(sender.code) == [[receiver.code]]
    assert failed(sender) == ["sua"]
    assert sender.error(f"failed/{DAY}/sua/error")["duplicate_of"] == first.id
    assert sender.words(f"failed/{DAY}/sua/error") == as_lines(
        vi("another document was sent before under the same number and date"),
        hint=vi('correct the number, or write "resend": true if it is meant'),
    )


def test_another_content_is_refused_while_the_first_still_waits(world, gate):
    """What is queued will be sent: the second would follow it under the same number."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    gate.busy.add("sendEdoc")
    drop(sender, receiver.code)
    drop(sender, receiver.code, name="sua", content=OTHER)
    assert failed(sender) == ["sua"]

    gate.busy.clear()
    sender.later(minutes=1)
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]


def test_another_content_is_sent_where_the_drop_says_that_it_is_meant(parties):
    """With "resend": true both documents arrive."""
    sender, receiver = parties
    drop(sender, receiver.code)
    drop(sender, receiver.code, name="sua", content=OTHER, resend=True)
    receiver.turn()

    assert failed(sender) == []
    received = {(folder / "cv.pdf").read_bytes() for folder in receiver.inbox}
    assert received == {PDF, OTHER}


def test_resend_does_not_double_what_has_not_changed(world, parties):
    """It is for other content; the same content is a mistake whatever the drop says."""
    sender, receiver = parties
    drop(sender, receiver.code)
    drop(sender, receiver.code, name="lai", resend=True)

    assert len(world.sends(sender.code)) == 1
    assert failed(sender) == ["lai"]


def test_another_content_is_sent_where_the_axis_refused_the_first(world, parties):
    """Nobody has the first one: the mended drop keeps its number."""
    sender, receiver = parties
    drop(sender, "H01.7")
    assert failed(sender) == ["12"]
    drop(sender, receiver.code, content=OTHER)

    assert world.sends(sender.code) == [[receiver.code]]
    assert failed(sender) == ["12"]


@pytest.mark.parametrize("explicit", [True, False], ids=["its own id", "the conventional id"])
def test_a_recall_does_not_repeat_the_document_it_takes_back(world, parties, explicit):
    """It often bears the number, notation and date of what it recalls, and even its DocumentId."""
    sender, receiver = parties
    drop(sender, receiver.code)
    (first,) = sender.ledger.outbound(limit=9)
    business = {"kind": "recall", "document_id": first.document_id, "reason": "Sai nơi nhận"}
    more = {"document_id": f"{first.document_id}-TH"} if explicit else {}
    sender.drop("thu hoi", {}, **a_sheet(to=receiver.code, business=business, **more))
    sender.turn()
    assert failed(sender) == []
    assert len(world.sends(sender.code)) == 2

    sender.drop("thu hoi 2", {}, **a_sheet(to=receiver.code, business=business, **more))
    sender.turn()
    assert failed(sender) == ["thu hoi 2"]
    assert len(world.sends(sender.code)) == 2


def test_a_document_of_another_year_may_bear_the_same_number(world, parties):
    """Numbers begin anew each year."""
    sender, receiver = parties
    drop(sender, receiver.code, date="2025-11-21")
    drop(sender, receiver.code, name="nam nay", content=OTHER)

    assert len(world.sends(sender.code)) == 2
    assert failed(sender) == []
