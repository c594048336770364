"""What is written down of each item beside the queue, when, and at what price."""

from __future__ import annotations

from collections import Counter

import pytest
from builders import (
    MINUTE,
    T0,
    THEM,
    US,
    a_document,
    a_given,
    a_listed,
    a_new_document,
    stored,
)

from edge_node.adapters.queue import Queue
from edge_node.adapters.steps import Phase, Step, listening
from edge_node.adapters.waybills import Waybills
from edge_node.domain.envelope import AxisId, Lane, MessageType
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.standing import NODE

ARRIVED = a_given("01", who=NODE)


@pytest.fixture
def waybills(tmp_path):
    waybills = Waybills(tmp_path / "items")
    waybills.create()
    return waybills


@pytest.fixture
def queue(tmp_path, waybills):
    queue = Queue(tmp_path / "queue.db", waybills)
    yield queue
    queue.close()


def the(waybills):
    (bill,) = waybills.read()
    return bill


def path_of(waybills):
    (path,) = waybills.root.glob("*/*")
    return path


def send(queue, event=SendingEvent.ACCEPTED, **answer):
    claim, _ = queue.outgoing.claim(MessageType.DOCUMENT, now=T0, lease=MINUTE)
    queue.outgoing.settle(claim, event, now=T0 + MINUTE, **answer)


def receive(queue, axis_id="axis-1"):
    return queue.arriving.add(a_listed(axis_id), stored(), None, now=T0)


def hand_over(queue, arrival=ARRIVED):
    claim, _ = queue.arriving.claim(Lane.ACKNOWLEDGE, now=T0, lease=MINUTE)
    queue.arriving.acknowledged(claim, now=T0)
    claim, _ = queue.arriving.claim(Lane.DELIVER, now=T0, lease=MINUTE)
    document = a_document(sender=THEM, to=(US,))
    queue.arriving.prepared(claim, document, "folder", fingerprint="", now=T0)
    queue.arriving.delivered(claim, arrival, now=T0)


def waits(work, *others):
    """Return how often the disk was waited for because of waybills alone."""
    waited = Counter()

    def listen(step, phase, what):
        if phase is Phase.AFTER and "items" in str(what):
            waited[step] += 1

    with listening(listen):
        work(*others)
    return waited[Step.SYNC] + waited[Step.SYNC_FOLDER]


def test_a_document_taken_in_is_written_down_whole(queue, waybills):
    """Document, envelope and fates, readable to nobody else."""
    queue.outgoing.add(a_new_document(), now=T0)
    bill = the(waybills)
    assert (bill.item, bill.at) == ("o000000001", T0)
    (document,), (envelope,), (fate,) = (
        bill.rows[table] for table in ("documents", "envelopes", "fates")
    )
    assert (document["number"], envelope["digest"]) == ("12", stored().digest)
    assert (fate["receiver"], fate["state"]) == (THEM, "queued")
    assert path_of(waybills).stat().st_mode & 0o777 == 0o600
    assert waybills.root.stat().st_mode & 0o777 == 0o700


def test_what_the_axis_answered_stands_below(queue, waybills):
    """The newest line counts; the older ones remain."""
    queue.outgoing.add(a_new_document(), now=T0)
    send(queue, axis_id=AxisId("axis-9"))
    bill = the(waybills)
    assert bill.at == T0 + MINUTE
    assert bill.rows["envelopes"][0]["axis_id"] == "axis-9"
    assert bill.rows["fates"][0]["state"] == "accepted"


def test_each_line_is_numbered_by_the_queue(queue, waybills):
    """What is the younger of a line and a copy is told by that, and by no clock."""
    queue.outgoing.add(a_new_document(), now=T0)
    assert (the(waybills).revision, queue.marks.get("revision")) == (1, "1")
    send(queue)
    assert (the(waybills).revision, queue.marks.get("revision")) == (2, "2")


def test_a_line_that_was_cut_off_does_not_count(queue, waybills):
    """Neither by itself nor for the line that follows it."""
    queue.outgoing.add(a_new_document(), now=T0)
    path = path_of(waybills)
    with path.open("ab") as file:
        file.write(b'\n{"schema": 1, "id": "o0000')
    assert the(waybills).rows["fates"][0]["state"] == "queued"
    send(queue, axis_id=AxisId("axis-9"))
    assert the(waybills).rows["fates"][0]["state"] == "accepted"


@pytest.mark.parametrize("content", [b"", b"\0" * 99, b"[]\n", b'{"schema": 2}\n', b"null\n"])
def test_what_cannot_be_read_is_counted_as_that(queue, waybills, content):
    """A rebuild knows then that it does not know everything."""
    queue.outgoing.add(a_new_document(), now=T0)
    path_of(waybills).write_bytes(content)
    assert list(waybills.read()) == [None]


def test_an_arrival_is_written_down_until_it_lies_in_the_inbox(queue, waybills):
    """With its folder before anybody sees that, and with the 01 that is to be sent."""
    item = receive(queue)
    assert the(waybills).rows["incoming"][0]["state"] == "received"
    hand_over(queue)
    bill = the(waybills)
    assert bill.item == item
    assert bill.rows["incoming"][0]["folder"] == "folder"
    assert bill.rows["incoming"][0]["state"] == "delivered"
    assert bill.rows["incoming"][0]["status"] == "01"
    assert b"StatusCode>01<" in bill.rows["envelopes"][0]["body"]


def test_a_status_the_software_asked_for_is_written_down_with_its_words(queue, waybills):
    """Its file has been filed away by then: nobody else has them."""
    item = receive(queue)
    hand_over(queue, arrival=None)
    told = a_given("03", note="vào sổ", source="a.json")
    assert waits(lambda: queue.speaking.give(item, told, now=T0)) == 1
    (row,) = the(waybills).rows["envelopes"]
    assert "vào sổ".encode() in row["body"]


def test_a_status_that_arrives_has_none(queue, waybills):
    """The axis lists it again."""
    listed = a_listed(message=MessageType.STATUS)
    queue.arriving.add(listed, stored(b"<03/>"), b"<03/>", now=T0)
    assert not waybills.exist()


def test_the_disk_is_waited_for_twice_an_item_and_side(queue):
    """File and folder once; what the axis can tell again is not waited for."""
    queue.outgoing.add(a_new_document("o000000001"), now=T0)
    send(queue, axis_id=AxisId("axis-8"))
    queue.outgoing.add(a_new_document("o000000002", document=a_document("13")), now=T0)
    send(queue, axis_id=AxisId("axis-9"))

    third = a_new_document("o000000003", document=a_document("14"))
    assert waits(lambda: queue.outgoing.add(third, now=T0)) == 2
    assert waits(lambda: send(queue, axis_id=AxisId("axis-7"))) == 0
    receive(queue)
    assert waits(hand_over, queue) == 2


def test_it_is_there_before_the_row_is(queue, waybills):
    """Cut off before the commit, there is a waybill too many and never one too few."""

    def stop(step, phase, _what):
        if step is Step.COMMIT and phase is Phase.BEFORE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), listening(stop):
        queue.outgoing.add(a_new_document(), now=T0)
    assert not queue.outgoing.holds("o000000001")
    assert the(waybills).item == "o000000001"


def test_a_resend_is_written_down_and_waited_for(queue, waybills):
    """It is a person's word: nobody else remembers it."""
    queue.outgoing.add(a_new_document(), now=T0)
    send(queue, SendingEvent.REFUSED)
    assert the(waybills).rows["fates"][0]["state"] == "refused"
    resend = {"package": stored(), "now": T0 + 2 * MINUTE}
    assert waits(lambda: queue.outgoing.resend("o000000001", [THEM], **resend)) == 1
    assert the(waybills).rows["fates"][0]["state"] == "queued"


def test_without_a_spool_there_are_none(tmp_path):
    """A queue of its own writes nothing beside itself."""
    queue = Queue(tmp_path / "other.db")
    queue.outgoing.add(a_new_document(), now=T0)
    queue.close()
    assert not Waybills().exist()
    assert [path.name for path in tmp_path.iterdir()] == ["other.db"]
