"""
What becomes of incidents when somebody has looked: begun, told, gone for a moment, over.

An incident lasts from its first sighting until it has not been seen for a while, so that what
flickers is one incident and not a hundred; and it is told once, when it has lasted long enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from edge_node.domain.alarms import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from edge_node.domain.alarms import Rule, Sighting
    from edge_node.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident as the table has it; ``raised`` is when it had lasted long enough."""

    id: int
    rule: str
    watch: str
    about: str
    stage: str
    severity: str
    words: Message
    seen: datetime
    raised: datetime | None = None
    gone: datetime | None = None  # since when it has not been seen
    over: datetime | None = None


class Turn(StrEnum):
    """What can happen to an incident."""

    BEGUN = "begun"  # seen for the first time, and to last a while before it is told
    RAISED = "raised"  # it has lasted long enough
    PASSED = "passed"  # it happened: to be told, and over by itself
    GONE = "gone"  # not seen this time
    BACK = "back"  # seen again before it was over
    OVER = "over"
    FORGOTTEN = "forgotten"  # over before anybody was told, or another stage takes its place


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened: to an incident there is, or to one that begins with this sighting."""

    turn: Turn
    rule: Rule | None = None  # None where there is no such rule any more
    sighting: Sighting | None = None
    incident: Incident | None = None


def changes(
    rule: Rule,
    sightings: Sequence[Sighting],
    on: Mapping[str, Incident],
    *,
    now: datetime,
    calm: timedelta,
) -> Iterator[Change]:
    """
    Yield what the sightings of one rule come to; ``on`` are its incidents that are not over.

    Those are given by what they are about. A clock that was set back ends none of them.
    """
    if rule.watch in AT_ONCE:
        yield from (Change(turn=Turn.PASSED, rule=rule, sighting=each) for each in sightings)
        return
    seen = {each.about: each for each in sightings}
    for about, sighting in seen.items():
        yield from _seen(rule, sighting, on.get(about), now)
    for about, incident in on.items():
        if about not in seen:
            yield from _unseen(rule, incident, now, calm)


def _seen(
    rule: Rule, sighting: Sighting, incident: Incident | None, now: datetime
) -> Iterator[Change]:
    if incident is not None and incident.stage != sighting.stage:
        yield Change(turn=Turn.FORGOTTEN, rule=rule, incident=incident)
        incident = None
    since = min(sighting.since or now, incident.seen if incident else now)
    lasts = now - since >= rule.longer_than
    if incident is None:
        yield Change(turn=Turn.RAISED if lasts else Turn.BEGUN, rule=rule, sighting=sighting)
        return
    if incident.gone is not None:
        yield Change(turn=Turn.BACK, rule=rule, incident=incident)
    if incident.raised is None and lasts:
        yield Change(turn=Turn.RAISED, rule=rule, sighting=sighting, incident=incident)


def _unseen(rule: Rule, incident: Incident, now: datetime, calm: timedelta) -> Iterator[Change]:
    if incident.gone is None and calm:
        yield Change(turn=Turn.GONE, rule=rule, incident=incident)
    elif incident.gone is None or now - incident.gone >= calm:
        told = incident.raised is not None
        yield Change(turn=Turn.OVER if told else Turn.FORGOTTEN, rule=rule, incident=incident)
