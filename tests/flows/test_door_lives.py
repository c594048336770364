"""The door and what another life of the node may have done: nobody is told of it twice."""

from __future__ import annotations

import pytest
from builders import T0
from door_world import incoming
from flows_world import keep_all, released
from signed_pdfs import a_pdf

from edge_node.domain.errors import NotAllowed
from edge_node.domain.recovery import HAD_BEFORE
from edge_node.domain.signing import DoorAction

DELIVER, WARN, QUARANTINE, REFUSE = DoorAction
UNSIGNED = ("a.pdf", a_pdf())


@pytest.fixture
def at_the_door(office, arrives):
    """Give what sets up an agency at whose door an unsigned document stands."""

    def at_the_door(action):
        desk = office(unsigned=action)
        desk.now = T0  # as the axis has it, which is asked what it was sent
        desk.node.prepare()
        arrives(desk, UNSIGNED)
        return desk

    return at_the_door


def hours(desk):
    for _ in range(3):
        desk.turn()
        desk.later(hours=1)


def let_in(desk, item):
    """Have a person release an item, and try it as its child does."""
    desk.queue.arriving.release(item, now=desk.now)
    released(desk, item)
    hours(desk)


def lose_queue(desk):
    """Lose the queue, of which there is no copy; rebuild it from the waybills."""
    desk.node.close()
    for path in desk.config.folders.data.glob("queue.db*"):
        path.unlink()
    desk._begin()
    desk.node.recover(offline=False)
    desk._begin()
    desk.node.prepare()


@pytest.mark.parametrize("told", [True, False], ids=["02 was sent", "02 was queued"])
def test_a_queue_that_is_rebuilt_returns_nothing_again(world, at_the_door, told):
    """Its waybill knows that it went back, and the word that was to be sent."""
    desk = at_the_door(REFUSE)
    desk.turn("deliver", *(["report"] if told else []))
    lose_queue(desk)
    hours(desk)

    assert world.statuses(desk.code) == ["02"]
    assert incoming(desk).state == "returned"
    with pytest.raises(NotAllowed):
        desk.queue.arriving.release(incoming(desk).id, now=desk.now)


def test_an_older_state_of_the_queue_returns_nothing_again(world, at_the_door):
    """It waits for a person; who releases it has it kept, not returned a second time."""
    desk = at_the_door(REFUSE)
    put_back = keep_all(desk)
    desk.restart()
    hours(desk)
    assert world.statuses(desk.code) == ["02"]

    put_back()
    desk.node.sends.adopt(now=desk.now)
    hours(desk)
    assert incoming(desk).state == "quarantined"
    let_in(desk, incoming(desk).id)
    assert incoming(desk).state == "quarantined"
    assert world.statuses(desk.code) == ["02"]

    let_in(desk, incoming(desk).id)
    assert incoming(desk).state == "delivered"


def test_an_older_state_says_that_what_it_kept_may_have_been_released_since(at_the_door):
    """A person who releases it a second time has been told what to look for first."""
    desk = at_the_door(QUARANTINE)
    desk.turn()
    put_back = keep_all(desk)
    desk.restart()
    assert str(incoming(desk).reason) == "a.pdf holds no signature"
    let_in(desk, incoming(desk).id)
    assert len(desk.inbox) == 1

    put_back()
    assert incoming(desk).state == "quarantined"
    assert str(incoming(desk).reason) == str(HAD_BEFORE)


def test_what_a_person_let_in_after_all_goes_back_no_second_time(world, at_the_door, arrives):
    """The axis hands it out again under another id while the first is about to be let in."""
    desk = at_the_door(REFUSE)
    hours(desk)
    first = incoming(desk).id
    desk.queue.arriving.release(first, now=desk.now, returned=True)
    arrives(desk, UNSIGNED)
    hours(desk)
    released(desk, first)
    hours(desk)

    assert world.statuses(desk.code) == ["02", "01"]
    assert len(desk.inbox) == 1
