"""
Finding an envelope among what the axis says we sent, after it gave no answer.

The axis's list (`getSentEdocList`) knows no DocumentId: an entry may be ours when receiver, code
and title agree and it was made since we first tried. Which entries are other envelopes of ours
the queue knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from edge_node.domain.time import read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from edge_node.domain.envelope import AxisId, Sent
    from edge_node.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What to look for: how an envelope would look in the axis's list, and since when."""

    receivers: frozenset[str]
    number: str
    notation: str
    title: str
    since: datetime  # we first tried
    ago: timedelta  # so long ago we last tried
    slack: timedelta = timedelta(minutes=15)  # how far our clock of then may be off the axis's
    alike: int = 1  # how many unsure envelopes would look so, this one among them
    unclear: int = 0  # so often it was a no nobody understands, and no silence, the last time too
    no: Message | None = None  # what the axis said then


def traces_of(trail: Trail, listed: Iterable[Sent]) -> list[AxisId]:
    """Return the axis's ids of the entries that may be the envelope, in the list's order."""
    # An entry a receiver, all under the one id.
    return list(dict.fromkeys(entry.axis_id for entry in listed if _agrees(trail, entry)))


class Finding(StrEnum):
    """What the axis's list says of an envelope it gave no answer for."""

    THERE = "there"  # there is an entry for it, and for each that looks like it
    ABSENT = "absent"  # there is none
    UNCLEAR = "unclear"  # there are entries that look like it, but not as many as there should be
    UNTOLD = "untold"  # the axis will not list anything


def judge(candidates: int, *, alike: int) -> Finding:
    """
    Return what so many entries mean that no envelope of ours is known by.

    ``alike`` envelopes look the same in the list. One entry for each of them: which is whose makes
    no difference. Fewer, or more: nobody can tell whether this very one is among them.
    """
    if candidates == 0:
        return Finding.ABSENT
    return Finding.THERE if candidates == alike else Finding.UNCLEAR


def _agrees(trail: Trail, entry: Sent) -> bool:
    if entry.receiver not in trail.receivers or not _names(trail, entry):
        return False
    sent_at = read_stamp(entry.sent_at)
    # What seems to have been sent in the future was sent by a clock that is ahead.
    return sent_at is None or trail.since - trail.slack <= sent_at


def _names(trail: Trail, entry: Sent) -> bool:
    """Tell whether code and title agree; a notation alone is that of every letter of an office."""
    title = entry.title.strip()
    whole = "/".join(part for part in (trail.number, trail.notation) if part)
    if entry.notation == whole:
        return not title or title == trail.title.strip()
    return entry.notation == trail.notation and bool(title) and title == trail.title.strip()
