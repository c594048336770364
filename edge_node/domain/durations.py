"""
How long many things took, and what may be said of them all: exact shares, in little memory.

A duration is kept as whole seconds in four bytes: those of a year of statuses are some ten
megabytes. What is told is always one that occurred (nearest rank), so it is the same each time.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_HALF: Final = 16  # bits of a duration in one pass
_LOW: Final = (1 << _HALF) - 1
_LONGEST: Final = (1 << 2 * _HALF) - 1  # seconds: 136 years


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """How long something took: for how many, the middle one, and what 95 of 100 took at most."""

    count: int = 0
    median: timedelta | None = None  # None where it never happened
    p95: timedelta | None = None


class Durations:
    """Durations that are added one by one."""

    def __init__(self) -> None:
        """Begin without any."""
        self._seconds = array("I")

    def add(self, took: timedelta) -> None:
        """Add one; a fraction of a second does not count, and none takes less than nothing."""
        seconds = took.days * 86_400 + took.seconds
        self._seconds.append(min(max(seconds, 0), _LONGEST))

    def told(self) -> Took:
        """Return what is to be said of them."""
        if not self._seconds:
            return Took()
        return Took(count=len(self._seconds), median=self.at(50), p95=self.at(95))

    def at(self, percent: int) -> timedelta:
        """Return the shortest that so many of a hundred did not exceed; there is one at least."""
        rank = max(1, -(-len(self._seconds) * percent // 100))
        # Counted rather than sorted: sorting would make an object of each.
        high, before = _nth(self._seconds, rank, lambda each: each >> _HALF)
        among = (each for each in self._seconds if each >> _HALF == high)
        low, _ = _nth(among, rank - before, lambda each: each & _LOW)
        return timedelta(seconds=high << _HALF | low)


def _nth(values: Iterable[int], rank: int, part: Callable[[int], int]) -> tuple[int, int]:
    """Return the part of the value of that rank, and how many have a lower one."""
    counts = [0] * (1 << _HALF)
    for each in values:
        counts[part(each)] += 1
    before = 0
    for place, count in enumerate(counts):
        if before + count >= rank:
            return place, before
        before += count
    raise IndexError(rank)
