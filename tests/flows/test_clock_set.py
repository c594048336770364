"""Somebody sets the clock of a node that is at work: nothing goes twice, none waits for ever."""

from datetime import timedelta

import pytest
from builders import HOUR
from flows_world import LETTER, Meanwhile, a_sheet

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


def standing(desk):
    """Return how the only document stands at each of its receivers."""
    [document] = desk.ledger.outbound(limit=9)
    return [fate.state for fate in document.fates]


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
    assert standing(silence) == ["accepted"]
    assert len(world.sends(silence.code)) == 1


def sent_by_a_wrong_clock(world, gate, days, ended):
    """Have the axis take a document and nobody know; then set the clock right, and nobody runs."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    sender.now += timedelta(days=days)
    sender.drop("12", {"cv.pdf": LETTER.read_bytes()}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn("intake")
    if ended == "after silence":
        gate.lost.add("sendEdoc")
        sender.turn("push")
        gate.lost.clear()
    else:
        sender.cut_off("push", "axis", "send", after=True)
    sender.now -= timedelta(days=days)
    return sender


@pytest.mark.parametrize("days", [400, 31, 2, -2, -31], ids="{} days ahead".format)
@pytest.mark.parametrize("down", ["seconds", "days"])
@pytest.mark.parametrize("ended", ["after silence", "while it was being sent"])
def test_a_clock_set_right_while_the_node_was_down_sends_nothing_again(
    world, gate, days, down, ended
):
    """However wrong it was when the document left: what the axis lists is found, and soon."""
    sender = sent_by_a_wrong_clock(world, gate, days, ended)
    if down == "days":
        sender.later(days=5)
    sender.restart()
    sender.later(minutes=31)  # `push.retry_ceiling`, at most
    sender.turn()
    assert standing(sender) == ["accepted"]
    assert len(world.sends(sender.code)) == 1


@pytest.mark.parametrize("days", [31, -31])
@pytest.mark.parametrize("ended", ["after silence", "while it was being sent"])
def test_between_two_lives_no_clock_tells_how_long_ago_it_was_tried(world, gate, days, ended):
    """The axis may be at it still: it has its two minutes from the start, and no month."""
    sender = sent_by_a_wrong_clock(world, gate, days, ended)
    gate.said["getSentEdocList"] = NOTHING
    sender.restart()
    sender.turn()
    sender.later(minutes=1)
    sender.turn()
    assert len(world.sends(sender.code)) == 1
    for _ in range(2):
        sender.later(minutes=31)  # `push.retry_ceiling`, at most
        sender.turn("push")
    assert len(world.sends(sender.code)) == 2


def test_a_clock_set_while_silence_is_entered_has_it_tried_just_now(world, gate):
    """By the moment read just before it would be an hour ago, and believed lost."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    gate.lost.add("sendEdoc")
    gate.said["getSentEdocList"] = NOTHING
    sender.drop("12", {"cv.pdf": LETTER.read_bytes()}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn("intake")
    push = sender.flows["push"]
    push.queue = Meanwhile(push.queue, "unanswered", lambda: set_clock(sender, HOUR))
    sender.turn("push")
    assert standing(sender) == ["unsure"]
    assert len(world.sends(sender.code)) == 1


def test_a_clock_set_while_the_axis_is_asked_makes_nothing_older(silence):
    """The turn began by the time of before, when it was five hours later."""
    silence.later(minutes=1)
    asking = silence.flows["push"].asking
    asking.queue = Meanwhile(asking.queue, "trail", lambda: set_clock(silence, -5 * HOUR))
    silence.turn("push")
    assert standing(silence) == ["unsure"]


def test_what_another_life_sent_is_no_older_for_a_clock_that_is_set_in_this_one(world, silence):
    """The two minutes from the start are two minutes."""
    silence.restart()
    set_clock(silence, 5 * HOUR)
    silence.later(minutes=1)
    silence.turn("push")
    assert standing(silence) == ["unsure"]
    silence.later(minutes=1)
    silence.turn("push")
    assert len(world.sends(silence.code)) == 2
