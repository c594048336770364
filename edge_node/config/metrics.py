"""
The keys about measurements: where the page with them is, if anywhere.

It says how many documents stand where, and asks nobody who he is: so it is for this machine alone,
and whoever wants it farther away puts a proxy before it that asks.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.config.addresses import is_this_machine
from edge_node.config.kinds import Kind, Unfit
from edge_node.config.shapes import key as _key
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.config.sheet import Scalar

_UNIX: Final = "unix:"
_LONGEST: Final = 107  # bytes of a socket's path (unix(7)), without the zero behind it
_PORTS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Port:
    """A port of this machine; 0 for any that is free."""

    host: str
    number: int


@dataclass(frozen=True, slots=True)
class SocketFile:
    """A Unix socket."""

    path: Path


def _listen(scalar: Scalar, folder: Path) -> str:
    """Return the address in one form: `host:port`, `[::1]:port` or `unix:/absolute/path`."""
    if scalar.text.startswith(_UNIX):
        written = scalar.text.removeprefix(_UNIX)
        if not written or not written.isprintable():
            raise Unfit
        path = folder / written
        if len(os.fsencode(path)) > _LONGEST:
            raise Unfit(say("a shorter path: a socket's has {most} bytes at most", most=_LONGEST))
        return f"{_UNIX}{path}"
    parts = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", scalar.text)
    if parts is None or int(parts[2]) >= _PORTS:
        raise Unfit
    if not is_this_machine(parts[1].strip("[]").lower()):
        raise Unfit(
            say(
                "an address of this machine alone (127.0.0.1:9464, or unix:/PATH), because whoever"
                " reaches the page may read it; for others put a proxy before it"
            )
        )
    return f"{parts[1].lower()}:{int(parts[2])}"


listening: Final = Kind(say("an address such as 127.0.0.1:9464 or unix:/PATH"), _listen)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSection:
    """Measurements for Prometheus, and whether the node lives and works."""

    # `host:port` of this machine or `unix:/PATH`; None for no page.
    listen: str | None = field(default=None, metadata=_key(listening))

    @property
    def place(self) -> Port | SocketFile | None:
        """Where to listen; None for nowhere."""
        if self.listen is None:
            return None
        if self.listen.startswith(_UNIX):
            return SocketFile(Path(self.listen.removeprefix(_UNIX)))
        host, _, number = self.listen.rpartition(":")
        return Port(host.strip("[]"), int(number))
