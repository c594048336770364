"""
Finding an envelope among what the axis says we sent, after it gave no answer.

The axis's list (`getSentEdocList`) knows no DocumentId: an entry is ours when receiver, notation
and title agree and it was made since we first tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.domain.envelope import AxisId, Sent

# How far the axis's clock may be behind ours.
_SKEW: Final = timedelta(minutes=15)
_STAMPS: Final = ("%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What to look for: how an envelope would look in the axis's list, and since when."""

    receivers: frozenset[str]
    number: str
    notation: str
    title: str
    since: datetime
    taken: frozenset[str]  # entries that are known to be other envelopes of ours


def traces_of(trail: Trail, listed: Iterable[Sent], *, now: datetime) -> AxisId | None:
    """Return the axis's id of the envelope if the list holds it, else None."""
    for entry in listed:
        if entry.axis_id not in trail.taken and _agrees(trail, entry, now):
            return entry.axis_id
    return None


def _agrees(trail: Trail, entry: Sent, now: datetime) -> bool:
    codes = {trail.notation, f"{trail.number}/{trail.notation}"}
    if entry.receiver not in trail.receivers or entry.notation not in codes:
        return False
    if entry.title and entry.title.strip() != trail.title.strip():
        return False
    sent_at = _read(entry.sent_at)
    return sent_at is None or trail.since - _SKEW <= sent_at <= now + _SKEW


def _read(text: str) -> datetime | None:
    for form in _STAMPS:
        try:
            return in_vietnam(datetime.strptime(text, form))  # noqa: DTZ007 - no zone on the wire
        except ValueError:
            continue
    return None
