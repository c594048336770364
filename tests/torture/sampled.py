"""A process that was sampled while it got so and so much done: how it grew, how fast it was."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.procfs import cpu_seconds, memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Sample:
    """How a process stood at a moment of the monotonic clock; bytes and seconds."""

    at: float
    done: int  # documents, of whatever is counted meanwhile
    rss: int
    pss: int
    cpu: float

    @property
    def memory(self) -> dict[str, int]:
        """What it held, as the figures have it."""
        return {"rss": self.rss, "pss": self.pss}


def sample(pid: int, done: int) -> Sample:
    """Look at a process that has got so much done."""
    held = memory(pid)
    return Sample(time.monotonic(), done, held.rss, held.pss, cpu_seconds(pid))


def at(samples: Sequence[Sample], done: int) -> Sample:
    """Return the first sample with so much done."""
    return next(one for one in samples if one.done >= done)


def rates(samples: Sequence[Sample]) -> list[float]:
    """Return documents a second, early and late."""
    pairs = _early_and_late(samples)
    return [round((b.done - a.done) / max(b.at - a.at, 1e-3), 1) for a, b in pairs]


def cpu(samples: Sequence[Sample]) -> list[float]:
    """Return milliseconds of CPU of the whole process for a document, early and late."""
    pairs = _early_and_late(samples)
    return [round(1000 * (b.cpu - a.cpu) / max(b.done - a.done, 1), 1) for a, b in pairs]


def growth(samples: Sequence[Sample]) -> int:
    """Return how many bytes (RSS) a thousand more documents cost, from the first tenth on."""
    begun, ended = at(samples, samples[-1].done // 10), samples[-1]
    return round(1000 * (ended.rss - begun.rss) / max(ended.done - begun.done, 1))


def _early_and_late(samples: Sequence[Sample]) -> Iterator[tuple[Sample, Sample]]:
    """Yield the ends of the second fifth and of the last one; the first is for warming up."""
    total = samples[-1].done
    yield at(samples, total // 5), at(samples, 2 * total // 5)
    yield at(samples, 4 * total // 5), samples[-1]
