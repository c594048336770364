"""
The line between one node and the axis: a proxy on the loopback device that can be made to fail.

It passes bytes until a call of a certain name goes by; what happens to that call is a `Trouble`.
Every call that was troubled is counted, which proves that the fault struck.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time at all: close() sends RST
_VERBS = (b"POST /", b"GET /", b"PUT /")
_BLINK = 0.02


class Trouble(StrEnum):
    """What happens to a call."""

    REFUSED = "refused"  # nobody listens
    CUT_BEFORE = "cut before the request"
    CUT_WITHIN = "cut within the request"
    CUT_AFTER = "cut before the answer"
    CUT_ANSWER = "cut within the answer"
    DELAYED = "delayed"  # longer than a call may take
    DRIPPED = "dripped"  # byte by byte, for longer than a call may take
    LOST = "lost"  # the request vanishes, and much later the connection is reset


@dataclass
class Line:
    """One listening port, and the axis behind it."""

    axis: int  # the port of the axis
    seconds: float = 3.0  # how long what is slow takes
    trouble: Trouble | None = None
    call: bytes = b""  # the name a troubled call begins with; any, where empty
    struck: int = 0
    _listening: socket.socket = field(init=False)
    _closing: bool = False

    def __post_init__(self) -> None:
        """Listen."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(_BLINK)
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        """Where nodes believe the axis to be."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def arm(self, trouble: Trouble | None, call: str = "") -> None:
        """Have the calls of that name troubled from now on; None: no call any more."""
        self.struck, self.call, self.trouble = 0, call.encode(), trouble

    def close(self) -> None:
        """Stop listening."""
        self._closing = True

    def _serve(self) -> None:
        while not self._closing:
            with suppress(TimeoutError):
                near, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()
        self._listening.close()

    def _carry(self, near: socket.socket) -> None:
        """Carry bytes both ways until one side has had enough, or trouble."""
        if self.trouble is Trouble.REFUSED:
            self.struck += 1
            _reset(near)
            return
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.axis)) as far:
            self._pass_on(near, far)
        _reset(near)

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        trouble: Trouble | None = None
        while not self._closing:
            ready, _, _ = select.select([near, far], [], [], _BLINK * 10)
            if near in ready:
                chunk = near.recv(_CHUNK)
                trouble = trouble or self._troubled(chunk)
                if not chunk or not self._request(chunk, near, far, trouble):
                    return
            if far in ready and not self._answer(far.recv(_CHUNK), near, trouble):
                return

    def _troubled(self, chunk: bytes) -> Trouble | None:
        verb = next((verb for verb in _VERBS if chunk.startswith(verb)), None)
        if self.trouble is None or verb is None or not chunk[len(verb) :].startswith(self.call):
            return None
        self.struck += 1
        return self.trouble

    def _request(
        self, chunk: bytes, near: socket.socket, far: socket.socket, trouble: Trouble | None
    ) -> bool:
        """Pass a piece of a request on; False where that was all."""
        if trouble in {Trouble.REFUSED, Trouble.CUT_BEFORE}:
            return False
        if trouble is Trouble.LOST:
            _swallow(near, self.seconds)
            return False
        if trouble is Trouble.CUT_WITHIN:
            far.sendall(chunk[: len(chunk) // 2])
            return False
        far.sendall(chunk)
        return True

    def _answer(self, chunk: bytes, near: socket.socket, trouble: Trouble | None) -> bool:
        """Pass a piece of an answer on; False where that was all."""
        if not chunk or trouble is Trouble.CUT_AFTER:
            return False
        if trouble is Trouble.CUT_ANSWER:
            near.sendall(chunk[: len(chunk) // 2])
            return False
        if trouble is Trouble.DELAYED:
            time.sleep(self.seconds)
        if trouble is Trouble.DRIPPED:
            for place in range(len(chunk)):
                near.sendall(chunk[place : place + 1])
                time.sleep(self.seconds / len(chunk))
        near.sendall(chunk)
        return trouble is None


def _swallow(near: socket.socket, seconds: float) -> None:
    near.settimeout(_BLINK)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(TimeoutError):
            if not near.recv(_CHUNK):
                return


def _reset(near: socket.socket) -> None:
    with suppress(OSError):
        near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    near.close()


@contextmanager
def a_line(axis: int) -> Iterator[Line]:
    """Keep a line open for as long as the block lasts."""
    line = Line(axis)
    try:
        yield line
    finally:
        line.close()
