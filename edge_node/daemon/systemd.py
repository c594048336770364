"""What systemd wants to hear (sd_notify(3)); nothing happens where it does not listen."""

from __future__ import annotations

import logging
import os
import socket
import time

log = logging.getLogger(__name__)


def notify(*states: str) -> None:
    """Send the states (`READY=1`, `STOPPING=1`, `STATUS=…`) to the service manager, if any."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux's abstract sockets
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.sendall("\n".join(states).encode())
    except OSError as error:
        # Documents go on travelling whether or not anybody listens.
        log.warning("the service manager cannot be told", extra={"error": error.strerror})


def reloading() -> None:
    """Say that the configuration is being read again; `READY=1` says that it is done."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
