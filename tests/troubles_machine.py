"""Broken situations of the machine: shares, rights, disks, databases, other processes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from confined import small_disk
from disk_image import disk_image
from troubles_stage import Asked, trouble

STRANGER = 64_901  # an account nobody has here
MOST = Path("/proc/sys/fs/inotify/max_user_instances")


@trouble(
    "share-unmounted",
    en="The share of the exchange folder is not mounted",
    vi="Thư mục chia sẻ để trao đổi chưa được gắn (mount)",
    check="folders.exchange",
    quick=True,
)
def share_unmounted(stage):
    (stage.folder / "xa-mau").mkdir()
    with small_disk(stage.folder / "xa-mau/exchange", "4m"):
        office = stage.office()
    yield Asked(office=office)


@trouble(
    "folder-not-writable",
    en="The node may not write in a folder",
    vi="Nút không được ghi vào một thư mục",
    check="folders.rights",
)
def folder_not_writable(stage):
    office = stage.office()
    handed_over(office)
    os.chown(office.exchange / "inbox", 0, 0)
    yield Asked(office=office)


@trouble("disk-full", en="The disk is full", vi="Đĩa đã đầy", check="room")
def disk_full(stage):
    with disk_image(stage.folder / "xa-mau"):
        office = stage.office()
        filled = office.home / "filled"
        with filled.open("wb") as file:
            try:
                while file.write(b"\0" * 65536):
                    file.flush()
            except OSError:
                pass
        yield Asked(office=office)


@trouble(
    "inodes-gone",
    en="The disk can hold no more files (inodes)",
    vi="Đĩa không chứa thêm được tệp nào (hết inode)",
    check="room",
)
def inodes_gone(stage):
    home = stage.folder / "xa-mau"
    with disk_image(home, inodes=200):
        office = stage.office(limits={"free_space": "1MB"})
        count = 0
        try:
            while True:
                (home / f"file-{count}").touch()
                count += 1
        except OSError:
            pass
        yield Asked(office=office)


@trouble(
    "database-locked",
    en="Another process keeps the database locked",
    vi="Một tiến trình khác đang khóa cơ sở dữ liệu",
    check="queue.lock",
    quick=True,
)
def database_locked(stage):
    office = stage.office()
    with holding(office.home / "data/queue.db"):
        yield Asked(office=office)


@trouble(
    "database-corrupt",
    en="The database is damaged",
    vi="Cơ sở dữ liệu bị hỏng",
    check="queue.integrity",
    quick=True,
)
def database_corrupt(stage):
    office = stage.office()
    queue = office.home / "data/queue.db"
    with queue.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 64 * 1024)
    yield Asked(office=office)


@trouble(
    "second-daemon",
    en="A second node works on the same folders",
    vi="Có nút thứ hai làm việc trên cùng thư mục",
    check="node.second",
)
def second_daemon(stage):
    office = stage.office()
    stage.at_work(office)
    other = stage.office(home="xa-mau-2")
    told = other.config.read_text()
    other.config.write_text(told.replace(str(other.exchange), str(office.exchange)))
    stage.at_work(other)
    yield Asked(office=office)


@trouble(
    "watcher-limit",
    en="No inotify instance is left",
    vi="Đã hết giới hạn theo dõi thư mục (inotify)",
    check="watching",
)
def watcher_limit(stage):
    office = stage.office()
    handed_over(office)
    with watching(int(MOST.read_text())):
        yield Asked(office=office)


def handed_over(office):
    """Let the office's node be of an account of its own, as where it is a service."""
    for path in (office.home, *office.home.rglob("*"), office.secret):
        os.chown(path, STRANGER, STRANGER)


@contextmanager
def holding(queue):
    """Let a process of its own begin to write in a database, and not end."""
    body = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('begin immediate')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with waiting_for(body, str(queue)):
        yield


@contextmanager
def watching(count):
    """Let another account use up what the kernel gives one to watch with."""
    body = (
        "import ctypes, os, sys\n"
        "os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n"
        "library = ctypes.CDLL(None)\n"
        "for _ in range(int(sys.argv[1])):\n"
        "    library.inotify_init()\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with waiting_for(body, str(count), str(STRANGER)):
        yield


@contextmanager
def waiting_for(body, *arguments):
    """Run a process that says `held` once it holds something, until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", body, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield
        process.stdin.close()
