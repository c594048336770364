"""
The address of the axis: https, unless the axis is on this very machine.

Without TLS everybody on the way reads the documents, and can answer in the axis's place.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_node.config.kinds import Kind, Unfit
from edge_node.domain.message import say

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.config.sheet import Scalar

_LOOPBACK: Final = IPv4Network("127.0.0.0/8")


def _url(scalar: Scalar, _: Path) -> str:
    written = scalar.text
    if not re.fullmatch(r"[!-~]+", written):
        raise Unfit
    try:
        parts = urlsplit(written)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Unfit from error
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        raise Unfit
    if "@" in parts.netloc or "?" in written or "#" in written:
        raise Unfit(say("an https address without user name, ? or #"))
    if parts.scheme == "http" and not is_this_machine(host):
        raise Unfit(
            say("an https address (http sends documents readable to everybody on the way)")
        )
    return written.rstrip("/")


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
