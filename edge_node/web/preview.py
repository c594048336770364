"""
How page 1 of a document looks, drawn by the child that opens strangers' files.

This process opens the file and reads nothing in it; what comes back are grey pixels, as many as
there was room for. What the document software took away is not here to be drawn.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.adapters.removed import on_which_day
from edge_node.catalogue import tell
from edge_node.domain.message import say
from edge_node.notary.told_printed import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

_PIXELS: Final = 1 << 20  # A4 with 100 dots an inch: to be recognised, and to be read at need
_MOST: Final = 1000  # names of a folder that are looked at
# Ours and the software's own, which are no attachments.
_PAPERS: Final = frozenset(
    (
        *("document.json", "document.yaml", "document.yml", "status.json"),
        *("error.json", "error.txt", "verification.json"),
    )
)
_NAMED: Final = 20  # files beside the one that is drawn
# Never through a link, never waiting for the other end of a FIFO.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# (Grey on white, as page 1 is: a picture does not know whether the page around it is dark.)
_NONE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="420" height="96" viewBox="0 0 420 96">'
    '<text x="210" y="53" text-anchor="middle" font-family="sans-serif" font-size="17"'
    ' fill="#566172">{words}</text></svg>'
)
_GREY: Final = (8, 0, 0, 0, 0)  # bits, colour type, compression, filter, interlace (PNG, 11.2.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """What lies in the folder of a document: whose page 1 is drawn, and what is only named."""

    drawn: Path | None = None
    others: tuple[str, ...] = ()


def lying(desk: Desk, item: Outbound | Inbound) -> Lying:
    """Return its files by name, the first PDF among them as the one that is drawn."""
    folder = _folder(desk, item)
    if folder is None:
        return Lying()
    with suppress(OSError), os.scandir(folder) as entries:
        files = (entry for entry in entries if entry.is_file(follow_symlinks=False))
        some = (entry.name for entry, _ in zip(files, range(_MOST), strict=False))
        named = sorted(name for name in some if name not in _PAPERS and name[0] != ".")
        first = next((name for name in named if name.lower().endswith(".pdf")), None)
        others = tuple(name for name in named if name != first)
        return Lying(drawn=folder / first if first else None, others=others[:_NAMED])
    return Lying()


def picture(desk: Desk, asked: Asked) -> Response:
    """Give page 1 as a picture; where there is none to be had, one that says so."""
    item = desk.ledger.find(asked.params["item"])
    path = lying(desk, item).drawn
    drawn = _drawn(desk, path) if path else None
    if drawn is None:
        why = on_which_day(item.removed) if item.removed else say("page 1 cannot be shown")
        words = escape(tell(why, asked.language))
        return Response(_NONE.format(words=words), 404, media_type="image/svg+xml")
    return Response(drawn, media_type="image/png")


def _folder(desk: Desk, item: Outbound | Inbound) -> Path | None:
    if not item.folder or item.removed or (isinstance(item, Inbound) and item.tombstone):
        return None
    exchange = desk.config.folders.exchange
    return (
        exchange / item.folder if isinstance(item, Outbound) else exchange / "inbox" / item.folder
    )


def _drawn(desk: Desk, path: Path) -> bytes | None:
    try:
        file = os.open(path, _READ)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return None
        with _canvas() as canvas:
            size = desk.looking.opener.picture(file, canvas).size
            if size is None or size[0] * size[1] > _PIXELS:
                return None
            return png(os.pread(canvas, size[0] * size[1], HEAD), *size)
    finally:
        os.close(file)


@contextmanager
def _canvas() -> Iterator[int]:
    """Give a file in memory to draw a page in."""
    file = os.memfd_create("page", os.MFD_CLOEXEC)
    try:
        os.ftruncate(file, HEAD + _PIXELS)
        yield file
    finally:
        os.close(file)


def png(grey: bytes, across: int, down: int) -> bytes:
    """Return grey pixels, a byte each, row by row, as a PNG."""
    rows = b"".join(
        b"\0" + grey[start : start + across] for start in range(0, across * down, across)
    )
    head = struct.pack(">2L5B", across, down, *_GREY)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", check)
