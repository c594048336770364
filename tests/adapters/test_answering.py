"""A share that does not answer keeps whoever asks for seconds, and not for ever."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from queue import SimpleQueue

import pytest
from silent_share import shared

from edge_node.adapters.answering import Answering
from edge_node.adapters.apart import Apart
from edge_node.adapters.backup import Backups
from edge_node.adapters.exchange import Exchange
from edge_node.adapters.headroom import Headroom, Marks
from edge_node.adapters.safekeeping import demand_not_lost
from edge_node.adapters.watcher import Watcher
from edge_node.adapters.waybills import Waybills
from edge_node.domain.errors import FolderMissing

AT = datetime(2026, 11, 21, tzinfo=UTC)
SOON = 0.2  # seconds


@pytest.fixture
def share(tmp_path):
    """Serve the folder `share`; give the server."""
    (tmp_path / "share").mkdir()
    with shared(tmp_path / "share") as served:
        yield served


def test_a_folder_that_does_not_answer_is_said_to_and_found_again(tmp_path, share):
    """Nobody waits in it but one thread, however often somebody asks."""
    answering = Answering(tmp_path / "share", patience=SOON)
    answering.demand()
    back = threading.Event()
    answering.tell(back.set)
    with share.silent():
        while not answering.is_silent:  # it is believed for a while
            answering.begin_look()
        for _ in range(3):
            with pytest.raises(FolderMissing, match="does not answer"):
                answering.demand()
        assert [each.name for each in threading.enumerate()].count("answering") == 1
        assert not back.is_set()
    assert back.wait(60)
    answering.demand()


def test_a_folder_that_is_not_there_answers(tmp_path):
    """What is wrong with it, whoever works in it says better."""
    Answering(tmp_path / "nowhere", patience=60).demand()


def test_whoever_works_in_a_silent_folder_is_told_before(tmp_path, share):
    """The exchange folder, the copies of the queue; what needs neither has room all the same."""
    folder = tmp_path / "share"
    answering = Answering(folder, patience=SOON)
    marks = Marks(space=0, files=0, memory=0)
    room = Headroom(data=tmp_path, exchange=folder, marks=marks, answers=answering.demand)
    copies, nowhere = Backups(folder, answering), tmp_path / "queue.db"
    with share.silent():
        room.for_new()
        for tries in (
            lambda: room.for_delivery(0),
            lambda: Exchange(folder, answering).check("H37.02"),
            lambda: copies.make(nowhere, keep=1, now=AT),
            lambda: copies.before_upgrade(nowhere, schema=1, now=AT),
            lambda: demand_not_lost(nowhere, copies, Waybills(tmp_path / "items")),
        ):
            with pytest.raises(FolderMissing, match="does not answer"):
                tries()


def test_a_silent_folder_keeps_nobody_from_being_heard_elsewhere(tmp_path, share):
    """The watch is begun and looked after apart; what was missed rings when it answers again."""
    (tmp_path / "bell").mkdir()
    rung, patience = SimpleQueue(), SOON
    folders = (tmp_path / "bell", tmp_path / "share")
    watcher = Watcher(folders, rung.put, polling=False, patience=patience)
    with ExitStack() as silence:
        silence.enter_context(share.silent())
        watcher.start()
        assert not watcher.check()
        (tmp_path / "bell" / "rung").touch()
        assert rung.get(timeout=60) == tmp_path / "bell"
        silence.close()
        while rung.get(timeout=60) != tmp_path / "share":
            pass
        while not watcher.check():
            pass
    watcher.stop()


def test_a_watch_is_ended_though_a_folder_is_silent(tmp_path, share):
    """Whoever hangs in there ends it when he is back."""
    watcher = Watcher((tmp_path / "share",), print, polling=False, patience=SOON)
    with share.silent():
        watcher.start()
        watcher.stop()
    while not watcher.settled:
        pass
    assert not watcher.alive


def test_what_is_read_apart_is_late_when_it_is(tmp_path):
    """As long as somebody is at it, and for longer than one waits; nobody waits for a begin."""
    go = threading.Event()
    apart = Apart(name=tmp_path.name, read=go.wait, patience=SOON)
    assert not apart.is_late
    apart.begin()
    assert not apart.settles()
    assert apart.is_late
    go.set()
    while apart.is_late:
        pass
    assert apart.settles()
    assert apart.fresh()
