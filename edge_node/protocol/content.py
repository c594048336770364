"""
A look at an attachment's bytes while they are hashed: is it what its name says, is it damaged.

Only what every reader would stumble over is judged here; signatures and text are not read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
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

_PDF: Final = b"%PDF-"
_ZIP: Final = b"PK\x03\x04"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # older office files (MS-CFB)
# The one part every office package has (ECMA-376-2, 10.1.2.1); names are not packed in a ZIP.
_TYPES: Final = b"[content_types].xml"


class Kind(StrEnum):
    """What a file is by its content, whatever it is called."""

    PDF = "pdf"
    OFFICE = "office"  # docx, xlsx, pptx; older ones and encrypted ones are not
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an attachment holds, and why it should not travel (None if nothing speaks against)."""

    stored: Stored
    kind: Kind = Kind.OTHER
    objection: Message | None = None


def examine(stream: BinaryIO, name: str) -> Content:
    """Read the stream to its end once; return its digest and size, and what is wrong with it."""
    digest, size, replaced = hashlib.sha256(), 0, 0
    head, tail, typed = b"", b"", False
    while chunk := stream.read(_CHUNK):
        if not head:
            head = chunk[:1024]
        # A pattern of three bytes may lie across two chunks.
        replaced += (tail[-2:] + chunk).count(_REPLACED)
        typed = typed or (head.startswith(_ZIP) and _TYPES in (tail + chunk).lower())
        tail = chunk[-len(_TYPES) :]
        digest.update(chunk)
        size += len(chunk)
    stored = Stored(digest=Digest(digest.hexdigest()), size=size)
    return Content(
        stored=stored,
        kind=_kind(head, typed=typed),
        objection=_objection(name, head, size, replaced),
    )


def _kind(head: bytes, *, typed: bool) -> Kind:
    if head.startswith(_ZIP):
        return Kind.OFFICE if typed else Kind.OTHER
    return Kind.PDF if _PDF in head else Kind.OTHER


def _objection(name: str, head: bytes, size: int, replaced: int) -> Message | None:
    if size == 0:
        return say("{file}: expected a document, found an empty file", file=name)
    if PurePath(name).suffix.lower() != ".pdf":
        return None
    if _PDF not in head:
        return say("{file}: expected a PDF, found something else", file=name)
    # Readers of PDF search for its start (ISO 32000-2, 7.5.2), readers of archives for their end:
    # what it shows would depend on who opens it. In an archive a PDF may well stand unpacked.
    if head.startswith((_ZIP, _COMPOUND)):
        return say("{file}: expected a PDF, found a file of two kinds at once", file=name)
    if replaced >= _DAMAGED:
        return say(
            "{file}: expected a sound PDF, found one that was saved as text and is damaged",
            file=name,
        )
    return None
