"""
Whose certificate it is, by the numbers its subject gives.

The Government's authority and the public ones write them as user ids (0.9.2342.19200300.100.1.1,
RFC 4519, 2.39), one or several: the agency's code (Decision 20/2020/QĐ-TTg), or `MST:` with the
tax code, `MNS:` with the code of the state budget, `CCCD:` with a person's. Elsewhere the
organizationIdentifier (2.5.4.97; `VATVN-…`, ETSI EN 319 412-1, 5.1.4) or the serial number of the
subject is in use. Names are not compared: an agency has one, and many spellings of it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import is_usual_code

if TYPE_CHECKING:
    from collections.abc import Iterable

_MARK: Final = re.compile(r"[A-Za-z]{2,8}:\s*|[A-Z]{3}[A-Z]{2}-")
_TAX: Final = re.compile(r"\d{10}(-?\d{3})?")  # of an organisation, or of a branch of it


class Belonging(StrEnum):
    """Whether a certificate was issued for this agency."""

    OURS = "ours"
    ANOTHERS = "another's"
    UNSAID = "unsaid"  # it gives no number that could be compared


def belonging(numbers: Iterable[str], ours: Iterable[str]) -> Belonging:
    """
    Compare the numbers a subject gives with the codes of the agency and its aliases.

    Another's is who gives a number of a kind that ``ours`` has, and none of them: the code of an
    agency, or a tax code where one is among ``ours``.
    """
    theirs = {bare(number).casefold() for number in numbers}
    known = {code.casefold() for code in ours}
    if theirs & known:
        return Belonging.OURS
    kinds = set(filter(None, map(_kind, known)))
    return Belonging.ANOTHERS if kinds & set(map(_kind, theirs)) else Belonging.UNSAID


def bare(number: str) -> str:
    """Return a number without what says of which kind it is."""
    written = number.strip()
    return written[mark.end() :] if (mark := _MARK.match(written)) else written


def _kind(number: str) -> str:
    """Return the kind of a number; empty for one that could be anything."""
    if is_usual_code(number.upper()):
        return "code"
    return "tax" if _TAX.fullmatch(number) else ""
