"""How long a certificate still holds, as a finding; whose it is, and the cure, say others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.checks.finding import bad, good, warn
from edge_node.domain.expiry import days_left, threshold
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.checks.finding import Finding
    from edge_node.domain.message import Message


def validity(
    check: str,
    *,
    whose: Message,
    begins: datetime,
    ends: datetime,
    now: datetime,
    cure: Message,
    about: str = "",
    needed: bool = True,
) -> Finding:
    """
    Return how long a certificate holds: bad once it ran out, where it is ``needed``.

    ``whose`` is the subject of the sentence: `the certificate of the key seal`.
    """
    days, reached = days_left(ends, now), threshold(ends, now)
    date = f"{in_vietnam(ends):%Y-%m-%d}"
    broken = bad if needed else warn
    if now < begins:
        why = say(
            "{whose} is not valid before {date}",
            whose=whose,
            date=f"{in_vietnam(begins):%Y-%m-%d}",
        )
        clock = say("check the clock of this machine, or wait until it is valid")
        return broken(check, why, clock, about=about, days=days, until=date)
    if now > ends:
        why = say("{whose} ran out on {date}, {days} days ago", whose=whose, date=date, days=-days)
        return broken(check, why, cure, about=about, days=days, until=date)
    why = say("{whose} is valid until {date}, {days} days", whose=whose, date=date, days=days)
    if reached is None:
        return good(check, why, about=about, days=days, until=date)
    return warn(check, why, cure, about=about, days=days, until=date, threshold=reached)
