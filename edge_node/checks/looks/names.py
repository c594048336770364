"""The names of servers the configuration names: whether anybody here knows where they are."""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_node.checks.asking import side_by_side
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, good
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding
    from edge_node.config import Config
    from edge_node.domain.message import Message

_SHOWN: Final = 2  # addresses


def _look(situation: Situation) -> Iterator[Finding]:
    for _, finding in side_by_side(_known, _hosts(situation.config)):
        yield finding


def _hosts(config: Config) -> list[tuple[str, str]]:
    """Return the check and the host of each server that is known by a name."""
    urls = [("names.axis", config.axis.url)]
    urls += [("names.stamps", server.url) for server in config.stamps.servers]
    hosts = ((check, urlsplit(url).hostname or "") for check, url in urls)
    return list(dict.fromkeys((check, host) for check, host in hosts if not _is_number(host)))


def _is_number(host: str) -> bool:
    with suppress(ValueError):
        ip_address(host)
        return True
    return not host


def _known(asked: tuple[str, str]) -> Finding:
    check, host = asked
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return bad(check, _why(host, error), _cure(host), about=host)
    addresses = list(dict.fromkeys(str(where[0]) for *_, where in found))[:_SHOWN]
    why = say("{host} is found at {addresses}", host=host, addresses=", ".join(addresses))
    return good(check, why, about=host)


def _why(host: str, error: Exception) -> Message:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return say("no name server answers: where {host} is, nobody can tell", host=host)
    return say("no name server knows {host}", host=host)


def _cure(host: str) -> Message:
    return say(
        "see what stands in /etc/resolv.conf, and try: getent hosts {host};"
        " an address may stand in /etc/hosts",
        host=host,
    )


CHECK: Final = Check(id="names", rank=15, look=_look, within=timedelta(seconds=15), outward=True)
