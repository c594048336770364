"""
A disk of its own in a file: ext4 on a loop device, mounted on a folder; wants root.

    with disk_image(folder, size="16M"): ...        # a real disk, which can be filled
    made_earlier(folder, "outbox/12", ago=3600)    # in between: it lies there for an hour

When a file came into being, and when it was changed, no call can set (statx(2)); `debugfs` writes
it into the disk while nobody has it mounted, which is what an hour leaves there.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import needs

FIELDS = ("crtime", "ctime", "mtime", "atime")


@contextmanager
def disk_image(folder, *, size="16M", inodes=0):
    """Make a disk of so many bytes, and files if told, and mount it as long as the block lasts."""
    needs.root()
    image = image_of(folder)
    counted = ["-N", str(inodes)] if inodes else []
    image.touch()
    os.truncate(image, int(size.removesuffix("M")) << 20)
    run("mkfs.ext4", "-q", "-m", "0", *counted, image)
    with mounted(folder):
        yield folder


@contextmanager
def mounted(folder):
    """Mount the disk of a folder as long as the block lasts."""
    needs.root()
    folder.mkdir(exist_ok=True)
    run("mount", "-o", "loop", image_of(folder), folder)
    try:
        yield folder
    finally:
        run("umount", folder)


def made_earlier(folder, *names, ago):
    """Let files of a disk, not mounted now, have come into being and been changed back then."""
    at = datetime.now(UTC) - timedelta(seconds=ago)
    orders = [
        f"set_inode_field {name} {field} {at:%Y%m%d%H%M%S}" for name in names for field in FIELDS
    ]
    told = subprocess.run(
        ["debugfs", "-w", "-f", "-", image_of(folder)],
        input="\n".join(orders),
        text=True,
        check=True,
        capture_output=True,
        env=os.environ | {"TZ": "UTC"},
    )
    assert "not found" not in told.stderr.lower(), told.stderr


def image_of(folder):
    """Return the file the disk of a folder is in."""
    return folder.with_name(f"{folder.name}.img")


def run(*command):
    """Run a command that has to work."""
    subprocess.run([*map(str, command)], check=True, capture_output=True)
