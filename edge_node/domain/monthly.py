"""When the report of a month is due: once for each, in order, however long nobody was there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.period import month_before
from edge_node.domain.time import VIETNAM

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, time

    from edge_node.domain.period import Period

_LONGEST_REST: Final = 60  # days off in a row; no calendar has as many


def month_due(
    now: datetime,
    *,
    last: Period | None,
    begins: datetime | None,
    at: time,
    is_working: Callable[[date], bool],
) -> Period | None:
    """
    Return the month whose report is to be made now; None where none is.

    It is due on the first working day after the month, ``at`` an hour. ``last`` is the month that
    was reported last; where none was, the first is that before ``now``, unless the record of what
    happened only ``begins`` after it.
    """
    month = last.after if last else month_before(now)
    if last is None and (begins is None or begins >= month.end):
        return None
    day = month.last + timedelta(days=1)
    for _ in range(_LONGEST_REST):
        if is_working(day):
            break
        day += timedelta(days=1)
    return month if now >= datetime.combine(day, at, VIETNAM) else None
