"""
The journal of systemd, spoken to in its own protocol: one datagram an entry, a field a line.

The protocol is published (systemd, "Native Journal Protocol") and stable, and a writer of it is
shorter than its binding in C is to install. What an entry says is left to others.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET: Final = Path("/run/systemd/journal/socket")
_PATIENCE: Final = 1.0  # seconds a journal that is busy has to take an entry
_TOO_LARGE: Final = frozenset({errno.EMSGSIZE, errno.ENOBUFS})
# What the journal takes of a file handed to it (memfd_create(2), fcntl(2)).
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class Stuck(OSError):
    """The journal is there and takes nothing."""


class Journald:
    """A way to the journal; from whatever thread. One that hangs is waited for a moment, once."""

    def __init__(self, path: Path = SOCKET, *, patience: float = _PATIENCE) -> None:
        """Open it; OSError where there is no journal. ``patience`` is that moment, in seconds."""
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._patience = patience
        self._socket.settimeout(patience)
        try:
            path.stat()
        except OSError:
            self._socket.close()
            raise

    def write(self, fields: Mapping[str, str]) -> None:
        """
        Write one entry; a name is A to Z, 0 to 9 and _.

        OSError where the journal is away; Stuck where it takes nothing and its buffer is full.
        """
        entry = b"".join(_field(name, value) for name, value in fields.items())
        try:
            self._write(entry)
        except (TimeoutError, BlockingIOError) as error:
            self._socket.settimeout(0)  # until it takes something nobody else waits for it
            raise Stuck from error
        if not self._socket.gettimeout():
            self._socket.settimeout(self._patience)

    def _write(self, entry: bytes) -> None:
        try:
            self._socket.sendto(entry, self._path)
        except OSError as error:
            if error.errno not in _TOO_LARGE:
                raise
            self._hand_over(entry)

    def _hand_over(self, entry: bytes) -> None:
        """Pass what no datagram holds as a file that nobody can change any more."""
        file = os.memfd_create("edge-node", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with os.fdopen(os.dup(file), "wb") as writing:
                writing.write(entry)
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
            passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", file))]
            self._socket.sendmsg([b""], passed, 0, self._path)
        finally:
            os.close(file)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


def is_the_journal(stream: str, descriptor: int) -> bool:
    """Tell whether a descriptor leads to what JOURNAL_STREAM (systemd.exec(5)) names."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return stream == f"{status.st_dev}:{status.st_ino}"


def _field(name: str, value: str) -> bytes:
    raw = value.encode(errors="backslashreplace")
    if b"\n" not in raw:
        return name.encode() + b"=" + raw + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n"
