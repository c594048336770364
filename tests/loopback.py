"""Real servers on 127.0.0.1: one that answers HTTP as told, one that breaks it as told."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

PIECE = 64 << 10


@dataclass
class Request:
    """What arrived: the body is kept only when it is small, its digest always."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes
    digest: str
    connection: tuple[str, int]

    @property
    def lowered(self) -> dict[str, str]:
        """The headers by lower-case name."""
        return {name.lower(): value for name, value in self.headers.items()}


@dataclass
class Answer:
    """What to say: a body in one piece has its length announced, pieces are sent in chunks."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class HttpServer(ThreadingHTTPServer):
    """Gives its answers in order, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = []
        self.requests: list[Request] = []
        self.scheme = "http"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def will_say(self, body: bytes | Iterable[bytes], status: int = 200, **headers: str) -> None:
        """Give this answer to the next request that has none yet."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(Answer(body, status, named))

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: clients hang up in the middle here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HttpServer
    wbufsize = PIECE

    def _serve(self) -> None:
        left = int(self.headers.get("Content-Length", 0))
        digest, body = sha256(), b""
        while left and (piece := self.rfile.read(min(PIECE, left))):
            left -= len(piece)
            digest.update(piece)
            body = (body + piece)[:PIECE]
        if left:  # the client gave up: nothing to take, nothing to say
            self.close_connection = True
            return
        self.server.requests.append(
            Request(
                self.command,
                self.path,
                dict(self.headers.items()),
                body,
                digest.hexdigest(),
                self.client_address,
            )
        )
        self._say(self.server.answers.pop(0))

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(answer.body, bytes):
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in answer.body:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = _serve  # noqa: N815 - the names http.server asks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def http_server(tls: ssl.SSLContext | None = None) -> Iterator[HttpServer]:
    server = HttpServer()
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        server.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def raw_server(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """
    Give the address of a server that does with each connection what it is told to.

    ``behave`` gets the connection and an event that is set when the test is over.
    """
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection, over)

    def accept() -> None:
        with suppress(OSError):
            while not over.is_set():
                connection, _ = listening.accept()
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://{host}:{port}"
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


def read_request(connection: socket.socket) -> bytes:
    """Read a request to its end, as far as Content-Length tells."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(PIECE)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(PIECE)
    return head + b"\r\n\r\n" + body
