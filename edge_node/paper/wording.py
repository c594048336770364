"""
How figures are written for people: numbers, shares, durations, days, as the reader's country does.

Which language it is, whoever joins the parts decides; sentences are told by what is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge_node.domain.message import Message

NOTHING: Final = "\N{EN DASH}"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class Share(NamedTuple):
    """So many of so many; of none there is no share."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share, from 0 to 1; None where there is none."""
        return self.part / self.whole if self.whole else None


Cell = str | int | Share | timedelta | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One language's way with figures."""

    tell: Callable[[Message], str]
    language: str = "vi"  # ISO 639-1, for what reads files aloud
    group: str = "."  # between thousands
    decimal: str = ","
    day_form: str = "%d/%m/%Y"

    def cell(self, cell: Cell) -> str:
        """Return the text of a cell of a table."""
        if cell is None:
            return NOTHING
        if isinstance(cell, Share):
            return self.share(cell)
        if isinstance(cell, timedelta):
            return self.lasting(cell)
        if isinstance(cell, date):
            return f"{cell:{self.day_form}}"
        return self.number(cell) if isinstance(cell, int) else cell

    def number(self, number: int) -> str:
        """Return a whole number: 12.345."""
        return f"{number:,}".replace(",", self.group)

    def share(self, share: Share) -> str:
        """Return a share in percent: 98,5 %; what is not all is never rounded to all."""
        value = share.value
        if value is None:
            return NOTHING
        percent = min(max(round(value * 100, 1), 0.1), 99.9)
        written = f"{percent:.1f}".replace(".", self.decimal)
        if share.part in {0, share.whole}:
            written = "100" if share.part else "0"
        return f"{written}\N{NO-BREAK SPACE}%"

    def lasting(self, took: timedelta) -> str:
        """Return a duration in its two largest units: 2 d 3 h; what is shorter is left out."""
        seconds = took.days * _DAY + took.seconds
        counted = (
            (_DAY, say("{days} d", days=self.number(seconds // _DAY))),
            (_HOUR, say("{hours} h", hours=seconds % _DAY // _HOUR)),
            (_MINUTE, say("{minutes} min", minutes=seconds % _HOUR // _MINUTE)),
            (1, say("{seconds} s", seconds=seconds % _MINUTE)),
        )
        first = next((place for place, (size, _) in enumerate(counted) if seconds >= size), 3)
        (size, largest), *rest = counted[first : first + 2]
        told = [largest, *(words for unit, words in rest if seconds % size >= unit)]
        return " ".join(map(self.tell, told))

    def moment(self, moment: datetime) -> str:
        """Return a moment by Vietnamese clocks."""
        at = in_vietnam(moment)
        return self.tell(say("{time} on {day}", time=f"{at:%H:%M:%S}", day=self.cell(at.date())))
