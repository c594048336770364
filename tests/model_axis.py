"""
The axis of `model_world`: a sandbox whose clock can be moved, and the line to it, to be cut.

Every byte passes the line: the faults of the sandbox's own wire reach the node as they are.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from builders import T0
from flows_world import World

from edge_node.domain.time import in_vietnam
from edge_node.sandbox import serve
from edge_node.sandbox.faults import Faults
from edge_node.sandbox.faults_axis import FaultyAxis
from edge_node.sandbox.settings import Options, Reencode, init_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

NOBODY = "H99.0"  # on the directory, and never looks what there is for it


@dataclass
class Clock:
    """What the axis takes for the time."""

    now: datetime = T0


class Moving(Options):
    """Options of an axis whose clock is ours to move; there is one axis at a time."""

    hands: ClassVar[Clock] = Clock()

    def now(self) -> datetime:
        """Return the axis's time."""
        return in_vietnam(self.hands.now)


class Wire:
    """The line to the axis: it hands on every byte, and can be cut and mended."""

    def __init__(self, url: str) -> None:
        """Lead to the axis at ``url``; mended it keeps its address."""
        host, port = url.removeprefix("http://").split(":")
        self._target = (host, int(port))
        self._port = 0
        self._listener: socket.socket | None = None
        self._ends: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.mend()

    @property
    def url(self) -> str:
        """Where it begins, cut or not."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def is_cut(self) -> bool:
        """Whether nobody can connect."""
        return self._listener is None

    def mend(self) -> None:
        """Let everybody connect."""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self._port))
            self._port = self._listener.getsockname()[1]
            self._start(self._accept, self._listener)

    def cut(self) -> None:
        """Let nobody connect, and end what stands."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _start(self, work: Any, *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._ends |= {near, far}
                self._start(self._both, near, far)

    def _both(self, near: socket.socket, far: socket.socket) -> None:
        back = threading.Thread(target=self._hand_on, args=(far, near), daemon=True)
        back.start()
        self._hand_on(near, far)
        back.join()
        with self._lock:
            self._ends -= {near, far}
        near.close()
        far.close()

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(1 << 16):
                target.sendall(chunk)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Stage:
    """One sandbox with its line, its faults and its clock, for many plays one after the other."""

    def __init__(self, home: Path, *, size: int = 700) -> None:
        """Serve a sandbox for ``size`` agencies; each play takes two of them."""
        agencies = [(f"H99.{number}", f"Đơn vị {number}") for number in range(size + 1)]
        options = Options(clock=T0, reencode=Reencode.NEVER)
        settings = init_sandbox(home / "axis", agencies, options=options)
        self.faults = Faults()
        self.clock = Moving.hands
        self.left = size // 2
        moving = Moving(reencode=Reencode.NEVER)
        self._axis = FaultyAxis(replace(settings, options=moving), self.faults)
        self._listening = serve._listen("127.0.0.1", 0)
        listens, address = threading.Event(), []

        def ready(url: str) -> None:
            address.append(url)
            listens.set()

        self._server = serve._server(self._axis, self.faults, self._listening, ready)
        self._thread = threading.Thread(target=self._server.run, args=([self._listening],))
        self._thread.start()
        listens.wait(30)
        self.wire = Wire(address[0])
        self.world = World(address[0], settings, home)
        next(self.world._codes)  # that is nobody's

    def reset(self) -> None:
        """Make ready for the next play: an axis that behaves, and agencies nobody has used."""
        self.left -= 1
        self.faults.clear()
        self.wire.mend()
        self.clock.now = T0

    def close(self) -> None:
        """End the axis."""
        self.world.close()
        self.wire.cut()
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()
        self._axis.close()


@contextmanager
def a_stage(home: Path, **size: int) -> Iterator[Stage]:
    stage = Stage(home, **size)
    try:
        yield stage
    finally:
        stage.close()
