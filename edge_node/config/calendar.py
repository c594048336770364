"""
The keys about working days: which days are off or worked, and the hours of the offices.

The file of days is read by `edge_node.config.holiday_file` when a node is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import time
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.kinds import Kind, Unfit
from edge_node.config.shapes import key as _key
from edge_node.domain.message import say

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.config.sheet import Scalar


def _clock_time(scalar: Scalar, _: Path) -> time:
    written = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", scalar.text)
    if not written:
        raise Unfit
    return time(int(written[1]), int(written[2]))


clock_time: Final = Kind(say("a time of day such as 07:30 or 16:30"), _clock_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSection:
    """When the offices work; deadlines are counted in their days."""

    # Whether public holidays are known without a file: Tet and the Kings' day by the moon, days
    # given for weekends, and swaps with Saturdays as far as they were announced.
    built_in: bool = field(default=True, metadata=_key(kinds.truth))
    # Days off and working days of a year, as they were announced; they have the last word.
    file: Path | None = field(default=None, metadata=_key(kinds.path))
    opens: time = field(default=time(7, 30), metadata=_key(clock_time))
    # Until then what was signed the working day before has to be on its way.
    morning_ends: time = field(default=time(11, 30), metadata=_key(clock_time))
    closes: time = field(default=time(17), metadata=_key(clock_time))
