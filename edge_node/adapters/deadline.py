"""
A transport for httpx whose every wait ends at one moment, whatever the other side does.

httpx bounds each single wait only, so a server that drips a byte a second holds its caller for
ever. Here every connect, read and write waits no longer than what is left of the time the whole
call has. Looking up a name is left alone: the system's resolver has bounds of its own.
"""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpcore
import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator
    from datetime import timedelta
    from typing import Any


class Deadline:
    """The moment the present call must have ended by; set anew for each call."""

    def __init__(self) -> None:
        """Begin with no time left: somebody has to give some."""
        self._ends = 0.0

    def give(self, span: timedelta) -> None:
        """Let the call that begins now take so long."""
        self._ends = time.monotonic() + span.total_seconds()

    def cut(self) -> None:
        """Leave no time, from whatever thread: no further wait begins."""
        self._ends = float("-inf")

    def within(self, timeout: float | None) -> float:
        """Return the seconds a wait may take; zero or less when the time is up."""
        left = self._ends - time.monotonic()
        return left if timeout is None else min(timeout, left)


class DeadlineTransport(httpx.BaseTransport):
    """HTTP/1.1 over kept-alive connections, verified on the given terms, no proxy."""

    def __init__(self, deadline: Deadline, *, tls: ssl.SSLContext | None, idle: timedelta) -> None:
        """Keep an idle connection for ``idle`` at most; None for ``tls`` where none is spoken."""
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=1,
            keepalive_expiry=idle.total_seconds(),
            network_backend=Backend(deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return the answer, its body still to be read."""
        url = request.url
        wire = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with httpx_errors():
            answer = self._pool.handle_request(wire)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions={}
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body of an answer, its errors in httpx's words."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with httpx_errors():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def httpx_errors() -> Iterator[None]:
    """Say httpcore's errors in httpx's words; each has its namesake there."""
    try:
        yield
    except _HTTPCORE as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


_HTTPCORE = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


class Backend(httpcore.NetworkBackend):
    """Connects within the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        """Connect nowhere yet."""
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect, in what is left of the time."""
        left = self._deadline.within(timeout)
        if left <= 0:
            raise httpcore.ConnectTimeout("no time left")
        stream = self._sockets.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    """Reads and writes within the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.within(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout("no time left")
        return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._deadline.within(timeout)
        if left <= 0:
            raise httpcore.WriteTimeout("no time left")
        self._stream.write(buffer, left)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = max(self._deadline.within(timeout), 0.001)  # zero would mean: do not wait
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def close(self) -> None:
        with suppress(OSError):
            # A thread that waits on the socket is woken by this, and by nothing else.
            self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore declares it
        return self._stream.get_extra_info(info)
