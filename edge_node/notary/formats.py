"""
Which kind of file something is, by how it begins: what is signed here, and nothing else.

Cheap on both sides of the pipe: a few bytes are compared, and nothing is opened.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

SEARCHED: Final = 1024  # bytes at the start in which readers look for the header of a PDF
_PDF: Final = b"%PDF-"
_ZIP: Final = b"PK\x03\x04"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # older office files, and encrypted ones


class Format(StrEnum):
    """A kind of file whose signatures are known here: the room of this package that reads it."""

    PDF = "pdf"
    OFFICE = "ooxml"


def format_of(start: bytes) -> Format | None:
    """Return the kind of a file by its first `SEARCHED` bytes; None for one nobody signs here."""
    if start.startswith((_ZIP, _COMPOUND)):
        return Format.OFFICE
    return Format.PDF if _PDF in start[:SEARCHED] or not start else None
