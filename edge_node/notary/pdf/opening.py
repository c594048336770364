"""
Opens a PDF that a stranger wrote, or says in a sentence why that cannot be done.

Lenient where real programs are careless (Word's hybrid cross-references), and no repair: a
signature speaks about the bytes as they are.
"""

from __future__ import annotations

import errno
import functools
import os
from typing import TYPE_CHECKING, BinaryIO, Final

from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.decode_limits import DecodeContext, DecodePurpose
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.misc import PdfDecodeLimitError
from pyhanko.pdf_utils.reader import PdfFileReader

from edge_node.domain.message import say
from edge_node.domain.signature import Sub
from edge_node.notary.cms_reading import Unreadable
from edge_node.notary.fences import FOREIGN

if TYPE_CHECKING:
    from edge_node.domain.message import Message

HEADER: Final = b"%PDF-"
SEARCHED: Final = 1024  # bytes in which readers look for the header, and for the end
ROWS: Final = 16 << 20  # bytes: of two million objects; maps have some hundred thousand
BLANK: Final = b" \t\r\n\f\0"  # ISO 32000-2, table 1


class _Bounds(DecodeContext):
    """Bounds how many objects a file tells of: rows that are not there are made up for them."""

    _rows = 0  # bytes, of all cross-references together

    def stream_output_cap(
        self,
        encoded_size: int,
        purpose: DecodePurpose = DecodePurpose.GENERIC,
        expected_size: int | None = None,
    ) -> int | None:
        """Return how large a stream may become; PdfDecodeLimitError for too many rows."""
        if purpose is DecodePurpose.XREF_STREAM:
            self._rows += max(0, expected_size or 0)
            if self._rows > ROWS:
                raise PdfDecodeLimitError("rows")
        return super().stream_output_cap(encoded_size, purpose, expected_size)


class _Reader(PdfFileReader):
    """A reader that refuses small files that tell of billions of objects."""

    @functools.cached_property
    def decode_context(self) -> DecodeContext:
        """What bounds the unpacking of streams."""
        usual = self._decode_context
        return _Bounds(usual.limits, usual.input_size)


def opened(file: BinaryIO) -> PdfFileReader:
    """Return a reader over the file, unlocked where no password is asked; else `Unreadable`."""
    file.seek(0)
    _look_at(file.read(SEARCHED))
    _look_at_end(file)
    try:
        reader = _Reader(file, strict=False)
        locked = reader.encrypted and not _unlocked(reader)
        shown = locked or isinstance(reader.root["/Pages"], DictionaryObject)
    except MemoryError:
        raise
    except FOREIGN as error:
        raise (beyond(error) or damaged()) from error
    if not shown:
        raise damaged()
    if locked:
        raise Unreadable(
            say("the PDF is locked with a password and cannot be looked into"),
            sub=Sub.NOT_CHECKED,
        )
    return reader


def damaged() -> Unreadable:
    """Say that the file is a PDF no more."""
    return Unreadable(say("the PDF is damaged and cannot be read"))


def beyond(error: Exception) -> Unreadable | None:
    """Say that an error is not the fault of the file's signatures; None if it may be."""
    if isinstance(error, RecursionError | PdfDecodeLimitError):
        why = say("the PDF is nested too deep or too large to look into")
        return Unreadable(why, sub=Sub.NOT_CHECKED)
    if isinstance(error, OSError) and error.errno != errno.EINVAL:  # which bad offsets give
        return Unreadable(say("the file could not be read to its end"), sub=Sub.NOT_CHECKED)
    return None


def _look_at(start: bytes) -> None:
    """Refuse what is plainly no PDF before the library is bothered."""
    complaint: Message | None = None
    if not start:
        complaint = say("the file is empty")
    elif HEADER not in start:
        complaint = say("the file is no PDF, whatever its name says")
    elif not start.startswith(HEADER):
        complaint = say("something stands before the start of the PDF")
    if complaint is not None:
        raise Unreadable(complaint)


def _look_at_end(file: BinaryIO) -> None:
    """Refuse a file whose end readers would not find: nothing is wrong with what was signed."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - SEARCHED))
    if not file.read(SEARCHED).strip(BLANK):
        raise Unreadable(
            say("so many blanks stand behind the PDF that programs do not find its end"),
            sub=Sub.NOT_CHECKED,
        )


def _unlocked(reader: PdfFileReader) -> bool:
    """Open what only its owner's password protects: its readers need none."""
    try:
        return reader.decrypt("").status is not AuthStatus.FAILED
    except MemoryError:
        raise
    except FOREIGN:  # locked for certificates, or by a scheme that nobody here knows
        return False
