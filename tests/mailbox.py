"""A mail server on 127.0.0.1 that takes what it is sent, as far as senders need one (RFC 5321)."""

from __future__ import annotations

import email
import socketserver
import threading
from contextlib import contextmanager
from email import policy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps the letters it was sent; one that is ``full`` refuses them."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[EmailMessage] = []
        self.full = False

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    """One sender, until it says goodbye."""

    def handle(self) -> None:
        """Answer each command."""
        self._say("220 here")
        while line := self.rfile.readline():
            word = line.decode("ascii", "replace").strip().upper()
            if word.startswith("DATA"):
                self._take()
            elif word.startswith("QUIT"):
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        if self.server.full:
            self._say("452 no room")
            return
        self.server.letters.append(
            email.message_from_bytes(b"".join(lines), policy=policy.default)
        )
        self._say("250 taken")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def a_mail_server() -> Iterator[MailServer]:
    """Run one for as long as the block lasts."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
