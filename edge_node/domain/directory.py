"""
The directory of agencies: its units, what is known of how old it is, and how names are compared.

Nothing official says which unit took over from which, nor that one code stands for another: what
the axis lists is believed, what the agency's own people know is laid over it. Codes are compared
as they are written; the code of one generation is never computed from that of the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import Outage, Permanent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime, timedelta

    from edge_node.domain.message import Message

_OLD_FORM: Final = re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}")  # the province comes last
_SIGNS: Final = "0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZ-"


class DirectoryUnusable(Outage):
    """The file of the directory cannot be read or written now; documents need not wait for it."""


class ImplausibleLoss(Permanent):
    """A list of the axis lacks so much of what it had that it is not believed."""


class AgencyList(StrEnum):
    """The lists an axis may have of its agencies; few axes have all of them."""

    AGENCIES = "agencies"  # getAgenciesList
    QD20 = "qd20"  # getAgenciesListQD20, level by level
    UNITS = "units"  # getSynchronizeUnit


class Distrust(StrEnum):
    """What becomes of a document for a receiver the directory has something against."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """
    One unit, as the lists of the axis and the agency's own people know it together.

    ``gone`` says since when no list has it any more; what was there once is never forgotten.
    ``first_seen`` is None for one that no list ever had.
    """

    code: str
    name: str = ""
    other_code: str = ""  # the same unit's code of the other generation
    parent: str = ""  # the code of the unit above it
    mail: str = ""
    version: str = ""
    modified: date | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    gone: datetime | None = None
    successor: str = ""  # the code of the unit that took over from it
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    What the agency's own people know of a unit; empty fields leave to the axis what it says.

    One that says nothing at all takes back what was said before.
    """

    code: str
    name: str = ""
    other_code: str = ""
    parent: str = ""
    mail: str = ""
    successor: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStanding:
    """One list: when it was last read whole, when it was last asked for, and what was wrong."""

    list: AgencyList
    units: int = 0
    synced: datetime | None = None
    asked: datetime | None = None
    again: datetime | None = None  # when it is to be asked for next
    problem: Message | None = None  # of the last time; None where that went well


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What reading one list brought: so many units, and what of them was news."""

    units: int
    changed: int
    gone: int


def is_fresh(synced: datetime | None, *, now: datetime, stale_after: timedelta) -> bool:
    """Tell whether a directory of that moment can be relied on for who is not in it."""
    # By distance: a clock that was put back must not make an old directory young for ever.
    return synced is not None and abs(now - synced) <= stale_after


def level_of(code: str) -> int:
    """Return how far below the top a unit stands by the form of its code: 1 for a province."""
    parts = code.split(".")
    if _OLD_FORM.fullmatch(code):
        return 1 + sum(int(part) > 0 for part in parts[:-1])
    return len(parts)


def misspellings(code: str) -> Iterator[str]:
    """Yield the codes one slip of the finger away: a sign too many, too few, wrong, or swapped."""
    code = code.upper()
    yield code
    for at in range(len(code) + 1):
        head, tail = code[:at], code[at:]
        yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for sign in _SIGNS:
            yield head + sign + tail[1:]
            yield head + sign + tail
