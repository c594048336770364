"""The service manager is told that the node is well, and only while every lane turns."""

from __future__ import annotations

import logging
import shutil
import signal
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta

import needs
import pytest
from disk_image import disk_image, run
from notified import a_service_manager
from system_world import an_office, running, until

from edge_node.adapters.deaths import died
from edge_node.adapters.marks import Marks
from edge_node.adapters.pauses import Pauses
from edge_node.adapters.pulse import beat
from edge_node.config import load
from edge_node.daemon.board import Board
from edge_node.daemon.feeding import Feeding, Hanging, tell_how_it_ended
from edge_node.daemon.lanes import Lane
from edge_node.node import Node

SECOND = timedelta(seconds=1)
# The daemon as `run` starts it, in a hurry: it sees to itself five times a second, and believes
# nobody to be merely late.
HURRIED = """
import sys
from datetime import timedelta
from pathlib import Path
from edge_node.cli.logs import set_up_log
from edge_node.config import load
from edge_node.daemon import Daemon

file = Path(sys.argv[1])
set_up_log(load(file))
hurry = {"upkeep": timedelta(milliseconds=200), "longest_step": timedelta(), "grace": timedelta()}
Daemon(config_file=file, set_up_log=set_up_log, **hurry).run(load(file))
"""


def test_a_node_says_that_it_is_well_again_and_again(office):
    """As often as is asked for, from the start to the end."""
    with (
        a_service_manager() as (address, manager),
        office.running(NOTIFY_SOCKET=address, WATCHDOG_USEC="300000") as node,
    ):
        manager.hears("READY=1")
        manager.hears("WATCHDOG=1", times=5)
        node.signal(signal.SIGHUP)
        manager.hears("READY=1", times=2)
        manager.hears("WATCHDOG=1", times=manager.count("WATCHDOG=1") + 3)
        node.signal(signal.SIGTERM)
        assert node.ends(within=60) == 0


@pytest.mark.parametrize("told", [{}, {"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}])
def test_where_nobody_waits_for_a_word_none_is_said(office, told):
    """No watchdog, or one that is another's: one datagram when ready, one at the end."""
    with a_service_manager() as (address, manager):
        with office.running(NOTIFY_SOCKET=address, **told) as node:
            manager.hears("READY=1")
            node.says("running")
        manager.hears("STOPPING=1", within=0)
        assert manager.heard == ["READY=1", f"STATUS={office.code}", "STOPPING=1"]


class Clock:
    """Monotonic seconds, which pass when somebody says so."""

    now = 1000.0

    def __call__(self):
        """Tell them."""
        return self.now


def test_a_start_that_takes_long_asks_for_patience(monkeypatch):
    """As long as it gets on, every ten seconds; a short one says nothing. So does an end."""
    clock = Clock()
    with a_service_manager() as (address, manager):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        feeding = Feeding(within=3 * SECOND, monotonic=clock)
        for _ in range(4):
            feeding.beat()
            clock.now += 5
        assert manager.count("EXTEND_TIMEOUT_USEC=120000000") == 1
        feeding.turns({})
        feeding.beat()
        clock.now += 1
        feeding.beat()
        assert manager.count("WATCHDOG=1") == 2
        feeding.ends()
        feeding.beat()
        clock.now += 10
        feeding.beat()
        assert manager.count("EXTEND_TIMEOUT_USEC=120000000") == 2
        assert manager.count("WATCHDOG=1") == 2


class Stuck:
    """A flow that is in the middle of a step until it is let go; it can give a sign of life."""

    def __init__(self):
        """Begin nothing yet."""
        self.begun, self.go, self.sign, self.given = (threading.Event() for _ in range(4))

    def wake(self):
        """Remember nothing."""

    def turn(self, _now):
        """Wait."""
        self.begun.set()
        while not self.go.is_set():
            if self.sign.wait(0.01):
                self.sign.clear()
                beat()
                self.given.set()
        return False

    def rest(self, _now):
        """Know of nothing to come."""


@contextmanager
def a_lane(flow, **settings):
    """Turn a flow in a lane as long as the block lasts."""
    lane = Lane(name="deliver", flows=[flow], clock=lambda: None, **settings)
    lane.start()
    try:
        assert flow.begun.wait(60)
        yield lane
    finally:
        flow.go.set()
        lane.stop()
        assert lane.join(60 * SECOND)


def test_a_lane_that_hangs_keeps_the_service_manager_from_hearing_that_all_is_well(monkeypatch):
    """And one that comes back lets it; whoever has ended does not hang."""
    flow = Stuck()
    with a_service_manager() as (address, manager):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        feeding = Feeding(within=3 * SECOND)
        with a_lane(flow, longest_step=-3600, grace=0) as lane:
            until(lambda: lane.hangs)
            assert lane.at == "stuck"
            feeding.turns({"deliver": lane})
            assert manager.count("WATCHDOG=1") == 0
            flow.go.set()
            until(lambda: not lane.hangs)
            feeding.feed()
            assert manager.count("WATCHDOG=1") == 1
        feeding.feed()
        assert manager.count("WATCHDOG=1") == 2


def test_a_step_that_gets_on_does_not_hang():
    """Each sign of life counts anew."""
    flow = Stuck()
    with a_lane(flow, longest_step=0.2, grace=0) as lane:
        until(lambda: lane.hangs)
        lane.longest_step = 3600
        flow.sign.set()
        assert flow.given.wait(60)
        assert not lane.hangs


def test_a_lane_that_hangs_is_said_once_and_shown_until_it_goes_on(office, caplog):
    """Late in one look may be whoever was stopped with us; in two it hangs."""
    caplog.set_level(logging.INFO, "edge_node.daemon")
    node = Node(config=load(office.config))
    pauses, flow = Pauses(node.queue.file), Stuck()
    board = Board(pauses, clock=node.clock)
    with a_lane(flow, longest_step=-3600, grace=0) as lane:
        hanging = Hanging(node=node, lanes={"deliver": lane}, board=board, ended=True)
        hanging.look()
        assert caplog.messages == []
        hanging.look()
        hanging.look()
        assert caplog.messages == ["a lane hangs"]
        assert (caplog.records[0].lane, caplog.records[0].flow) == ("deliver", "stuck")
        [pause] = pauses.all()
        assert pause.what == "lane deliver"
        assert "nothing was heard of stuck for 0 minutes" in str(pause.reason)

        flow.go.set()
        until(lambda: not lane.hangs)
        hanging.look()
        assert caplog.messages[1:] == ["a lane goes on"]
        assert pauses.all() == []
        tell_how_it_ended(node)
        assert not died(Marks(node.queue.file))
    node.close()


def test_the_life_after_one_that_hung_says_so_and_tells_it_once(office, caplog):
    """A lane that hung when its node was ended has died: people are told of it."""
    node = Node(config=load(office.config))
    board, flow = Board(Pauses(node.queue.file), clock=node.clock), Stuck()
    with a_lane(flow, longest_step=-3600, grace=0) as lane:
        hanging = Hanging(node=node, lanes={"deliver": lane}, board=board, ended=True)
        hanging.look()
        hanging.look()
    caplog.clear()
    tell_how_it_ended(node)
    tell_how_it_ended(node)
    assert caplog.messages == ["the node was ended while a lane hung, and starts anew"]
    assert set(died(Marks(node.queue.file))) == {"deliver"}
    node.close()


@contextmanager
def frozen(folder):
    """Have the disk of a folder hold whoever writes there, for as long as the block lasts."""
    run("fsfreeze", "--freeze", folder)
    try:
        yield
    finally:
        run("fsfreeze", "--unfreeze", folder)


@contextmanager
def on_a_disk_of_its_own(office):
    """Let the exchange folder of an office lie on a disk that can be frozen."""
    needs.root()
    kept = office.exchange.rename(office.exchange.with_name("kept"))
    with disk_image(office.exchange, size="64M"):
        shutil.copytree(kept, office.exchange, symlinks=True, dirs_exist_ok=True)
        yield


def in_a_hurry(office):
    """Let no call, and so no step, of an office's node take long, on a disk that is small."""
    push = {"lease": "7s", "retry_first": "500ms", "unsure_after": "300ms"}
    office.configure(push=push, limits={"free_space": "1MB", "free_files": 100})
    words = office.config.read_text().replace(
        "axis:\n", "axis:\n  total_timeout: 3s\n  connect_timeout: 2s\n"
    )
    office.config.write_text(words)


def test_a_disk_that_hangs_ends_the_node_and_nothing_is_lost_or_doubled(tmp_path, axis):
    """
    The lane that writes there hangs in the kernel, where nothing of ours can let it go.

    The others go on, the lane is named, nobody says any more that all is well; the service manager
    ends the node, and the next one delivers what waits, once.
    """
    office, other = an_office(tmp_path, axis), an_office(tmp_path, axis)
    in_a_hurry(office)
    command = (sys.executable, "-c", HURRIED, office.config)
    with on_a_disk_of_its_own(office), a_service_manager() as (address, manager):
        told = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000"}
        with running(office.log, command=command, **told) as node:
            manager.hears("WATCHDOG=1", times=2)
            with frozen(office.exchange):
                first = other.drop(1, office)
                assert other.command("once").returncode == 0
                node.says("a lane hangs")
                heard = manager.count("WATCHDOG=1")
                [said] = [line for line in node.words.splitlines() if "a lane hangs" in line]
                assert "lane=deliver" in said
                assert "flow=deliver" in said
                second = other.drop(2, office)
                assert other.command("once").returncode == 0
                until(lambda: len(office.told("list", "--in", "--state", "acknowledged")) == 2)
                assert manager.count("WATCHDOG=1") == heard
                [standing] = office.told("status")
                assert "lane deliver" in str(standing)
                node.signal(signal.SIGABRT)  # as systemd does
            assert node.ends(within=60) == -signal.SIGABRT
            assert "Fatal Python error: Aborted" in node.words
        with office.running() as node:
            node.says("the node was ended while a lane hung")
            until(lambda: office.inbox() == sorted([first, second]))
