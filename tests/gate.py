"""
The network between a node and the axis: it can be shut, lose answers, or give its own.

A real server on 127.0.0.1 that passes calls on to the sandbox; it keeps its address when it is
shut and opened again.
"""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Gate:
    """
    The network between a node and the axis.

    ``watch`` is told each call and its headers before they reach the axis; ``lost`` names calls
    the axis answers in vain, ``busy`` calls it says "not now" to, ``broken`` calls that end in a
    gateway's 503, ``said`` other answers.
    """

    target: str
    port: int = 0
    lost: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    watch: Callable[[str, dict[str, str]], None] = lambda _call, _headers: None
    _server: Any = None
    _thread: Any = None

    @property
    def url(self) -> str:
        """Where it stands, open or shut."""
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Let calls through, at the address it always had."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def shut(self) -> None:
        """Let nobody connect."""
        if self._server is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            call, headers = self.path.strip("/"), dict(self.headers.items())
            body = self.rfile.read(int(headers.get("Content-Length", 0)))
            gate.calls.append(call)
            gate.watch(call, headers)
            if call in gate.broken:
                self._say(503, b"no upstream")
                return
            if call in gate.busy:
                no = {"status": "FAIL", "ErrorCode": "20", "ErrorDesc": "busy", "data": []}
                self._say(200, json.dumps(no).encode())
                return
            if call in gate.said:
                self._say(200, json.dumps(gate.said[call]).encode())
                return
            status, answer = _forward(gate.target, self.command, self.path, body, headers)
            if call not in gate.lost:
                self._say(status, answer)

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        do_GET = do_POST = _pass  # noqa: N815 - the names http.server asks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _forward(target, verb, path, body, headers):
    connection = http.client.HTTPConnection(target.removeprefix("http://"), timeout=30)
    try:
        connection.request(verb, path, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextmanager
def a_gate(target: str) -> Iterator[Gate]:
    """Put an open gate before the axis."""
    gate = Gate(target)
    gate.open()
    try:
        yield gate
    finally:
        gate.shut()
