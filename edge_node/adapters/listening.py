"""
A socket that listens for whoever is beside this process: a loopback port, or a file for a proxy.

The file is nobody else's before its mode says whose it is. What is served there is others' affair.
"""

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

_SHARED: Final = 0o660  # whoever asks there, a proxy for example, is in the group
_KNOCK: Final = 5.0  # seconds
_QUEUED: Final = 64  # connections nobody has taken yet


@contextmanager
def listening(place: Port | SocketFile, *, key: str) -> Iterator[socket.socket]:
    """
    Give a socket that listens there; its file is gone when the block ends.

    NotAllowed where somebody else has the place; ``key`` of the configuration names it.
    """
    try:
        server = _file(place.path, key) if isinstance(place, SocketFile) else _port(place)
    except OSError as error:
        where = str(place.path) if isinstance(place, SocketFile) else place.number
        raise NotAllowed(
            say("nobody can listen at {where}: {reason}", where=where, reason=error.strerror),
            hint=say("see who else listens there (`ss -lx`, `ss -lt`), or change {key}", key=key),
        ) from error
    try:
        with server:
            yield server
    finally:
        if isinstance(place, SocketFile):
            with suppress(OSError):
                place.path.unlink()


def address(place: Port | SocketFile, server: socket.socket) -> str:
    """Return where a socket listens, as somebody asks for it: a file, or a base address."""
    if isinstance(place, SocketFile):
        return f"unix:{place.path}"
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"http://{host}:{server.getsockname()[1]}/"


def _port(place: Port) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    return socket.create_server((place.host, place.number), family=family, backlog=_QUEUED)


def _file(path: Path, key: str) -> socket.socket:
    _make_way(path, key)
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


def _make_way(path: Path, key: str) -> None:
    """Remove a socket that whoever served it left behind; NotAllowed for anything else."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise NotAllowed(
                say("{path} is no socket", path=str(path)),
                hint=say("move it away, or change {key}", key=key),
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
        hint=say("give each agency a socket of its own: {key}", key=key),
    )
