"""The keys about the log: what is worth a line, how it is written, where it is forwarded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.choices import LogFormat, LogLevel
from edge_node.config.kinds import Kind, Unfit
from edge_node.config.shapes import Section
from edge_node.config.shapes import key as _key
from edge_node.domain.message import say

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.config.sheet import Scalar

_PORTS: Final = (1 << 16) - 1


def _host(scalar: Scalar, _: Path) -> str:
    """Return the name or address of a machine, as its certificate has it."""
    written = scalar.text.strip("[]")
    if ":" in written:
        try:
            return str(ip_address(written))
        except ValueError as error:
            raise Unfit from error
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})", written):
        raise Unfit
    return written.lower()


host: Final = Kind(say("the name or the address of a machine, as its certificate has it"), _host)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogSection:
    """A syslog server the log is forwarded to over TLS (RFC 5425)."""

    # Its name, as its certificate has it; None for no forwarding.
    host: str | None = field(default=None, metadata=_key(host))
    port: int = field(default=6514, metadata=_key(kinds.whole(1, _PORTS)))
    # Certificates to trust instead of the machine's own; None for the machine's own.
    ca_file: Path | None = field(default=None, metadata=_key(kinds.path))
    # What this node shows of itself (PEM); None where the server asks for nothing.
    certificate: Path | None = field(default=None, metadata=_key(kinds.path))
    # Its key; None where that stands in the same file.
    key: Path | None = field(default=None, metadata=_key(kinds.path))
    # How many lines wait for a server that is away; what comes after them is not forwarded.
    lines: int = field(default=2000, metadata=_key(kinds.whole(10, 100_000)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSection:
    """The log of a node at work."""

    level: LogLevel = field(default=LogLevel.INFO, metadata=_key(kinds.one_of(LogLevel)))
    format: LogFormat = field(default=LogFormat.AUTO, metadata=_key(kinds.one_of(LogFormat)))
    syslog: SyslogSection = field(default=SyslogSection(), metadata=_key(Section(SyslogSection)))
