"""
A workbook while it is filled, and what is left of it where its disk is full.

XlsxWriter packs at the end, says in words of its own that it could not, and leaves a ZIP behind
that would still be finished by whoever collects the garbage. Here what goes wrong is the error of
the disk it was, and nobody writes after that.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsxwriter import Workbook


@contextmanager
def workbook(out: BinaryIO, options: Mapping[str, object]) -> Iterator[Workbook]:
    """Give a workbook to fill; when the block ends well it is in ``out``. OSError."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - 80 ms, only to write one
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415

    mouth = _Mouth(out)
    book = Workbook(mouth, dict(options))
    try:
        yield book
        book.close()
    except FileCreateError as error:
        (cause,) = error.args
        raise cause from error
    finally:
        mouth.shut()
        for sheet in book.worksheets():
            if sheet.row_data_fh is not None:
                with suppress(OSError):  # of rows nobody needs any more
                    sheet.row_data_fh.close()


class _Mouth:
    """What a ZIP is written through; once it is shut, what still comes goes nowhere."""

    def __init__(self, out: BinaryIO) -> None:
        self._out: BinaryIO | None = out
        self._at = out.tell()

    def tell(self) -> int:
        """Return where the next byte goes."""
        return self._at

    def seek(self, offset: int) -> int:
        """Go on elsewhere: heads are mended once the lengths are known."""
        if self._out is not None:
            self._out.seek(offset)
        self._at = offset
        return offset

    def write(self, piece: bytes) -> int:
        """Write all of it."""
        if self._out is not None:
            self._out.write(piece)
        self._at += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Keep nothing back."""
        if self._out is not None:
            self._out.flush()

    def shut(self) -> None:
        """Write no more; ``out`` is whose it was."""
        self._out = None
