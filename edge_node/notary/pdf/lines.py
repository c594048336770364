"""
The letters of a page put together as a person reads them: lines, and what stands apart in them.

A page says where each letter is and not which belong together: words are drawn in any order, each
letter by itself, in columns, upright or turned. What the lines say is not looked at here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from math import cos, inf, radians, sin
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SAME_LINE: Final = 0.4  # heights of a letter, between two baselines of one line
_APART: Final = 2.0  # heights between two letters, beyond which they stand apart
_TWICE: Final = 0.12  # heights between a letter and itself, drawn anew to look bold
_BLANK: Final = 0.15  # heights between two letters that are two words
_NEXT_LINE: Final = 3.0  # heights between two lines that go on
_TURNS: Final = 2  # degrees that count as the same direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """
    One letter where it stands: its origin and the size of its box, in points.

    ``angle`` is the direction of its line, in degrees from the page's own, counterclockwise.
    """

    text: str
    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A letter along and across its line."""

    text: str
    along: float
    across: float
    width: float
    height: float

    @property
    def end(self) -> float:
        return self.along + self.width


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands together in one line."""

    text: str
    begin: float
    end: float
    across: float
    height: float


@dataclass(slots=True)
class _Column:
    """Pieces below each other."""

    pieces: list[_Piece] = field(default_factory=list)

    def goes_on(self, piece: _Piece) -> float | None:
        """Return how far above the piece this ends, where it stands below; None elsewhere."""
        last = self.pieces[-1]
        beside = piece.begin > last.end or piece.end < last.begin
        far = last.across - piece.across
        reach = _NEXT_LINE * max(last.height, piece.height)
        return None if beside or not 0 < far <= reach else far

    def is_within(self, reach: float, across: float) -> bool:
        """Tell whether this ends no further than so far above a line."""
        return self.pieces[-1].across - across <= reach


def lines_of(letters: Iterable[Letter]) -> Iterator[str]:
    """Yield the pieces of text column by column, from above; an empty line parts the columns."""
    turned: dict[int, list[_Mark]] = defaultdict(list)
    for one in letters:
        turn = round(one.angle / _TURNS) * _TURNS % 360
        turned[turn].append(_seen_along(one, turn))
    for marks in turned.values():
        pieces = [piece for line in _lines(marks) for piece in _pieces(line)]
        for column in _columns(pieces):
            yield from (piece.text for piece in column.pieces)
            yield ""


def _seen_along(letter: Letter, turn: int) -> _Mark:
    cosine, sine = cos(radians(turn)), sin(radians(turn))
    upright = turn % 180 == 0
    lying = turn % 180 == 90  # noqa: PLR2004 - a quarter turn
    # Of a letter that leans the box tells too much: its shorter side is nearer.
    lean = min(letter.width, letter.height)
    height = letter.height if upright else letter.width if lying else lean
    width = letter.width if upright else letter.height if lying else lean / 2
    return _Mark(
        text=letter.text,
        along=letter.x * cosine + letter.y * sine,
        across=letter.y * cosine - letter.x * sine,
        width=width,
        height=max(height, 1.0),
    )


def _lines(marks: Sequence[_Mark]) -> Iterator[list[_Mark]]:
    line: list[_Mark] = []
    for mark in sorted(marks, key=lambda one: -one.across):
        if line and line[0].across - mark.across > _SAME_LINE * line[0].height:
            yield sorted(line, key=lambda one: one.along)
            line = []
        line.append(mark)
    if line:
        yield sorted(line, key=lambda one: one.along)


def _pieces(line: Sequence[_Mark]) -> Iterator[_Piece]:
    piece: list[_Mark] = []
    for mark in line:
        if mark.text.isspace():
            continue
        if piece and _is_twice(piece[-1], mark):
            continue
        if piece and mark.along - piece[-1].end > _APART * max(mark.height, piece[-1].height):
            yield _joined(piece)
            piece = []
        piece.append(mark)
    if piece:
        yield _joined(piece)


def _is_twice(one: _Mark, other: _Mark) -> bool:
    return one.text == other.text and other.along - one.along < _TWICE * one.height


def _joined(marks: Sequence[_Mark]) -> _Piece:
    text = marks[0].text
    for before, mark in pairwise(marks):
        blank = mark.along - before.end > _BLANK * mark.height
        text += f" {mark.text}" if blank else mark.text
    return _Piece(
        text=text,
        begin=marks[0].along,
        end=max(mark.end for mark in marks),
        across=marks[0].across,
        height=max(mark.height for mark in marks),
    )


def _columns(pieces: Sequence[_Piece]) -> list[_Column]:
    """Return the pieces, which come from above, as columns of what goes on below the other."""
    columns: list[_Column] = []
    open_: list[_Column] = []  # those that a piece of this page can still go on
    farthest = (_NEXT_LINE + 1) * max((piece.height for piece in pieces), default=0.0)
    lowest = inf
    for piece in pieces:
        if piece.across < lowest:
            lowest = piece.across
            open_ = [one for one in open_ if one.is_within(farthest, lowest)]
        above = [(far, column) for column in open_ if (far := column.goes_on(piece)) is not None]
        if above:
            min(above, key=lambda one: one[0])[1].pieces.append(piece)
        else:
            begun = _Column([piece])
            columns.append(begun)
            open_.append(begun)
    return columns
