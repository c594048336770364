"""
When a certificate runs out, and from when on that is said.

Issuing a new one takes an authority weeks and a paper with a seal: hence sixty days, and then
more and more urgently. Where certificates lie, and who is told, is left to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

THRESHOLDS: Final = (60, 30, 14, 7, 1)  # days before the end
PAST: Final = 0  # the threshold after the end


class Holder(StrEnum):
    """What a certificate is for here."""

    KEY = "key"  # the agency signs with its key
    ANCHOR = "anchor"  # an authority that is believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """A certificate this node relies on, by the name people here have for it."""

    holder: Holder
    name: str  # of the key in signing.keys, or of the authority
    fingerprint: str  # SHA-256 of its DER, hexadecimal
    begins: datetime
    ends: datetime


def days_left(ends: datetime, now: datetime) -> int:
    """Return how many whole days are left; negative once it has run out."""
    return (ends - now).days


def threshold(ends: datetime, now: datetime) -> int | None:
    """Return the lowest threshold that is reached, PAST after the end; None before the first."""
    if now > ends:
        return PAST
    left = days_left(ends, now)
    return min((each for each in THRESHOLDS if left <= each), default=None)
