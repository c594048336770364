"""An exchange folder on a share whose server falls silent: everything else goes on."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from datetime import timedelta

from notified import a_service_manager
from silent_share import shared
from system_world import an_office, until

from edge_node.adapters.answering import Answering
from edge_node.adapters.pauses import Pauses
from edge_node.config import load
from edge_node.daemon.board import Board
from edge_node.daemon.feeding import Feeding
from edge_node.daemon.lanes import Lane
from edge_node.daemon.silent import Silent
from edge_node.node import Node

RUNNING = "running agency="
MINUTE = timedelta(minutes=1)


def acknowledged(office):
    """Return what an office's node has from the axis and has not delivered."""
    return office.told("list", "--in", "--state", "acknowledged")


def test_a_node_is_ready_and_ends_in_good_order_though_its_share_is_silent(tmp_path, axis):
    """What needs no folder is done meanwhile: documents are fetched and acknowledged."""
    office, other = an_office(tmp_path, axis), an_office(tmp_path, axis)
    with shared(office.exchange) as share, a_service_manager() as (address, manager):
        told = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000"}
        with share.silent(), office.running(**told) as node:
            manager.hears("READY=1")
            node.says("the exchange folder is away")
            other.drop(1, office)
            assert other.command("once").returncode == 0
            until(lambda: acknowledged(office))
            node.signal(signal.SIGHUP)  # what has to be read there first cannot be
            node.says("the new configuration is refused")
            manager.hears("WATCHDOG=1", times=manager.count("WATCHDOG=1") + 3)
            node.signal(signal.SIGTERM)
            assert node.ends(within=120) == 0


def test_a_node_that_began_beside_a_silent_share_goes_on_when_it_answers(tmp_path, axis):
    """By itself, both ways: nothing is lost, and nothing is there twice."""
    office, other = an_office(tmp_path, axis), an_office(tmp_path, axis)
    own = office.drop(1, other)
    with shared(office.exchange) as share, ExitStack() as silence:
        silence.enter_context(share.silent())
        with office.running() as node:
            node.says(RUNNING)
            document = other.drop(2, office)
            assert other.command("once").returncode == 0
            until(lambda: acknowledged(office))
            silence.close()
            until(lambda: office.inbox() == [document])
            until(lambda: office.told("list", "--out", "--state", "accepted"))
    assert other.command("once").returncode == 0
    assert other.inbox() == [own]


def test_a_share_that_falls_silent_ends_nobody_and_loses_nothing(tmp_path, axis):
    """Whoever is in the middle of a call waits; the service manager hears that all is well."""
    office, other = an_office(tmp_path, axis), an_office(tmp_path, axis)
    with shared(office.exchange) as share, a_service_manager() as (address, manager):
        told = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000"}
        with office.running(**told) as node:
            node.says(RUNNING)
            first = other.drop(1, office)
            assert other.command("once").returncode == 0
            until(lambda: office.inbox() == [first])
            with share.silent():
                second = other.drop(2, office)
                assert other.command("once").returncode == 0
                until(lambda: acknowledged(office))
                until(lambda: "does not answer" in node.words)
                [standing] = office.told("status")
                assert "does not answer" in str(standing)
                manager.hears("WATCHDOG=1", times=manager.count("WATCHDOG=1") + 5)
            until(lambda: office.inbox() == sorted([first, second]))
            assert node.words.count(RUNNING) == 1


class InTheFolder:
    """A flow that hangs in the exchange folder, and may hang elsewhere afterwards."""

    def __init__(self, folder):
        """Begin nothing yet."""
        self.folder = folder
        self.begun, self.back, self.go = (threading.Event() for _ in range(3))

    def wake(self):
        """Remember nothing."""

    def turn(self, _now):
        """Look into the folder, then wait for something else."""
        self.begun.set()
        list(self.folder.iterdir())
        self.back.set()
        self.go.wait()
        return False

    def rest(self, _now):
        """Know of nothing to come."""


def test_a_lane_that_hangs_is_waited_for_as_long_as_its_folder_is_silent(
    tmp_path, axis, monkeypatch, caplog
):
    """No other process would get on there. Whoever hangs while it answers is like any other."""
    office = an_office(tmp_path, axis)
    flow = InTheFolder(office.exchange)
    with shared(office.exchange) as share, a_service_manager() as (address, manager):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        node = Node(config=load(office.config))
        node.answering = Answering(office.exchange, patience=0.2)
        board = Board(Pauses(node.queue.file), clock=node.clock)
        named = {"clock": lambda: None, "longest_step": -3600, "grace": 0}
        lane = Lane(name="deliver", flows=[flow], in_exchange=True, **named)
        silent = Silent(node=node, lanes={"deliver": lane}, board=board)
        feeding = Feeding(within=MINUTE)
        feeding.turns({"deliver": lane}, silent.excuses)
        before = manager.count("WATCHDOG=1")
        with share.silent():
            lane.start()
            assert flow.begun.wait(60)
            until(lambda: lane.hangs)
            until(lambda: silent.excuses(lane))
            feeding.feed()
            assert manager.count("WATCHDOG=1") == before + 1
            lane.in_exchange = False
            assert not silent.excuses(lane)
            lane.in_exchange = True
            silent.look()
            silent.look()
            assert caplog.messages == ["the exchange folder does not answer"]
            [pause] = Pauses(node.queue.file).all()
            assert pause.what == "exchange"
        assert flow.back.wait(60)
        until(lambda: not silent.excuses(lane))
        silent.look()
        assert caplog.messages[1:] == ["the exchange folder answers again"]
        assert not Pauses(node.queue.file).all()
        assert lane.hangs
        feeding.feed()
        assert manager.count("WATCHDOG=1") == before + 1
        flow.go.set()
        lane.stop()
        assert lane.join(MINUTE)
        node.close()
