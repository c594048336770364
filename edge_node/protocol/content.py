"""
A look at an attachment's bytes while they are hashed: is it what its name says, is it damaged.

Only what every reader would stumble over is judged here; signatures and text are not read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import Digest, Stored
from edge_node.domain.message import say

if TYPE_CHECKING:
    from typing import BinaryIO

    from edge_node.domain.message import Message

_CHUNK: Final = 1 << 18
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}".encode()

# Software that treats a file as text turns every foreign byte into U+FFFD: thousands of them.
# A PDF may hold a few in its text on purpose.
_DAMAGED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an attachment holds, and why it should not travel (None if nothing speaks against)."""

    stored: Stored
    objection: Message | None = None


def examine(stream: BinaryIO, name: str) -> Content:
    """Read the stream to its end once; return its digest and size, and what is wrong with it."""
    digest, size, replaced = hashlib.sha256(), 0, 0
    head, tail = b"", b""
    while chunk := stream.read(_CHUNK):
        if not head:
            head = chunk[:1024]
        # A pattern of three bytes may lie across two chunks.
        replaced += (tail + chunk).count(_REPLACED)
        tail = chunk[-2:]
        digest.update(chunk)
        size += len(chunk)
    stored = Stored(digest=Digest(digest.hexdigest()), size=size)
    return Content(stored=stored, objection=_objection(name, head, size, replaced))


def _objection(name: str, head: bytes, size: int, replaced: int) -> Message | None:
    if size == 0:
        return say("{file}: expected a document, found an empty file", file=name)
    if PurePath(name).suffix.lower() != ".pdf":
        return None
    if b"%PDF-" not in head:
        return say("{file}: expected a PDF, found something else", file=name)
    if replaced >= _DAMAGED:
        return say(
            "{file}: expected a sound PDF, found one that was saved as text and is damaged",
            file=name,
        )
    return None
