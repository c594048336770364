"""
Meets the axis without a word of its dialect: a verified TLS handshake, and what its clock shows.

No secret is used and no call is made; the clock is that of the answer to a plain `HEAD`
(RFC 9110, 6.6.1), and where there is none nothing is lacking.
"""

from __future__ import annotations

import ssl
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.client import parse_headers
from io import BytesIO
from typing import TYPE_CHECKING, Final

import httpx

from edge_node.adapters.axis import tls_terms
from edge_node.adapters.axis_errors import axis_errors
from edge_node.adapters.deadline import Backend, Deadline, httpx_errors
from edge_node.domain.breaker import NoConnection
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path

    import httpcore

_LARGEST: Final = 64 << 10  # bytes of an answer's head
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """Whom we met: its certificate where TLS is spoken, and its clock where it shows one."""

    begins: datetime | None = None
    ends: datetime | None = None
    issuer: str = ""
    date: str | None = None


class TlsFailed(NoConnection):
    """Somebody is there, and is not to be believed, or speaks no TLS of ours."""


def meet(url: str, ca_file: Path | None, *, within: timedelta) -> Met:
    """
    Return whom we meet at an address, verified by the terms of every call.

    Raises what those raise where nobody is there, and TlsFailed.
    """
    at = httpx.URL(url)
    deadline = Deadline()
    deadline.give(within)
    with _errors():
        plain = Backend(deadline).connect_tcp(at.host, at.port or _PORTS[at.scheme])
    # Where encrypting fails the connection is closed by whoever tried.
    stream = _encrypted(plain, at.host, ca_file) if at.scheme == "https" else plain
    with closing(stream):
        return replace(_certified(stream), date=_date(stream, at))


def _encrypted(
    plain: httpcore.NetworkStream, host: str, ca_file: Path | None
) -> httpcore.NetworkStream:
    try:
        with _errors():
            return plain.start_tls(tls_terms(ca_file), host)
    except EdgeNodeError as error:
        raise TlsFailed(error.message, hint=error.hint) from error


@contextmanager
def _errors() -> Iterator[None]:
    with axis_errors(sent=False), httpx_errors():
        yield


def _certified(stream: httpcore.NetworkStream) -> Met:
    inside = stream.get_extra_info("ssl_object")
    if inside is None:
        return Met()
    told = inside.getpeercert()
    issuer = dict(pair for part in told["issuer"] for pair in part)
    return Met(
        begins=_moment(told["notBefore"]),
        ends=_moment(told["notAfter"]),
        issuer=str(issuer.get("commonName") or issuer.get("organizationName") or "?"),
    )


def _date(stream: httpcore.NetworkStream, at: httpx.URL) -> str | None:
    """Return the `Date` of an answer to HEAD; None where none comes."""
    asked = f"HEAD / HTTP/1.1\r\nHost: {at.netloc.decode()}\r\nConnection: close\r\n\r\n"
    head = b""
    with suppress(httpx.HTTPError), httpx_errors():
        stream.write(asked.encode("ascii"))
        while b"\r\n\r\n" not in head and len(head) < _LARGEST:
            piece = stream.read(_LARGEST)
            if not piece:
                break
            head += piece
    _, _, fields = head.partition(b"\r\n")
    return parse_headers(BytesIO(fields))["date"] if fields else None


def _moment(told: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC)
