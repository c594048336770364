"""How long a drop may lie claimed before `queued/` tells of it."""

from dataclasses import replace

import pytest
from builders import SECOND
from flows_world import DAY, LETTER, a_sheet, names


@pytest.fixture
def sender(world, gate):
    """Return a desk that gives the axis two seconds to accept what was dropped."""
    desk = world.desk(url=gate.url)
    desk.flows["file"] = replace(desk.flows["file"], grace=2 * SECOND)
    return desk


def take_in(sender, receiver):
    sender.drop("12", {"cv.pdf": LETTER.read_bytes()}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn("intake")


def test_a_drop_the_axis_accepts_at_once_goes_straight_to_sent(world, sender):
    """It is not moved about twice for a moment nobody sees."""
    take_in(sender, world.desk())
    sender.turn("file")
    assert names(sender.exchange / "queued") == []

    sender.turn()
    assert names(sender.exchange / "queued") == []
    assert names(sender.exchange / f"sent/{DAY}") == ["12"]


def test_a_drop_that_waits_is_shown_in_queued_after_the_grace(world, sender, gate):
    """The flow knows by itself when; then it rests until something changes."""
    gate.shut()
    take_in(sender, world.desk())
    file = sender.flows["file"]
    assert not file.turn(sender.now)
    sender.later(seconds=0.5)
    assert file.rest(sender.now) == 1.5 * SECOND

    sender.later(seconds=1.5)
    assert file.turn(sender.now)
    assert names(sender.exchange / "queued") == ["12"]
    assert not file.turn(sender.now)
    assert file.rest(sender.now) is None
