"""Somebody sets the clock of a node that is at work: nothing goes twice, none waits for ever."""

import pytest
from builders import HOUR
from flows_world import LETTER, a_sheet

NOTHING = {"status": "OK", "ErrorCode": "0", "ErrorDesc": "", "data": []}


@pytest.fixture
def silence(world, gate):
    """Have a document meet silence, and an axis that is still at it and lists nothing yet."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    gate.lost.add("sendEdoc")
    sender.drop("12", {"cv.pdf": LETTER.read_bytes()}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    gate.lost.clear()
    gate.said["getSentEdocList"] = NOTHING
    return sender


def set_clock(desk, by):
    """Set a desk's clock as a daemon sees it: together with the queue."""
    desk.node.upkeep(clock_set_by=by, follow=lambda by: setattr(desk, "now", desk.now + by))


def test_a_clock_set_forward_right_after_silence_sends_nothing_again(world, silence):
    """One second after it was sent it is one second old, and no hour."""
    silence.later(seconds=1)
    set_clock(silence, HOUR)
    silence.turn()
    silence.later(seconds=40)
    silence.turn()
    assert len(world.sends(silence.code)) == 1


def test_a_clock_set_back_after_silence_keeps_nobody_waiting(world, gate, silence):
    """The axis is asked when it would have been, and has it."""
    silence.later(seconds=1)
    set_clock(silence, -5 * HOUR)
    del gate.said["getSentEdocList"]
    silence.later(minutes=1)
    silence.turn()
    [document] = silence.ledger.outbound(limit=9)
    assert [fate.state for fate in document.fates] == ["accepted"]
    assert len(world.sends(silence.code)) == 1
