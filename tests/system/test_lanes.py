"""How a lane treats a flow that cannot work: it waits, says so once, and then tries in earnest."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from builders import T0
from system_world import until

from edge_node.daemon.lanes import Lane, Turned
from edge_node.domain.errors import AxisUnreachable, DiskTrouble, LeaseLost
from edge_node.domain.message import say

NO_AXIS = AxisUnreachable(say("cannot reach the axis"))
NO_DISK = DiskTrouble(say("no room left"))


@dataclass
class Looking:
    """A flow that, like `Pull`, does nothing until it is rung; ``weather`` is what it meets."""

    weather: list = field(default_factory=list)
    rests: list = field(default_factory=list)
    turns: int = 0
    rung: bool = True

    def wake(self):
        """Look again with the next turn."""
        self.rung = True

    def turn(self, now):  # noqa: ARG002 - as a flow is turned
        """Look once, and meet the next weather."""
        if not self.rung:
            return False
        self.rung = False
        self.turns += 1
        met = self.weather.pop(0) if self.weather else False
        if isinstance(met, Exception):
            raise met
        return met

    def rest(self, now):  # noqa: ARG002 - likewise
        """Tell how long nothing has to be done."""
        met = self.rests.pop(0) if self.rests else None
        if isinstance(met, Exception):
            raise met
        return met


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, "edge_node.daemon")
    return lambda: [record.message for record in caplog.records]


def test_an_outage_pauses_longer_each_time_and_is_said_once(said):
    """5 s, 10 s, 20 s … up to five minutes; meanwhile nothing is asked of the flow."""
    flow = Looking([NO_AXIS] * 9)
    turned = Turned(flow)
    at, pauses = 0.0, []
    for _ in range(9):
        assert not turned.turn(T0, at)
        pauses.append(turned.rest(T0, at))
        assert not turned.turn(T0, at + pauses[-1] - 0.1)
        at += pauses[-1]
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert flow.turns == 9
    assert said() == ["paused"]


def test_after_a_pause_the_flow_looks_again_though_nobody_rings(said):
    """What could not be done when the bell rang is done then, and only then it goes on."""
    flow = Looking([NO_AXIS, NO_AXIS])
    turned = Turned(flow)
    turned.turn(T0, 0.0)
    turned.turn(T0, 5.0)
    assert (flow.turns, said()) == (2, ["paused"])
    turned.turn(T0, 15.0)
    assert (flow.turns, said()) == (3, ["paused", "goes on"])
    assert turned.rest(T0, 15.0) == 60


def test_another_outage_is_another_thing_to_say(said):
    """A reason that changes is told; so is the same one after it was over."""
    turned = Turned(Looking([NO_AXIS, NO_DISK, False, NO_AXIS]))
    for at in (0.0, 5.0, 15.0):
        turned.turn(T0, at)
    turned.flow.wake()
    turned.turn(T0, 16.0)
    assert said() == ["paused", "paused", "goes on", "paused"]
    assert turned.rest(T0, 16.0) == 5


def test_a_mistake_of_ours_pauses_one_flow_and_tells_where(said, caplog):
    """The traceback goes to the log, the others turn on."""
    turned = Turned(Looking([ZeroDivisionError("ours")]))
    assert not turned.turn(T0, 0.0)
    assert said() == ["paused by something unforeseen"]
    assert caplog.records[0].exc_info
    assert turned.rest(T0, 1.0) == 4


def test_a_disk_that_fails_speaks_our_words(said, caplog):
    """An OSError no adapter has caught is an outage like any other."""
    turned = Turned(Looking([OSError(28, "No space left on device", "/srv/a")]))
    assert not turned.turn(T0, 0.0)
    assert said() == ["paused"]
    assert caplog.records[0].error.startswith("no room left for /srv/a")


def test_what_is_cut_off_at_the_end_is_no_error(said, caplog):
    """Whoever waits for the axis has its connection closed then: a stop alarms nobody."""
    turned = Turned(Looking([NO_DISK, NO_AXIS]))
    turned.ending.set()
    assert not turned.turn(T0, 0.0)
    assert said() == ["cut off at the end"]
    assert caplog.records[0].levelno == logging.INFO


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lane_whose_thread_has_gone_is_dead_unless_it_was_told_to_end():
    """Even what nobody catches is found out about."""
    lane = Lane(name="a", flows=[Looking()], clock=lambda: T0)
    assert not lane.is_dead
    lane.start()
    assert not lane.is_dead
    lane.stop()
    assert lane.join(timedelta(seconds=5))
    assert not lane.is_dead
    fallen = Lane(name="b", flows=[Looking()], clock=sys.exit)
    fallen.start()
    assert fallen.join(timedelta(seconds=5))
    assert fallen.is_dead


def test_a_lost_lease_is_no_outage(said):
    """Somebody else settled it: on to the next at once."""
    turned = Turned(Looking([LeaseLost(say("settled"))]))
    assert turned.turn(T0, 0.0)
    assert said() == ["lease lost"]
    assert turned.rest(T0, 0.0) == 60


def test_a_lane_outlives_a_queue_that_cannot_be_asked(said):
    """Even the question how long to rest may fail; the thread goes on all the same."""
    flow = Looking([], rests=[NO_DISK])
    other = Looking([True, True])
    lane = Lane(name="a", flows=[flow, other], clock=lambda: T0)
    lane.start()
    try:
        until(lambda: said() == ["paused"])
        lane.ring()
        until(lambda: other.turns)
    finally:
        lane.stop()
        assert lane.join(timedelta(seconds=5))
