"""
The first fields of what a stranger's server answered in DER, and nothing behind them.

A cursor and no parser: each step reads the few bytes of one header, whatever is within. A
general reader of ASN.1 in the daemon would be kept busy for minutes, and filled with gigabytes,
by a list of millions of empty elements or a tag that never ends; the child that uses a piece has
its bounds for that. What is no DER as RFC 5280 asks for raises ValueError.
"""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

INTEGER, BITS, OCTETS, OID, ENUMERATED = 0x02, 0x03, 0x04, 0x06, 0x0A
SEQUENCE, SET = 0x30, 0x31
UTC_TIME, TIME = 0x17, 0x18
_LONG_TAG: Final = 0x1F
_LONG_LENGTH: Final = 0x80
_LONGEST_LENGTH: Final = 4  # bytes
_LONGEST_TIME: Final = 64  # bytes
_LONGEST_NUMBER: Final = 64  # bytes; RFC 5280 has serial numbers of 20
_DIGITS: Final = 14  # of a time, down to its seconds
_CENTURY: Final = "50"  # two digits from here on are 19.. (RFC 5280, 4.1.2.5.1)
_BEGIN, _END, _DASHES = b"-----BEGIN ", b"-----END ", b"-----"


class Elements:
    """What is within an element, one after the other."""

    def __init__(self, content: bytes | memoryview) -> None:
        """Begin before the first."""
        self._rest = memoryview(content)

    def __bool__(self) -> bool:
        """Whether there is one more."""
        return bool(self._rest)

    def any(self) -> tuple[int, memoryview]:
        """Return the tag of the next one and what is within."""
        head = bytes(self._rest[: 2 + _LONGEST_LENGTH])
        if len(head) < 2 or head[0] & _LONG_TAG == _LONG_TAG:  # noqa: PLR2004 - tag and length
            raise ValueError("tag")
        size, begin = head[1], 2
        if size >= _LONG_LENGTH:
            begin += size - _LONG_LENGTH
            if not 2 < begin <= len(head):  # noqa: PLR2004 - a length without an end is no DER
                raise ValueError("length")
            size = int.from_bytes(head[2:begin], "big")
        if begin + size > len(self._rest):
            raise ValueError("cut off")
        within, self._rest = self._rest[begin : begin + size], self._rest[begin + size :]
        return head[0], within

    def take(self, *tags: int) -> memoryview:
        """Return what is within the next one, which has one of these tags."""
        tag, within = self.any()
        if tag not in tags:
            raise ValueError(f"{tag:#x}")
        return within

    def maybe(self, *tags: int) -> memoryview | None:
        """Return what is within the next one if it has one of these tags, and else leave it."""
        return self.take(*tags) if self._rest and self._rest[0] in tags else None

    def within(self, *tags: int) -> Elements:
        """Return the elements within the next one."""
        return Elements(self.take(*tags))

    def number(self, tag: int = INTEGER) -> int:
        """Return a whole number."""
        digits = self.take(tag)
        if not 0 < len(digits) <= _LONGEST_NUMBER:
            raise ValueError("number")
        return int.from_bytes(digits, "big", signed=True)

    def moment(self) -> datetime:
        """Return a time, which names its zone (RFC 5280, 4.1.2.5)."""
        tag, within = self.any()
        return _moment(tag, within)

    def maybe_moment(self) -> datetime | None:
        """Return a time if one comes next."""
        return self.moment() if self._rest and self._rest[0] in {UTC_TIME, TIME} else None


def only(content: bytes, tag: int = SEQUENCE) -> Elements:
    """Return the elements within the one element that is all of ``content``."""
    outer = Elements(content)
    inner = outer.within(tag)
    if outer:
        raise ValueError("more")
    return inner


def unarmoured(content: bytes, most: int) -> Iterator[bytes]:
    """Yield what stands in PEM (RFC 7468), at most so many; nothing where there is no PEM."""
    at = content.find(_BEGIN)
    for _ in range(most):
        if at < 0:
            return
        begin = content.find(_DASHES, at + len(_BEGIN)) + len(_DASHES)
        end = content.find(_END, begin)
        if begin < len(_DASHES) or end < 0:
            raise ValueError("PEM")
        yield b64decode(content[begin:end])
        at = content.find(_BEGIN, end)


def _moment(tag: int, within: memoryview) -> datetime:
    if tag not in {UTC_TIME, TIME} or len(within) > _LONGEST_TIME:
        raise ValueError("time")
    digits, zone, more = bytes(within).decode("ascii").partition("Z")
    if more or not zone:
        raise ValueError("zone")
    whole, _, _ = digits.partition(".")
    if tag == UTC_TIME:
        whole = f"{19 if whole[:2] >= _CENTURY else 20}{whole}"
    if len(whole) != _DIGITS or not whole.isdigit():
        raise ValueError("time")
    return datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
