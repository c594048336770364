"""What leaves: taking in, claims, what the axis answers, and what becomes of each receiver."""

from __future__ import annotations

import pytest
from builders import (
    HOUR,
    MINUTE,
    OTHERS,
    T0,
    THEM,
    US,
    a_document,
    a_new_document,
    stored,
)

from edge_node.domain.document import Priority
from edge_node.domain.envelope import AxisId, ItemId, Lane, MessageType
from edge_node.domain.errors import IllegalTransition, LeaseLost
from edge_node.domain.lifecycle import Sending, SendingEvent
from edge_node.domain.message import say

EDOC = MessageType.DOCUMENT


def a_claim(queue, now=T0):
    claimed = queue.outgoing.claim(EDOC, now=now, lease=5 * MINUTE)
    assert claimed is not None
    return claimed


def states(queue, item="o000000001"):
    return {fate.receiver: fate.state for fate in queue.outgoing.fates(ItemId(item))}


def test_one_document_to_two_agencies_is_one_envelope_and_two_fates(queue):
    """A package with several receivers is sent once; each receiver's fate is its own."""
    queue.outgoing.add(a_new_document(document=a_document(to=(THEM, OTHERS))), now=T0)

    _, envelope = a_claim(queue)
    assert envelope.receivers == (THEM, OTHERS)
    assert states(queue) == {THEM: Sending.QUEUED, OTHERS: Sending.QUEUED}
    assert queue.outgoing.claim(EDOC, now=T0, lease=MINUTE) is None


def test_what_the_axis_accepts_is_accepted_for_every_receiver_and_never_claimed_again(queue):
    """After the axis's OK the envelope is done with; its receivers wait for word."""
    queue.outgoing.add(a_new_document(document=a_document(to=(THEM, OTHERS))), now=T0)
    claim, _ = a_claim(queue)

    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-9"))

    assert states(queue) == {THEM: Sending.ACCEPTED, OTHERS: Sending.ACCEPTED}
    assert queue.outgoing.claim(EDOC, now=T0 + HOUR, lease=MINUTE) is None
    assert queue.outgoing.unconfirmed(before=T0, limit=9) == [("o000000001", "axis-9")]


def test_a_lapsed_lease_can_be_claimed_again_and_is_unsure(queue):
    """A node that dies while sending leaves an envelope the axis must be asked about first."""
    queue.outgoing.add(a_new_document(), now=T0)
    first, _ = a_claim(queue)

    queue.sweep(now=T0 + 4 * MINUTE)
    assert queue.outgoing.claim(EDOC, now=T0 + 4 * MINUTE, lease=MINUTE) is None
    queue.sweep(now=T0 + 5 * MINUTE)
    claim, envelope = a_claim(queue, T0 + 5 * MINUTE)

    assert claim.attempt == 2
    assert envelope.state is Sending.UNSURE
    assert states(queue) == {THEM: Sending.UNSURE}
    with pytest.raises(LeaseLost):
        queue.outgoing.settle(first, SendingEvent.ACCEPTED, now=T0 + 6 * MINUTE)
    assert states(queue) == {THEM: Sending.UNSURE}


def test_what_is_given_back_counts_no_attempt_and_was_not_sent(queue):
    """An outage spends nobody's attempt."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)

    queue.outgoing.give_back(claim)

    again, envelope = a_claim(queue)
    assert again.attempt == 1
    assert envelope.state is Sending.QUEUED


def test_what_is_deferred_waits_for_its_time(queue):
    """Nobody claims a deferred envelope before it is due."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)

    queue.outgoing.defer(claim, now=T0, until=T0 + HOUR, reason=say("the axis is busy"))

    assert queue.next_due(Lane.PUSH) == T0 + HOUR
    assert queue.outgoing.claim(EDOC, now=T0 + HOUR - MINUTE, lease=MINUTE) is None
    again, envelope = a_claim(queue, T0 + HOUR)
    assert (again.attempt, envelope.state) == (2, Sending.QUEUED)


def test_the_urgent_goes_first(queue):
    """Hỏa tốc overtakes what has waited longer."""
    queue.outgoing.add(a_new_document("o000000001", document=a_document("1")), now=T0)
    urgent = a_document("2", priority=Priority.EXPRESS)
    queue.outgoing.add(a_new_document("o000000002", document=urgent), now=T0 + MINUTE)

    _, envelope = a_claim(queue, T0 + MINUTE)
    assert envelope.item == "o000000002"


def test_silence_leads_to_unsure_and_what_is_missing_is_queued_again(queue):
    """After silence the axis is asked; only what it does not have is sent again."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.SILENCE, now=T0, due=T0 + MINUTE)

    claim, envelope = a_claim(queue, T0 + MINUTE)
    assert envelope.state is Sending.UNSURE
    queue.outgoing.settle(claim, SendingEvent.MISSING, now=T0 + MINUTE)

    _, envelope = a_claim(queue, T0 + MINUTE)
    assert envelope.state is Sending.QUEUED


def test_a_trail_leaves_out_what_is_known_to_be_another_sending(queue):
    """What the axis has from an earlier sending of the same document proves nothing of this."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, envelope = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-1"))

    trail = queue.outgoing.trail(envelope)
    assert trail.taken == {"axis-1"}
    assert (trail.number, trail.notation) == ("12", "UBND-VP")


def test_a_status_confirms_delivery_and_late_good_news_wins(queue):
    """Any word of the receiver means that it has the document, whatever we thought before."""
    queue.outgoing.add(a_new_document(document=a_document(to=(THEM, OTHERS))), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.EXHAUSTED, now=T0, reason=say("no answer"))
    assert states(queue) == {THEM: Sending.DEAD, OTHERS: Sending.DEAD}

    assert queue.outgoing.happened(
        ItemId("o000000001"), THEM, SendingEvent.CONFIRMED, now=T0 + HOUR
    )
    assert states(queue) == {THEM: Sending.DELIVERED, OTHERS: Sending.DEAD}
    assert not queue.outgoing.happened(
        ItemId("o000000001"), THEM, SendingEvent.REFUSED, now=T0 + HOUR
    )
    assert states(queue)[THEM] is Sending.DELIVERED


def test_a_refused_document_is_sent_again_with_the_same_bytes(queue):
    """A resend of the whole envelope is the same package under the same DocumentId."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, first = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.REFUSED, now=T0, reason=say("unknown receiver"))

    queue.outgoing.resend(ItemId("o000000001"), [THEM], None, now=T0 + HOUR)

    again, envelope = a_claim(queue, T0 + HOUR)
    assert (envelope.id, envelope.package) == (first.id, first.package)
    assert again.attempt == 1


def test_a_resend_to_one_of_several_is_an_envelope_of_its_own(queue):
    """The receivers that have the document are not in the package that is sent again."""
    queue.outgoing.add(a_new_document(document=a_document(to=(THEM, OTHERS))), now=T0)
    claim, first = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-1"))
    queue.outgoing.happened(ItemId("o000000001"), OTHERS, SendingEvent.REFUSED, now=T0)

    queue.outgoing.resend(ItemId("o000000001"), [OTHERS], stored(b"for one"), now=T0 + HOUR)

    _, envelope = a_claim(queue, T0 + HOUR)
    assert envelope.receivers == (OTHERS,)
    assert envelope.package == stored(b"for one") != first.package
    assert states(queue) == {THEM: Sending.ACCEPTED, OTHERS: Sending.QUEUED}


def test_a_resend_of_what_is_on_its_way_is_refused(queue):
    """Nothing that the axis has, or will be offered anyway, is put into the queue twice."""
    queue.outgoing.add(a_new_document(), now=T0)
    with pytest.raises(IllegalTransition):
        queue.outgoing.resend(ItemId("o000000001"), [THEM], None, now=T0)


def test_earlier_documents_are_found_by_id_and_by_number_and_date(queue):
    """The same number, notation and date is the same document whatever its DocumentId says."""
    queue.outgoing.add(a_new_document(document=a_document("7")), now=T0)

    assert [found.id for found in queue.outgoing.earlier(a_document("7"))] == ["o000000001"]
    other_id = a_document("7", document_id="3b241101-e2bb-4255-8caf-4136c566a962")
    assert [found.id for found in queue.outgoing.earlier(other_id)] == ["o000000001"]
    assert queue.outgoing.earlier(a_document("8")) == []


def test_a_status_file_is_reported_once_however_often_it_is_read(queue):
    """A crash between the queue and the folder does not report twice."""
    report = {"sender": US, "to": THEM, "now": T0}
    item = ItemId("i000000001")
    assert queue.outgoing.report(item, "03", b"<x/>", source="file-1", **report)
    assert not queue.outgoing.report(item, "03", b"<x/>", source="file-1", **report)
    assert queue.outgoing.report(item, "04", b"<y/>", source="file-2", **report)

    _, envelope = queue.outgoing.claim(MessageType.STATUS, now=T0, lease=MINUTE)
    assert queue.outgoing.body(envelope.id) in {b"<x/>", b"<y/>"}


def test_everything_that_happens_is_to_be_told_until_it_has_been(queue):
    """Receipts are owed for each event of each receiver, and paid once."""
    queue.outgoing.add(a_new_document(ref="sw-1"), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-1"))

    untold = queue.history.untold(limit=9)
    assert [(each.event, each.agency, each.ref) for each in untold] == [
        ("queued", THEM, "sw-1"),
        ("accepted", THEM, "sw-1"),
    ]
    queue.history.told(untold)
    assert queue.history.untold(limit=9) == []


def test_a_dossier_stays_untold_if_something_happened_while_it_was_filed(queue):
    """The folder is told of the newest state, never only of the one it was filed for."""
    queue.outgoing.add(a_new_document(), now=T0)
    (dossier,) = queue.paperwork.untold(limit=9)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-1"))

    queue.paperwork.filed(dossier, "queued/drop")

    (again,) = queue.paperwork.untold(limit=9)
    assert (again.folder, again.fates[0].state) == ("queued/drop", Sending.ACCEPTED)
    queue.paperwork.filed(again, "sent/2026/11/21/drop")
    assert queue.paperwork.untold(limit=9) == []


def test_a_queue_survives_being_closed_and_opened(queue, tmp_path):
    """What was committed is there for the next process."""
    from edge_node.adapters.queue import Queue

    queue.outgoing.add(a_new_document(), now=T0)
    queue.close()

    other = Queue(tmp_path / "queue.db")
    _, envelope = a_claim(other)
    assert envelope.item == "o000000001"
    other.close()
