"""
A long list inside a JSON answer, read row by row as it arrives.

The axis answers some calls with a small object around one list, `data`, of a hundred thousand
rows. Each row is handed on as soon as it is whole; only the rest of the object is kept. What rows
and rest mean is not known here.
"""

from __future__ import annotations

import codecs
import json
import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from edge_node.protocol.json_stream import StreamBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 1 << 20  # characters of one row, or of one value beside them
_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_DATA: Final = "data"


class _Place(Enum):
    """What comes next."""

    START = auto()  # the opening brace
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    NEXT = auto()  # a comma, or the closing brace
    ROW = auto()
    NEXT_ROW = auto()  # a comma, or the closing bracket
    END = auto()


class _Short(Exception):
    """What there is of the answer ends inside of what is being read."""


class RowStream:
    """
    Yields the values of the list under the top-level key `data` of a JSON object, fed in pieces.

    The pieces may be cut anywhere. What was yielded is only worth something once `close` has
    returned.
    """

    def __init__(self) -> None:
        """Begin before the first byte."""
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._read = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._place = _Place.START
        self._first = True  # in an object or a list nothing stands before what comes next
        self._key = ""
        self._rest: dict[str, object] = {}

    def feed(self, chunk: bytes) -> Iterator[object]:
        """Yield the rows that the next piece of the answer completes; StreamBroken."""
        try:
            more = self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise StreamBroken("the answer is not UTF-8") from error
        self._text = self._text[self._at :] + more
        self._at = 0
        yield from self._rows()
        if len(self._text) - self._at > _LONGEST:
            raise StreamBroken("the answer is not JSON")

    def close(self) -> dict[str, object]:
        """
        Return the object without the rows: [] where the list stood; StreamBroken.

        An object without `data`, or with something else there, is returned as it is.
        """
        if self._place is not _Place.END or self._decoder.getstate()[0]:
            begun = self._place is not _Place.START
            raise StreamBroken("the answer is cut short" if begun else "the answer is not JSON")
        return self._rest

    def _rows(self) -> Iterator[object]:
        try:
            while self._skip_blanks():
                if self._place is _Place.ROW:
                    if self._first and self._takes("]"):
                        self._place = _Place.NEXT
                        continue
                    row = self._value()
                    self._place = _Place.NEXT_ROW
                    yield row
                else:
                    self._step()
        except _Short:
            return

    def _step(self) -> None:
        """Read what stands around the rows."""
        match self._place:
            case _Place.START:
                self._demand("{")
                self._place, self._first = _Place.KEY, True
            case _Place.KEY:
                self._read_key()
            case _Place.COLON:
                self._demand(":")
                self._place = _Place.VALUE
            case _Place.VALUE:
                self._read_value()
            case _Place.NEXT:
                self._place, self._first = _Place.KEY, False
                if not self._takes(","):
                    self._demand("}")
                    self._place = _Place.END
            case _Place.NEXT_ROW:
                self._place, self._first = _Place.ROW, False
                if not self._takes(","):
                    self._demand("]")
                    self._place = _Place.NEXT
            case _:
                raise StreamBroken("the answer goes on after its end")

    def _read_key(self) -> None:
        if self._first and self._takes("}"):
            self._place = _Place.END
            return
        if self._text[self._at] != '"':
            raise StreamBroken("the answer is not JSON")
        key = str(self._value())
        if key == _DATA and _DATA in self._rest:
            raise StreamBroken("the answer holds data twice")
        self._key, self._place = key, _Place.COLON

    def _read_value(self) -> None:
        if self._key == _DATA and self._takes("["):
            self._rest[_DATA] = []
            self._place, self._first = _Place.ROW, True
            return
        self._rest[self._key] = self._value()
        self._place = _Place.NEXT

    def _value(self) -> object:
        """Return the value that stands here; _Short as long as it may not be all of it."""
        try:
            value, end = self._read(self._text, self._at)
        except RecursionError as error:
            raise StreamBroken("the answer is not JSON") from error
        except ValueError as error:
            if self._text[self._at] in ",:]}" or len(self._text) - self._at > _LONGEST:
                raise StreamBroken("the answer is not JSON") from error
            raise _Short from error
        if end == len(self._text):
            raise _Short  # of a number there may be more
        self._at = end
        return value

    def _skip_blanks(self) -> bool:
        """Go to what comes next; False where nothing has come yet."""
        blanks = _BLANKS.match(self._text, self._at)
        self._at = blanks.end() if blanks else self._at
        return self._at < len(self._text)

    def _takes(self, sign: str) -> bool:
        if self._text[self._at] != sign:
            return False
        self._at += 1
        return True

    def _demand(self, sign: str) -> None:
        if not self._takes(sign):
            raise StreamBroken("the answer is not JSON")
