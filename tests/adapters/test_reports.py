"""What reports are counted from: read page by page from the record of what happened."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from builders import (
    HOUR,
    MINUTE,
    OTHERS,
    T0,
    THEM,
    US,
    a_document,
    a_given,
    a_listed,
    a_new_document,
    a_status,
    stored,
)

from edge_node.adapters import reports
from edge_node.adapters.reports import Reports
from edge_node.domain.document import Business, BusinessKind
from edge_node.domain.envelope import Barred, Lane, MessageType
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.signature import Bears
from edge_node.domain.tally import ACCEPTED

DAY = timedelta(days=1)
END = T0 + DAY
LATER = T0 + 30 * DAY


@pytest.fixture(params=[1, 3, 1000])
def reading(queue, request):
    """Read pages of one, of three and of as many as there are: it must not matter."""
    return Reports(queue.file, page=request.param)


def send(queue, number, *, at=T0, to=(THEM,), accepted=True, signed=Bears.UNKNOWN, **fields):
    """Take in a document, and have the axis take it a minute later."""
    document = a_document(str(number), to=to, **fields)
    new = a_new_document(f"o{number:09}", document=document, signed=signed)
    queue.outgoing.add(new, now=at)
    if accepted:
        settle(queue, MessageType.DOCUMENT, at + MINUTE)
    return document


def settle(queue, message, at, event=SendingEvent.ACCEPTED):
    claim, _ = queue.outgoing.claim(message, now=at, lease=HOUR)
    queue.outgoing.settle(claim, event, now=at)


def hear(queue, document, status, *, at, said=None, note="", sender=THEM):
    """Let a receiver say something of a document we sent."""
    listed = a_listed(f"{document.number} {at} {status}", message=MessageType.STATUS)
    queue.arriving.add(listed, stored(), b"<x/>", now=at)
    claim, _ = queue.arriving.claim(Lane.ACKNOWLEDGE, now=at, lease=MINUTE)
    queue.arriving.acknowledged(claim, now=at)
    claim, _ = queue.arriving.claim(Lane.APPLY, now=at, lease=MINUTE)
    message = a_status(status, about=document, sender=sender, at=said or at, note=note)
    queue.arriving.applied(claim, message, now=at)


def receive(queue, number, *, at=T0, signed=Bears.SIGNED, **fields):
    """Have a document come and lie in the inbox; its 01 waits."""
    claim = come(queue, number, at)
    document = a_document(str(number), sender=THEM, to=(US,), **fields)
    kept = {"fingerprint": f"{number}", "now": at, "signed": signed}
    queue.arriving.prepared(claim, document, f"folder-{number}", **kept)
    queue.arriving.delivered(claim, a_given("01", at=at), now=at)


def come(queue, number, at):
    queue.arriving.add(a_listed(f"axis-{number}"), stored(), None, now=at)
    claim, _ = queue.arriving.claim(Lane.ACKNOWLEDGE, now=at, lease=HOUR)
    queue.arriving.acknowledged(claim, now=at)
    claim, _ = queue.arriving.claim(Lane.DELIVER, now=at, lease=HOUR)
    return claim


def sent(reading, start=T0, end=END, as_of=LATER):
    return list(reading.sent(start, end, as_of=as_of))


def received(reading, start=T0, end=END, as_of=LATER):
    return list(reading.received(start, end, as_of=as_of))


# ── sent ─────────────────────────────────────────────────────────────────────────────────────


def test_a_document_belongs_to_the_period_in_which_the_axis_first_took_it(queue, reading):
    """Handed over before it, or confirmed after it, it is counted once and then."""
    early = send(queue, 1, at=T0 - HOUR)
    before = send(queue, 2, at=T0 - 30 * timedelta(seconds=1))  # taken in before, accepted after
    send(queue, 3, at=END - MINUTE)  # accepted at the first moment after the period
    hear(queue, early, "01", at=T0 + HOUR)  # a receiver's word is no second acceptance
    hear(queue, before, "01", at=T0 + HOUR)

    (found,) = sent(reading)
    assert found.at == T0 + timedelta(seconds=30)
    assert found.handed_over == T0 - timedelta(seconds=30)
    assert len(sent(reading, T0 - DAY, END + DAY)) == 3


def test_all_that_was_heard_of_a_document_comes_with_it(queue, reading):
    """Of each receiver, with what it was refused by; what counts for no figure is left out."""
    document = send(queue, 1, to=(THEM, OTHERS))
    hear(queue, document, "01", at=T0 + HOUR, said=T0 + 2 * MINUTE)
    hear(queue, document, "04", at=T0 + 2 * HOUR, note="phòng A")
    hear(queue, document, "02", at=T0 + 3 * HOUR, note="[OTHER] x", sender=OTHERS)

    (found,) = sent(reading)
    told = [(word.agency, word.status, word.at - T0, word.note) for word in found.words]
    assert set(told) == {
        (THEM, ACCEPTED, MINUTE, ""),
        (OTHERS, ACCEPTED, MINUTE, ""),
        (THEM, ACCEPTED, HOUR, ""),  # confirmed by its word
        (OTHERS, ACCEPTED, 3 * HOUR, ""),
        (THEM, "01", HOUR, ""),
        (OTHERS, "02", 3 * HOUR, "[OTHER] x"),
    }
    (first,) = [word for word in found.words if word.status == "01"]
    assert first.said == T0 + 2 * MINUTE


def test_as_of_a_moment_nothing_later_is_known(queue, reading):
    """So that a report that was made can be made again."""
    document = send(queue, 1)
    send(queue, 2, at=T0 + 2 * HOUR)
    hear(queue, document, "03", at=T0 + HOUR)
    receive(queue, 3, at=T0)
    settle(queue, MessageType.STATUS, T0 + HOUR)

    (found,) = sent(reading, as_of=T0 + HOUR - MINUTE)
    assert [word.status for word in found.words] == [ACCEPTED]
    (came,) = received(reading, as_of=T0 + HOUR - MINUTE)
    assert (came.ended, came.words) == ("delivered", ())
    assert reading.not_sent(T0, END, as_of=T0 + 2 * HOUR) == 1
    assert reading.not_sent(T0, END, as_of=LATER) == 0
    assert sent(reading, as_of=T0) == []


def test_what_its_header_says_comes_with_a_document(queue, reading):
    """And what its main file bears."""
    business = Business(paper=True)
    fields = {"priority": 3, "due": date(2026, 12, 24), "business": business}
    send(queue, 1, signed=Bears.STAMPED, **fields)
    receive(queue, 2, **fields)

    for traits in (sent(reading)[0].traits, received(reading)[0].traits):
        assert (traits.type, traits.urgency, traits.paper) == ("Công văn", 3, True)
        assert (traits.due, traits.kind) == (date(2026, 12, 24), "new")
    assert sent(reading)[0].traits.signed is Bears.STAMPED
    assert received(reading)[0].traits.signed is Bears.SIGNED
    assert sent(reading)[0].promulgated == date(2026, 11, 21)


def test_where_no_header_was_kept_nothing_is_guessed(queue, reading):
    """A document learnt of by its papers alone is neither electronic nor paper."""
    send(queue, 1)
    with queue.file.transaction() as transaction:
        transaction.execute("delete from particulars where item = :item", {"item": "o000000001"})

    traits = sent(reading)[0].traits
    assert (traits.urgency, traits.paper, traits.signed) == (None, None, Bears.UNKNOWN)


def test_what_the_axis_has_not_taken_is_counted_apart(queue, reading):
    """Waiting or refused; a request to return a document is none."""
    send(queue, 1, accepted=False)
    settle(queue, MessageType.DOCUMENT, T0 + MINUTE, SendingEvent.REFUSED)
    recall = Business(kind=BusinessKind.RECALL, document_id="x")
    send(queue, 2, accepted=False, at=T0 + HOUR, business=recall)
    send(queue, 3, accepted=False, at=END)

    assert sent(reading) == []
    assert reading.not_sent(T0, END, as_of=LATER) == 1


# ── received ─────────────────────────────────────────────────────────────────────────────────


def test_what_became_of_what_arrived_is_told(queue, reading):
    """Handed over, kept, returned, or still on its way; in the order in which it came."""
    receive(queue, 1, at=T0 + MINUTE)
    refusal = a_given("02", note="không ký", reason=ReasonCode.SIGNATURE_MISSING)
    for number, action in ((2, None), (3, refusal)):
        claim = come(queue, number, T0 + number * MINUTE)
        document = a_document(str(number), sender=THEM)
        barred = Barred(document=document, fingerprint="f", reason=say("unsigned"))
        queue.arriving.turned_away(claim, replace(barred, refusal=action), now=T0 + HOUR)
    come(queue, 4, T0 + 4 * MINUTE)
    come(queue, 5, END)

    found = received(reading)
    assert [each.ended for each in found] == ["delivered", "quarantined", "returned", ""]
    assert [each.at for each in found] == [T0 + number * MINUTE for number in (1, 2, 3, 4)]


def test_our_statuses_count_when_the_axis_takes_them(queue, reading):
    """What waits has been said to nobody; of a refusal its words come along."""
    refusal = a_given("02", note="không ký", reason=ReasonCode.SIGNATURE_MISSING)
    claim = come(queue, 1, T0)
    barred = Barred(
        document=a_document(sender=THEM),
        fingerprint="f",
        reason=say("unsigned"),
        refusal=refusal,
    )
    queue.arriving.turned_away(claim, barred, now=T0)
    assert received(reading)[0].words == ()

    settle(queue, MessageType.STATUS, T0 + 2 * HOUR)
    (word,) = received(reading)[0].words
    assert (word.status, word.at) == ("02", T0 + 2 * HOUR)
    assert word.note == "[SIGNATURE_MISSING] không ký"


# ── partners ─────────────────────────────────────────────────────────────────────────────────


def test_partners_are_those_documents_were_exchanged_with(queue, reading):
    """In the time that is asked about, by the name a document gave them."""
    send(queue, 1, to=(OTHERS,))
    receive(queue, 2)
    send(queue, 3, at=END)

    assert reading.partners(T0, END) == {THEM, OTHERS}
    assert reading.partners(END, LATER) == {THEM}
    assert reading.partners(LATER, LATER + DAY) == set()
    assert [reading.name(code) for code in (THEM, OTHERS)] == [
        f"Đơn vị {THEM}",
        f"Đơn vị {OTHERS}",
    ]
    assert reading.name("H99.99") == ""


def test_the_record_begins_with_the_first_thing_that_happened(queue, reading):
    """A node nobody has used yet has none."""
    assert reading.begins() is None
    send(queue, 1, at=T0 + HOUR)
    assert reading.begins() == T0 + HOUR


# ── how it is asked ──────────────────────────────────────────────────────────────────────────


def statements():
    texts = vars(reports).values()
    return [
        text for text in texts if isinstance(text, str) and "select" in text and "from" in text
    ]


@pytest.mark.parametrize("sql", statements(), ids=lambda sql: sql.split("from ")[1][:24].strip())
def test_no_statement_looks_through_a_table(queue, sql):
    """Each finds its period by an index, and each page where the last one ended."""
    values = dict.fromkeys(re.findall(r":(\w+)", sql), "x")
    plan = [row["detail"] for row in queue.file.rows(f"explain query plan {sql}", values)]

    assert [step for step in plan if step.startswith("SCAN")] == []
    if "limit :limit" in sql:
        assert [step for step in plan if "B-TREE" in step] == []
    if ":first" in sql:
        assert "SEARCH a USING INDEX events_accepted ((at,agency,item)>(?,?,?) AND at<?)" in plan
