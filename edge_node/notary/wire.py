"""
What parent and child say to each other: one packet each way over a pair of connected sockets.

    4 bytes  how long the JSON is        4 bytes  how long all bytes after it are together
    JSON     {"body": {...}, "sizes": [...]}
    bytes    values that are no text, one after the other; the body names them by their index

Open files ride along with a packet to the child (SCM_RIGHTS) and never back. Who reads believes
nothing: lengths are known before anything is read, and every field is asked of `Fields` by its
type and bounds. What the bodies mean is `edge_node.notary.told` and the two children's.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import unicodedata
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from edge_node.domain.message import Message

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"

_LENGTHS: Final = struct.Struct("!II")
_CHUNK: Final = 1 << 20
_STEERING: Final = frozenset({"Cc", "Cs", "Cf"})
_NOT_IN_XML: Final = frozenset("\ufffe\uffff")  # of what else is not in it (XML 1.0, 2.2)
_DESCRIPTOR: Final = array("i")
_FILES: Final = 4  # at most with one packet
_BLOBS: Final = 10_000  # at most in one packet; a trust list has hundreds of certificates
TEXT: Final = 1000  # characters of one text; what is longer is cut, and of a URL left out
# Certificates without an end say 9999-12-31 (RFC 5280, 4.1.2.5). A day that exists everywhere:
EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 31, 12, tzinfo=UTC)

_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")


class Garbled(EdgeNodeError):
    """The other side said something that cannot have been meant."""

    def __init__(self, what: str) -> None:
        """Name what is wrong, for whoever maintains this."""
        super().__init__(
            say("what two parts of this node say to each other is garbled: {what}", what=what)
        )


class HungUp(Exception):
    """The other side has closed the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of a packet is read, in bytes."""

    text: int  # of JSON
    blobs: int  # of all other values together


# A child is told much (the lists of revoked certificates of an authority come to megabytes) and
# answers little.
TO_CHILD: Final = Bounds(text=4 << 20, blobs=128 << 20)
TO_PARENT: Final = Bounds(text=1 << 20, blobs=1 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One message. ``files`` are descriptors; whoever receives them closes them."""

    # Not shown: there may be a secret in it.
    body: Mapping[str, Plain] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    blobs: tuple[bytes, ...] = field(default=(), repr=False)
    files: tuple[int, ...] = ()


def send(
    connection: socket.socket, packet: Packet, wait: Callable[[], None] | None = None
) -> None:
    """
    Send a packet and what rides along.

    ``wait`` is called before each step: it sets how long the connection may take, or raises.
    `HungUp` where nobody listens any more.
    """
    told = {"body": dict(packet.body), "sizes": [len(blob) for blob in packet.blobs]}
    text = json.dumps(told, separators=(",", ":")).encode()
    lengths = _LENGTHS.pack(len(text), sum(map(len, packet.blobs)))
    try:
        _ready(wait)
        socket.send_fds(connection, [lengths], packet.files)
        for piece in (text, *packet.blobs):
            rest = memoryview(piece)
            while rest:
                _ready(wait)
                rest = rest[connection.send(rest[:_CHUNK]) :]
    except (BrokenPipeError, ConnectionResetError) as error:
        raise HungUp from error


def receive(
    connection: socket.socket,
    bounds: Bounds,
    wait: Callable[[], None] | None = None,
    *,
    files: int = 0,
) -> Packet:
    """
    Return the next packet with at most ``files`` files; see `send` for ``wait``.

    `HungUp` where no more comes, `Garbled` for what is beyond the bounds or is none.
    """
    if not 0 <= files <= _FILES:
        raise ValueError(files)
    got: list[int] = []
    try:
        lengths = _LENGTHS.unpack(_start(connection, wait, files, got))
        body, blobs = _content(connection, bounds, wait, *lengths)
    except BaseException:
        for descriptor in got:
            os.close(descriptor)
        raise
    return Packet(body=body, blobs=blobs, files=tuple(got))


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object that was received: exactly the ``names`` are in it, each asked by its type."""

    value: dict[str, Plain]
    blobs: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, value: object, blobs: tuple[bytes, ...], names: Iterable[str]) -> Fields:
        """Take an object with those names and no others; `Garbled` else."""
        if not isinstance(value, dict) or value.keys() != set(names):
            raise Garbled("names")
        return cls(value, blobs)

    def text(self, name: str) -> str:
        """Return a text, cut to what is sensible and free of what no screen should be sent."""
        value = self.value[name]
        if not isinstance(value, str):
            raise Garbled(name)
        return clean(value)

    def flag(self, name: str) -> bool:
        """Return a yes or no."""
        value = self.value[name]
        if not isinstance(value, bool):
            raise Garbled(name)
        return value

    def number(self, name: str, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``."""
        return _number(self.value[name], low, high, name)

    def one_of(self, name: str, kinds: type[_E]) -> _E:
        """Return a member of an enumeration by its value."""
        value = self.value[name]
        if not isinstance(value, str) or value not in {kind.value for kind in kinds}:
            raise Garbled(name)
        return kinds(value)

    def moment(self, name: str) -> datetime:
        """Return a moment that knows its zone, within what calendars of all zones hold."""
        value = self.value[name]
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError as error:
            raise Garbled(name) from error
        if moment is None or moment.utcoffset() is None:
            raise Garbled(name)
        return within(moment)

    def blob(self, name: str) -> bytes:
        """Return bytes that ride behind the JSON."""
        return self.blobs[_number(self.value[name], 0, len(self.blobs) - 1, name)]

    def list_of(self, name: str, most: int, read: Callable[[Plain], _T]) -> tuple[_T, ...]:
        """Return a list of at most ``most``, each read by ``read``."""
        value = self.value[name]
        if not isinstance(value, list) or len(value) > most:
            raise Garbled(name)
        return tuple(read(one) for one in value)

    def blobs_of(self, name: str, most: int) -> tuple[bytes, ...]:
        """Return a list of bytes."""
        last = len(self.blobs) - 1
        return self.list_of(name, most, lambda one: self.blobs[_number(one, 0, last, name)])

    def maybe(self, name: str, read: Callable[[str], _T]) -> _T | None:
        """Return None where there is none, and else what ``read`` makes of the name."""
        return None if self.value[name] is None else read(name)


def within(moment: object) -> datetime:
    """
    Return a moment that every zone has a date for, of what a stranger's file calls one.

    What knows no zone is taken for UTC, what is no `datetime` is the year 0 of asn1crypto.
    """
    if not isinstance(moment, datetime):
        return EARLIEST
    if moment.utcoffset() is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment, EARLIEST), LATEST)


def fits(url: str) -> bool:
    """Return whether a URL is told as it is; a cut one would be another's."""
    return len(url) <= TEXT and url.isprintable()


def clean(text: str, *, most: int = TEXT) -> str:
    """
    Return text without what steers a screen, what no XML carries, or more than anybody reads.

    A certificate may name its owner as it pleases, and a status tells its sender why.
    """
    if len(text) > most:
        text = text[: most - 1] + "…"
    if text.isprintable():
        return text
    return "".join("\ufffd" if _is_bad(one) else one for one in text)


def _is_bad(one: str) -> bool:
    return unicodedata.category(one) in _STEERING or one in _NOT_IN_XML


def sentences(messages: Iterable[Message], read: Callable[[Message], Plain], most: int) -> Plain:
    """Return as many messages as fit, as JSON says them."""
    return [read(message) for message, _ in zip(messages, range(most), strict=False)]


def _ready(wait: Callable[[], None] | None) -> None:
    if wait is not None:
        wait()


def _start(
    connection: socket.socket, wait: Callable[[], None] | None, files: int, got: list[int]
) -> bytes:
    """Return the lengths; the files ride along with their first byte."""
    _ready(wait)
    try:
        if files:
            # Not by socket.recv_fds, which drops the flag that keeps programs from inheriting.
            room = socket.CMSG_LEN(files * _DESCRIPTOR.itemsize)
            start, riding, flags, _ = connection.recvmsg(
                _LENGTHS.size, room, socket.MSG_CMSG_CLOEXEC
            )
            for _level, _kind, told in riding:
                got += array(_DESCRIPTOR.typecode, told)
            if flags & socket.MSG_CTRUNC:
                raise Garbled("files")
        else:  # nothing is taken that nobody asked for: the kernel closes what rides along
            start = connection.recv(_LENGTHS.size)
    except ConnectionResetError as error:
        raise HungUp from error
    if not start:
        raise HungUp
    return start + _exactly(connection, _LENGTHS.size - len(start), wait)


def _content(
    connection: socket.socket,
    bounds: Bounds,
    wait: Callable[[], None] | None,
    text: int,
    blobs: int,
) -> tuple[dict[str, Plain], tuple[bytes, ...]]:
    """Return the body and the bytes behind it, of the lengths that were announced."""
    if text > bounds.text or blobs > bounds.blobs:
        raise Garbled("too long")
    told = _parsed(_exactly(connection, text, wait))
    sizes = told.list_of("sizes", _BLOBS, _size)
    body = told.value["body"]
    if sum(sizes) != blobs or not isinstance(body, dict):
        raise Garbled("body")
    return body, tuple(bytes(_exactly(connection, size, wait)) for size in sizes)


def _exactly(
    connection: socket.socket, size: int, wait: Callable[[], None] | None
) -> bytes | bytearray:
    """Return so many bytes; memory is used for what has come and not for what was promised."""
    got = bytearray()
    while len(got) < size:
        _ready(wait)
        try:
            chunk = connection.recv(min(_CHUNK, size - len(got)))
        except ConnectionResetError as error:
            raise HungUp from error
        if not chunk:
            raise HungUp
        got += chunk
    return got


def _parsed(text: bytes | bytearray) -> Fields:
    try:
        told = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Garbled("JSON") from error
    return Fields.of(told, (), ("body", "sizes"))


def _refuse(name: str) -> None:
    raise ValueError(name)


def _size(value: Plain) -> int:
    return _number(value, 0, TO_CHILD.blobs, "sizes")


def _number(value: Plain, low: int, high: int, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Garbled(name)
    return value
