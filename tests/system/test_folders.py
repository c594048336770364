"""Folders that fill at once, go away, or may not be touched; and two daemons on one of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from confined import small_disk, without_privileges
from dropping import a_sheet
from system_world import PDF, until

from edge_node.config import load
from edge_node.node import Node


def queue_of_events():
    """Return how many events the kernel keeps for a watcher that does not read them."""
    return int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


def stands_still(pid):
    """Tell whether every thread of it has stopped: a signal that is sent has not arrived yet."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(thread.read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)


def test_what_came_when_the_kernel_could_keep_no_more_events_is_found(office, other):
    """Events are a hint: after an overflow the scan takes in what nobody heard of."""
    with office.running() as node:
        node.says("running: running")
        node.signal(signal.SIGSTOP)
        until(lambda: stands_still(node.process.pid))
        noise = office.exchange / "outbox" / "noise.tmp"
        for _ in range(queue_of_events() // 2 + 100):  # opened and closed: two events each
            noise.write_bytes(b"x")
            noise.unlink()
        documents = [office.drop(number, other) for number in range(5)]
        node.signal(signal.SIGCONT)
        until(lambda: len(office.lies_in("sent")) == len(documents))
        node.says("Inotify queue overflowed")
        assert " error " not in node.words


def test_a_share_that_is_unmounted_pauses_intake_until_it_is_back(office, other):
    """The log says so once and what to do; nothing is taken or written beneath the mount point."""
    office.configure(limits={"free_space": 0, "free_files": 0})
    shutil.rmtree(office.exchange)
    kept = office.home / "kept"
    with small_disk(office.exchange, size="8m"):
        Node(config=load(office.config)).set_up()
        with office.running() as node:
            drop_onto(office, 1, other)
            until(lambda: office.lies_in("sent") == ["1-UBND-VP"])
            shutil.copytree(office.exchange, kept)
            until(lambda: unmounted(office.exchange))
            node.says("paused flow=intake ")
            assert list(office.exchange.iterdir()) == []

            mount(office.exchange)
            shutil.copytree(kept, office.exchange, dirs_exist_ok=True)
            drop_onto(office, 2, other)
            until(lambda: office.lies_in("sent") == ["1-UBND-VP", "2-UBND-VP"])
            node.says("goes on flow=intake")
            (told,) = (line for line in node.words.splitlines() if "flow=intake " in line)
            assert "mount the share again: mount" in told


def drop_onto(office, number, to):
    """Drop a document on a share, built there because nothing is renamed between two disks."""
    building = office.exchange / f"{number}-UBND-VP.tmp"
    building.mkdir()
    (building / "van-ban.pdf").write_bytes(PDF)
    sheet = a_sheet("van-ban.pdf", number=str(number), to=[to.code])
    (building / "document.json").write_bytes(sheet)
    building.rename(office.exchange / "outbox" / f"{number}-UBND-VP")


def unmounted(folder):
    """Tell whether the share could be taken away: nobody has a file open on it just now."""
    return subprocess.run(["umount", folder], check=False, capture_output=True).returncode == 0


def mount(folder):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", folder], check=True)


TURN_ONCE = """
from edge_node.adapters.disk import disk_errors
from edge_node.config import load
from edge_node.daemon import turn_once
from edge_node.domain.errors import EdgeNodeError
from edge_node.node import Node
try:
    with disk_errors():
        errors = turn_once(Node(config=load(Path(sys.argv[1]))))
except EdgeNodeError as error:
    errors = [error]
for error in errors:
    print(f"{error} | {error.hint}")
"""
CURE = "give the node's user the right to read and write it and to enter its folder"


def turned_by_its_own_rights(office):
    """Let every flow do what it can, bound by the rights of files as root is not."""
    return without_privileges(TURN_ONCE, office.config).replace(f"{office.home}/", "")


def test_a_folder_the_node_may_not_touch_is_named_with_the_cure(office, other):
    """Once the rights are right again the drop is sent; until then it lies where it was."""
    office.drop(3, other)
    for folder in ("outbox", "statuses"):
        (office.exchange / folder).chmod(0o000)
        told = turned_by_its_own_rights(office)
        assert told.startswith(f"the node may not touch exchange/{folder}")
        assert told.endswith(f": Permission denied | {CURE}")
        (office.exchange / folder).chmod(0o770)
    turned_by_its_own_rights(office)
    assert office.lies_in("sent") == ["3-UBND-VP"]


def test_an_inbox_the_node_may_not_write_to_keeps_documents_waiting(office, other):
    """They are ours already and come as soon as they can; nothing is quarantined."""
    document = other.drop(4, office)
    assert other.command("once").returncode == 0
    inbox = office.exchange / "inbox"
    inbox.chmod(0o500)
    assert f"| {CURE}" in turned_by_its_own_rights(office)
    inbox.chmod(0o770)
    turned_by_its_own_rights(office)
    assert office.inbox() == [document]


def test_a_data_folder_the_node_may_not_enter_is_told_at_once(office):
    """Nothing is begun: the command ends with what and how to mend it."""
    (office.home / "data").chmod(0o000)
    told = turned_by_its_own_rights(office)
    (office.home / "data").chmod(0o700)
    assert told.startswith("the node may not touch data/")
    assert told.endswith(f": Permission denied | {CURE}")
    assert len(told.splitlines()) == 1


def test_a_lock_file_without_a_living_holder_locks_nobody_out(office, other):
    """It is the kernel's lock that counts: not the file, nor what number stands in it."""
    lock = office.home / "data" / "edge-node.lock"
    lock.write_text(f"{os.getpid()}\n")  # somebody who lives, and holds nothing
    with office.running() as first:
        first.says("running: running")
        assert lock.read_text() == f"{first.process.pid}\n"
        first.kill()
    with office.running() as second:
        second.says("running: running", times=2)
        assert lock.read_text() == f"{second.process.pid}\n"
        office.drop(5, other)
        until(lambda: office.lies_in("sent") == ["5-UBND-VP"])
        assert office.command("once").returncode == 1
