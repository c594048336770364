"""
A page of few words for machines beside this one: GET, some fixed paths, and nothing else.

On a loopback port or a Unix socket. Whoever is slow is cut off, and where too many come at once
the oldest connection goes. A browser on this machine that was led here under a stranger's name
(DNS rebinding) is refused by the `Host` it sends; a socket no browser reaches.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final

from edge_node.adapters.listening import address, listening
from edge_node.config.addresses import is_this_machine
from edge_node.config.metrics import SocketFile
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from edge_node.config.metrics import Port

log = logging.getLogger(__name__)

_MOST: Final = 8  # connections at once
_SLOWEST: Final = 5.0  # seconds one read or write may take
_NAP: Final = 1.0  # seconds after which the end is noticed
_TEXT: Final = "text/plain; charset=utf-8"


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
    with ExitStack() as ending:
        try:
            listens = ending.enter_context(listening(page.place, key="metrics.listen"))
        except EdgeNodeError as error:
            seen = {"error": str(error), "hint": str(error.hint or "")}
            log.error("the page of measurements cannot be served", extra=seen)  # noqa: TRY400 - that says it all
            yield
            return
        server = _Server(page, listens)
        log.info("measurements are served", extra={"at": server.at})
        serving = partial(server.serve_forever, _NAP)
        threading.Thread(target=serving, name="page", daemon=True).start()
        ending.callback(server.shutdown)
        yield


class _Server(ThreadingMixIn, TCPServer):
    """A thread for each connection, and not too many of them."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, page: Page, listens: socket.socket) -> None:
        self.answers = page.answers
        self._place = page.place
        self._lock = threading.Lock()
        self._connected: dict[socket.socket, None] = {}  # the oldest first
        super().__init__(listens.getsockname(), _Caller, bind_and_activate=False)
        self.socket.close()  # one of its own, that nobody bound
        self.socket = listens

    @property
    def at(self) -> str:
        """Where it is served, as somebody asks for it."""
        where = address(self._place, self.socket)
        return where if self.port is None else f"{where}metrics"

    @property
    def port(self) -> int | None:
        """The port it is served at; None for a socket's file, which no browser reaches."""
        if isinstance(self._place, SocketFile):
            return None
        port: int = self.socket.getsockname()[1]
        return port

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
