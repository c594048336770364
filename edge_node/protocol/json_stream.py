"""
A file that travels as base64 inside a JSON answer, decoded as it arrives.

The reply of `getEdoc` is a small JSON object with one giant string, `data`. That string is
decoded piece by piece; the rest of the object is kept, bounded, and parsed at the end. What the
rest means is not known here.
"""

from __future__ import annotations

import binascii
import json
import re
from typing import Final

# What every JSON writer may do to base64: escape the slash, the padding, the plus; wrap lines.
_ESCAPE: Final = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_USUAL: Final = ((rb"\r\n", b""), (rb"\/", b"/"), (rb"\n", b""))  # quicker than the expression
_LETTERS: Final = {b"/": b"/", b"n": b"\n", b"r": b"\r", b"t": b"\t", b'"': b'"', b"\\": b"\\"}
_LONGEST_ESCAPE: Final = 6  # \u003d
_BLANKS: Final = b" \t\r\n"
_QUANTUM: Final = 4  # characters of base64 that make whole bytes


class StreamBroken(ValueError):
    """The answer is not the JSON it should be, or its `data` is not base64."""


class DataStream:
    """
    Decodes the string under the top-level key `data` of a JSON object, fed in pieces.

    The pieces may be cut anywhere. What has been decoded when StreamBroken is raised is worth
    nothing.
    """

    def __init__(self, *, limit: int = 1 << 20) -> None:
        """Keep at most ``limit`` bytes of what is not `data`."""
        self._limit = limit
        self._rest = bytearray()
        self._depth = 0
        self._string_at = -1  # where in the rest the string being read began; -1 outside
        self._escaped = False
        self._last_string = b""
        self._key = b""  # the top-level key whose value comes next
        self._in_data = False
        self._seen = False
        self._held = b""  # an escape cut in two
        self._quantum = b""  # characters that do not make whole bytes yet
        self._padded = False

    def feed(self, chunk: bytes) -> bytes:
        """Return what the next piece of the answer adds to the file; StreamBroken."""
        decoded = []
        while chunk:
            if self._in_data:
                piece, chunk = self._read_data(chunk)
                decoded.append(piece)
            else:
                chunk = self._read_rest(chunk)
        return decoded[0] if len(decoded) == 1 else b"".join(decoded)

    def close(self) -> dict[str, object]:
        """
        Return the object with `data` emptied: "" where a string stood; StreamBroken.

        An object without `data`, or with something else there, is returned as it is: why it
        has none is for the reader of the rest to say.
        """
        if self._in_data:
            raise StreamBroken("the answer ends inside data")
        try:
            rest = json.loads(self._rest.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise StreamBroken("the answer is not JSON") from error
        if not isinstance(rest, dict):
            raise StreamBroken("the answer is not a JSON object")
        return rest

    def _read_rest(self, chunk: bytes) -> bytes:
        """Follow the JSON around `data`; return what is left of the chunk once `data` begins."""
        for at, char in enumerate(chunk):
            self._rest.append(char)
            if self._string_at >= 0:
                self._read_string(char)
            elif char == ord('"'):
                if self._begins_data():
                    self._rest.append(char)  # the rest goes on with an empty string
                    return chunk[at + 1 :]
                self._string_at = len(self._rest) - 1
            elif char == ord(":") and self._depth == 1:
                self._key = self._last_string
            elif char not in _BLANKS:
                self._depth += (char in b"{[") - (char in b"}]")
                self._key = b""
        if len(self._rest) > self._limit:
            raise StreamBroken(f"the answer holds more than {self._limit} bytes beside data")
        return b""

    def _read_string(self, char: int) -> None:
        if self._escaped:
            self._escaped = False
        elif char == ord("\\"):
            self._escaped = True
        elif char == ord('"'):
            self._last_string = bytes(self._rest[self._string_at :])
            self._string_at = -1
            self._key = b""

    def _begins_data(self) -> bool:
        """Tell whether the quote just read opens the value of the top-level `data`."""
        if not self._key or not _is_data(self._key):
            return False
        if self._seen:
            raise StreamBroken("the answer holds data twice")
        self._key = b""
        self._in_data = self._seen = True
        return True

    def _read_data(self, chunk: bytes) -> tuple[bytes, bytes]:
        """Return the bytes the chunk decodes to, and what of it comes after the closing quote."""
        if self._held:
            chunk, self._held = self._held + chunk, b""
        end = chunk.find(b'"')
        text, left = (chunk, b"") if end < 0 else (chunk[:end], chunk[end + 1 :])
        if b"\\" in text:
            if end < 0:
                text = self._hold_cut_escape(text)
            text = _unescape(text)
        for blank in _BLANKS:
            if blank in text:
                text = text.translate(None, _BLANKS)
                break
        if end < 0:
            return self._decode(text), b""
        self._in_data = False
        return self._decode(text) + self._decode_tail(), left

    def _hold_cut_escape(self, text: bytes) -> bytes:
        """Keep an escape the chunk cuts in two until the next chunk comes."""
        at = text.rfind(b"\\", max(0, len(text) - _LONGEST_ESCAPE + 1))
        if at < 0 or (len(text) - at > 1 and text[at + 1] != ord("u")):
            return text
        self._held = text[at:]
        return text[:at]

    def _decode(self, text: bytes) -> bytes:
        if self._quantum:
            text = self._quantum + text
        whole = len(text) - len(text) % _QUANTUM
        self._quantum = text[whole:]
        if self._padded and text:
            raise StreamBroken("data goes on after its padding")
        block = text[:whole] if self._quantum else text
        self._padded = self._padded or block.endswith(b"=")
        return _from_base64(block)

    def _decode_tail(self) -> bytes:
        """Decode the last characters where the writer left the padding out."""
        tail, self._quantum = self._quantum, b""
        return _from_base64(tail + b"=" * (-len(tail) % _QUANTUM))


def _is_data(key: bytes) -> bool:
    """Tell whether a string as it stands in the JSON says `data`."""
    try:
        return bool(json.loads(key) == "data")
    except ValueError as error:
        raise StreamBroken("the answer is not JSON") from error


def _unescape(text: bytes) -> bytes:
    """Undo the JSON escapes; two backslashes in a row are never base64."""
    if b"\\\\" in text:
        raise StreamBroken("data is not base64")
    for escape, plain in _USUAL:
        if b"\\" not in text:
            return text
        text = text.replace(escape, plain)
    return _ESCAPE.sub(_plain, text) if b"\\" in text else text


def _plain(escape: re.Match[bytes]) -> bytes:
    if escape[1] is not None:
        code = int(escape[1], 16)
        return bytes([code]) if code < 128 else b"?"  # noqa: PLR2004 - ASCII; "?" is no base64
    return _LETTERS.get(escape[2], b"?")


def _from_base64(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error as error:
        raise StreamBroken("data is not base64") from error
