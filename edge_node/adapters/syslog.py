"""
The log on its way to a syslog server, over TLS and counted in octets (RFC 5425).

Whoever logs puts a line into a bounded queue and goes on; a thread of its own connects, sends and
connects again. What does not fit is dropped and counted. Whoever asked for it is told once that
the server is away, once that lines are dropped, and once that nothing waits any more. Lines are
bytes made by others.
"""

from __future__ import annotations

import queue
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CONNECT: Final = 10.0  # seconds to connect, and for one line to be taken
_FIRST: Final = (
    1.0  # seconds until the next attempt to connect; each further wait is twice as long
)
_LONGEST: Final = 60.0
_AT_END: Final = 3.0  # seconds the last lines are given
_GOODBYE: Final = 1.0  # seconds the server has to answer the end of TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the lines go, and by which certificates both sides are known."""

    host: str
    port: int
    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def connect(self) -> ssl.SSLSocket:
        """Return a connection to the server, its certificate verified; OSError."""
        from socket import create_connection  # noqa: PLC0415 - beside its only use

        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        plain = create_connection((self.host, self.port), timeout=_CONNECT)
        try:
            return context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


class Turn(Enum):
    """What may become of the forwarding."""

    AWAY = auto()  # the server cannot be reached
    DROPPING = auto()  # more lines come than are taken
    BACK = auto()  # nothing waits any more


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is told of the forwarding, once for each turn it takes."""

    turn: Turn
    why: str = ""  # it is away
    dropped: int = 0  # lines that did not fit, once nothing waits any more


class Forwarder:
    """Forwards lines for as long as the process lives; `offer` never waits."""

    def __init__(
        self,
        server: Server,
        *,
        lines: int,
        told: Callable[[News], None],
        first: float = _FIRST,
    ) -> None:
        """Begin; ``lines`` bounds what waits, ``told`` is called on the thread that sends."""
        self._server = server
        self._waiting: queue.Queue[bytes | None] = queue.Queue(maxsize=lines)
        self._told = told
        self._first = first
        self._lock = threading.Lock()
        self._dropped = 0
        self._away = self._dropping = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syslog", daemon=True)
        self._thread.start()

    def offer(self, line: bytes) -> None:
        """Take a line to be forwarded, or drop it where too many wait already."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            with self._lock:
                self._dropped += 1

    def close(self, within: float = _AT_END) -> None:
        """Forward what waits, for a few seconds at most, and end."""
        self._ending.set()
        with suppress(queue.Full):
            self._waiting.put_nowait(None)  # wakes whoever waits for a line
        self._thread.join(within)

    def _run(self) -> None:
        line: bytes | None = None
        wait = self._first
        while True:
            try:
                with self._server.connect() as connection:
                    wait = self._first
                    line = self._forward(connection, line)
                    if line is None:
                        return
            except (OSError, ValueError) as error:
                self._say_away(_words(error))
            if self._ending.is_set():
                return
            self._ending.wait(wait)
            self._say_if_dropping()
            wait = min(wait * 2, _LONGEST)

    def _forward(self, connection: ssl.SSLSocket, line: bytes | None) -> bytes | None:
        """Send until the connection breaks; return the line it broke over, None at the end."""
        while True:
            if line is None:
                line = self._next()
            if line is None:
                _say_goodbye(connection)
                return None
            try:
                if _is_closed(connection):
                    raise ConnectionResetError("closed by the server")
                connection.sendall(b"%d %b" % (len(line), line))
            except OSError as error:
                self._say_away(_words(error))
                return line
            self._say_how_it_goes()
            line = None

    def _next(self) -> bytes | None:
        """Return the next line; None once it is time to end and none waits."""
        if self._ending.is_set():
            with suppress(queue.Empty):
                return self._waiting.get_nowait()
            return None
        line = self._waiting.get()
        return line if line is not None else self._next()

    def _say_away(self, why: str) -> None:
        if not self._away:
            self._away = True
            self._told(News(turn=Turn.AWAY, why=why))

    def _say_if_dropping(self) -> None:
        if self._dropped and not self._dropping:
            self._dropping = True
            self._told(News(turn=Turn.DROPPING))

    def _say_how_it_goes(self) -> None:
        """Say what has changed now that a line has been taken; one that flaps is one absence."""
        self._say_if_dropping()
        if (self._away or self._dropping) and self._waiting.empty():
            with self._lock:
                dropped, self._dropped = self._dropped, 0
            self._away = self._dropping = False
            self._told(News(turn=Turn.BACK, dropped=dropped))


def _say_goodbye(connection: ssl.SSLSocket) -> None:
    """Close as TLS wants it, so that the server knows that nothing was cut off."""
    connection.settimeout(_GOODBYE)
    with suppress(OSError, ValueError):
        connection.unwrap()


def _is_closed(connection: ssl.SSLSocket) -> bool:
    """Tell whether the other side has hung up: what is sent then is lost without a word."""
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    finally:
        connection.settimeout(_CONNECT)


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
