"""The clock a running node goes by: it goes on evenly, whatever is done to the machine's."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from edge_node.daemon.steady_clock import SteadyClock

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Machine:
    """A machine with a clock that can be set, and one that cannot."""

    def __init__(self):
        """Start at noon, seven seconds after the machine."""
        self.wall, self.since_boot = NOON.timestamp(), 7.0
        self.clock = SteadyClock(wall=lambda: self.wall, steady=lambda: self.since_boot)

    def later(self, seconds):
        """Let time pass."""
        self.wall += seconds
        self.since_boot += seconds


def jump(machine):
    """Return by how much its clock was set, and follow nothing."""
    with machine.clock.jump() as by:
        return by


def test_it_shows_the_time_and_goes_on_with_it():
    """As the machine's own does while nobody touches it."""
    machine = Machine()
    assert machine.clock() == NOON
    machine.later(90.5)
    assert machine.clock() == NOON + timedelta(seconds=90.5)
    assert jump(machine) == timedelta()


@pytest.mark.parametrize("hours", [2, -2])
def test_it_follows_a_jump_only_when_it_is_told_to(hours):
    """The queue is brought along first; until then nobody sees anything of it."""
    machine, by = Machine(), timedelta(hours=hours)
    machine.wall += by.total_seconds()
    for _ in range(2):
        assert jump(machine) == by
        assert machine.clock() == NOON
    machine.clock.follow(by)
    assert machine.clock() == NOON + by
    assert jump(machine) == timedelta()


@pytest.mark.parametrize("seconds", [2.5, -2.5])
def test_it_follows_small_corrections_in_small_steps(seconds):
    """Time servers make them all day; nobody has to be told."""
    machine = Machine()
    machine.wall += seconds
    shown = []
    for _ in range(4):
        assert jump(machine) == timedelta()
        shown.append((machine.clock() - NOON).total_seconds())
    way = 1 if seconds > 0 else -1
    assert shown == [way * 1.0, way * 2.0, way * 2.5, way * 2.5]


def test_a_minute_is_no_jump_yet_and_more_is():
    """A job of the schedule is late by no more than that."""
    machine = Machine()
    machine.wall += 60
    assert jump(machine) == timedelta()
    machine.wall += 2
    assert jump(machine) == timedelta(seconds=61)


def test_two_who_see_a_jump_at_once_follow_it_once():
    """The second waits until the first has followed, looks again, and finds nothing to follow."""
    machine, hour = Machine(), timedelta(hours=1)
    machine.wall += hour.total_seconds()
    looked, told = threading.Event(), []

    def second():
        with machine.clock.jump() as by:
            told.append(by)
            looked.set()
            machine.clock.follow(by)

    thread = threading.Thread(target=second)
    with machine.clock.jump() as by:
        thread.start()
        assert not looked.wait(0.1)
        machine.clock.follow(by)
    thread.join()
    assert (by, told) == (hour, [timedelta()])
    assert machine.clock() == NOON + hour


def test_by_default_it_is_the_time():
    """The machine's, that is."""
    assert abs(SteadyClock()() - datetime.now(UTC)) < timedelta(seconds=5)
