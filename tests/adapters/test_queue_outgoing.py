"""What leaves: taking in, claims, what the axis answers, and what becomes of each receiver."""

from __future__ import annotations

import io

import pytest
from builders import (
    HOUR,
    MINUTE,
    OTHERS,
    SECOND,
    T0,
    THEM,
    US,
    a_document,
    a_given,
    a_listed,
    a_new_document,
    stored,
)
from claimants import another_process

from edge_node.adapters.envelopes import move_fate
from edge_node.domain.document import Priority
from edge_node.domain.envelope import AxisId, Lane, MessageType
from edge_node.domain.errors import LeaseLost, NotAllowed
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending, SendingEvent
from edge_node.domain.message import freeze, say, thaw
from edge_node.domain.standing import NODE
from edge_node.protocol import edxml

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
    waiting = queue.unsure.unconfirmed(before=T0, limit=9)
    assert [(each.receiver, each.axis_id) for each in waiting] == [
        (THEM, "axis-9"),
        (OTHERS, "axis-9"),
    ]


def test_what_waits_for_word_is_gone_through_in_parts_oldest_first(queue):
    """Each look goes on behind the last one that was looked at, whatever has happened to that."""
    for number in range(5):
        item = f"o{number:09}"
        queue.outgoing.add(a_new_document(item, document=a_document(str(number))), now=T0)
        claim, _ = a_claim(queue)
        axis_id, at = AxisId(f"axis-{9 - number}"), T0 + number // 2 * MINUTE
        queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=at, axis_id=axis_id)
    seen, after = [], None
    while found := queue.unsure.unconfirmed(before=T0 + HOUR, limit=2, after=after):
        seen += found
        after = found[-1]
        queue.outgoing.happened(after.item, after.receiver, SendingEvent.CONFIRMED, now=T0 + HOUR)

    assert [each.item for each in seen] == [f"o{number:09}" for number in range(5)]
    assert queue.unsure.unconfirmed(before=T0, limit=9) == [seen[0]]


def test_a_lapsed_lease_can_be_claimed_again_and_is_unsure(queue):
    """A node that dies while sending leaves an envelope the axis must be asked about first."""
    queue.outgoing.add(a_new_document(), now=T0)
    first, _ = a_claim(queue)

    with another_process(queue) as other:
        other.sweep(now=T0 + 4 * MINUTE, ceiling=HOUR)
        assert queue.outgoing.claim(EDOC, now=T0 + 4 * MINUTE, lease=MINUTE) is None
        other.sweep(now=T0 + 5 * MINUTE, ceiling=HOUR)
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

    queue.outgoing.give_back(claim, now=T0, behind=MINUTE)

    again, envelope = a_claim(queue)
    assert again.attempt == 1
    assert envelope.state is Sending.QUEUED


def test_what_is_given_back_stands_in_nobodys_way(queue):
    """It may be this envelope alone that cannot go: the others are tried first, then it again."""
    urgent = a_document("1", priority=Priority.EXPRESS)
    queue.outgoing.add(a_new_document("o000000001", document=urgent), now=T0)
    queue.outgoing.add(a_new_document("o000000002", document=a_document("2")), now=T0)
    claim, first = a_claim(queue)
    queue.outgoing.give_back(claim, now=T0, behind=MINUTE)

    claim, second = a_claim(queue)
    assert [first.item, second.item] == ["o000000001", "o000000002"]
    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-2"))
    assert queue.outgoing.claim(EDOC, now=T0, lease=MINUTE) is None
    again, envelope = a_claim(queue, T0 + MINUTE)
    assert (envelope.item, again.attempt) == ("o000000001", 1)


def test_what_is_deferred_waits_for_its_time(queue):
    """Nobody claims a deferred envelope before it is due."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)

    (dossier,) = queue.paperwork.untold(limit=9)
    queue.paperwork.filed(dossier, "queued/drop")
    queue.outgoing.defer(claim, now=T0, until=T0 + HOUR, reason=say("the axis is busy"))

    assert queue.next_due(Lane.PUSH) == T0 + HOUR
    assert queue.outgoing.claim(EDOC, now=T0 + HOUR - MINUTE, lease=MINUTE) is None
    again, envelope = a_claim(queue, T0 + HOUR)
    assert (again.attempt, envelope.state) == (2, Sending.QUEUED)


def test_why_a_document_waits_is_told_once(queue):
    """Its status.json gives the reason, without a receipt; the same reason again is no news."""
    queue.outgoing.add(a_new_document(), now=T0)
    for minutes in range(3):
        claim, _ = a_claim(queue, T0 + minutes * MINUTE)
        (dossier,) = queue.paperwork.untold(limit=9) or [None]
        if dossier:
            queue.paperwork.filed(dossier, "queued/drop")
        until = T0 + (minutes + 1) * MINUTE
        queue.outgoing.defer(claim, now=T0, until=until, reason=say("the axis is busy"))
        told = [[fate.reason for fate in each.fates] for each in queue.paperwork.untold(limit=9)]
        assert told == ([[freeze(say("the axis is busy"))]] if minutes < 1 else [])
        queue.history.told(queue.history.untold(limit=9)[1:])
    assert [each.event for each in queue.history.untold(limit=9)] == ["queued"]

    claim, _ = a_claim(queue, T0 + HOUR)
    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-1"))
    assert [fate.reason for fate in queue.outgoing.fates(ItemId("o000000001"))] == [""]


def test_the_urgent_goes_first(queue):
    """Hỏa tốc overtakes what has waited longer."""
    queue.outgoing.add(a_new_document("o000000001", document=a_document("1")), now=T0)
    urgent = a_document("2", priority=Priority.EXPRESS)
    queue.outgoing.add(a_new_document("o000000002", document=urgent), now=T0 + MINUTE)

    _, envelope = a_claim(queue, T0 + MINUTE)
    assert envelope.item == "o000000002"


def test_what_is_urgent_and_not_due_or_in_hand_lets_the_next_urgency_pass(queue):
    """Each claim gets the most urgent that is due; what is put off or leased is passed over."""
    for item, priority, minute in (
        ("later", 4, 30),
        ("second", 3, 2),
        ("first", 3, 1),
        ("last", -1, 0),
        ("third", 0, 3),
    ):
        document = a_document(item, priority=priority)
        queue.outgoing.add(a_new_document(item, document=document), now=T0 + minute * MINUTE)

    order = [a_claim(queue, T0 + 4 * MINUTE)[1].item for _ in range(4)]
    assert order == ["first", "second", "third", "last"]
    assert queue.outgoing.claim(EDOC, now=T0 + 4 * MINUTE, lease=MINUTE) is None
    assert a_claim(queue, T0 + 30 * MINUTE)[1].item == "later"


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


def test_what_the_axis_took_is_known_by_its_id(queue):
    """An entry of its list that is known to be one envelope proves nothing of another."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, envelope = a_claim(queue)
    assert queue.unsure.unknown([AxisId("axis-1")]) == ["axis-1"]
    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-1"))

    assert queue.unsure.unknown([AxisId("axis-1")]) == []
    trail = queue.unsure.trail(envelope, clock=lambda: T0)
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

    queue.outgoing.resend(ItemId("o000000001"), [THEM], stored(), now=T0 + HOUR)

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
    with pytest.raises(NotAllowed, match=f"{THEM} is queued"):
        queue.outgoing.resend(ItemId("o000000001"), [THEM], stored(), now=T0)


@pytest.mark.parametrize("package", [stored(), stored(b"made anew")], ids=["as it was", "anew"])
@pytest.mark.parametrize("meanwhile", [SendingEvent.RESENT, SendingEvent.CONFIRMED])
def test_who_got_it_meanwhile_is_not_sent_it_again(queue, package, meanwhile):
    """Two commands at once, or good news in that very moment: all receivers or nothing."""
    queue.outgoing.add(a_new_document(document=a_document(to=(THEM, OTHERS))), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.REFUSED, now=T0, reason=say("no"))
    item = ItemId("o000000001")
    if meanwhile is SendingEvent.RESENT:
        queue.outgoing.resend(item, [OTHERS], stored(b"for one"), now=T0)
    else:
        queue.outgoing.happened(item, OTHERS, meanwhile, now=T0)
    before = (states(queue), queue.next_due(Lane.PUSH))

    with pytest.raises(NotAllowed, match=f"{OTHERS} is "):
        queue.outgoing.resend(item, [THEM, OTHERS], package, now=T0)
    assert (states(queue), queue.next_due(Lane.PUSH)) == before


def test_a_resend_to_all_after_one_to_some_moves_every_receiver(queue):
    """The first package names them both, but carries only one of them by now: a new envelope."""
    queue.outgoing.add(a_new_document(document=a_document(to=(THEM, OTHERS))), now=T0)
    claim, first = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.REFUSED, now=T0, reason=say("no"))
    item = ItemId("o000000001")
    queue.outgoing.resend(item, [OTHERS], stored(b"for one"), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.REFUSED, now=T0, reason=say("no"))

    queue.outgoing.resend(item, [THEM, OTHERS], stored(), now=T0)
    assert states(queue) == {THEM: Sending.QUEUED, OTHERS: Sending.QUEUED}
    claim, envelope = a_claim(queue)
    assert (envelope.receivers, envelope.package) == ((THEM, OTHERS), first.package)
    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-1"))
    assert states(queue) == {THEM: Sending.ACCEPTED, OTHERS: Sending.ACCEPTED}


def test_earlier_documents_are_found_by_id_and_by_number_and_date(queue):
    """The same number, notation and date is the same document whatever its DocumentId says."""
    queue.outgoing.add(a_new_document(document=a_document("7")), now=T0)

    assert [found.id for found in queue.outgoing.earlier(a_document("7"))] == ["o000000001"]
    other_id = a_document("7", document_id="3b241101-e2bb-4255-8caf-4136c566a962")
    assert [found.id for found in queue.outgoing.earlier(other_id)] == ["o000000001"]
    assert queue.outgoing.earlier(a_document("8")) == []


def handed_over(queue, arrival=None):
    """Let a document come in, up to the inbox; return its id."""
    item = queue.arriving.add(a_listed(), stored(), None, now=T0)
    claim, _ = queue.arriving.claim(Lane.ACKNOWLEDGE, now=T0, lease=MINUTE)
    queue.arriving.acknowledged(claim, now=T0)
    claim, _ = queue.arriving.claim(Lane.DELIVER, now=T0, lease=MINUTE)
    letter = a_document(sender=THEM, to=(US,))
    queue.arriving.prepared(claim, letter, "folder", fingerprint="", now=T0)
    queue.arriving.delivered(claim, arrival, now=T0)
    return item


def code_of(queue, envelope):
    body = io.BytesIO(queue.outgoing.body(envelope.id))
    return edxml.read_header(body, limits=edxml.Limits()).message.status


def test_a_status_file_is_reported_once_however_often_it_is_read(queue):
    """A crash between the queue and the folder does not report twice."""
    item = handed_over(queue)
    assert queue.speaking.give(item, a_given("04", source="file-1"), now=T0)
    assert not queue.speaking.give(item, a_given("04", source="file-1"), now=T0)
    assert queue.speaking.give(item, a_given("04", source="file-2"), now=T0)

    _, envelope = queue.outgoing.claim(MessageType.STATUS, now=T0, lease=MINUTE)
    assert code_of(queue, envelope) == "04"


def test_the_statuses_of_one_document_leave_in_their_order_and_one_at_a_time(queue):
    """While the first is in doubt the second waits: in the axis's list they look alike."""
    item = handed_over(queue)
    for code in ("03", "04", "05", "06"):
        assert queue.speaking.give(item, a_given(code, source=code), now=T0)
    claim, envelope = queue.outgoing.claim(MessageType.STATUS, now=T0, lease=MINUTE)
    assert code_of(queue, envelope) == "03"
    assert queue.outgoing.claim(MessageType.STATUS, now=T0, lease=MINUTE) is None
    queue.outgoing.settle(claim, SendingEvent.SILENCE, now=T0, due=T0 + MINUTE)
    assert queue.outgoing.claim(MessageType.STATUS, now=T0 + SECOND, lease=MINUTE) is None

    left = []
    for second in range(100, 110):
        claimed = queue.outgoing.claim(MessageType.STATUS, now=T0 + second * SECOND, lease=MINUTE)
        if claimed is not None:
            claim, envelope = claimed
            left.append(code_of(queue, envelope))
            event = SendingEvent.FOUND if len(left) == 1 else SendingEvent.ACCEPTED
            queue.outgoing.settle(claim, event, now=T0, axis_id=AxisId(f"axis-{second}"))
    assert left == ["03", "04", "05", "06"]


def test_what_a_receiver_confirmed_while_settling_was_cut_off_is_not_offered_again(queue):
    """The axis took it, the disk refused the entry, the receiver's 01 came: that is the end."""
    queue.outgoing.add(a_new_document(), now=T0)
    a_claim(queue)
    with queue.file.transaction() as transaction:
        move_fate(transaction, "o000000001", THEM, SendingEvent.CONFIRMED, now=T0)
    queue.sweep(now=T0 + HOUR, ceiling=HOUR)
    assert queue.outgoing.claim(MessageType.DOCUMENT, now=T0 + HOUR, lease=MINUTE) is None
    assert queue.next_due(Lane.PUSH) is None


@pytest.mark.parametrize("event", [SendingEvent.REFUSED, SendingEvent.EXHAUSTED])
def test_a_status_of_the_software_that_does_not_leave_is_told(queue, event):
    """A receipt about the document that came in says which status it was; an 01 is ours alone."""
    item = handed_over(queue, a_given("01", who=NODE))
    queue.speaking.give(item, a_given("03", source="file-1"), now=T0)
    for _ in range(2):
        claim, _ = queue.outgoing.claim(MessageType.STATUS, now=T0, lease=MINUTE)
        queue.outgoing.settle(claim, event, now=T0, reason=say("no such unit"))

    (told,) = queue.history.untold(limit=9)
    assert (told.item, told.agency) == (item, THEM)
    assert (told.event, told.status) in {("refused", "03"), ("dead", "03")}
    assert str(thaw(told.text)) == "status 03: no such unit"
    queue.history.told([told])
    assert queue.history.untold(limit=9) == []


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


def test_what_every_receiver_has_is_not_offered_again(queue):
    """The axis was slow, not deaf: it took the package for all of its receivers, or for none."""
    queue.outgoing.add(a_new_document(document=a_document(to=(THEM, OTHERS))), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.SILENCE, now=T0, due=T0 + MINUTE)

    confirm(queue, THEM)
    assert states(queue) == {THEM: Sending.DELIVERED, OTHERS: Sending.ACCEPTED}
    assert queue.next_due(Lane.PUSH) is None
    assert queue.unsure.unconfirmed(before=T0 + HOUR, limit=9) == []  # by which id, nobody knows
    confirm(queue, OTHERS)
    assert states(queue) == {THEM: Sending.DELIVERED, OTHERS: Sending.DELIVERED}


def test_a_word_that_comes_while_it_is_being_sent_again_settles_it(queue):
    """Whoever sends finds it delivered already, and is done with it."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)
    confirm(queue, THEM)

    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-1"))

    assert states(queue) == {THEM: Sending.DELIVERED}
    assert queue.next_due(Lane.PUSH) is None


def test_what_was_cut_off_while_it_was_sent_is_asked_about_a_little_later(queue):
    """The axis may still be at work on what it was sent; what was not being sent goes at once."""
    queue.outgoing.add(a_new_document("o000000001", document=a_document("1")), now=T0)
    a_claim(queue)
    queue.outgoing.add(a_new_document("o000000002", document=a_document("2")), now=T0)

    queue.free_all(now=T0 + MINUTE, ask_after=5 * MINUTE)

    _, at_once = a_claim(queue, T0 + MINUTE)
    assert at_once.item == "o000000002"
    assert queue.outgoing.claim(EDOC, now=T0 + 5 * MINUTE, lease=MINUTE) is None
    _, later = a_claim(queue, T0 + 6 * MINUTE)
    assert (later.item, later.state) == ("o000000001", Sending.UNSURE)


def test_a_clock_that_was_years_ahead_keeps_nothing_waiting(queue):
    """What was put off by a wrong clock is due within the longest wait there is."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.defer(claim, now=T0, until=T0 + 24 * 365 * 9 * HOUR, reason=say("busy"))

    queue.sweep(now=T0, ceiling=HOUR)

    assert queue.next_due(Lane.PUSH) == T0 + HOUR


def test_the_queue_knows_which_packages_it_names(queue):
    """What nothing names may be swept; what waits, went out or came in may not."""
    queue.outgoing.add(a_new_document(content=b"ours"), now=T0)
    assert queue.names_package(stored(b"ours").digest)
    assert not queue.names_package(stored(b"nobody's").digest)


def confirm(queue, receiver):
    item = ItemId("o000000001")
    assert queue.outgoing.happened(item, receiver, SendingEvent.CONFIRMED, now=T0)


def test_one_claim_in_ten_goes_to_what_has_been_due_longest(queue):
    """The urgent ones go first, yet an ordinary letter leaves however many of them come."""
    queue.outgoing.add(a_new_document("ordinary"), now=T0)
    for number in range(30):
        urgent = a_new_document(f"urgent-{number:02}", document=a_document(priority=3))
        queue.outgoing.add(urgent, now=T0 + number * MINUTE)
    order = [a_claim(queue, T0 + HOUR)[1].item for _ in range(12)]
    assert order.index("ordinary") == 9
    assert order[:3] == ["urgent-00", "urgent-01", "urgent-02"]


def test_what_a_lane_had_in_hand_is_freed_for_itself_alone(queue):
    """Its claims end at once, those of other lanes stand, and a crash is counted if it was one."""
    queue.outgoing.add(a_new_document(), now=T0)
    lost, _ = a_claim(queue)
    queue.let_go([Lane.REPORT, Lane.DELIVER], counts=False, crashes=3)
    assert queue.outgoing.claim(MessageType.DOCUMENT, now=T0, lease=MINUTE) is None

    queue.let_go([Lane.PUSH], counts=False, crashes=3)
    with pytest.raises(LeaseLost):
        queue.outgoing.settle(lost, SendingEvent.ACCEPTED, now=T0, axis_id=AxisId("axis-1"))
    for times in range(3):
        assert queue.trials.suspects() == [], times
        _, envelope = a_claim(queue)
        assert envelope.state is Sending.UNSURE  # it may have been sent: the axis is asked
        queue.let_go([Lane.PUSH], counts=True, crashes=3)
    assert len(queue.trials.suspects()) == 1
