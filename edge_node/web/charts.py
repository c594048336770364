"""Pictures of figures, as rectangles with places: the style sheet gives them their colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_node.adapters.traffic import Day

_WIDTH: Final = 720
_HEIGHT: Final = 160
_LEFT: Final = 34
_BELOW: Final = 20
_ABOVE: Final = 8
_HOURS: Final = 24
_BAR: Final = 11  # of the 28 an hour has: two of them, and air
_EVERY: Final = 3  # hours are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One hour of one direction."""

    kind: str  # sent or received
    x: float
    y: float
    height: float
    hour: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a template draws."""

    width: int
    height: int
    left: int
    floor: int
    bar: int
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, int], ...]  # how high, and what stands there
    hours: tuple[tuple[float, int], ...]
    now: float | None  # where the clock stands


def hourly(day: Day, *, now_hour: int) -> Chart:
    """Lay out what went through a day, hour by hour."""
    top = _round_up(max((*day.sent, *day.received, 1)))
    floor, room = _HEIGHT - _BELOW, _HEIGHT - _BELOW - _ABOVE
    step = (_WIDTH - _LEFT) / _HOURS

    def bar(kind: str, hour: int, count: int) -> Bar:
        height = round(room * count / top, 1)
        beside = 0 if kind == "sent" else _BAR + 1
        x = round(_LEFT + hour * step + 2 + beside, 1)
        return Bar(kind=kind, x=x, y=floor - height, height=height, hour=hour, count=count)

    counts = (("sent", day.sent), ("received", day.received))
    bars = (bar(kind, hour, n) for kind, some in counts for hour, n in enumerate(some) if n)
    levels = sorted({0, top // 2, top})
    return Chart(
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        floor=floor,
        bar=_BAR,
        bars=tuple(bars),
        lines=tuple((round(floor - room * level / top, 1), level) for level in levels),
        hours=tuple(
            (round(_LEFT + (hour + 0.5) * step, 1), hour) for hour in range(0, _HOURS, _EVERY)
        ),
        now=round(_LEFT + (now_hour + 0.5) * step, 1),
    )


def _round_up(count: int) -> int:
    """Return a round number of at least that many, an even one where it is halved."""
    unit = 1
    while True:
        for factor in (2, 4, 6, 10):
            if factor * unit >= count:
                return factor * unit
        unit *= 10
