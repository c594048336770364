"""
A socket that listens for whoever is beside this process: a loopback port, or a file for a proxy.

The file is nobody else's before its mode says whose it is. What is served there is others' affair.
"""

from __future__ import annotations

import grp
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
def listening(place: Port | SocketFile, *, key: str, group: str = "") -> Iterator[socket.socket]:
    """
    Give a socket that listens there; its file, of that ``group``, is gone when the block ends.

    NotAllowed where somebody else has the place, which ``key`` of the configuration names, or
    where the group is none of ours.
    """
    try:
        server = _file(place.path, key, group) if isinstance(place, SocketFile) else _port(place)
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


def _file(path: Path, key: str, group: str) -> socket.socket:
    number = _number_of(group) if group else None
    _make_way(path, key)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(server.fileno(), 0o600)  # which the file begins with
        server.bind(str(path))
        if number is not None:
            _give(path, number, group)
        path.chmod(_SHARED)
        server.listen(_QUEUED)
    except BaseException:
        server.close()
        raise
    return server


def _number_of(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise NotAllowed(
            say("this machine has no group {group}", group=group),
            hint=say("groupadd --system {group}", group=group),
        ) from None


def _give(path: Path, number: int, group: str) -> None:
    """Give the socket to a group, before that may open it."""
    try:
        os.chown(path, -1, number)
    except PermissionError as error:
        path.unlink()
        raise NotAllowed(
            say("{path} cannot be given to the group {group}", path=str(path), group=group),
            hint=say("put the user this runs as into it, and start it again"),
        ) from error


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
