"""
Values with a grammar of their own.

What a rule for bare files is made of: a pattern for names, a form of dates, a subject; the object
identifier of a policy; and what tells a signing key from others.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from contextlib import contextmanager
from datetime import date, datetime
from string import Formatter
from typing import TYPE_CHECKING, Final

from edge_node.config.kinds import Kind, Unfit
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.config.sheet import Scalar

_GROUPS: Final = frozenset({"number", "notation", "day", "month", "year", "to"})
_PLACES: Final = frozenset({"number", "notation", "name"})
_ANY_DAY: Final = date(2026, 11, 30)  # a day that is no month and a month that is no day


@contextmanager
def _strictly() -> Iterator[None]:
    """Refuse what Python only warns of: its meaning is going to change under the agency's feet."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _pattern(scalar: Scalar, _: Path) -> re.Pattern[str]:
    try:
        with _strictly():
            pattern = re.compile(unicodedata.normalize("NFC", scalar.text))  # as names are
    except (re.error, RecursionError, OverflowError, Warning) as error:
        raise Unfit(
            say("a regular expression (this one is not: {reason})", reason=str(error))
        ) from error
    groups = set(pattern.groupindex)
    if strange := sorted(groups - _GROUPS):
        raise Unfit(
            say(
                "only the groups {groups} (not {strange})",
                groups=", ".join(sorted(_GROUPS)),
                strange=", ".join(strange),
            )
        )
    if not {"number", "notation", "day"} <= groups or ("month" in groups) != ("year" in groups):
        raise Unfit(
            say("the groups (?P<number>…), (?P<notation>…) and (?P<day>…), or day, month and year")
        )
    return pattern


pattern: Final = Kind(say("a regular expression for the whole file name"), _pattern)


def _date_format(scalar: Scalar, _: Path) -> str:
    try:
        with _strictly():
            read = datetime.strptime(_ANY_DAY.strftime(scalar.text), scalar.text)  # noqa: DTZ007 - a day has no zone
    except (ValueError, OverflowError, re.error, Warning) as error:
        raise Unfit from error
    if read.date() != _ANY_DAY:
        raise Unfit
    return scalar.text


date_format: Final = Kind(say("a form of dates such as %Y-%m-%d or %d%m%Y"), _date_format)


def _subject(scalar: Scalar, _: Path) -> str:
    try:
        parts = [part[1:] for part in Formatter().parse(scalar.text)]
    except ValueError as error:
        raise Unfit from error
    for place, form, conversion in parts:
        if place is not None and (place not in _PLACES or form or conversion):
            raise Unfit
    if not scalar.text.strip():
        raise Unfit
    return unicodedata.normalize("NFC", scalar.text)


subject: Final = Kind(
    say("a text in which only {places} stand in braces", places="{number} {notation} {name}"),
    _subject,
)


def _object_identifier(scalar: Scalar, _: Path) -> str:
    if not re.fullmatch(r"|[012](\.(0|[1-9][0-9]{0,20})){1,30}", scalar.text):
        raise Unfit
    return scalar.text


object_identifier: Final = Kind(
    say("an object identifier such as 1.3.6.1.4.1.4146.2.3, or nothing"), _object_identifier
)


def _word(scalar: Scalar, _: Path) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", scalar.text):
        raise Unfit
    return scalar.text


word: Final = Kind(say("a name of letters, digits, dots, - and _ (such as seal-2026)"), _word)


def _hexadecimal(scalar: Scalar, _: Path) -> str:
    if not re.fullmatch(r"([0-9A-Fa-f]{2}){0,64}", scalar.text):
        raise Unfit
    return scalar.text.lower()


hexadecimal: Final = Kind(say("bytes in hexadecimal such as 01a2, or nothing"), _hexadecimal)


def _length(scalar: Scalar, _: Path) -> float:
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", scalar.text):
        raise Unfit
    return float(scalar.text)


length: Final = Kind(say("a length in millimetres such as 36 or 36.5 (0 for none)"), _length)


def _variable(scalar: Scalar, _: Path) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", scalar.text):
        raise Unfit
    return scalar.text


variable: Final = Kind(say("the name of an environment variable such as VENDOR_CONF"), _variable)
