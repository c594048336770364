"""
What a single value of the configuration may be, and how it is written.

Each kind says what it expects in words, because the reader of a problem has never seen a type.
Where values stand and how they go together is not known here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import BadAgencyCode, Priority, agency_code
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum
    from pathlib import Path

    from edge_node.config.sheet import Scalar
    from edge_node.domain.document import AgencyCode
    from edge_node.domain.message import Message


class Unfit(Exception):
    """The value is not of its kind; ``expected`` says more exactly what would be, if it can."""

    def __init__(self, expected: Message | None = None) -> None:
        """Take the kind's own words unless better ones are given."""
        super().__init__(expected)
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Kind:
    """
    How one value is read: what is expected, and what makes it of the scalar and the file's folder.

    ``read`` raises Unfit. ``show`` says what may be shown of a value that is refused.
    """

    expected: Message
    read: Callable[[Scalar, Path], object]
    show: Callable[[str], str] = str


def _line(scalar: Scalar) -> str:
    """Return the text in one form (NFC), without what no header and no screen can carry."""
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in scalar.text):
        raise Unfit(say("one line of text without control characters"))
    return unicodedata.normalize("NFC", scalar.text.strip())


def _text(scalar: Scalar, _: Path) -> str:
    return _line(scalar)


def _name(scalar: Scalar, _: Path) -> str:
    text = _line(scalar)
    if not text:
        raise Unfit
    return text


text: Final = Kind(say("a text"), _text)
name: Final = Kind(say("a name"), _name)


def _code(scalar: Scalar, _: Path) -> AgencyCode:
    try:
        return agency_code(scalar.text)
    except BadAgencyCode as error:
        raise Unfit from error


code: Final = Kind(say("an agency code such as H37.02 or 000.00.13.H53"), _code)


_TRUTHS: Final[Mapping[str, bool]] = MappingProxyType(
    {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
)


def _truth(scalar: Scalar, _: Path) -> bool:
    if scalar.form != "bool":
        raise Unfit
    return _TRUTHS[scalar.text.lower()]


truth: Final = Kind(say("true or false"), _truth)


def whole(least: int, most: int) -> Kind:
    """Return the kind of a whole number within bounds."""

    def read(scalar: Scalar, _: Path) -> int:
        # Digits only: YAML would read 010 as eight and 1:30 as ninety.
        if not re.fullmatch(r"-?(0|[1-9][0-9]{0,8})", scalar.text) or scalar.form != "int":
            raise Unfit
        number = int(scalar.text)
        if not least <= number <= most:
            raise Unfit
        return number

    return Kind(say("a whole number from {least} to {most}", least=least, most=most), read)


def one_of(choices: type[StrEnum]) -> Kind:
    """Return the kind of a word from a short list."""

    def read(scalar: Scalar, _: Path) -> StrEnum:
        try:
            return choices(scalar.text)
        except ValueError as error:
            raise Unfit from error

    return Kind(say("one of {choices}", choices=", ".join(choices)), read)


_SECONDS: Final[Mapping[str, float]] = MappingProxyType(
    {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
)


def _duration(scalar: Scalar, _: Path) -> timedelta:
    written = re.fullmatch(r"([0-9]{1,6}) ?(ms|s|m|h|d)", scalar.text)
    if not written:
        raise Unfit
    return timedelta(seconds=int(written[1]) * _SECONDS[written[2]])


def _some_time(scalar: Scalar, folder: Path) -> timedelta:
    duration = _duration(scalar, folder)
    if not duration:
        raise Unfit
    return duration


wait: Final = Kind(say("a duration such as 10s, 5m, 2h or 3d (0s for none)"), _duration)
duration: Final = Kind(say("a duration such as 10s, 5m, 2h or 3d, longer than 0s"), _some_time)


_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {"KB": 1024, "MB": 1024**2, "GB": 1024**3}  # as file managers count
)


def _size(scalar: Scalar, _: Path) -> int:
    written = re.fullmatch(r"([1-9][0-9]{0,5}) ?(KB|MB|GB)", scalar.text)
    if not written:
        raise Unfit
    return int(written[1]) * _BYTES[written[2]]


size: Final = Kind(say("a size such as 500KB, 50MB or 1GB"), _size)


def _mark(scalar: Scalar, folder: Path) -> int:
    return 0 if scalar.text == "0" else _size(scalar, folder)


mark: Final = Kind(say("a size such as 500KB, 50MB or 1GB (0 for none)"), _mark)


def _path(scalar: Scalar, folder: Path) -> Path:
    written = scalar.text
    if not written.strip() or any(
        unicodedata.category(letter) in {"Cc", "Cs"} for letter in written
    ):
        raise Unfit
    if written.startswith("~"):
        raise Unfit(say("a path written out in full, because a service has no home folder"))
    return folder / written


path: Final = Kind(say("a path, absolute or relative to this file's folder"), _path)


def _secret_place(scalar: Scalar, folder: Path) -> str:
    if scalar.text.startswith("credential:"):
        if not re.fullmatch(r"credential:[A-Za-z0-9._-]{1,100}", scalar.text):
            raise Unfit
        return scalar.text
    return str(_path(scalar, folder))


def _nothing_of(_: str) -> str:
    return "…"


# Not even a refused value is shown: it may be the secret itself, written where its place belongs.
secret_place: Final = Kind(
    say("the path of the file that holds the secret, or credential:NAME"),
    _secret_place,
    _nothing_of,
)


def _priority(scalar: Scalar, _: Path) -> Priority:
    word = _line(scalar).casefold()
    if word not in _PRIORITIES:
        raise Unfit
    return _PRIORITIES[word]


_PRIORITIES: Final[Mapping[str, Priority]] = MappingProxyType(
    {
        "thường": Priority.NORMAL,
        "khẩn": Priority.URGENT,
        "thượng khẩn": Priority.VERY_URGENT,
        "hỏa tốc": Priority.EXPRESS,
        "hoả tốc": Priority.EXPRESS,  # both ways to place the tone are in use
        "hỏa tốc hẹn giờ": Priority.EXPRESS_TIMED,
        "hoả tốc hẹn giờ": Priority.EXPRESS_TIMED,
    }
    | {str(priority.value): priority for priority in Priority}
)

priority: Final = Kind(
    say("thường, khẩn, thượng khẩn, hỏa tốc or hỏa tốc hẹn giờ (or 0 to 4)"), _priority
)
