"""A picture as a list of marks: the same on a page of PDF and in a page of the web."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

INK: Final = "#1a1a1a"
FAINT: Final = "#6b7280"
GRID: Final = "#d9dde3"
# Told apart by everybody, in grey as well.
BLUE: Final = "#1f4e79"
ORANGE: Final = "#d9822b"


class Anchor(StrEnum):
    """Which end of a text stands where it is put."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    stroke: str = GRID
    width: float = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    radius: float
    fill: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of text; ``y`` is where its letters stand."""

    x: float
    y: float
    text: str
    size: float = 9.0
    anchor: Anchor = Anchor.START
    fill: str = INK


Mark = Box | Line | Dot | Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Marks on a sheet; in points, from the upper left corner."""

    title: str
    width: float
    height: float
    marks: tuple[Mark, ...]


def svg(picture: Picture) -> str:
    """Return the picture as an SVG element that needs nothing beside it."""
    size = f"{_n(picture.width)} {_n(picture.height)}"
    title = escape(picture.title)
    head = f'<svg viewBox="0 0 {size}" role="img" aria-label="{title}">'
    return "\n".join([head, f"<title>{title}</title>", *_elements(picture), "</svg>"])


def _elements(picture: Picture) -> Iterator[str]:
    for mark in picture.marks:
        match mark:
            case Box():
                place = f'x="{_n(mark.x)}" y="{_n(mark.y)}"'
                size = f'width="{_n(mark.width)}" height="{_n(mark.height)}"'
                yield f'<rect {place} {size} fill="{mark.fill}"/>'
            case Line():
                begin = f'x1="{_n(mark.x1)}" y1="{_n(mark.y1)}"'
                end = f'x2="{_n(mark.x2)}" y2="{_n(mark.y2)}"'
                drawn = f'stroke="{mark.stroke}" stroke-width="{_n(mark.width)}"'
                yield f"<line {begin} {end} {drawn}/>"
            case Dot():
                place = f'cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="{_n(mark.radius)}"'
                yield f'<circle {place} fill="{mark.fill}"/>'
            case Text():
                place = f'x="{_n(mark.x)}" y="{_n(mark.y)}" font-size="{_n(mark.size)}"'
                drawn = f'text-anchor="{mark.anchor}" fill="{mark.fill}"'
                yield f"<text {place} {drawn}>{escape(mark.text)}</text>"


def _n(number: float) -> str:
    """Return a number in the same few letters on every machine."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
