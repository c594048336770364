"""A socket in the journal's place, and what is read from it as the journal reads."""

from __future__ import annotations

import array
import os
import socket
import struct
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path


def fields(raw):
    """Read an entry as the journal does."""
    found = {}
    while raw:
        line, _, rest = raw.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (size,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + size], rest[9 + size :]
        found[name.decode()] = value.decode()
        raw = rest
    return found


def heard(theirs):
    """Return the fields of the next entry, whichever way it came."""
    raw, passed, _, _ = theirs.recvmsg(1 << 20, socket.CMSG_SPACE(4))
    for _, _, content in passed:
        (file,) = array.array("i", content)
        with os.fdopen(file, "rb") as entry:
            entry.seek(0)
            raw = entry.read()
    return fields(raw)


@contextmanager
def listening():
    """Stand in the journal's place; give the path and the socket."""
    with (
        tempfile.TemporaryDirectory() as short,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs,
    ):
        path = Path(short) / "socket"
        theirs.bind(str(path))
        theirs.settimeout(10)
        yield path, theirs


@contextmanager
def a_journal():
    """Stand in the journal's place and keep what it is told; give the path and the entries."""
    entries, ending = [], threading.Event()
    with listening() as (path, theirs):
        theirs.settimeout(0.05)

        def keep():
            while not ending.is_set():
                try:
                    entries.append(heard(theirs))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=keep)
        thread.start()
        try:
            yield path, entries
        finally:
            ending.set()
            thread.join(20)
