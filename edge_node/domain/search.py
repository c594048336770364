"""
Finding an envelope among what the axis says we sent, after it gave no answer.

The axis's list (`getSentEdocList`) knows no DocumentId: an entry may be ours when receiver, code
and title agree and it was made since we first tried. Which entries are other envelopes of ours
the queue knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


def traces_of(trail: Trail, listed: Iterable[Sent], *, now: datetime) -> Iterator[AxisId]:
    """Yield the axis's ids of the entries that may be the envelope, in the list's order."""
    return (entry.axis_id for entry in listed if _agrees(trail, entry, now))


def _agrees(trail: Trail, entry: Sent, now: datetime) -> bool:
    if entry.receiver not in trail.receivers or not _names(trail, entry):
        return False
    sent_at = _read(entry.sent_at)
    return sent_at is None or trail.since - _SKEW <= sent_at <= now + _SKEW


def _names(trail: Trail, entry: Sent) -> bool:
    """Tell whether code and title agree; a notation alone is that of every letter of an office."""
    title = entry.title.strip()
    whole = "/".join(part for part in (trail.number, trail.notation) if part)
    if entry.notation == whole:
        return not title or title == trail.title.strip()
    return entry.notation == trail.notation and bool(title) and title == trail.title.strip()


def _read(text: str) -> datetime | None:
    for form in _STAMPS:
        try:
            return in_vietnam(datetime.strptime(text, form))  # noqa: DTZ007 - no zone on the wire
        except ValueError:
            continue
    return None
