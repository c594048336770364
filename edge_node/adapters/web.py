"""
One bounded question over HTTP to a server that a certificate, or the configuration, names.

What a stranger's certificate names is asked only where that is public, or where a person allowed
it: else anybody could have this node knock at doors inside the agency's network. No redirects, no
proxy, no cookies; each answer is bounded in size and time. What is asked, and what the answer is
worth, is the callers' affair.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import httpx

from edge_node.adapters.calls import Calls
from edge_node.adapters.deadline import Deadline, DeadlineTransport
from edge_node.domain.errors import Transient
from edge_node.domain.message import Message, say
from edge_node.protocol.vxp_replies import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from ipaddress import IPv4Address

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network

_AS_THEY_ARE: Final[Mapping[str, str]] = MappingProxyType({})
_CONNECTING: Final = timedelta(seconds=10)
_SERVER_ERROR, _OK = 500, 200
_NAT64: Final = IPv6Network("64:ff9b::/96")  # an IPv4 address, behind a translator (RFC 6052)
# What Python 3.11 takes for public, and is not, or leads to an IPv4 address that may not be.
_NOT_PUBLIC: Final = (
    IPv6Network("::/96"),  # IPv4-compatible (RFC 4291, 2.5.5.1)
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated (RFC 2765)
    IPv6Network("64:ff9b:1::/48"),  # translators of one's own (RFC 8215)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
    IPv6Network("5f00::/16"),  # segments within one network (RFC 9602)
    IPv6Network("fec0::/10"),  # site-local, of old (RFC 3879)
)
_MOST_ADDRESSES: Final = 3  # of one host; each may take `_CONNECTING`


class NoAnswer(Transient):
    """No usable answer came; ``final`` where asking again soon would bring the same."""

    def __init__(
        self, message: Message, *, final: bool = False, hint: Message | None = None
    ) -> None:
        """Say why."""
        super().__init__(message, hint=hint)
        self.final = final


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses the system knows for a host; OSError or UnicodeError for none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """
    Which servers may be asked, and where they are.

    ``hosts`` says by host name where a server is really asked (``host`` or ``host:port``); what
    stands there may lie in any network. ``private`` are networks that may be asked though they
    are not public; ``anywhere`` lifts that bar altogether, for servers the configuration names.
    """

    hosts: Mapping[str, str] = field(default_factory=lambda: _AS_THEY_ARE)
    private: tuple[Network, ...] = ()
    anywhere: bool = False
    resolve: Callable[[str, int], list[str]] = resolved

    def doors(self, url: httpx.URL) -> list[tuple[str, int]]:
        """Return the addresses and the port behind a url; `NoAnswer` where none may be asked."""
        elsewhere = self.hosts.get(url.host.lower())
        real = httpx.URL(f"http://{elsewhere}") if elsewhere else url
        port = real.port or url.port or (443 if url.scheme == "https" else 80)
        try:
            found = self.resolve(real.host, port)
        except (OSError, UnicodeError) as error:
            raise _unreachable(url, error) from error
        free = elsewhere is not None or self.anywhere
        doors = [(address, port) for address in found if free or self._admits(address)]
        if not doors:
            raise NoAnswer(
                say("{host} lies in a network that is not public", host=url.host),
                final=True,
                hint=say("if it may be asked, name its network in trust.private"),
            )
        return doors[:_MOST_ADDRESSES]

    def _admits(self, written: str) -> bool:
        address = _itself(ip_address(written.partition("%")[0]))
        if any(address in network for network in self.private):
            return True
        if any(address in network for network in _NOT_PUBLIC):
            return False
        return address.is_global and not address.is_multicast


def _itself(address: Address) -> Address:
    """Return the IPv4 address within an IPv6 one that only wraps it."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return ip_address(address.packed[-4:])
        return address.ipv4_mapped or address.sixtofour or address
    return address


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: a GET, or a POST where there is a ``body``."""

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: _AS_THEY_ARE)
    largest: int  # bytes of the answer
    within: timedelta  # from the first connection to the last byte


def ask(question: Question, reach: Reach, calls: Calls | None = None) -> bytes:
    """
    Return the body of a positive answer; `NoAnswer` says in one sentence why there is none.

    ``calls`` can end it from another thread: `HungUp`.
    """
    calls = calls or Calls()
    calls.demand_going_on()
    url = _url(question.url)
    deadline = Deadline()
    deadline.give(question.within)
    doors = reach.doors(url)
    tls = _terms() if url.scheme == "https" else None
    line = DeadlineTransport(deadline, tls=tls, idle=timedelta())
    with closing(line), calls.calling(line, deadline), _web_errors(url):
        for number, door in enumerate(doors, start=1):
            try:
                answer = line.handle_request(_request(question, url, door))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(doors):
                    raise
                continue
            with closing(answer):
                return _body(answer, url, question.largest)
    raise AssertionError("no doors")  # `doors` never returns an empty list


def authority(written: str) -> str:
    """Return the host of a url, with its port where it names one; `NoAnswer` for a bad url."""
    return _url(written).netloc.decode("ascii")


def _url(written: str) -> httpx.URL:
    try:
        url = httpx.URL(written)
        host = url.host  # decoded only when looked at: punycode may be no name
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise NoAnswer(say("{url} is no address", url=excerpt(written)), final=True) from error
    if url.scheme not in {"http", "https"} or not host or url.userinfo:
        raise NoAnswer(
            say("{url} cannot be asked: only http and https can", url=excerpt(written)),
            final=True,
        )
    return url


def _request(question: Question, url: httpx.URL, door: tuple[str, int]) -> httpx.Request:
    """Return the request to one address; by name in its header, and where TLS looks at it."""
    address, port = door
    return httpx.Request(
        "POST" if question.body else "GET",
        url.copy_with(host=address, port=port, fragment=None),
        headers={
            "Host": url.netloc.decode("ascii"),
            "Accept-Encoding": "identity",
            "Connection": "close",
            **question.headers,
        },
        content=question.body or None,
        extensions={
            "timeout": {"connect": _CONNECTING.total_seconds()},
            "sni_hostname": url.raw_host.decode("ascii"),
        },
    )


def _body(answer: httpx.Response, url: httpx.URL, largest: int) -> bytes:
    if answer.status_code != _OK:
        raise NoAnswer(
            say("{host} answered by HTTP {code}", host=url.host, code=answer.status_code),
            final=answer.status_code < _SERVER_ERROR,
        )
    body = bytearray()
    for piece in answer.iter_raw():  # as it comes: what was packed could be a bomb
        body += piece
        if len(body) > largest:
            raise NoAnswer(
                say(
                    "the answer of {host} is longer than {most} bytes", host=url.host, most=largest
                ),
                final=True,
            )
    return bytes(body)


def _terms() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def _web_errors(url: httpx.URL) -> Iterator[None]:
    """Turn httpx's errors into ours: the one place here that knows both vocabularies."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise _unreachable(url, error) from error
    except httpx.TimeoutException as error:
        raise NoAnswer(say("{host} did not answer in time", host=url.host)) from error
    except httpx.HTTPError as error:
        reason = excerpt(str(error)) or type(error).__name__
        raise NoAnswer(
            say("no whole answer from {host}: {reason}", host=url.host, reason=reason)
        ) from error


def _unreachable(url: httpx.URL, error: Exception) -> NoAnswer:
    reason = excerpt(getattr(error, "strerror", None) or str(error)) or type(error).__name__
    return NoAnswer(
        say("cannot reach {host}: {reason}", host=url.host, reason=reason),
        hint=say("check the network and the firewall, or name where it is found in trust.hosts"),
    )
