"""
Runs a sandbox as an HTTP server: `serve` until a signal comes, `running` for as long as a block.

Needs the extra `sandbox` (starlette and uvicorn). Only the loopback device is served unless that
is asked for: a sandbox is no hardened server.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn

from edge_node.domain.errors import ConfigError
from edge_node.domain.message import say
from edge_node.sandbox.faults import Faults
from edge_node.sandbox.faults_axis import FaultyAxis
from edge_node.sandbox.faults_wire import Line
from edge_node.sandbox.front import Front
from edge_node.sandbox.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_IDLE: Final = 75  # seconds an idle connection is kept, so that a polling client finds it open
_GRACE: Final = 5  # seconds that requests under way have to end after the signal
_HEADERS: Final = 1024 * 1024  # bytes of headers taken: `to` may name many agencies, twice


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None],
    allow_remote: bool = False,
    faults: Faults | None = None,
) -> None:
    """
    Serve the sandbox in ``folder`` until SIGTERM or SIGINT; ``ready`` is told the address.

    Port 0 takes any that is free. ``faults`` is what the axis is to do wrong on purpose. Raises
    ConfigError for settings that cannot be used and for a host others can reach, AlreadyRunning
    if the folder is being served.
    """
    if not allow_remote:
        _check_loopback(host)
    faults = faults or Faults()
    axis = FaultyAxis(read_settings(folder), faults)
    try:
        with _listen(host, port) as listening:
            _server(axis, faults, listening, ready).run(sockets=[listening])
    finally:
        axis.close()


@contextmanager
def running(folder: Path, *, faults: Faults | None = None) -> Iterator[str]:
    """
    Serve the sandbox in ``folder`` from a thread of this process; gives the address.

    Whoever passes ``faults`` may set, clear and look at them while it runs.
    """
    faults = faults or Faults()
    axis = FaultyAxis(read_settings(folder), faults)
    address: list[str] = []
    listens = threading.Event()

    def ready(url: str) -> None:
        address.append(url)
        listens.set()

    try:
        with _listen("127.0.0.1", 0) as listening:
            server = _server(axis, faults, listening, ready)
            thread = threading.Thread(target=server.run, args=([listening],), name="sandbox")
            thread.start()
            try:
                listens.wait(timeout=30)
                yield address[0]
            finally:
                server.should_exit = True
                thread.join()
    finally:
        axis.close()


class _Server(uvicorn.Server):
    """Says when it listens and when it ends; ends quietly on a signal, and passes it not on."""

    def __init__(
        self, config: uvicorn.Config, listens: Callable[[], None], ends: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._listens = listens
        self._ends = ends

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listens()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ends()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: object) -> None:
        del sig, frame
        self.should_exit = True


def _check_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ConfigError(
            say("{host} can be reached from other machines", host=host),
            hint=say("serve 127.0.0.1, or say expressly that others may call"),
        )


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise ConfigError(
            say("cannot listen on {host}:{port}: {error}", host=host, port=port, error=str(error))
        ) from error
    return listening


def _server(
    axis: FaultyAxis, faults: Faults, listening: socket.socket, ready: Callable[[str], None]
) -> uvicorn.Server:
    front = Front(axis, faults)
    config = uvicorn.Config(
        front,
        http=Line,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,  # which is the machine's; the axis adds its own
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_GRACE,
        h11_max_incomplete_event_size=_HEADERS,
    )
    return _Server(config, lambda: ready(_url(listening)), front.end)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
