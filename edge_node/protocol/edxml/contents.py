"""
The content of one attachment as it comes: base64 decoded, counted, hashed, written.

Nothing here knows of XML or of a package's names; damage and excess are told by two errors of its
own, which `edge_node.protocol.edxml.scan` turns into sentences.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import Digest, Stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from edge_node.protocol.edxml.streams import Target

ZIP_MAGIC: Final = b"PK\x03\x04"

_BLANKS: Final = b" \t\r\n"


class NotBase64(ValueError):
    """The text is not base64."""


class NoRoom(ValueError):
    """There are more bytes than there is room for."""


class Base64Reader:
    """
    Decodes base64 that comes piece by piece.

    White space and missing padding are forgiven, anything else that is not base64 is NotBase64.
    """

    def __init__(self, take: Callable[[bytes], object]) -> None:
        """Hand decoded blocks to ``take``."""
        self._take = take
        self._rest = b""
        self._padded = False

    def feed(self, piece: bytes) -> None:
        """Decode the next piece of the text."""
        if any(blank in piece for blank in (b"\n", b" ", b"\r", b"\t")):
            piece = piece.translate(None, _BLANKS)
        if self._padded:
            padding = piece
        else:
            piece, sign, padding = piece.partition(b"=")
            self._padded = bool(sign)
            self._decode(piece)
        if padding.strip(b"="):
            raise NotBase64

    def finish(self) -> None:
        """Decode what is left; the text ends here."""
        if self._rest:
            self._take(_decoded(self._rest + b"=" * (-len(self._rest) % 4)))
            self._rest = b""

    def _decode(self, piece: bytes) -> None:
        block = self._rest + piece if self._rest else piece
        whole = len(block) - len(block) % 4
        self._rest = block[whole:]
        self._take(_decoded(block[:whole]))


def _decoded(block: bytes) -> bytes:
    try:
        return binascii.a2b_base64(block, strict_mode=True)
    except binascii.Error:
        raise NotBase64 from None


class Sink:
    """Takes an attachment's bytes: counts and hashes them and writes them to a place, if any."""

    def __init__(self, place: Path | Target | None, *, room: int) -> None:
        """Take at most ``room`` bytes; a file by its path must not exist yet."""
        self._own = place.open("xb") if isinstance(place, Path) else None
        self._file = place if not isinstance(place, Path) else self._own
        self._hash = sha256()
        self.room = room
        self._size = 0
        self.head = b""

    def write(self, block: bytes) -> None:
        """Take the next bytes; NoRoom when they are too many."""
        self._size += len(block)
        if self._size > self.room:
            raise NoRoom
        if len(self.head) < len(ZIP_MAGIC):
            self.head = (self.head + block)[: len(ZIP_MAGIC)]
        self._hash.update(block)
        if self._file:
            self._file.write(block)

    @property
    def stored(self) -> Stored:
        """What has been taken so far."""
        return Stored(digest=Digest(self._hash.hexdigest()), size=self._size)

    def close(self) -> None:
        """Close a file that was made here; it is not fsynced."""
        if self._own:
            self._own.close()

    def __enter__(self) -> Self:
        """Return itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()


@dataclass(frozen=True, slots=True)
class Content:
    """What one attachment held: its bytes' digest and size, how they begin, where they lie."""

    stored: Stored
    head: bytes
    path: Path | None


class Decoder:
    """Decodes one attachment into a file, or into nothing but its size and digest."""

    def __init__(self, place: Path | Target | None, *, room: int) -> None:
        """Decode at most ``room`` bytes; a file by its path must not exist yet."""
        self._path = place if isinstance(place, Path) else None
        self._sink = Sink(place, room=room)
        self._base64 = Base64Reader(self._sink.write)

    def feed(self, text: str) -> None:
        """Decode the next piece; NotBase64 or NoRoom."""
        try:
            piece = text.encode("ascii")
        except UnicodeEncodeError:
            raise NotBase64 from None
        self._base64.feed(piece)

    def finish(self) -> Content:
        """Return what was decoded; NotBase64 when the text broke off inside a byte, or NoRoom."""
        self._base64.finish()
        self.close()
        return Content(self._sink.stored, self._sink.head, self._path)

    def close(self) -> None:
        """Close the file; it is not fsynced."""
        self._sink.close()
