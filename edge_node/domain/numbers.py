"""
Number and notation of a document, as people write them in one, and what is odd about them.

`07/QĐ-UBND`, `7816/VPCP-TTĐT`; normative ones have their year between the two: `12/2026/NQ-HĐND`
(Decree 30/2020/NĐ-CP; Decree 34/2016/NĐ-CP for those). Odd is no error: what an agency writes on
its documents is its own affair, and what is odd here may be right there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.document_types import COPIES
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.domain.document import Document
    from edge_node.domain.document_types import DocumentTypes
    from edge_node.domain.message import Message

# A letter behind the digits is seen where a number was forgotten and put in between: 12a.
_CODE: Final = re.compile(
    r"(?P<number>[0-9]{1,9}[A-Za-zĐđ]{0,3})/(?:(?P<year>(?:19|20|21)[0-9]{2})/)?(?P<notation>\S.*)"
)
_TWO_DIGITS: Final = 10  # below it a number has a zero before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Number and notation, taken apart; ``year`` is there where it stands between the two."""

    number: str
    notation: str
    year: int | None = None

    @property
    def head(self) -> str:
        """What the notation begins with: an abbreviation of the kind, or of the issuer."""
        return self.notation.split("-", 1)[0]

    def __str__(self) -> str:
        """Return it in one again."""
        year = () if self.year is None else (str(self.year),)
        return "/".join((self.number, *year, self.notation))


def parse(code: str) -> Code | None:
    """Return what a code says; None where it is not written like one."""
    found = _CODE.fullmatch(code.strip())
    if found is None:
        return None
    year = int(found["year"]) if found["year"] else None
    return Code(number=found["number"], notation=found["notation"], year=year)


def spellings(number: str) -> tuple[str, ...]:
    """Return the number as it may have been written elsewhere: 7 and 07 are one."""
    bare = number.lstrip("0")
    short = len(bare) < len(str(_TWO_DIGITS)) and bare.isdigit()
    return tuple(dict.fromkeys((number, bare or number, f"0{bare}" if short else number)))


def remarks(document: Document, types: DocumentTypes) -> list[Message]:
    """Return what is odd about the number and notation of a document; a person decides on it."""
    code = parse(document.code)
    if code is None:
        return [
            say(
                "{code} is not written like number and notation, such as 07/QĐ-UBND",
                code=document.code,
            )
        ]
    return [*_of_number(code), *_of_year(code, document), *_of_kind(code, document, types)]


def _of_number(code: Code) -> Iterator[Message]:
    if code.number.isdigit() and 0 < int(code.number) < _TWO_DIGITS and len(code.number) == 1:
        yield say(
            "number {number} is usually written {usual}, with a zero before it",
            number=code.number,
            usual=f"0{code.number}",
        )


def _of_year(code: Code, document: Document) -> Iterator[Message]:
    day = document.promulgated
    if code.year is not None and day is not None and code.year != day.year:
        yield say(
            "{code} names the year {year}, but the document is dated {day}",
            code=str(code),
            year=str(code.year),
            day=day.isoformat(),
        )


def _of_kind(code: Code, document: Document, types: DocumentTypes) -> Iterator[Message]:
    """Say where the notation is that of another kind than the one that is named."""
    kind = types.find(document.type.name)
    wanted = None if kind is None else types.abbreviation(kind)
    if kind is None or wanted is None or code.head in COPIES:
        return
    other = types.of_abbreviation(code.head) if "-" in code.notation else None
    if other == kind:
        return
    if other is not None:
        yield say(
            "{notation} is the notation of {other}, but the document is {kind}",
            notation=code.notation,
            other=other,
            kind=kind,
        )
    elif wanted:
        yield say(
            "the notation of {kind} begins with {wanted}, found {notation}",
            kind=kind,
            wanted=f"{wanted}-",
            notation=code.notation,
        )
