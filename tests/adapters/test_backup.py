"""Copies of the queue: whole, known as copies, and never in anybody's way."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import threading
from contextlib import closing
from datetime import timedelta

import needs
import pytest
from builders import HOUR, MINUTE, T0, a_new_document

from edge_node.adapters.backup import Backups
from edge_node.adapters.pauses import Pauses
from edge_node.adapters.queue import Queue
from edge_node.adapters.safekeeping import Safekeeping
from edge_node.adapters.sends import Sends
from edge_node.adapters.waybills import Waybills
from edge_node.adapters.witness import Witness
from edge_node.domain.errors import DiskTrouble, QueueDamaged

DAY = timedelta(days=1)


@pytest.fixture
def backups(tmp_path):
    return Backups(tmp_path / "backups")


@pytest.fixture
def keeping(queue, backups, tmp_path):
    return Safekeeping(
        queue=queue,
        pauses=Pauses(queue.file),
        backups=backups,
        waybills=Waybills(tmp_path / "items"),
        every=DAY,
        keep=3,
    )


def make(backups, queue, *, now=T0, keep=3):
    return backups.make(queue.file.path, keep=keep, now=now)


def in_copy(path, sql):
    with closing(sqlite3.connect(path)) as copy:
        return copy.execute(sql).fetchall()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_has_everything_and_says_that_it_is_one(queue, backups):
    """What is in the WAL too; a node started on it knows that another state was worked on."""
    queue.outgoing.add(a_new_document(), now=T0)
    made = make(backups, queue)
    assert made.path.name == "queue-20261121-010000.db"
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert in_copy(made.path, "select id from documents") == [("o000000001",)]
    assert in_copy(made.path, "select value from marks where name = 'copy'") == [("yes",)]
    assert queue.marks.get("copy") is None
    assert names(backups.folder) == [made.path.name]


def test_old_copies_go_once_a_good_new_one_is_there(queue, backups):
    """As many are kept as the configuration says, the newest."""
    for hour in range(5):
        make(backups, queue, now=T0 + hour * HOUR)
    assert [backup.at for backup in backups.all()] == [T0 + hour * HOUR for hour in (4, 3, 2)]


def test_a_clock_that_was_set_back_makes_no_copy_older(queue, backups):
    """The last one made is the newest, and is kept."""
    make(backups, queue, now=T0 + DAY)
    queue.outgoing.add(a_new_document(), now=T0)
    made = make(backups, queue, keep=1)
    assert backups.all() == [made]
    assert made.path.name == "queue-20261121-010000.db"
    assert in_copy(made.path, "select id from documents") == [("o000000001",)]


def test_copies_of_a_clock_that_was_ahead_take_no_good_ones_place(queue, backups):
    """They are named after the one made before them, so that the names tell what is newer."""
    for number, ahead in enumerate((0 * DAY, 400 * DAY, 300 * DAY)):
        queue.outgoing.add(a_new_document(f"o{number:09}"), now=T0)
        make(backups, queue, now=T0 + ahead)
    made = make(backups, queue, now=T0 + DAY)
    assert names(backups.folder) == [
        "queue-20261121-010001.db",
        "queue-20261121-010002.db",
        "queue-20261122-010000.db",
    ]
    assert backups.newest_sound() == (made, [])
    counts = [in_copy(each.path, "select count(*) from documents")[0][0] for each in backups.all()]
    assert counts == [3, 3, 2]


def test_the_only_copies_of_a_clock_that_was_ahead_go_before_the_next(queue, backups):
    """Where none was made before them, too."""
    make(backups, queue, now=T0 + 400 * DAY)
    make(backups, queue, now=T0)
    assert names(backups.folder) == ["queue-20261121-005959.db", "queue-20261121-010000.db"]


def test_where_no_good_copy_can_be_made_the_old_ones_stay(queue, backups):
    """And nothing half-made beside them."""
    for hour in range(3):
        make(backups, queue, now=T0 + hour * HOUR)
    before = names(backups.folder)
    queue.close()
    size = queue.file.path.stat().st_size
    with queue.file.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with pytest.raises(QueueDamaged):
        make(backups, queue, now=T0 + DAY, keep=1)
    assert names(backups.folder) == before


def test_writers_go_on_while_a_copy_is_made(queue, backups):
    """The copy is one state of the queue, with all of a transaction or none of it."""
    for number in range(300):
        queue.outgoing.add(a_new_document(f"o{number:09}"), now=T0)
    ended = threading.Event()

    def write():
        number = 300
        while not ended.is_set():
            queue.outgoing.add(a_new_document(f"o{number:09}"), now=T0)
            number += 1
        queue.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [make(backups, queue, now=T0 + n * MINUTE).path for n in range(3)]
    finally:
        ended.set()
        writer.join()
    for path in copies:
        ((documents, fates),) = in_copy(
            path, "select (select count(*) from documents), (select count(*) from fates)"
        )
        assert documents == fates >= 300


def test_the_newest_sound_copy_is_found(queue, backups):
    """One that was damaged since is passed over, and named."""
    older = make(backups, queue)
    newer = make(backups, queue, now=T0 + HOUR)
    newer.path.write_bytes(b"\0" * 9999)
    found, unsound = backups.newest_sound()
    assert (found.path, unsound) == (older.path, [newer.path])


# -- by the clock ------------------------------------------------------------------------------


def test_a_copy_is_made_when_the_newest_is_too_old(keeping):
    """Not before; a clock that was set back counts as old."""
    assert keeping.back_up(T0)
    assert not keeping.back_up(T0 + DAY - MINUTE)
    assert keeping.back_up(T0 + DAY)
    assert keeping.back_up(T0 - DAY)


def test_a_clock_that_was_ahead_once_has_no_copy_made_at_each_look(keeping, backups):
    """One is due when it is put right, the next a day later; the good old ones are kept."""
    for day in range(2):
        assert keeping.back_up(T0 + day * DAY)
    assert keeping.back_up(T0 + 400 * DAY)
    now = T0 + DAY + HOUR
    assert [keeping.back_up(now + hour * HOUR) for hour in range(24)] == [True] + [False] * 23
    assert next(backup.at for backup in backups.all()) == now


def test_a_copy_that_fails_is_said_and_stops_nothing(keeping, backups, caplog):
    """It stands among the pauses until one succeeds."""
    backups.folder.write_text("no folder")
    with caplog.at_level(logging.ERROR):
        assert not keeping.back_up(T0)
    assert "no backup of the queue could be made" in caplog.text
    assert not keeping.back_up(T0 + HOUR)
    (pause,) = keeping.pauses.all()
    assert (pause.what, pause.since, pause.until) == ("backup", T0, T0 + 2 * HOUR)

    backups.folder.unlink()
    assert keeping.back_up(T0 + 2 * HOUR)
    assert keeping.pauses.all() == []


def test_a_damaged_queue_is_not_called_a_trouble_of_copies(keeping):
    """Whoever asked for the copy hears that the queue is damaged."""
    keeping.queue.close()
    keeping.queue.file.path.write_bytes(b"no database" * 999)
    with pytest.raises(QueueDamaged):
        keeping.back_up(T0)


def test_a_full_disk_is_a_trouble_of_copies(queue, tmp_path):
    """Nothing half-made stays on it, and the queue itself has nothing to do with it."""
    needs.root()
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
    try:
        with pytest.raises(DiskTrouble):
            make(Backups(disk / "backups"), queue)
        assert names(disk / "backups") == []
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
    queue.outgoing.add(a_new_document(), now=T0)


def test_no_waybill_goes_while_sending_is_paused(keeping, tmp_path):
    """The queue may be an older state of itself: what it does not know may be all there is."""
    Sends(keeping.queue.file, Witness(tmp_path / "witness")).pause(now=T0)
    keeping.waybills.create()
    kept = Queue(tmp_path / "newer.db", keeping.waybills)
    kept.outgoing.add(a_new_document(), now=T0)
    kept.close()
    written = max(path.stat().st_mtime for path in keeping.waybills.root.glob("*/*"))
    assert keeping.sweep(T0.fromtimestamp(written, T0.tzinfo) + DAY) == 0
    assert keeping.waybills.exist()


def test_a_waybill_goes_with_its_item_once_every_copy_is_younger(keeping, tmp_path):
    """Until then a rebuild may need it; as long as the item is there it stays."""
    waybills = keeping.waybills
    waybills.create()
    kept = Queue(tmp_path / "queue.db", waybills)
    kept.outgoing.add(a_new_document("o000000001"), now=T0)
    kept.outgoing.add(a_new_document("o000000002"), now=T0)
    with kept.file.transaction() as transaction:
        transaction.execute("delete from fates where item = 'o000000002'", {})
        transaction.execute("delete from envelopes where item = 'o000000002'", {})
        transaction.execute("delete from documents where id = 'o000000002'", {})
    kept.close()
    written = max(path.stat().st_mtime for path in waybills.root.glob("*/*"))
    a_day_later = T0.fromtimestamp(written, T0.tzinfo) + DAY

    make(keeping.backups, keeping.queue, now=a_day_later - 2 * DAY)
    assert keeping.sweep(a_day_later) == 0
    make(keeping.backups, keeping.queue, now=a_day_later, keep=1)
    assert keeping.sweep(a_day_later) == 1
    assert [path.name for path in waybills.root.glob("*/*")] == ["o000000001.json"]
