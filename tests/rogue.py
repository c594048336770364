"""
A child that does not keep to what was agreed: what the parent has to put up with.

    command("silent")     a command for `Hired` that starts one; the ways are the functions below
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path

# Ways of a child, each given its socket once it has been asked something.


def silent(_):
    """Say nothing, for ever."""
    while True:
        time.sleep(60)


def busy(_):
    """Compute for ever."""
    while True:
        pass


def crashing(_):
    """Be killed by the kernel for a mistake in C."""
    os.kill(os.getpid(), signal.SIGSEGV)


def killed(_):
    """Be killed from outside."""
    os.kill(os.getpid(), signal.SIGKILL)


def exhausted(_):
    """End for want of memory."""
    os._exit(70)


def leaving(_):
    """End as if there had been nothing to do."""
    os._exit(0)


def mute(connection):
    """Close the socket and stay."""
    connection.close()
    silent(None)


def endless(connection):
    """Announce four gigabytes."""
    connection.sendall(b"\xff" * 8 + b"x" * 100)
    silent(None)


def dripping(connection):
    """Send a byte now and then, so that no single wait is long."""
    connection.sendall(struct.pack("!II", 1 << 20, 0))
    while True:
        connection.sendall(b" ")
        time.sleep(0.02)


def nested(connection):
    """Send JSON that is nested deeper than anybody reads."""
    _say(connection, b"[" * 100_000)
    silent(None)


def nonsense(connection):
    """Send JSON that is no answer."""
    answer(connection, {"verdict": {"verdict": "VALID"}, "wanted": []})
    silent(None)


def stuffing(connection):
    """Answer sensibly, with files that nobody asked for riding along."""
    text = json.dumps({"body": {"said": True}, "sizes": []}).encode()
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(20)]
    socket.send_fds(connection, [struct.pack("!II", len(text), 0)], files)
    connection.sendall(text)
    connection.recv(1)


def spent(connection):
    """Answer how much of a file there was to read; read the next one, and leave."""
    answer(connection, {"read": _read(HANDED)})
    files = []
    while not files:
        _, files, *_ = socket.recv_fds(connection, 1 << 16, 1)
    _read(files)
    os._exit(0)


def command(way):
    """Return the command that starts a rogue."""
    return (sys.executable, __file__, way)


def answer(connection, body):
    """Send a packet as it should be."""
    _say(connection, json.dumps({"body": body, "sizes": []}).encode())


def _read(files):
    return sum(len(os.read(file, 1 << 16)) for file in files)


def _say(connection, text):
    connection.sendall(struct.pack("!II", len(text), 0) + text)


if __name__ == "__main__":
    asked = socket.socket(fileno=int(sys.argv[2]))
    answer(asked, {"fenced": False})
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    _, HANDED, *_ = socket.recv_fds(asked, 1 << 16, 1)
    globals()[sys.argv[1]](asked)
