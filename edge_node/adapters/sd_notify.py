"""
What a service manager wants to hear (sd_notify(3)); nothing happens where none listens.

systemd is one. What it hears is said by the process it has started, and by nobody else.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

# One that does not listen, because its queue is full, keeps nobody from going on.
_PATIENCE: Final = 5.0  # seconds


def notify(*states: str) -> None:
    """Send the states (`READY=1`, `STOPPING=1`, `STATUS=…`) to the service manager, if any."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux's abstract sockets
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(_PATIENCE)
            channel.connect(address)
            channel.sendall("\n".join(states).encode())
    except OSError as error:
        # Documents go on travelling whether or not anybody listens.
        log.warning("the service manager cannot be told", extra={"error": str(error)})


def reloading() -> None:
    """Say that the configuration is being read again; `READY=1` says that it is done."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def alive() -> None:
    """Say that all is well; where that is not heard in time (`watched`) we are ended."""
    notify("WATCHDOG=1")


def not_done_yet(next_word: timedelta) -> None:
    """Ask for patience with a start or an end: so long at least, from now on."""
    notify(f"EXTEND_TIMEOUT_USEC={round(next_word.total_seconds() * 1_000_000)}")


def watched(
    environ: Mapping[str, str] = os.environ, *, process: int | None = None
) -> timedelta | None:
    """Return within what time `alive` must be heard, each time; None: nobody waits for it."""
    meant = environ.get("WATCHDOG_PID", "")
    if meant and meant != str(os.getpid() if process is None else process):
        return None  # it was said to somebody else, who started us
    told = environ.get("WATCHDOG_USEC", "")
    if not (told.isascii() and told.isdigit()) or int(told) == 0:
        return None
    return timedelta(microseconds=int(told))
