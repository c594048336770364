"""The socket on which the page is served: a port of this machine, or a file for a proxy."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from edge_node.config.metrics import SocketFile
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.config.metrics import Port

_SHARED: Final = 0o660  # the proxy is in the group
_KNOCK: Final = 5.0  # seconds
_QUEUED: Final = 64  # connections nobody has taken yet


@contextmanager
def listening(place: Port | SocketFile) -> Iterator[tuple[socket.socket, str]]:
    """Give a socket that listens, and its address; NotAllowed where somebody else has it."""
    try:
        server = _file(place.path) if isinstance(place, SocketFile) else _port(place)
    except OSError as error:
        where = str(place.path) if isinstance(place, SocketFile) else place.number
        raise NotAllowed(
            say("nobody can listen at {where}: {reason}", where=where, reason=error.strerror),
            hint=say("see who else listens there (`ss -lx`, `ss -lt`), or change web.listen"),
        ) from error
    with server:
        yield server, _address(place, server)
        if isinstance(place, SocketFile):
            with suppress(OSError):
                place.path.unlink()


def _port(place: Port) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    return socket.create_server((place.host, place.number), family=family, backlog=_QUEUED)


def _file(path: Path) -> socket.socket:
    _make_way(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(server.fileno(), 0o600)  # which the file begins with
        server.bind(str(path))
        path.chmod(_SHARED)
        server.listen(_QUEUED)
    except OSError:
        server.close()
        raise
    return server


def _make_way(path: Path) -> None:
    """Remove a socket that whoever served it left behind; NotAllowed for anything else."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise NotAllowed(
                say("{path} is no socket", path=str(path)),
                hint=say("move it away, or change web.listen"),
            )
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.settimeout(_KNOCK)
        try:
            knock.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise NotAllowed(
        say("somebody else serves {path}", path=str(path)),
        hint=say("give each agency a socket of its own: web.listen"),
    )


def _address(place: Port | SocketFile, server: socket.socket) -> str:
    if isinstance(place, SocketFile):
        return f"unix:{place.path}"
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"http://{host}:{server.getsockname()[1]}/"
