"""A syslog server on loopback that speaks TLS and reads what is counted in octets (RFC 5425)."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import trustme


class SyslogServer:
    """Reads frames of one connection after the other, for as long as it is open."""

    def __init__(self, folder, *, name="localhost"):
        """Make its authority and its certificate; it does not listen yet."""
        authority = trustme.CA()
        self.ca_file = folder / "syslog-ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(self._context)
        self.lines = []
        self.came = threading.Condition()
        self._reads = threading.Event()
        self._reads.set()
        self.port = 0

    def pause(self):
        """Take connections, and read nothing from them."""
        self._reads.clear()

    def goes_on(self):
        """Read again."""
        self._reads.set()

    @contextmanager
    def open(self):
        """Listen for as long as the block lasts, at the port it had before if any."""
        ending = threading.Event()
        with socket.create_server(("127.0.0.1", self.port)) as listener:
            self.port = listener.getsockname()[1]
            listener.settimeout(0.05)
            thread = threading.Thread(target=self._serve, args=(listener, ending))
            thread.start()
            try:
                yield self
            finally:
                ending.set()
                self._reads.set()
                thread.join(60)

    def wait_for(self, text, *, within=60):
        """Return the first line in which this stands, once it has come."""
        with self.came:
            assert self.came.wait_for(lambda: self._with(text), within), text
            return self._with(text)[0]

    def _with(self, text):
        return [line for line in self.lines if text in line]

    def _serve(self, listener, ending):
        while not ending.is_set():
            with suppress(TimeoutError, OSError):
                plain, _ = listener.accept()
                plain.settimeout(5)
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    connection.settimeout(0.05)
                    self._read(connection, ending)

    def _read(self, connection, ending):
        held = b""
        while not ending.is_set():
            self._reads.wait()
            try:
                more = connection.recv(1 << 16)
            except TimeoutError:
                continue
            if not more:
                break
            held = self._take(held + more)
        with suppress(OSError, ValueError):
            connection.unwrap()  # as servers in order do; whoever then sends is told nothing

    def _take(self, held):
        while True:
            size, space, rest = held.partition(b" ")
            if not space or len(rest) < int(size):
                return held
            with self.came:
                self.lines.append(rest[: int(size)].decode())
                self.came.notify_all()
            held = rest[int(size) :]
