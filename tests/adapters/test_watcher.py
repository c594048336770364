import queue
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyFD
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

from edge_node.adapters.watcher import Watcher

SOON = 20.0  # seconds an event may take on a busy machine; it usually takes a millisecond


@contextmanager
def watching(*folders, polling=False):
    """Watch the folders; gives the watcher and the queue it rings in."""
    rung = queue.Queue()
    watcher = Watcher(folders, rung.put, polling=polling)
    watcher.start()
    try:
        yield watcher, rung
    finally:
        watcher.stop()


def heard(rung, folder):
    """Wait for the bell of this folder, then let it ring out."""
    while rung.get(timeout=SOON) != folder:
        pass
    return True


@pytest.fixture
def outbox(tmp_path):
    (tmp_path / "outbox").mkdir()
    return tmp_path / "outbox"


def test_a_written_file_rings(outbox):
    """So the scan need not wait for its turn."""
    with watching(outbox) as (watcher, rung):
        (outbox / "a.json").write_bytes(b"{}")
        assert heard(rung, outbox)
        assert watcher.alive


def test_a_file_renamed_in_from_outside_rings(outbox):
    """It is never closed here: only its arrival is told."""
    (outbox.parent / "a.json").write_bytes(b"{}")
    with watching(outbox) as (_, rung):
        (outbox.parent / "a.json").rename(outbox / "a.json")
        assert heard(rung, outbox)


def test_a_folder_renamed_in_rings_and_so_does_what_is_written_into_it(outbox):
    """A bundle may arrive whole or grow in its place."""
    (outbox.parent / "12").mkdir()
    with watching(outbox) as (_, rung):
        (outbox.parent / "12").rename(outbox / "12")
        assert heard(rung, outbox)
        (outbox / "12" / "document.json").write_bytes(b"{}")
        assert heard(rung, outbox)


def test_the_bell_tells_which_folder(outbox, tmp_path):
    """Drops and statuses wake different flows."""
    statuses = tmp_path / "statuses"
    statuses.mkdir()
    with watching(outbox, statuses) as (_, rung):
        (statuses / "1.json").write_bytes(b"{}")
        assert rung.get(timeout=SOON) == statuses


def test_reading_does_not_ring(outbox):
    """Our own scans open files; they must not call for the next scan."""
    (outbox / "a.json").write_bytes(b"{}")
    with watching(outbox) as (_, rung):
        (outbox / "a.json").read_bytes()
        with pytest.raises(queue.Empty):
            rung.get(timeout=0.1)
        (outbox / "b.json").write_bytes(b"{}")  # it does hear
        assert heard(rung, outbox)


def test_a_folder_made_anew_is_watched_again_after_a_check(outbox):
    """Its events would stop for ever otherwise; what came meanwhile is rung for."""
    with watching(outbox) as (watcher, rung):
        outbox.rename(outbox.parent / "old")
        outbox.mkdir()
        assert not watcher.alive
        while not rung.empty():
            rung.get()

        assert watcher.check()
        assert heard(rung, outbox)
        (outbox / "a.json").write_bytes(b"{}")
        assert heard(rung, outbox)


def test_a_folder_that_is_missing_is_watched_once_it_is_there(outbox):
    """An unmounted share does not end the node, and is told by `alive`."""
    shutil.rmtree(outbox)
    with watching(outbox) as (watcher, rung):
        assert not watcher.alive
        assert not watcher.check()
        outbox.mkdir()
        assert watcher.check()
        assert heard(rung, outbox)


def test_a_check_of_a_healthy_watcher_changes_nothing(outbox):
    """It does not ring either."""
    with watching(outbox) as (watcher, rung):
        assert watcher.check()
        assert rung.empty()


def test_where_it_is_polled_nothing_is_watched(outbox):
    """Whoever scans does so by the clock; there is nothing that could die."""
    with watching(outbox, polling=True) as (watcher, rung):
        (outbox / "a.json").write_bytes(b"{}")
        assert watcher.alive
        assert watcher.check()
        assert rung.empty()


def silent(rung, seconds=0.2):
    """Tell whether nothing rings for so long."""
    with pytest.raises(queue.Empty):
        rung.get(timeout=seconds)
    return True


def test_what_is_done_in_a_folder_that_was_taken_does_not_ring(outbox):
    """We write our papers into it where it lies now; the outbox has nothing new for that."""
    (outbox.parent / "12").mkdir()
    with watching(outbox) as (_, rung):
        (outbox.parent / "12").rename(outbox / "12")
        assert heard(rung, outbox)
        (outbox / "12").rename(outbox.parent / "claimed")
        assert silent(rung)
        (outbox.parent / "claimed" / "status.json").write_bytes(b"{}")
        assert silent(rung)


def test_a_drop_right_after_another_was_taken_rings_at_once(outbox, monkeypatch):
    """What leaves holds nothing back: watchdog would keep the next events, here for too long."""
    monkeypatch.setattr(InotifyMoveEventGrouper, "delay", 2 * SOON)
    (outbox / "a.json").write_bytes(b"{}")
    with watching(outbox) as (_, rung):
        (outbox / "a.json").rename(outbox.parent / "a.json")
        (outbox / "b.json").write_bytes(b"{}")
        assert heard(rung, outbox)


def watches():
    """Count the kernel watches of this process."""
    notes = (path.read_text() for path in Path("/proc/self/fdinfo").iterdir() if path.exists())
    return sum(note.count("inotify wd:") for note in notes)


def test_folders_that_were_taken_are_not_watched_for_ever(outbox):
    """The kernel has so many watches for a user; a check lets those go and rings once."""
    with watching(outbox) as (watcher, rung):
        before = watches()
        for number in range(3):
            folder = outbox / str(number)
            folder.mkdir()
            assert heard(rung, outbox)
            folder.rename(outbox.parent / str(number))
        while not rung.empty():
            rung.get()

        assert watcher.check()
        assert heard(rung, outbox)
        assert watches() == before
        assert watcher.check()
        assert silent(rung)


def test_a_stopped_watcher_is_not_alive(outbox):
    """Stopping twice does no harm."""
    with watching(outbox) as (watcher, _):
        watcher.stop()
        assert not watcher.alive


def one_of_its_own(watcher):
    """Return the thread that turns a folder's events into rings."""
    (emitter,) = watcher._observer.emitters
    return emitter


def the_one_that_reads(_watcher):
    """Return the thread that reads what the kernel tells, for all folders of this process."""
    return InotifyFD.get_instance()


@pytest.mark.parametrize("which", [one_of_its_own, the_one_that_reads])
def test_a_watcher_whose_thread_has_died_is_begun_anew(outbox, which):
    """A check notices, rings for what came meanwhile, and hears what comes from then on."""
    with watching(outbox) as (watcher, rung):
        thread = which(watcher)
        thread.stop()
        thread.join()
        assert not watcher.alive
        (outbox / "a.json").write_bytes(b"{}")
        assert silent(rung)

        assert watcher.check()
        assert heard(rung, outbox)
        while not rung.empty():
            rung.get()
        (outbox / "b.json").write_bytes(b"{}")
        assert heard(rung, outbox)


def test_a_share_that_stays_away_is_said_once(outbox, caplog):
    """However often it is looked after; when it has come and gone again, it is said again."""
    with watching(outbox) as (watcher, _):
        for _ in range(2):
            outbox.rmdir()
            for _ in range(3):
                assert not watcher.check()
            outbox.mkdir()
            assert watcher.check()
    once = ["watching the folders anew", "folder cannot be watched"]
    assert caplog.messages == once * 2
