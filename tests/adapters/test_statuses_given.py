"""What we say of documents we received: in turn, once, and entered where it belongs."""

from __future__ import annotations

import io
import threading
from contextlib import closing
from datetime import date

import pytest
from builders import (
    HOUR,
    MINUTE,
    T0,
    THEM,
    US,
    a_document,
    a_given,
    a_listed,
    stored,
)

from edge_node.adapters import changes
from edge_node.adapters.incoming import as_reference, item_row
from edge_node.adapters.ledger import Ledger
from edge_node.adapters.queue import Queue
from edge_node.adapters.waybills import Waybills
from edge_node.domain.document import BusinessKind
from edge_node.domain.envelope import Barred, Lane, MessageType
from edge_node.domain.errors import NotAllowed, StatusRefused
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say, thaw
from edge_node.domain.order import Arrival
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.standing import NODE, OutOfTurn
from edge_node.protocol import edxml

LETTER = a_document(sender=THEM, to=(US,))
NO = {"note": "Gửi nhầm", "reason": ReasonCode.WRONG_RECIPIENT}


@pytest.fixture
def queue(tmp_path):
    waybills = Waybills(tmp_path / "items")
    waybills.create()
    with closing(Queue(tmp_path / "queue.db", waybills)) as queue:
        queue.marks.put("sends", "0")
        yield queue


def arrive(queue, axis_id="axis-1"):
    """Let a document come, up to the door; return its id and the right to work on it."""
    item = queue.arriving.add(a_listed(axis_id), stored(), None, now=T0)
    claim, _ = queue.arriving.claim(Lane.ACKNOWLEDGE, now=T0, lease=HOUR)
    queue.arriving.acknowledged(claim, now=T0)
    claim, _ = queue.arriving.claim(Lane.DELIVER, now=T0, lease=HOUR)
    return item, claim


def hand_over(queue, claim, arrival=None):
    queue.arriving.prepared(claim, LETTER, "folder", fingerprint="f", now=T0)
    queue.arriving.delivered(claim, arrival, now=T0)


def handed_over(queue, arrival=None):
    item, claim = arrive(queue)
    hand_over(queue, claim, arrival)
    return item


def kept(queue, axis_id="axis-1", *, action=None):
    """Let the door keep a document, or return it where an ``action`` is a status."""
    item, claim = arrive(queue, axis_id)
    barred = Barred(document=LETTER, fingerprint="f", reason=say("unsigned"), refusal=action)
    queue.arriving.turned_away(claim, barred, now=T0)
    return item


def give(queue, item, status, **fields):
    now = fields.pop("now", T0 + HOUR)
    return queue.speaking.give(item, a_given(status, **fields), now=now)


def of(queue, item):
    return Ledger(queue.file).find(item)


def queued(queue, item):
    """Return what was queued about a document: codes and what travels beside them."""
    sql = "select * from envelopes where item = :item order by created, rowid"
    rows = queue.file.rows(sql, {"item": item})
    bodies = [edxml.read_header(io.BytesIO(row["body"]), limits=edxml.Limits()) for row in rows]
    return [(row["status"], body.message.note) for row, body in zip(rows, bodies, strict=True)]


def story(queue, item, *events):
    """Return what its record says of these events, as a person reads it."""
    found = [each for each in queue.history.of(item) if each.event in events]
    return [(each.status, str(thaw(each.text))) for each in found]


def ask(queue, item, kind=BusinessKind.RECALL):
    """Have the sender of a document ask for something."""
    with queue.file.transaction() as transaction:
        about = as_reference(item_row(transaction, item))
        carrier = ItemId(f"i-{kind}")
        changes.enter_request(transaction, carrier, kind, about, item, reason="nhầm", now=T0)


# ── entered ──────────────────────────────────────────────────────────────────────────────────────


def test_each_status_is_entered_with_the_document_and_in_its_story(queue):
    """How it stands, since when, and who said so; the words are those that travel."""
    item = handed_over(queue, a_given("01", who=NODE, note="đã đến"))
    give(queue, item, "03", who="lan", note="Vào  sổ\n345", at=T0 + MINUTE)

    found = of(queue, item)
    assert (found.status, found.status_at) == ("03", T0 + MINUTE)
    assert queued(queue, item) == [("01", "đã đến"), ("03", "Vào  sổ\n345")]
    assert story(queue, item, "given") == [
        ("01", "by node: đã đến"),
        ("03", "by lan: Vào sổ 345"),
    ]


def test_a_status_of_the_future_is_entered_as_of_now(queue):
    """Whose clock is ahead by a year does not rule over what is said next year."""
    item = handed_over(queue)
    give(queue, item, "03", at=T0 + 9000 * HOUR)
    assert of(queue, item).status_at == T0 + HOUR


def test_what_was_said_survives_the_loss_of_the_queue(queue):
    """How it stands, and the register's entry, stand in the waybill."""
    item = handed_over(queue)
    give(queue, item, "03", arrival=Arrival(number="345"))
    bill = Waybills(queue.file.path.parent / "items").of(item)
    (row,) = bill.rows["incoming"]
    assert (row["status"], row["arrival_number"]) == ("03", "345")


def test_the_software_may_be_quicker_with_03_than_we_with_01(queue):
    """The 01 is queued before its 03, and not again behind it, where it would lead back."""
    item, claim = arrive(queue)
    queue.arriving.prepared(claim, LETTER, "folder", fingerprint="f", now=T0)
    arrived = a_given("01", who=NODE)
    assert queue.speaking.give(item, a_given("03"), first=arrived, now=T0)
    queue.arriving.delivered(claim, arrived, now=T0)
    assert [code for code, _ in queued(queue, item)] == ["01", "03"]
    assert of(queue, item).state == "delivered"


# ── out of turn ──────────────────────────────────────────────────────────────────────────────────


def test_a_status_out_of_turn_leaves_no_trace(queue):
    """Neither an envelope, nor an entry, nor the number that came with it."""
    item = handed_over(queue)
    give(queue, item, "06")
    with pytest.raises(OutOfTurn, match=r"05 .* cannot be given"):
        give(queue, item, "05", arrival=Arrival(number="345"))
    assert [code for code, _ in queued(queue, item)] == ["06"]
    assert (of(queue, item).status, of(queue, item).arrival_number) == ("06", "")


def test_of_two_processes_that_refuse_at_once_one_is_told_so(queue):
    """The table is asked in the transaction that queues it."""
    item = handed_over(queue)
    together, outcomes = threading.Barrier(2), []

    def refuse(who):
        with closing(Queue(queue.file.path)) as own:
            together.wait(60)
            try:
                outcomes.append(give(own, item, "02", who=who, **NO))
            except OutOfTurn as error:
                outcomes.append(str(error.message.values["why"]))

    threads = [threading.Thread(target=refuse, args=(who,)) for who in ("lan", "hoa")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, outcomes)) == ["True", "it was given already"]
    assert [code for code, _ in queued(queue, item)] == ["02"]


@pytest.mark.parametrize("event", [SendingEvent.REFUSED, SendingEvent.EXHAUSTED])
def test_what_the_axis_would_not_take_may_be_given_again(queue, event):
    """Nobody has heard it; what the axis has, or may have, is not said twice."""
    item = handed_over(queue)
    give(queue, item, "03")
    with pytest.raises(OutOfTurn):
        give(queue, item, "03")
    claim, _ = queue.outgoing.claim(MessageType.STATUS, now=T0 + HOUR, lease=MINUTE)
    queue.outgoing.settle(claim, event, now=T0 + HOUR, reason=say("no"))
    assert give(queue, item, "03")
    with pytest.raises(OutOfTurn):
        give(queue, item, "03")


def test_a_late_refusal_takes_a_person_who_means_it_and_is_said_once(queue):
    """After 03 by force; and the 03 that takes it back, by force; and no second 02."""
    item = handed_over(queue)
    give(queue, item, "03")
    with pytest.raises(OutOfTurn):
        give(queue, item, "02", **NO)
    assert give(queue, item, "02", force=True, **NO)
    assert give(queue, item, "03", force=True)
    with pytest.raises(OutOfTurn, match="given already"):
        give(queue, item, "02", force=True, **NO)
    assert [code for code, _ in queued(queue, item)] == ["03", "02", "03"]


# ── what the door kept ───────────────────────────────────────────────────────────────────────────


def test_what_is_in_quarantine_can_be_returned(queue):
    """Its sender hears why; it is handed over to nobody unless a person forces that."""
    item = kept(queue)
    with pytest.raises(StatusRefused, match="in quarantine"):
        give(queue, item, "03")
    assert give(queue, item, "02", who="lan", **NO)

    assert (of(queue, item).state, of(queue, item).status) == ("returned", "02")
    assert queued(queue, item) == [("02", "[WRONG_RECIPIENT] Gửi nhầm")]
    assert str(of(queue, item).reason) == "returned by lan: Gửi nhầm"
    for status in ("02", "03"):
        with pytest.raises(StatusRefused, match="was returned"):
            give(queue, item, status, force=True, **NO)
    with pytest.raises(NotAllowed):
        queue.arriving.release(item, now=T0)


def test_the_life_of_what_is_released_by_force_begins_anew(queue):
    """A person took the 02 back: its sender hears 01, and no second 02."""
    item = kept(queue, action=a_given("02", who=NODE, **NO))
    assert of(queue, item).status == "02"
    queue.arriving.release(item, now=T0, returned=True)
    assert of(queue, item).status == ""
    with closing(Queue(queue.file.path, only=item)) as alone:
        claim, _ = alone.arriving.claim(Lane.DELIVER, now=T0, lease=HOUR)
        hand_over(alone, claim, a_given("01", who=NODE))

    assert [code for code, _ in queued(queue, item)] == ["02", "01"]
    with pytest.raises(OutOfTurn, match="given already"):
        give(queue, item, "02", force=True, **NO)


def test_the_very_same_document_goes_back_once_whoever_returns_it(queue):
    """The axis hands it out under two ids; a clerk refuses both."""
    first, second = kept(queue), kept(queue, "axis-2")
    give(queue, first, "02", **NO)
    give(queue, second, "02", **NO)
    assert [of(queue, item).state for item in (first, second)] == ["returned"] * 2
    assert queued(queue, second) == []


def test_what_nobody_could_read_has_nobody_to_return_it_to(queue):
    """A status names a document; of these bytes none is known."""
    item, claim = arrive(queue)
    queue.arriving.quarantine(claim, say("not XML"), now=T0, answer=False)
    with pytest.raises(StatusRefused, match="which document it is"):
        give(queue, item, "02", **NO)
    assert of(queue, item).state == "quarantined"


def test_nothing_is_said_of_what_was_not_handed_over_or_is_no_document(queue):
    """It may still be set aside; and a status is about no status."""
    item, _ = arrive(queue)
    with pytest.raises(StatusRefused, match="not in the inbox"):
        give(queue, item, "03")
    status = queue.arriving.add(
        a_listed("axis-9", message=MessageType.STATUS), stored(), b"<x/>", now=T0
    )
    with pytest.raises(StatusRefused, match="a status, not a document"):
        give(queue, status, "03")


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_given_while_it_is_asked_for_and_once(queue):
    """16 leaves the document where it stood."""
    item = handed_over(queue)
    give(queue, item, "03")
    with pytest.raises(OutOfTurn, match="no request"):
        give(queue, item, "16", note="Đã xử lý")
    ask(queue, item)
    assert give(queue, item, "16", note="Đã xử lý")
    with pytest.raises(OutOfTurn, match="no request"):
        give(queue, item, "15")
    assert of(queue, item).status == "03"
    assert queued(queue, item)[-1] == ("16", "Đã xử lý")
    give(queue, item, "04")


@pytest.mark.parametrize("kind", [BusinessKind.UPDATE, BusinessKind.REPLACE])
def test_who_agrees_to_a_change_works_on(queue, kind):
    """Only a recall ends the life of a document."""
    item = handed_over(queue)
    ask(queue, item, kind)
    give(queue, item, "15")
    give(queue, item, "03")
    assert of(queue, item).status == "03"


def test_after_an_agreed_recall_nothing_more_is_said(queue):
    """By nobody, by no force."""
    item = handed_over(queue)
    ask(queue, item)
    give(queue, item, "15")
    assert of(queue, item).status == "15"
    for status in ("02", "03", "15", "16"):
        with pytest.raises(OutOfTurn, match="recall was agreed to"):
            give(queue, item, status, force=True, **NO)


def test_a_15_that_never_left_is_given_again(queue):
    """The axis would not take it: its sender waits for it still."""
    item = handed_over(queue)
    ask(queue, item)
    give(queue, item, "15")
    with queue.file.transaction() as transaction:
        transaction.execute("update envelopes set state = 'refused' where status = '15'", {})
    assert give(queue, item, "15")
    with pytest.raises(OutOfTurn, match="recall was agreed to"):
        give(queue, item, "15")


# ── the register's entry ─────────────────────────────────────────────────────────────────────────


def entry(queue, item):
    found = of(queue, item)
    return found.arrival_number, found.arrival_date, found.arrival_unit


def test_another_entry_replaces_the_first_and_both_stand_in_the_story(queue):
    """The number is the software's own: it may have been mistaken."""
    item = handed_over(queue)
    give(queue, item, "03", arrival=Arrival(number="345", unit="Văn thư"))
    assert entry(queue, item) == ("345", "", "Văn thư")
    give(queue, item, "04", arrival=Arrival(number="346", registered=date(2026, 11, 21)))
    assert entry(queue, item) == ("346", "2026-11-21", "")
    assert [text for _, text in story(queue, item, "registered")] == [
        "arrival number 345, Văn thư, by software",
        "arrival number 346, 2026-11-21 instead of 345, Văn thư, by software",
    ]


def test_the_same_number_again_adds_to_what_is_known_and_is_else_no_news(queue):
    """A file names it, and the mark in the folder names it again."""
    item = handed_over(queue)
    give(queue, item, "03", arrival=Arrival(number="345", unit="Văn thư"))
    queue.arriving.taken({item: Arrival(number="345")}, now=T0 + HOUR)
    assert len(story(queue, item, "registered")) == 1
    give(queue, item, "04", arrival=Arrival(number="345", registered=date(2026, 11, 21)))
    assert entry(queue, item) == ("345", "2026-11-21", "Văn thư")
