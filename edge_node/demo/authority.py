"""
The demo's certificate and time-stamp authority, as a process of its own on the loopback device.

    python -m edge_node.demo.authority FOLDER CODE=NAME…

Founds an authority, lays its root and a key for each agency into FOLDER, says its address and the
root's fingerprint on standard output, and answers until it is ended: time-stamps, OCSP, lists of
what was revoked, the issuer's certificate. It is no hardened server; see `edge_node.demo.issuing`
for what it is worth, which is nothing outside the demo.
"""

from __future__ import annotations

import secrets
import sys
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.hazmat.primitives import hashes

from edge_node.adapters.durable import write
from edge_node.demo.issuing import (
    ISSUER_PATH,
    ISSUING_LIST_PATH,
    OCSP_PATH,
    ROOT_LIST_PATH,
    Certifier,
)
from edge_node.demo.stamping import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

STAMPS_PATH: Final = "/tsa"
ROOT_FILE: Final = "root.crt"
_LARGEST: Final = 64 * 1024  # bytes of a question
_PRIVATE: Final = 0o600
_NOT_ASN1: Final = (ValueError, TypeError, KeyError)


class Answer(NamedTuple):
    """What is sent for one path, and as what."""

    kind: str
    content: Callable[[bytes, datetime], bytes]


def key_file(folder: Path, code: str) -> Path:
    """Return where the key of an agency lies."""
    return folder / f"{code}.p12"


def password_file(folder: Path, code: str) -> Path:
    """Return where the password of that key lies."""
    return folder / f"{code}.password"


class Authority(ThreadingHTTPServer):
    """Answers on a free port of the loopback device, from the moment it is made."""

    daemon_threads = True

    def __init__(self) -> None:
        """Take a port, and found an authority whose certificates name it."""
        super().__init__(("127.0.0.1", 0), _Desk)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.certifier = Certifier.founded(self.url, _now())
        self.questions, self.files = _asked(self.certifier), _lain(self.certifier)

    @property
    def fingerprint(self) -> str:
        """What the root goes by: SHA-256 of its certificate, in hex."""
        return self.certifier.root.certificate.fingerprint(hashes.SHA256()).hex()

    def hand_out(self, folder: Path, agencies: Iterable[tuple[str, str]]) -> None:
        """Write the root, and the key and password of every agency (code, name)."""
        folder.mkdir(mode=0o700)
        write(folder / ROOT_FILE, self.certifier.root.pem)
        for code, name in agencies:
            password = secrets.token_urlsafe(12)
            holder = self.certifier.seal(code, name, _now())
            exported = self.certifier.exported(holder, password)
            write(password_file(folder, code), password.encode(), mode=_PRIVATE)
            write(key_file(folder, code), exported, mode=_PRIVATE)


class _Desk(BaseHTTPRequestHandler):
    """One question, one answer; every question is a line on standard error."""

    server: Authority

    def do_GET(self) -> None:
        """Hand out what lies ready: lists and the issuer's certificate."""
        self._say(self.server.files.get(self.path), b"")

    def do_POST(self) -> None:
        """Answer a question in the body."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LARGEST:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        self._say(self.server.questions.get(self.path), self.rfile.read(int(length)))

    def _say(self, answer: Answer | None, question: bytes) -> None:
        if answer is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            content = answer.content(question, _now())
        except _NOT_ASN1:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _asked(certifier: Certifier) -> Mapping[str, Answer]:
    return {
        STAMPS_PATH: Answer(
            "application/timestamp-reply",
            lambda question, now: stamp(question, certifier.stamping, now),
        ),
        OCSP_PATH: Answer("application/ocsp-response", certifier.answer),
    }


def _lain(certifier: Certifier) -> Mapping[str, Answer]:
    root, issuing = certifier.root, certifier.issuing
    lists = "application/pkix-crl"
    return {
        ISSUER_PATH: Answer("application/pkix-cert", lambda *_: issuing.der),
        ROOT_LIST_PATH: Answer(lists, lambda _, now: certifier.revoked(root, now)),
        ISSUING_LIST_PATH: Answer(lists, lambda _, now: certifier.revoked(issuing, now)),
    }


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def main(folder: str, *agencies: str) -> None:
    """Found, hand out, say where, and answer until ended."""
    with Authority() as authority:
        named = (agency.partition("=") for agency in agencies)
        authority.hand_out(Path(folder), [(code, name) for code, _, name in named])
        sys.stdout.write(f"{authority.url} {authority.fingerprint}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):  # of the terminal; whoever started it ends it anyway
            authority.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
