"""A queue that is sick, held, full or on the wrong disk: what is said, and what stays."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from datetime import timedelta

import needs
import pytest
from builders import T0, a_new_document

from edge_node.adapters import mounts
from edge_node.adapters.database import QueueFile
from edge_node.adapters.queue import Queue
from edge_node.adapters.soundness import demand_sound
from edge_node.domain.errors import ConfigError, DiskTrouble, QueueDamaged, QueueHeld

PAGE = 4096


@pytest.fixture
def path(tmp_path):
    """Return a queue of thirty documents, closed and folded into one file."""
    queue = Queue(tmp_path / "queue.db")
    for number in range(30):
        queue.outgoing.add(a_new_document(f"o{number:09}"), now=T0)
    queue.close()
    return tmp_path / "queue.db"


def overwrite(path, content, *, at):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def later_pages(path):
    overwrite(path, b"\xff" * (path.stat().st_size - PAGE), at=PAGE)


def no_database(path):
    overwrite(path, b"<html>not a database</html>", at=0)


def cut_short(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def emptied(path):
    path.write_bytes(b"")


def somebody_elses(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table songs (title)")


@pytest.mark.parametrize("harm", [later_pages, no_database, cut_short, emptied, somebody_elses])
def test_a_file_that_is_no_sound_queue_is_found_out(path, harm):
    """The words name the file, and the command that mends it; nothing is written into it."""
    demand_sound(path)
    harm(path)
    before = path.read_bytes()
    with pytest.raises(QueueDamaged, match=str(path)) as caught:
        demand_sound(path)
    assert "edge-node recover" in str(caught.value.hint)
    assert path.read_bytes() == before


def test_a_large_file_is_looked_through_quickly(path):
    """The quick check finds a broken page as well."""
    demand_sound(path, quick_above=1)
    later_pages(path)
    with pytest.raises(QueueDamaged):
        demand_sound(path, quick_above=1)


def test_what_is_only_in_the_wal_counts(path):
    """What was cut off is looked at as it is: its WAL is not folded in by looking."""
    queue = Queue(path)
    queue.outgoing.add(a_new_document("o000000099"), now=T0)
    left = path.with_name("left")
    left.mkdir()
    for name in ("queue.db", "queue.db-wal"):
        shutil.copy(path.with_name(name), left)
    queue.close()
    before = [(left / name).read_bytes() for name in ("queue.db", "queue.db-wal")]
    demand_sound(left / "queue.db")
    assert [(left / name).read_bytes() for name in ("queue.db", "queue.db-wal")] == before

    cut_short(left / "queue.db")
    with pytest.raises(QueueDamaged):
        demand_sound(left / "queue.db")


def test_a_queue_found_damaged_is_not_touched_again(path):
    """Whatever finds the damage first, nothing more is read from the file or written into it."""
    file = QueueFile(path)
    overwrite(path, b"\xff" * (path.stat().st_size - PAGE), at=PAGE)
    with closing(file):
        file.demand_unharmed()
        with pytest.raises(QueueDamaged), file.transaction() as transaction:
            transaction.rows("select * from documents order by subject", {})
        with pytest.raises(QueueDamaged):
            file.demand_unharmed()
        with pytest.raises(QueueDamaged):
            file.rows("select 1")


@pytest.mark.parametrize("harm", [no_database, later_pages])
def test_opening_a_damaged_file_says_what_to_do(path, harm):
    """A command that meets it says the same as the daemon."""
    harm(path)
    with pytest.raises(QueueDamaged) as caught, closing(QueueFile(path)) as file:
        file.rows("select * from documents, events order by subject, note")
    assert "edge-node recover" in str(caught.value.hint)


# -- where it may lie --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "fuse.sshfs", "ceph", "9p"])
def test_a_share_cannot_hold_the_queue(tmp_path, kind):
    """WAL needs memory both sides see: on somebody else's disk it loses what was committed."""
    table = tmp_path / "mountinfo"
    table.write_text(f"36 35 0:50 / / rw,relatime - {kind} server:/srv rw\n")
    with pytest.raises(ConfigError, match=f"{kind} belongs to another machine") as caught:
        QueueFile(tmp_path / "queue.db", mountinfo=table)
    assert "the exchange folder may be a share" in str(caught.value.hint)
    assert not (tmp_path / "queue.db").exists()


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "fuse.fuse-overlayfs"]
)
def test_a_disk_of_this_machine_can(tmp_path, kind):
    """Containers and memory count as that."""
    table = tmp_path / "mountinfo"
    table.write_text(f"36 35 0:50 / / rw,relatime - {kind} /dev/x rw\n")
    assert mounts.foreign_filesystem(tmp_path, mountinfo=table) is None


def test_where_nobody_can_tell_the_queue_is_let_be(tmp_path):
    """A machine without /proc is no reason to refuse."""
    assert mounts.foreign_filesystem(tmp_path, mountinfo=tmp_path / "nowhere") is None


# -- others who write --------------------------------------------------------------------------

HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("begin immediate")
print("held", flush=True)
sys.stdin.readline()
other.rollback()
other.close()
"""


@contextmanager
def held_by_another_process(path):
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        yield
        holder.stdin.write("\n")


def test_who_is_told_that_the_queue_is_held_has_written_nothing(path):
    """And who is told that it is done finds it done, from any process."""
    file = QueueFile(path, busy=timedelta(milliseconds=50))

    def add(item):
        with file.transaction() as transaction:
            transaction.insert("work", {"lane": "push", "item": item, "due": 0})

    with held_by_another_process(path), pytest.raises(QueueHeld):
        add("e1")
    assert file.rows("select item from work where item in ('e1', 'e2')") == []
    add("e2")
    with closing(sqlite3.connect(path)) as other:
        found = other.execute("select item from work where item in ('e1', 'e2')").fetchall()
    assert found == [("e2",)]
    file.close()


# -- a disk that is full -----------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """Return a file system of one megabyte, as long as the test lasts."""
    needs.root()
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk):
    """Take what is left on a disk, to the last byte."""
    with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 512)


def until_it_is_full(queue):
    """Add documents as long as that goes: a little room is left within the files."""
    for number in range(2, 1000):
        try:
            queue.outgoing.add(a_new_document(f"o{number:09}"), now=T0)
        except DiskTrouble:
            return number - 2
    raise AssertionError


def test_a_full_disk_leaves_what_was_committed_and_the_queue_goes_on(small_disk):
    """Nothing of what could not be written is there; with room again all is well, unopened."""
    queue = Queue(small_disk / "queue.db")
    queue.outgoing.add(a_new_document("o000000001"), now=T0)
    fill(small_disk)
    added = 1 + until_it_is_full(queue)
    assert queue.file.row("select count(*) as n from documents") == {"n": added}
    assert queue.file.row("select count(*) as n from fates") == {"n": added}

    (small_disk / "ballast").unlink()
    queue.outgoing.add(a_new_document("o999999999"), now=T0)
    queue.close()
    demand_sound(small_disk / "queue.db")
    with closing(sqlite3.connect(small_disk / "queue.db")) as fresh:
        assert fresh.execute("select count(*) from documents").fetchone() == (added + 1,)


def test_a_commit_that_fails_lets_go_of_the_lock(path):
    """Where the disk fails in that very moment, the next transaction is a new one."""
    file = QueueFile(path)

    def fail():
        with file.transaction() as transaction:
            transaction.execute("pragma defer_foreign_keys = on", {})
            fate = {"item": "none", "receiver": "H1", "name": "", "envelope": "none"}
            transaction.insert("fates", fate | {"state": "queued", "at": 0})

    with pytest.raises(sqlite3.IntegrityError):
        fail()  # only the commit looks
    with file.transaction() as transaction:
        transaction.insert("work", {"lane": "push", "item": "e2", "due": 2})
    assert file.rows("select * from fates where item = 'none'") == []
    file.close()
