"""
Lays out the charts of a report as pictures: where each bar, line and word stands.

What is drawn stands in a table as well; a chart shows what a reader would else have to compare.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.paper.report.drawing import (
    BLUE,
    FAINT,
    GRID,
    INK,
    ORANGE,
    Anchor,
    Box,
    Dot,
    Line,
    Picture,
    Text,
)
from edge_node.paper.report.parts import Drawn
from edge_node.paper.wording import NOTHING, Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from edge_node.paper.report.drawing import Mark
    from edge_node.paper.report.parts import Chart
    from edge_node.paper.wording import Cell, Wording

WIDTH: Final = 468.0  # points: between the margins of a page
_COLOURS: Final = (BLUE, ORANGE)
_LEGEND: Final = 22.0  # the height of what says which colour is what
_NAMES: Final = 158.0  # the width of the names before lying bars
_VALUES: Final = 54.0  # that of what is written behind them
_LETTER: Final = 0.46  # the usual width of a letter, in parts of its size
_SMALL: Final = 8.0
_UPRIGHT: Final = 150.0  # the height of upright bars
_AXIS: Final = 38.0  # the room for numbers at its side
_FEW: Final = 12  # so many upright bars have their numbers written above them
_THICKEST: Final = 26.0
_TICK: Final = 30.0  # so far apart durations are written below an axis

_MOMENTS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 10, 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400)
)


def picture_of(chart: Chart, wording: Wording) -> Picture:
    """Return a chart as a picture; one of no rows is empty but for its legend."""
    draw: Mapping[Drawn, Callable[[Chart, Wording], tuple[float, list[Mark]]]] = {
        Drawn.COLUMNS: _columns,
        Drawn.BARS: _bars,
        Drawn.SHARES: _shares,
        Drawn.SPANS: _spans,
    }
    height, marks = draw[chart.drawn](chart, wording)
    names = [chart.table.head[place] for place in chart.series]
    drawn = (*_legend(names, dots=chart.drawn is Drawn.SPANS), *marks)
    return Picture(title=chart.title, width=WIDTH, height=height, marks=drawn)


def _legend(names: Sequence[str], *, dots: bool) -> Iterator[Mark]:
    left = 0.0
    for place, name in enumerate(names):
        colour = BLUE if dots else _COLOURS[place]
        if dots and place:
            yield Line(x1=left, y1=7, x2=left + 12, y2=7, stroke=colour, width=2)
            yield Line(x1=left + 12, y1=3, x2=left + 12, y2=11, stroke=colour, width=2)
        elif dots:
            yield Dot(x=left + 6, y=7, radius=4, fill=colour)
        else:
            yield Box(x=left, y=2, width=10, height=10, fill=colour)
        yield Text(x=left + 17, y=10, text=name)
        left += 17 + len(name) * 9 * _LETTER + 24


# ── upright ──────────────────────────────────────────────────────────────────────────────────


def _columns(chart: Chart, wording: Wording) -> tuple[float, list[Mark]]:
    floor = _LEGEND + 10 + _UPRIGHT
    highest, step = _scale(
        max((each for row in chart.rows for each in _counts(row, chart)), default=0)
    )
    marks: list[Mark] = []
    for value in range(0, highest + 1, step):
        y = floor - _UPRIGHT * value / highest
        marks.append(Line(x1=_AXIS, y1=y, x2=WIDTH, y2=y, stroke=GRID if value else FAINT))
        marks.append(_small(_AXIS - 5, y + 3, wording.number(value), Anchor.END))
    room = (WIDTH - _AXIS) / max(1, len(chart.rows))
    thick = min(room * 0.8 / len(chart.series), _THICKEST)
    labels = [_short(row[chart.label], wording) for row in chart.rows]
    every = max(1, math.ceil(max((len(each) for each in labels), default=1) * 5 / room))
    for place, row in enumerate(chart.rows):
        middle = _AXIS + room * (place + 0.5)
        left = middle - thick * len(chart.series) / 2
        for number, count in enumerate(_counts(row, chart)):
            tall, x = _UPRIGHT * count / highest, left + thick * number
            if count:
                box = Box(
                    x=x, y=floor - tall, width=thick * 0.94, height=tall, fill=_COLOURS[number]
                )
                marks.append(box)
            if len(chart.rows) <= _FEW and count:
                told = wording.number(count)
                marks.append(_small(x + thick / 2, floor - tall - 3, told, Anchor.MIDDLE, size=7))
        if place % every == 0:
            marks.append(_small(middle, floor + 11, labels[place], Anchor.MIDDLE))
    return floor + 16, marks


def _scale(most: int) -> tuple[int, int]:
    """Return where an axis ends and how far its lines are apart: 1, 2, 5, 10, 20, 50 ..."""
    rough = max(1, math.ceil(most / 4))
    power = 10 ** (len(str(rough)) - 1)
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    return max(step, math.ceil(most / step) * step), step


def _short(cell: Cell, wording: Wording) -> str:
    return str(cell.day) if isinstance(cell, date) else wording.cell(cell)


# ── lying ────────────────────────────────────────────────────────────────────────────────────


def _bars(chart: Chart, wording: Wording) -> tuple[float, list[Mark]]:
    longest = max((each for row in chart.rows for each in _counts(row, chart)), default=0)
    thick, room = 8.0, WIDTH - _NAMES - _VALUES
    marks: list[Mark] = []
    y = _LEGEND
    for row in chart.rows:
        y += 5
        marks.append(_name(row[chart.label], y + thick * len(chart.series) / 2, wording))
        for number, count in enumerate(_counts(row, chart)):
            long = room * count / max(1, longest)
            if count:
                box = Box(x=_NAMES, y=y, width=long, height=thick - 1, fill=_COLOURS[number])
                marks.append(box)
            marks.append(
                _small(_NAMES + long + 4, y + 6.5, wording.number(count), Anchor.START, size=7)
            )
            y += thick
    marks.append(Line(x1=_NAMES, y1=_LEGEND, x2=_NAMES, y2=y + 4, stroke=FAINT))
    return y + 6, marks


def _shares(chart: Chart, wording: Wording) -> tuple[float, list[Mark]]:
    thick, room = 13.0, WIDTH - _NAMES - _VALUES
    marks: list[Mark] = []
    y = _LEGEND
    for row in chart.rows:
        y += 5
        marks.append(_name(row[chart.label], y + thick / 2, wording))
        counts = _counts(row, chart)
        whole, x = sum(counts), _NAMES
        for number, count in enumerate(counts):
            if count:
                long = room * count / whole
                marks.append(Box(x=x, y=y, width=long, height=thick, fill=_COLOURS[number]))
                x += long
        if not whole:
            marks.append(Box(x=x, y=y, width=room, height=thick, fill="#eef0f3"))
        share = wording.share(Share(counts[0], whole))
        marks.append(Text(x=WIDTH, y=y + 10, text=share, anchor=Anchor.END))
        y += thick
    return y + 8, marks


def _spans(chart: Chart, wording: Wording) -> tuple[float, list[Mark]]:
    timed = [_durations(row, chart) for row in chart.rows]
    ticks = _moments([each for row in timed for each in row])
    first, last = (math.log(ticks[place].total_seconds()) for place in (0, -1))
    left, room = _NAMES + 6, WIDTH - _NAMES - 120

    def across(took: timedelta) -> float:
        at = math.log(max(took, ticks[0]).total_seconds())
        return left + room * (at - first) / (last - first)

    y, tall = _LEGEND, 18.0
    floor = y + 4 + tall * len(timed)
    marks: list[Mark] = []
    free = 0.0
    for tick in ticks:
        x = across(tick)
        marks.append(Line(x1=x, y1=y, x2=x, y2=floor))
        if x >= free:
            marks.append(_small(x, floor + 11, wording.lasting(tick), Anchor.MIDDLE, size=7))
            free = x + _TICK
    for row, spans in zip(chart.rows, timed, strict=True):
        y += tall
        marks.append(_name(row[chart.label], y - 6, wording))
        if not spans:
            marks.append(_small(left + 4, y - 3, NOTHING, Anchor.START))
            continue
        begin, end = map(across, spans)
        marks.append(Line(x1=begin, y1=y - 6, x2=end, y2=y - 6, stroke=BLUE, width=2))
        marks.append(Line(x1=end, y1=y - 10, x2=end, y2=y - 2, stroke=BLUE, width=2))
        marks.append(Dot(x=begin, y=y - 6, radius=4, fill=BLUE))
        told = " / ".join(map(wording.lasting, spans))
        marks.append(_small(WIDTH, y - 3, told, Anchor.END, fill=INK))
    return floor + 16, marks


def _moments(durations: Sequence[timedelta]) -> tuple[timedelta, ...]:
    """Return the round durations between which all of these lie; at least two."""
    shortest, longest = min(durations), max(durations)
    first = max((place for place, each in enumerate(_MOMENTS) if each <= shortest), default=0)
    last = next((n for n, each in enumerate(_MOMENTS) if each >= longest), len(_MOMENTS) - 1)
    first = min(first, len(_MOMENTS) - 2)
    return _MOMENTS[first : max(last, first + 1) + 1]


# ── words and numbers ────────────────────────────────────────────────────────────────────────


def _counts(row: Sequence[Cell], chart: Chart) -> list[int]:
    cells = (row[place] for place in chart.series)
    return [cell if isinstance(cell, int) else 0 for cell in cells]


def _durations(row: Sequence[Cell], chart: Chart) -> list[timedelta]:
    return [cell for place in chart.series if isinstance(cell := row[place], timedelta)]


def _name(cell: Cell, middle: float, wording: Wording) -> Text:
    """Return the name of a row, cut where there is no room for all of it."""
    text, most = wording.cell(cell), int((_NAMES - 8) / (9 * _LETTER))
    if len(text) > most:
        text = text[: most - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    return Text(x=_NAMES - 7, y=middle + 3, text=text, anchor=Anchor.END)


def _small(
    x: float, y: float, text: str, anchor: Anchor, *, size: float = _SMALL, fill: str = FAINT
) -> Text:
    return Text(x=x, y=y, text=text, size=size, anchor=anchor, fill=fill)
