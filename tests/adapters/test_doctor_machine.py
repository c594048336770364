"""What the doctor finds of the machine: locks, watching, other nodes, disks, the service."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from doctor_world import Paper
from tomorrow import tomorrow

from edge_node import __version__
from edge_node.adapters.file_locks import Holder, writers
from edge_node.adapters.history import note
from edge_node.adapters.inotify_use import inotify_use
from edge_node.adapters.other_nodes import OtherNode, daemons
from edge_node.adapters.queue import Queue
from edge_node.adapters.service_unit import to_start, unit_for, unit_of
from edge_node.checks.finding import Health
from edge_node.domain.item import ItemId

NOW = datetime.now(UTC)


@pytest.fixture
def node(tmp_path):
    return Paper(tmp_path)


def proc(folder, files):
    """Make a little /proc that says so."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


# ── clock ────────────────────────────────────────────────────────────────────────────────────────


def worked_at(node, *moments):
    """Enter that the node did something at each of these moments, one after the other."""
    queue = Queue(node.data / "queue.db")
    for moment in moments:
        with queue.file.transaction() as transaction:
            note(transaction, ItemId("o222222222"), "queued", now=moment)
    queue.close()


@pytest.mark.parametrize(
    ("offsets", "health"),
    [
        ((), Health.GOOD),
        ((-60, -2), Health.GOOD),
        ((-60, 4), Health.GOOD),  # clocks of two machines differ by as much
        ((-60, 6), Health.BAD),
        ((-60, -90, -80), Health.WARN),
    ],
)
def test_a_clock_that_went_back_is_found(node, offsets, health):
    """What has happened cannot be later than now, nor later than what happened after it."""
    worked_at(node, *(NOW + timedelta(minutes=minutes) for minutes in offsets))
    finding = node.finds("clock", now=NOW)["clock.back"]

    assert finding.health is health


def test_a_jump_of_last_month_is_nobodys_errand(node):
    """Else it would be told for ever."""
    long_ago = NOW - timedelta(days=30)
    worked_at(node, long_ago, long_ago - timedelta(hours=3), NOW - timedelta(minutes=1))

    assert node.finds("clock", now=NOW)["clock.back"].health is Health.GOOD


# ── the queue's file ─────────────────────────────────────────────────────────────────────────────


def test_whoever_keeps_the_queue_locked_is_named(node):
    """By its number and its program; the file is not even opened to find that out."""
    body = (
        "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('begin immediate'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", body, str(node.data / "queue.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"held\n"
        found = node.finds("database")["queue.lock"]
        other.stdin.close()

    assert found.health is Health.BAD
    assert found.measured["process"] == other.pid
    assert f"kill {other.pid}" in str(found.cure)
    assert node.finds("database")["queue.lock"].health is Health.GOOD


def test_readers_and_other_files_are_no_lock(tmp_path):
    """Only who may write, in SQLite's own places, on this very file."""
    database = tmp_path / "queue.db"
    database.touch()
    shared = tmp_path / "queue.db-shm"
    shared.touch()
    one, two = database.stat(), shared.stat()
    device = f"{os.major(one.st_dev):02x}:{os.minor(one.st_dev):02x}"
    lines = (
        f"1: POSIX  ADVISORY  READ 11 {device}:{two.st_ino} 120 120",
        f"2: POSIX  ADVISORY  WRITE 12 {device}:{two.st_ino} 121 121",  # a checkpoint
        f"3: POSIX  ADVISORY  WRITE 13 {device}:{two.st_ino} 120 120",
        f"3: -> POSIX  ADVISORY  WRITE 14 {device}:{two.st_ino} 120 120",
        f"4: FLOCK  ADVISORY  WRITE 15 {device}:{one.st_ino} 0 EOF",
        f"5: POSIX  ADVISORY  WRITE 16 {device}:{one.st_ino} 0 EOF",
        f"6: POSIX  ADVISORY  WRITE 17 ff:ff:{one.st_ino} 0 EOF",
    )
    shown = proc(tmp_path / "proc", {"locks": "\n".join(lines) + "\n", "13/comm": "backup\n"})

    assert writers(database, proc=shown) == {
        Holder(process=13, program="backup"),
        Holder(process=16),
    }


def test_a_queue_of_a_newer_version_is_found(node):
    """Somebody went back to an older package."""
    with sqlite3.connect(node.data / "queue.db") as connection:
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at)"
            " values ('edge_node', 'm0999_tomorrow', '')"
        )
    connection.close()

    finding = node.finds("database")["queue.schema"]
    assert finding.health is Health.BAD
    assert f"was written by edge-node {__version__}" in str(finding.why)
    assert "edge-node recover" in str(finding.cure)


def test_a_queue_of_an_older_version_is_found(node):
    """The package was installed, and nobody has started the node again."""
    with tomorrow():
        finding = node.finds("database")["queue.schema"]
    assert finding.health is Health.WARN
    assert "still that of an older version" in str(finding.why)


def test_a_directory_of_another_version_is_found(node):
    """The node fetches it anew when it starts."""
    with sqlite3.connect(node.data / "directory.db") as connection:
        connection.execute("pragma user_version = 99")
    connection.close()

    finding = node.finds("directory")["directory.file"]
    assert finding.health is Health.WARN
    assert "of another version" in str(finding.why)


def test_a_write_is_timed_and_leaves_nothing(node):
    """One fsync of a file without a name."""
    before = sorted(node.folder.rglob("*"))
    stamp = node.data.stat().st_mtime_ns
    finding = node.finds("database")["disk.fsync"]

    assert finding.measured["milliseconds"] > 0
    assert (sorted(node.folder.rglob("*")), node.data.stat().st_mtime_ns) == (before, stamp)


def test_data_in_memory_is_found(node):
    """A power cut takes all of it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        node.told["folders"]["data"] = memory
        finding = node.finds("database")["disk.fsync"]

    assert finding.health is Health.BAD


# ── watching, other nodes ────────────────────────────────────────────────────────────────────────


def test_what_is_in_use_of_inotify_is_counted(tmp_path):
    """Instances and watches of one account, beside what it may have."""
    shown = proc(
        tmp_path,
        {
            "11/fdinfo/5": "pos: 0\ninotify wd:1 ino:1\ninotify wd:2 ino:2\n",
            "11/fdinfo/6": "pos: 0\n",
            "sys/fs/inotify/max_user_instances": "128\n",
            "sys/fs/inotify/max_user_watches": "8192\n",
        },
    )
    (shown / "11/fd").mkdir()
    for name, target in (("5", "anon_inode:inotify"), ("6", "anon_inode:inotify"), ("7", "x")):
        (shown / "11/fd" / name).symlink_to(target)
    use = inotify_use(os.getuid(), proc=shown)

    assert (use.instances, use.watches) == (2, 2)
    assert (use.most_instances, use.most_watches, use.most_queued) == (128, 8192, None)
    assert inotify_use(4_000_001, proc=shown).instances == 0


def test_a_node_that_polls_needs_no_watching(node):
    """Nor can it lack anything."""
    node.told["intake"] = {"watch": "polling"}

    assert node.finds("watching")["watching"].health is Health.GOOD


def test_daemons_are_told_from_other_programs(tmp_path):
    """By how they were started, and on which configuration."""
    shown = proc(
        tmp_path,
        {
            "11/cmdline": "python\0-m\0edge_node\0-c\0/etc/a.yaml\0run\0",
            "12/cmdline": "/opt/bin/python\0/opt/bin/edge-node\0--config=b.yaml\0run\0",
            "13/cmdline": "python\0-m\0edge_node\0-c\0/etc/a.yaml\0doctor\0",
            "14/cmdline": "vi\0/etc/edge-node\0",
            "15/cmdline": "/opt/bin/edge-node\0run\0",
            "15/environ": "A=1\0EDGE_NODE_CONFIG=/etc/c.yaml\0",
            "self": "",
        },
    )
    for process in ("11", "12", "13", "14", "15"):
        (shown / process / "cwd").symlink_to("/srv")

    assert sorted(daemons(proc=shown), key=lambda each: each.process) == [
        OtherNode(process=11, config_file=Path("/etc/a.yaml")),
        OtherNode(process=12, config_file=Path("/srv/b.yaml")),
        OtherNode(process=15, config_file=Path("/etc/c.yaml")),
    ]


def test_the_service_is_named_where_the_machine_shows_it(tmp_path):
    """By the control group of the process, or by where the configuration lies."""
    shown = proc(
        tmp_path,
        {
            "11/cgroup": "0::/system.slice/system-edge\\x2dnode.slice/edge-node@xa-mau.service\n",
            "12/cgroup": "0::/user.slice/user-0.slice/user@0.service/app.slice/a.scope\n",
        },
    )

    assert unit_of(11, proc=shown) == "edge-node@xa-mau"
    assert (unit_of(12, proc=shown), unit_of(99, proc=shown)) == ("", "")
    assert unit_for(Path("/etc/edge-node/xa-mau/config.yaml")) == "edge-node@xa-mau"
    assert unit_for(Path("/srv/config.yaml")) == ""
    assert str(to_start("edge-node@xa-mau")) == "start it: systemctl start edge-node@xa-mau"
    assert "list-units" in str(to_start(""))
