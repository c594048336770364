"""What is still to be done and until when, reckoned anew from the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.adapters.alarms import Alarms
from edge_node.domain.deadlines import Duty
from edge_node.domain.time import in_vietnam
from edge_node.node.terms import rules

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from edge_node.domain.deadlines import Open, Term
    from edge_node.node.parts import Parts


def pressing(
    parts: Parts,
    *,
    now: datetime,
    ahead: timedelta,
    most: int | None = None,
    duties: Iterable[Duty] = tuple(Duty),
) -> list[tuple[Term, Open]]:
    """
    Return what is open with its term, the most pressing first; due dates so far ``ahead``.

    Of each duty at most so many, those that wait for longest; all where nothing is said.
    """
    terms, alarms = rules(parts.config), Alarms(parts.queue.file)
    since, today = now - parts.config.deadlines.forget_after, in_vietnam(now).date()
    found = [
        (terms.term(thing), thing)
        for duty in duties
        for thing in alarms.open(
            duty, since=since, first=in_vietnam(since).date(), last=today + ahead, most=most
        )
    ]
    return sorted(found, key=lambda each: (each[0].end, each[1].item, each[1].agency))
