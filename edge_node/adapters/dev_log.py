"""
A line to the machine's syslog, where there is one, without waiting for anybody.

It may be forwarded to another machine from there, out of reach of whoever rules this one. Our own
log goes elsewhere, and is set up elsewhere.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEV_LOG: Final = Path("/dev/log")
_NOTICE: Final = 3 << 3 | 5  # RFC 5424, 6.2.1: daemon.notice


@dataclass(frozen=True, slots=True)
class DevLog:
    """The socket the machine's own syslog listens at; `syslog` speaks to one elsewhere."""

    path: Path = DEV_LOG

    def tell(self, line: str) -> bool:
        """Hand over a line, or tell that nobody takes it; never waits."""
        words = f"<{_NOTICE}>edge-node[{os.getpid()}]: {line}".encode()
        with (
            suppress(OSError),  # nobody listens, or cannot keep up: the log has the line as well
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender,
        ):
            sender.connect(str(self.path))
            sender.send(words)
            return True
        return False
