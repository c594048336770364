"""
Follows the operators of a page and notes where they paint, as boxes.

What each operator does is `edge_node.notary.pdf.acts`. Rather too large than too small: text is
measured by its fonts' widths and generous heights, curves by their control points, pictures by
their cells. White surfaces count as paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from pyhanko.pdf_utils import generic

from edge_node.notary.fences import FOREIGN
from edge_node.notary.pdf.inked import inked
from edge_node.notary.pdf.letters import Letters, letters
from edge_node.notary.pdf.operators import Operand, Undrawable, operators
from edge_node.notary.pdf.pictures import pixels
from edge_node.notary.pdf.sheets import (
    SAME,
    Box,
    Matrix,
    Point,
    at,
    clipped,
    matrix_of,
    rectangle,
    shared,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LARGEST: Final = 32 * 1024 * 1024  # bytes of a form's operators
LONGEST: Final = 3_000_000  # operators, those of forms as often as they are used
DEEPEST: Final = 10  # forms in forms
MOST: Final = 200_000  # boxes
INVISIBLE: Final = 3  # the mode of text that is not painted: what OCR lays under a scan
CELL: Final = 2.0  # points: the cells in which a picture is measured
CELLS: Final = 1200  # at most, across or down
PIXELS: Final = 72_000_000  # of all pictures that are looked into
MOSTLY: Final = 0.8  # of a page, which a scan of it fills


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What q keeps and Q brings back."""

    matrix: Matrix = SAME
    clip: Box | None = None
    light: bool = False  # surfaces are white
    line: float = 1.0
    font: Letters = field(default_factory=Letters)
    size: float = 0.0
    spacing: float = 0.0
    word: float = 0.0
    across: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: int = 0


class Painter:
    """Follows the operators and notes what they paint."""

    def __init__(self, acts: Mapping[str, Act], *, page: Box, within: Box | None) -> None:
        """Begin with nothing painted; only what touches ``within`` will be noted."""
        self.boxes: list[Box] = []
        self.acts = acts
        self.page = page
        self.within = within
        self.pixels = PIXELS
        self.state = State()
        self.kept: list[State] = []
        self.resources = generic.DictionaryObject()
        self.depth = 0
        self.steps = 0
        self.path: list[list[Point]] = []  # lines and curves, by their points
        self.start: Point = (0, 0)
        self.pen: Point = (0, 0)
        self.clips = False
        self.text: Matrix = SAME
        self.row: Matrix = SAME
        self.fonts: dict[str, Letters] = {}

    def follow(self, content: bytes, resources: generic.DictionaryObject) -> None:
        """Follow the operators of a page."""
        self._run(content, resources, State(), 0)

    def _run(
        self, content: bytes, resources: generic.DictionaryObject, state: State, depth: int
    ) -> None:
        self.resources, self.state, self.depth, self.kept, self.fonts = (
            resources,
            state,
            depth,
            [],
            {},
        )
        for word, operands in operators(content):
            self.steps += 1
            if self.steps > LONGEST:
                raise Undrawable(self.steps)
            act = self.acts.get(word)
            if act is not None:
                act(self, operands)

    def paint(self, points: Iterable[Point], *, margin: float = 0.0) -> None:
        """Note the box around points that are in the coordinates of the page."""
        xs, ys = zip(*points, strict=True)
        box = (min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin)
        seen = box if self.state.clip is None else clipped(box, self.state.clip)
        if seen is not None:
            self.note(seen)

    def note(self, box: Box) -> None:
        """Note a box that is seen, if it is where somebody asks."""
        if self.within is not None and clipped(box, self.within) is None:
            return
        self.boxes.append(box)
        if len(self.boxes) > MOST:
            raise Undrawable(MOST)

    def change(self, **what: object) -> None:
        """Change what q keeps."""
        self.state = replace(self.state, **what)  # type: ignore[arg-type] # checked by the fields

    def end_path(self, *, fills: bool, strokes: bool) -> None:
        """Note what a path paints, clip by it where that was asked for, and begin another."""
        if fills and not self.state.light:
            for figure in _figures(self.path):
                self.paint(figure)
        elif strokes:
            a, b, c, d, *_ = self.state.matrix
            margin = self.state.line * max(abs(a) + abs(c), abs(b) + abs(d)) / 2
            for piece in self.path:
                self.paint(piece, margin=margin)
        if self.clips and self.path:
            self.clip([point for piece in self.path for point in piece])
        self.path, self.clips = [], False

    def clip(self, points: list[Point]) -> None:
        """Let nothing be seen but in the box around these points."""
        xs, ys = zip(*points, strict=True)
        box = (min(xs), min(ys), max(xs), max(ys))
        before = self.state.clip
        self.change(clip=box if before is None else shared(before, box) or (0, 0, 0, 0))

    def show(self, text: bytes) -> None:
        """Note a piece of text, and move on behind it."""
        state = self.state
        advance = sum(
            (width * state.size + state.spacing + (state.word if blank else 0)) * state.across
            for blank, width in state.font.measured(text)
        )
        if text and state.mode != INVISIBLE:  # a blank's code is a letter's in some fonts
            low = state.font.descent * state.size + state.rise
            high = state.font.ascent * state.size + state.rise
            placed = times(self.text, state.matrix)
            corners = [(0.0, low), (advance, low), (0.0, high), (advance, high)]
            self.paint([at(placed, *one) for one in corners])
        self.text = times((1, 0, 0, 1, advance, 0), self.text)

    def square(self) -> None:
        """Note all of a picture, which fills the square of one unit."""
        self.paint(self._corners((0, 0, 1, 1)))

    def picture(self, drawn: generic.StreamObject) -> None:
        """Note where a picture is not paper; all of it where nobody can tell."""
        xs, ys = zip(*self._corners((0, 0, 1, 1)), strict=True)
        place = (min(xs), min(ys), max(xs), max(ys))
        stencil = "/ImageMask" in drawn and bool(drawn["/ImageMask"])
        if stencil and self.state.light:
            return
        asked = self.page if self.within is None else self.within
        if clipped(place, asked) is None:
            return
        try:
            self._afford(drawn)
            strips = inked(drawn, self._cells(), scanned=self._fills_page(place))
        except MemoryError:
            raise
        except FOREIGN:
            self.square()
            return
        for strip in strips:
            self.paint(self._corners(strip))

    def _afford(self, drawn: generic.StreamObject) -> None:
        """Count the pixels of a picture, and raise for one too many."""
        self.pixels -= pixels(drawn)
        if self.pixels < 0:
            raise Undrawable(PIXELS)

    def _cells(self) -> tuple[int, int]:
        """Return in how many cells a picture is measured where it is drawn now."""
        a, b, c, d, *_ = self.state.matrix
        sides = math.hypot(a, b), math.hypot(c, d)
        across, down = (min(max(math.ceil(one / CELL), 1), CELLS) for one in sides)
        return across, down

    def _fills_page(self, place: Box) -> bool:
        common = shared(place, self.page)
        return common is not None and _area(common) > MOSTLY * _area(self.page)

    def _corners(self, box: Box) -> list[Point]:
        """Return where the corners of a part of the unit's square are on the page."""
        left, bottom, right, top = box
        return [at(self.state.matrix, x, y) for x in (left, right) for y in (bottom, top)]

    def use(self, name: str) -> None:
        """Follow what is drawn by its name: a picture, or a form with operators of its own."""
        drawn = self.resources["/XObject"]["/" + name]
        kind = str(drawn["/Subtype"])
        if kind == "/Image":
            self.picture(drawn)
            return
        if kind != "/Form":
            self.square()
            return
        if self.depth == DEEPEST or len(drawn.data) > LARGEST:
            raise Undrawable(name)
        before = self.resources, self.state, self.depth, self.kept, self.fonts
        held = self.path, self.text, self.row
        matrix = matrix_of(drawn["/Matrix"]) if "/Matrix" in drawn else SAME
        self.change(matrix=times(matrix, self.state.matrix))
        left, bottom, right, top = rectangle(drawn["/BBox"])
        corners = [(x, y) for x in (left, right) for y in (bottom, top)]
        self.clip([at(self.state.matrix, *one) for one in corners])
        own = self.resources
        if "/Resources" in drawn:
            own = drawn["/Resources"]
        self._run(drawn.data, own, self.state, self.depth + 1)
        self.resources, self.state, self.depth, self.kept, self.fonts = before
        self.path, self.text, self.row = held

    def select(self, name: str, size: float) -> None:
        """Take a font."""
        if name not in self.fonts:
            self.fonts[name] = letters(self.resources["/Font"]["/" + name])
        self.change(font=self.fonts[name], size=size)

    def move(self, x: float, y: float) -> None:
        """Begin a line of text."""
        self.row = self.text = times((1, 0, 0, 1, x, y), self.row)

    def to(self, x: float, y: float) -> None:
        """Put the pen down."""
        self.start = self.pen = at(self.state.matrix, x, y)

    def draw(self, *points: float) -> None:
        """Add a line or a curve from where the pen is."""
        pairs = zip(points[::2], points[1::2], strict=True)
        piece = [self.pen, *(at(self.state.matrix, x, y) for x, y in pairs)]
        self.pen = piece[-1]
        self.path.append(piece)

    def close(self) -> None:
        """Draw a line back to where the pen was put down."""
        self.path.append([self.pen, self.start])
        self.pen = self.start

    def box(self, x: float, y: float, width: float, height: float) -> None:
        """Draw a rectangle."""
        self.to(x, y)
        self.draw(x + width, y)
        self.draw(x + width, y + height)
        self.draw(x, y + height)
        self.close()


Act = Callable[[Painter, list[Operand]], None]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _figures(path: list[list[Point]]) -> Iterable[list[Point]]:
    """Yield the points of each figure: what hangs together is filled together."""
    figure: list[Point] = []
    for piece in path:
        if figure and piece[0] != figure[-1]:
            yield figure
            figure = []
        figure.extend(piece)
    if figure:
        yield figure
