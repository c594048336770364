"""
A package on the wire: in pieces to the axis, and in pieces from an answer to the sink.

Nothing here holds a package in memory. An answer that is not the package it should be is seen for
what it is; what becomes of that is the axis client's affair.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, Protocol

from edge_node.domain.breaker import NoPackage
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.message import say
from edge_node.protocol import edxml
from edge_node.protocol.json_stream import DataStream, StreamBroken
from edge_node.protocol.vxp import FILE_END
from edge_node.protocol.vxp_replies import check_fetched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from edge_node.protocol.vxp_verdicts import Verdicts

_PIECE: Final = 64 << 10
_KNOWN_BY: Final = 16  # bytes that tell XML, JSON and an error page apart
_BLANKS: Final = b"\xef\xbb\xbf \t\r\n"


class Sink(Protocol):
    """Where a fetched package goes: anything with `write`."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


def outgoing_body(package: BinaryIO, size: int) -> Iterator[bytes]:
    """Give a package in pieces, then `FILE_END`; without that the axis cannot take it whole."""
    left = size
    while left and (piece := package.read(min(_PIECE, left))):
        left -= len(piece)
        yield piece
    if left or package.read(1):
        raise PackageUnreadable(
            say("the stored package is not {size} bytes long", size=size),
            hint=say("the file was changed after it was stored: check the disk"),
        )
    yield FILE_END


def write_package(
    pieces: Iterator[bytes],
    sink: Sink,
    *,
    may_be_raw: bool,
    length_known: bool,
    verdicts: Verdicts,
) -> None:
    """
    Write the package an answer is, or holds in JSON; StreamBroken, or what the answer's no means.

    NoPackage where the sink got all there is, and that does not look like one.

    ``may_be_raw`` is false where only JSON is expected. ``length_known`` says that HTTP itself
    would notice an answer cut short; otherwise the package has to end the way XML ends.
    """
    head = b""
    for piece in pieces:
        head += piece
        if len(head.lstrip(_BLANKS)) >= _KNOWN_BY:
            break
    start = head.lstrip(_BLANKS).lower()
    body = chain([head], pieces)
    if start.startswith((b"<!doctype html", b"<html")):
        raise StreamBroken("a web page came instead of a package")
    glance = edxml.Glance()
    watched = _Watched(sink, glance)
    if start.startswith(b"{") or not may_be_raw:
        written = _write_from_json(body, watched, verdicts)
    else:
        written = _write_raw(body, watched, proven=length_known)
    if not written:
        raise StreamBroken("the package is empty")
    _demand_package(glance)


class _Watched:
    """A sink whose bytes are glanced at."""

    def __init__(self, sink: Sink, glance: edxml.Glance) -> None:
        self._sink = sink
        self._glance = glance

    def write(self, data: bytes, /) -> object:
        self._glance.see(data)
        return self._sink.write(data)


def _demand_package(glance: edxml.Glance) -> None:
    hint = say("if that goes on, ask who runs the axis, or a proxy before it, what is in the way")
    if not glance.begins:
        raise NoPackage(say("the axis gives something that is no package"), hint=hint)
    if not glance.ends:
        raise NoPackage(say("the axis gives a package that breaks off"), hint=hint)


def _write_from_json(pieces: Iterable[bytes], sink: Sink, verdicts: Verdicts) -> int:
    stream = DataStream()
    written = 0
    for piece in pieces:
        package = stream.feed(piece)
        if package:
            written += len(package)
            sink.write(package)
    check_fetched(stream.close(), verdicts)
    return written


def _write_raw(pieces: Iterable[bytes], sink: Sink, *, proven: bool) -> int:
    written = 0
    end = b""
    for piece in pieces:
        written += len(piece)
        sink.write(piece)
        end = (end + piece)[-_KNOWN_BY:]
    if not proven and not end.rstrip(_BLANKS).endswith(b">"):
        raise StreamBroken("the package does not end where XML ends")
    return written
