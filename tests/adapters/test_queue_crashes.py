"""What the node died over is counted by the leases it left, and tried alone after so many."""

from __future__ import annotations

import pytest
from builders import HOUR, MINUTE, T0, a_listed, a_new_document, stored
from claimants import another_process

from edge_node.adapters.queue import Queue
from edge_node.domain.envelope import Lane, MessageType
from edge_node.domain.errors import LeaseLost, NotAllowed
from edge_node.domain.item import ItemId
from edge_node.domain.message import say

LATER = T0 + HOUR


def arrive(queue, axis_id="axis-1"):
    item = queue.arriving.add(a_listed(axis_id), stored(), None, now=T0)
    queue.arriving.acknowledged(claim(queue, Lane.ACKNOWLEDGE), now=T0)
    return item


def claim(queue, lane=Lane.DELIVER, *, now=T0):
    claimed = queue.arriving.claim(lane, now=now, lease=MINUTE)
    return claimed and claimed[0]


def die(queue, *, crashes=3):
    """End as a node does that is killed, and start again."""
    queue.free_all(now=T0, ask_after=MINUTE, crashes=crashes)


def suspected(queue):
    return [(each.lane, each.item, each.crashes) for each in queue.trials.suspects()]


def only(queue, item):
    return Queue(queue.file.path, only=item)


def test_what_was_in_hand_so_often_is_left_to_a_trial(queue):
    """Three times the node ended while it was in hand: the lane passes it over from then on."""
    item = arrive(queue)
    for _ in range(2):
        assert claim(queue).item == item
        die(queue)
        assert suspected(queue) == []
    claim(queue)
    die(queue)
    assert suspected(queue) == [(Lane.DELIVER, item, 3)]

    other = arrive(queue, "axis-2")
    assert claim(queue).item == other
    assert claim(queue, now=LATER) is None
    assert queue.next_due(Lane.DELIVER) is None


def test_a_lease_that_lapses_counts_as_well(queue):
    """Whoever did not come back hung, or met something nobody foresaw."""
    item = arrive(queue)
    for hour in range(1, 4):
        claim(queue, now=T0 + hour * HOUR)
        with another_process(queue) as other:
            other.sweep(now=T0 + hour * HOUR + MINUTE, ceiling=HOUR, crashes=3)
    assert suspected(queue) == [(Lane.DELIVER, item, 3)]


def test_what_a_thread_of_ours_has_in_hand_never_lapses(queue):
    """A call that outlasts its lease, or a clock that leaps, makes no suspect of what is sent."""
    arrive(queue)
    in_hand = claim(queue)
    for hour in range(1, 5):
        queue.sweep(now=T0 + hour * HOUR, ceiling=HOUR, crashes=3)
    queue.arriving.defer(in_hand, until=T0 + 5 * HOUR, reason=say("not now"))
    assert suspected(queue) == []


def test_what_a_lane_lets_go_of_is_in_nobodys_hand(queue):
    """Whoever claims it next and dies is found out by the lease again."""
    item = arrive(queue)
    claim(queue)
    queue.let_go([Lane.DELIVER], counts=False, crashes=3)
    for hour in range(1, 4):
        with another_process(queue) as other:
            claim(other, now=T0 + hour * HOUR)
        queue.sweep(now=T0 + hour * HOUR + MINUTE, ceiling=HOUR, crashes=3)
    assert suspected(queue) == [(Lane.DELIVER, item, 3)]


def test_what_ends_in_good_order_counts_nothing(queue):
    """Given back, or put off: no crash, however often the node is started afterwards."""
    arrive(queue)
    for _ in range(9):
        queue.arriving.give_back(claim(queue))
        queue.arriving.defer(claim(queue), until=T0, reason=say("not now"))
        die(queue)
    assert suspected(queue) == []


def test_a_crash_is_not_taken_back_by_what_comes_between(queue):
    """
    An envelope is asked about after a crash, and put off; what kills us is that it is sent.

    Were its crashes forgotten then, it could kill us for ever.
    """
    queue.outgoing.add(a_new_document(), now=T0)
    for crash in range(1, 4):
        now = T0 + crash * HOUR
        queue.outgoing.claim(MessageType.DOCUMENT, now=now, lease=MINUTE)
        queue.free_all(now=now, ask_after=MINUTE, crashes=3)
        if crash < 3:
            asked, _ = queue.outgoing.claim(
                MessageType.DOCUMENT, now=now + 2 * MINUTE, lease=MINUTE
            )
            queue.outgoing.defer(asked, now=now, until=now, reason=say("not listed"))
    ((lane, _, crashes),) = suspected(queue)
    assert (lane, crashes) == (Lane.PUSH, 3)


def test_only_one_that_is_opened_for_it_claims_a_suspect(queue):
    """The child claims its item, suspected or not, and no other."""
    item, other = arrive(queue), arrive(queue, "axis-2")
    claim(queue)
    die(queue, crashes=1)

    assert claim(only(queue, item)).item == item
    assert claim(only(queue, item)) is None  # it is in hand
    assert claim(only(queue, other)).item == other


def test_what_a_dead_child_left_is_found_and_let_go(queue):
    """Its claim tells that it died at work; let go, it is tried again when that is due."""
    item = arrive(queue)
    claim(queue)
    die(queue, crashes=1)
    (suspect,) = queue.trials.suspects()
    assert queue.trials.left(suspect) is None

    mine = claim(only(queue, item))
    assert queue.trials.left(suspect) == mine
    assert queue.trials.suspects() == []

    queue.trials.let_go(suspect, due=LATER)
    assert queue.trials.left(suspect) is None
    assert [each.due for each in queue.trials.suspects()] == [LATER]
    with pytest.raises(LeaseLost):
        queue.arriving.quarantine(mine, say("too late"), now=T0, answer=True)


def test_what_is_released_is_tried_alone_and_the_axis_told_done(queue):
    """Nobody knows yet whether the node outlives it; what is not set aside is not released."""
    item = arrive(queue)
    with pytest.raises(NotAllowed):
        queue.arriving.release(item, now=T0)
    queue.arriving.quarantine(claim(queue), say("unreadable"), now=T0, answer=True)

    queue.arriving.release(item, now=T0)
    assert suspected(queue) == [(Lane.DELIVER, item, 0)]
    assert claim(queue, Lane.ACKNOWLEDGE).item == item
    assert claim(queue, Lane.ACKNOWLEDGE) is None
    with pytest.raises(NotAllowed):
        queue.arriving.release(item, now=T0)


def test_what_was_never_fetched_cannot_be_released(queue):
    """Its bytes are at the axis: it comes by itself once they are not too many."""
    item = queue.arriving.refuse(a_listed(), say("too large"), size=9, answer=True, now=T0)
    with pytest.raises(NotAllowed):
        queue.arriving.release(item, now=T0)


# ── drops ────────────────────────────────────────────────────────────────────────────────────

DROP = ItemId("o000000001")


def begin(queue, item=DROP):
    return queue.stranded.begin(item, now=T0, lease=MINUTE)


def enter(queue, *items):
    return queue.stranded.enter(items, now=T0)


def test_a_drop_found_in_the_claims_is_counted_before_it_is_touched(queue):
    """It was in hand when the node ended; after so many times it is left to a trial."""
    assert enter(queue, DROP) == [DROP]  # the first crash
    for _ in range(2):
        assert begin(queue)
        die(queue)
    assert enter(queue, DROP) == []
    assert suspected(queue) == [(Lane.INTAKE, DROP, 3)]
    assert begin(queue) is None
    assert begin(only(queue, DROP))


def test_a_drop_seen_through_is_forgotten(queue):
    """Nothing is left of it; what could not be seen through is begun again, and no crash."""
    enter(queue, DROP)
    queue.stranded.give_back(begin(queue))
    die(queue, crashes=2)
    queue.stranded.finish(begin(queue))
    assert suspected(queue) == []
    assert queue.next_due(Lane.INTAKE) is None


def test_a_drop_that_has_left_the_claims_is_forgotten_at_the_start(queue):
    """Filed, and cut off before that was entered."""
    enter(queue, DROP)
    assert enter(queue) == []
    assert queue.next_due(Lane.INTAKE) is None


def test_a_drop_left_by_trouble_in_this_life_is_taken_over(queue):
    """A disk that was full kept even the giving back from being written."""
    begin(queue)
    again = begin(queue)
    queue.stranded.finish(again)
