"""
The keys about the web page: whether there is one, where it listens, and who may come in.

The page acts on documents, so whoever comes in shows a token, or is named by the proxy before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.addresses import host
from edge_node.config.kinds import Kind, Unfit
from edge_node.config.metrics import Port, SocketFile, listening
from edge_node.config.shapes import Many
from edge_node.config.shapes import key as _key
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.config.sheet import Scalar

_UNIX: Final = "unix:"


def _header(scalar: Scalar, _: Path) -> str:
    if scalar.text and not re.fullmatch(r"[A-Za-z0-9-]{1,60}", scalar.text):
        raise Unfit
    return scalar.text.lower()


header: Final = Kind(say("the name of a header such as X-Remote-User, or nothing"), _header)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSection:
    """The page in a browser, a process of its own: `edge-node web`."""

    enabled: bool = field(default=False, metadata=_key(kinds.truth))
    # `host:port` of this machine, or `unix:/PATH` for a proxy.
    listen: str = field(default="127.0.0.1:9480", metadata=_key(listening))
    # The group of that socket, beside the node's own; '' for no other.
    socket_group: str = field(default="", metadata=_key(kinds.text))
    # What whoever comes in has to know; `web-token` within `folders.data` when left out.
    token_file: str | None = field(default=None, metadata=_key(kinds.secret_place))
    # By which names a proxy is asked for the page, beside those of this machine.
    hosts: tuple[str, ...] = field(default=(), metadata=_key(Many(host)))
    # The header in which a proxy names who it let in; no token is asked for then.
    user_header: str = field(default="", metadata=_key(header))
    # After how long without a click one has to come in anew.
    idle: timedelta = field(default=timedelta(minutes=30), metadata=_key(kinds.duration))

    @property
    def place(self) -> Port | SocketFile:
        """Where to listen."""
        if self.listen.startswith(_UNIX):
            return SocketFile(Path(self.listen.removeprefix(_UNIX)))
        name, _, number = self.listen.rpartition(":")
        return Port(name.strip("[]"), int(number))
