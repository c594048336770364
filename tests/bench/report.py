"""The bench's figures, for machines and for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bare import Bare
    from product import Burst, Huge, Idle

_MB: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything one run measured; waits in seconds, peaks in bytes."""

    bursts: Sequence[Burst]
    floors: Sequence[Bare]
    waits: Sequence[float]
    peaks: Mapping[str, int]
    idle: Idle
    configuration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A figure measured several times."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return the median of some values, and the least and the greatest."""
    return Spread(median=median(values), low=min(values), high=max(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is reported: documents a second, seconds, milliseconds of CPU a document, bytes."""

    documents: int
    delivered: Spread  # documents a second, from the first drop to the last inbox folder
    answered: Spread  # likewise, until node A has every receipt 01
    bare: Spread
    ratio: Spread  # delivered : bare, of the same round
    wait_p50: float
    wait_p95: float
    cpu: Mapping[str, Spread]
    bare_cpu: Mapping[str, Spread]
    peaks: Mapping[str, int]
    idle: Idle


def reckon(results: Results) -> Figures:
    """Return the figures of a run."""
    count = results.bursts[0].documents
    bursts, floors = results.bursts, results.floors
    waits = sorted(results.waits)
    return Figures(
        documents=count,
        delivered=spread([count / burst.delivered for burst in bursts]),
        answered=spread([count / burst.answered for burst in bursts]),
        bare=spread([count / floor.seconds for floor in floors]),
        ratio=spread(
            [floor.seconds / burst.delivered for burst, floor in zip(bursts, floors, strict=True)]
        ),
        wait_p50=median(waits),
        wait_p95=waits[round(0.95 * (len(waits) - 1))],
        cpu={
            name: spread([burst.cpu[name] / count * 1000 for burst in bursts])
            for name in bursts[0].cpu
        },
        bare_cpu={
            "sender": spread([floor.sender_cpu / count * 1000 for floor in floors]),
            "receiver": spread([floor.receiver_cpu / count * 1000 for floor in floors]),
        },
        peaks=results.peaks,
        idle=results.idle,
    )


def figures(results: Results) -> dict[str, object]:
    """Return the figures as JSON takes them."""
    return asdict(reckon(results)) | {
        "rounds": len(results.bursts),
        "configuration": results.configuration.strip(),
    }


def table(results: Results) -> str:
    """Return the figures as people read them."""
    seen = reckon(results)
    lines = [
        f"{len(results.bursts)} bursts of {seen.documents}, median (least to greatest)",
        "",
        "documents of 50 to 200 kB, a second",
        _line("outbox to inbox", seen.delivered),
        _line("and receipt 01 back at the sender", seen.answered),
        _line("bare pipeline, in turn with it", seen.bare),
        _line("product : bare", seen.ratio, places=3),
        "",
        "one document at a time, outbox to inbox, milliseconds",
        f"  {'p50':<36} {seen.wait_p50 * 1000:8.0f}",
        f"  {'p95':<36} {seen.wait_p95 * 1000:8.0f}",
        "",
        "CPU, milliseconds a document (both ways: document and receipt)",
        *(_line(name, each) for name, each in seen.cpu.items()),
        *(_line(f"bare {name}", each) for name, each in seen.bare_cpu.items()),
        "",
        "peak memory, MB",
        *(f"  {name:<36} {size / _MB:8.1f}" for name, size in seen.peaks.items()),
        "",
        "idle node on the default configuration",
        f"  {'CPU, % of one core':<36} {seen.idle.cpu / seen.idle.seconds * 100:8.2f}",
        f"  {'RSS, MB':<36} {seen.idle.memory.rss / _MB:8.1f}",
        f"  {'PSS, MB':<36} {seen.idle.memory.pss / _MB:8.1f}",
        "",
        "configured for the bursts:",
        *(f"  {line}" for line in results.configuration.strip().splitlines()),
    ]
    return "\n".join(lines) + "\n"


def large_table(result: Huge) -> str:
    """Return what one huge attachment cost."""
    lines = [
        f"one attachment of {result.size / _MB:.0f} MB, fetched with {result.fetch}",
        f"  {'outbox to inbox, seconds':<36} {result.seconds:8.1f}",
        f"  {'MB a second':<36} {result.size / _MB / result.seconds:8.1f}",
        *(f"  {name + ', peak MB':<36} {size / _MB:8.1f}" for name, size in result.peak.items()),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, seen: Spread, *, places: int = 1) -> str:
    ends = f"({seen.low:.{places}f} to {seen.high:.{places}f})"
    return f"  {name:<36} {seen.median:8.{places}f}   {ends}"
