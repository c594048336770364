"""
Addresses: that of the axis is https, unless the axis is on this very machine.

Without TLS everybody on the way reads the documents, and can answer in the axis's place. What
time-stamp authorities and others say of certificates is signed by them, and read over http, too.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_node.config.kinds import Kind, Unfit
from edge_node.domain.message import say

if TYPE_CHECKING:
    from pathlib import Path
    from urllib.parse import SplitResult

    from edge_node.config.sheet import Scalar

_LOOPBACK: Final = IPv4Network("127.0.0.0/8")


def _parts(written: str) -> tuple[SplitResult, str]:
    """Return an http or https address in its parts, and its host; Unfit."""
    if not re.fullmatch(r"[!-~]+", written):
        raise Unfit
    try:
        parts = urlsplit(written)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Unfit from error
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        raise Unfit
    return parts, host


def _url(scalar: Scalar, _: Path) -> str:
    written = scalar.text
    parts, host = _parts(written)
    if "@" in parts.netloc or "?" in written or "#" in written:
        raise Unfit(say("an https address without user name, ? or #"))
    if parts.scheme == "http" and not is_this_machine(host):
        raise Unfit(
            say("an https address (http sends documents readable to everybody on the way)")
        )
    return written.rstrip("/")


def _web_address(scalar: Scalar, _: Path) -> str:
    parts, _host = _parts(scalar.text)
    if "@" in parts.netloc or parts.fragment:
        raise Unfit(say("an address without user name or #"))
    return scalar.text


def _host(scalar: Scalar, _: Path) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", scalar.text):
        raise Unfit
    return scalar.text.lower()


def _authority(scalar: Scalar, _: Path) -> str:
    parts, _host = _parts(f"http://{scalar.text}")
    if parts.netloc != scalar.text or "@" in scalar.text:
        raise Unfit
    return scalar.text


def _network(scalar: Scalar, _: Path) -> IPv4Network | IPv6Network:
    try:
        return ip_network(scalar.text)
    except ValueError as error:
        raise Unfit from error


def is_this_machine(host: str) -> bool:
    """Tell whether what is sent to the host never leaves this machine."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address in _LOOPBACK if address.version == 4 else str(address) == "::1"  # noqa: PLR2004


def _without_secrets(written: str) -> str:
    return re.sub(r"[?#].*", "?…", re.sub(r"//.*@", "//…@", written))


url: Final = Kind(
    say("an https address such as https://ltvb.example.gov.vn"), _url, _without_secrets
)

web_address: Final = Kind(
    say("an http or https address such as http://tsa.example.gov.vn"),
    _web_address,
    _without_secrets,
)
host: Final = Kind(say("the name of a host such as ocsp.example.gov.vn"), _host)
authority: Final = Kind(say("a host, or host:port, such as 10.0.0.5:8080"), _authority)
network: Final = Kind(say("a network such as 10.0.0.0/8, or an address"), _network)
