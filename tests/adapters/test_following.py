"""What happens is followed from where one began: each try, and how long each document took."""

from __future__ import annotations

import pytest
from builders import HOUR, MINUTE, T0, a_document, a_listed, a_new_document, a_status, stored

from edge_node.adapters import following as module
from edge_node.adapters.following import Following, Span, Took
from edge_node.domain.envelope import AxisId, Lane, MessageType
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say


@pytest.fixture
def following(queue):
    return Following(queue.file)


def taken_in(queue, item="o000000001", number="12"):
    new = a_new_document(item, document=a_document(number), content=number.encode())
    queue.outgoing.add(new, now=T0)


def accepted(queue, *, at):
    """Have the axis take what is due."""
    claim, _ = queue.outgoing.claim(MessageType.DOCUMENT, now=at, lease=MINUTE)
    queue.outgoing.settle(claim, SendingEvent.ACCEPTED, now=at, axis_id=AxisId(claim.item))


def heard(queue, axis_id, *, at, number="12", status="01", **words):
    """Have the receiver say something of a document."""
    listed = a_listed(axis_id, message=MessageType.STATUS)
    queue.arriving.add(listed, stored(), b"<x/>", now=at)
    claim, _ = queue.arriving.claim(Lane.ACKNOWLEDGE, now=at, lease=MINUTE)
    queue.arriving.acknowledged(claim, now=at)
    claim, _ = queue.arriving.claim(Lane.APPLY, now=at, lease=MINUTE)
    message = a_status(status, about=a_document(number), at=at, **words)
    assert queue.arriving.applied(claim, message, now=at)


def test_a_document_is_timed_from_the_drop_to_the_axis_and_to_its_receiver(queue, following):
    """Taken in, with the axis two minutes later, arrived an hour after that, each told once."""
    taken_in(queue)
    accepted(queue, at=T0 + 2 * MINUTE)
    assert list(following.took()) == [Took(span=Span.TO_AXIS, seconds=120)]
    heard(queue, "s-1", at=T0 + 2 * MINUTE + HOUR)
    assert list(following.took()) == [
        Took(span=Span.TO_ARRIVAL, seconds=3600),
        Took(span=Span.WHOLE, seconds=3720),
    ]
    heard(queue, "s-2", at=T0 + 2 * HOUR, status="03")
    heard(queue, "s-3", at=T0 + 3 * HOUR, note="again")
    assert list(following.took()) == []


def test_only_what_comes_later_is_told(queue):
    """Who begins to follow is told nothing of what was before."""
    taken_in(queue)
    accepted(queue, at=T0 + MINUTE)
    following = Following(queue.file)
    assert list(following.took()) == []
    assert list(following.outcomes()) == []
    taken_in(queue, "o000000002", "13")
    accepted(queue, at=T0 + 2 * MINUTE)
    assert [took.seconds for took in following.took()] == [120]
    assert list(following.outcomes()) == ["accepted"]


def test_each_try_to_send_is_told_as_the_queue_calls_its_end(queue, following):
    """Put off, then taken."""
    taken_in(queue)
    claim, _ = queue.outgoing.claim(MessageType.DOCUMENT, now=T0, lease=MINUTE)
    queue.outgoing.defer(claim, now=T0, until=T0 + MINUTE, reason=say("the axis is busy"))
    accepted(queue, at=T0 + HOUR)
    assert list(following.outcomes()) == ["deferred", "accepted"]


def test_nothing_is_missed_however_much_came(queue, following, monkeypatch):
    """What does not fit into one reading, or into one answer, is in the next."""
    for number in range(10, 27):
        taken_in(queue, f"o0000000{number}", str(number))
    for _ in range(17):
        accepted(queue, at=T0 + MINUTE)
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    monkeypatch.setattr(module, "_ROUNDS", 3)
    rounds = [len(list(following.outcomes())) for _ in range(4)]
    assert rounds == [6, 6, 5, 0]
    assert sum(len(list(following.took())) for _ in range(20)) == 17
