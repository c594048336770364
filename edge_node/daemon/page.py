"""
A page of few words for machines beside this one: GET, some fixed paths, and nothing else.

On a loopback port or a Unix socket. Whoever is slow is cut off, and where too many come at once
the oldest connection goes. A browser on this machine that was led here under a stranger's name
(DNS rebinding) is refused by the `Host` it sends; a socket no browser reaches.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import stat
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final

from edge_node.config.addresses import is_this_machine
from edge_node.config.metrics import Port, SocketFile
from edge_node.domain.errors import EdgeNodeError, NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

_MOST: Final = 8  # connections at once
_SLOWEST: Final = 5.0  # seconds one read or write may take
_NAP: Final = 1.0  # seconds after which the end is noticed
_TEXT: Final = "text/plain; charset=utf-8"
_SHARED: Final = 0o660


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said: a status, a body and what it is."""

    status: int
    body: bytes
    kind: str = _TEXT


@dataclass(frozen=True, slots=True)
class Page:
    """Where it is served, and what makes the answer at each path."""

    place: Port | SocketFile
    answers: Mapping[str, Callable[[], Answer]]


@contextmanager
def served(page: Page) -> Iterator[None]:
    """Serve a page for as long as the block lasts; where it cannot be, say so and do without."""
    try:
        server = _opened(page)
    except EdgeNodeError as error:
        seen = {"error": str(error), "hint": str(error.hint or "")}
        log.error("the page of measurements cannot be served", extra=seen)  # noqa: TRY400 - that says it all
        yield
        return
    log.info("measurements are served", extra={"at": server.at})
    thread = threading.Thread(target=server.serve_forever, args=(_NAP,), name="page", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.end()


def _opened(page: Page) -> _Server:
    try:
        if isinstance(page.place, SocketFile):
            _make_way(page.place.path)
        return _Server(page)
    except OSError as error:
        where = str(page.place.path) if isinstance(page.place, SocketFile) else page.place.number
        raise NotAllowed(
            say("nobody can listen at {where}: {reason}", where=where, reason=error.strerror),
            hint=say("see who else listens there (`ss -lx`, `ss -lt`), or change metrics.listen"),
        ) from error


def _make_way(path: Path) -> None:
    """Remove a socket that whoever served it left behind; NotAllowed for anything else."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise NotAllowed(
                say("{path} is no socket", path=str(path)),
                hint=say("move it away, or change metrics.listen"),
            )
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.settimeout(_SLOWEST)
        try:
            knock.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise NotAllowed(
        say("somebody else serves {path}", path=str(path)),
        hint=say("give each agency a socket of its own: metrics.listen"),
    )


class _Server(ThreadingMixIn, TCPServer):
    """A thread for each connection, and not too many of them."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, page: Page) -> None:
        self.answers = page.answers
        self._place = page.place
        self._lock = threading.Lock()
        self._connected: dict[socket.socket, None] = {}  # the oldest first
        self.port: int | None = None
        if isinstance(page.place, SocketFile):
            self.address_family = socket.AF_UNIX
            super().__init__(str(page.place.path), _Caller)  # type: ignore[arg-type] # the type is for AF_INET
            return
        if ":" in page.place.host:
            self.address_family = socket.AF_INET6
        super().__init__((page.place.host, page.place.number), _Caller)
        self.port = self.socket.getsockname()[1]

    @property
    def at(self) -> str:
        """Where it is served, as somebody asks for it."""
        if isinstance(self._place, SocketFile):
            return f"unix:{self._place.path}"
        host = self._place.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/metrics"

    def server_bind(self) -> None:
        """Bind; a socket's file is nobody else's before its mode says whose it is."""
        if not isinstance(self._place, SocketFile):
            super().server_bind()
            return
        os.fchmod(self.socket.fileno(), 0o600)  # which the file begins with
        self.socket.bind(str(self._place.path))
        self._place.path.chmod(_SHARED)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as declared there
        """Serve a connection in a thread of its own; where there are too many the oldest goes."""
        with self._lock:
            if len(self._connected) >= _MOST:
                oldest = next(iter(self._connected))
                del self._connected[oldest]
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
            self._connected[request] = None
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as declared there
        """Close a connection."""
        with self._lock:
            self._connected.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """Take no notice of who hangs up or lets us wait; the log is for what the node does."""

    def end(self) -> None:
        """Listen no more."""
        self.server_close()
        if isinstance(self._place, SocketFile):
            with suppress(OSError):
                self._place.path.unlink()


class _Caller(BaseHTTPRequestHandler):
    timeout = _SLOWEST
    server: _Server
    server_version = "edge-node"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer at the paths there are."""
        if not self._is_for_us():
            self._say(Answer(HTTPStatus.MISDIRECTED_REQUEST, b"not the name of this machine\n"))
            return
        self._say(self._answer(self.path.partition("?")[0]))

    def _answer(self, path: str) -> Answer:
        make = self.server.answers.get(path)
        if make is None:
            return Answer(HTTPStatus.NOT_FOUND, b"nothing here\n")
        try:
            return make()
        except Exception as error:  # whoever asks every few seconds is told, and not the log
            log.debug("a page failed", exc_info=error, extra={"path": path})
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"a mistake of the node\n")

    def _not_allowed(self) -> None:
        self._say(Answer(HTTPStatus.METHOD_NOT_ALLOWED, b"GET only\n"))

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _not_allowed  # noqa: N815 - the same

    def _is_for_us(self) -> bool:
        if self.server.port is None:
            return True
        written = re.fullmatch(
            r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(\d+))?", self.headers.get("Host", "")
        )
        if written is None or not is_this_machine(written[1].strip("[]").lower()):
            return False
        return written[2] is None or int(written[2]) == self.server.port

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def address_string(self) -> str:
        """Return nothing: who asks is on this machine."""
        return ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as declared there
        """Say nothing: somebody asks every few seconds."""
