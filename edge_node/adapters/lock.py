"""
Locks the kernel holds for a living process and for no other.

One daemon per data folder; and one program or thread at a time for what is read, changed and
written back.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge_node.adapters.durable import disk_errors, hand_over
from edge_node.adapters.service_unit import to_stop, unit_of
from edge_node.domain.errors import AlreadyRunning
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME: Final = "edge-node.lock"


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the data folder for as long as the block lasts; AlreadyRunning if somebody does."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(data / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _held(data, int(os.read(handle, 32) or b"0")) from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def _held(data: Path, process: int) -> AlreadyRunning:
    return AlreadyRunning(
        say("another edge-node works on {path}", path=str(data)),
        hint=to_stop(unit_of(process), process),
    )


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """
    Have what lies at a path for oneself; wait for whoever has it, in whatever program or thread.

    The lock is a file beside it, which nobody replaces. Raises what `disk_errors` raises.
    """
    with disk_errors(path):
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(path.with_name(f"{path.name}.lock"), flags, 0o600)
    try:
        with disk_errors(path):
            hand_over(handle, path.parent)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def holder(data: Path) -> int | None:
    """Return the process that works on the data folder; None if there is none."""
    try:
        handle = os.open(data / _NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.read(handle, 32) or b"0")
    else:
        return None
    finally:
        os.close(handle)
