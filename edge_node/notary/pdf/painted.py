"""
Where something is painted on a page, as boxes: text, lines, surfaces, pictures, annotations.

Rather too large than too small: text is measured by its fonts' widths and generous heights,
curves by their control points. White surfaces count as paper. Nothing is rendered, so that a
picture is taken for full wherever it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from pyhanko.pdf_utils import generic

from edge_node.notary.pdf.letters import Letters, letters
from edge_node.notary.pdf.operators import Operand, Undrawable, operators
from edge_node.notary.pdf.sheets import (
    SAME,
    Box,
    Matrix,
    Point,
    at,
    clipped,
    inherited,
    matrix_of,
    overlays,
    rectangle,
    shared,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST: Final = 32 * 1024 * 1024  # bytes of a page's operators
LONGEST: Final = 3_000_000  # operators, those of forms as often as they are used
DEEPEST: Final = 10  # forms in forms
MOST: Final = 200_000  # boxes
HIDDEN: Final = 2  # the flag of an annotation that is not shown
INVISIBLE: Final = 3  # the mode of text that is not painted: what OCR lays under a scan
EVERYWHERE: Final[Box] = (-1e6, -1e6, 1e6, 1e6)
WHITE: Final = 0.97  # lightness that nobody tells from paper


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
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


def painted(page: generic.DictionaryObject) -> list[Box]:
    """
    Return where the page is painted, in its own coordinates.

    Raises `operators.Undrawable`, and what damaged pages raise.
    """
    painter = _Painter()
    resources = inherited(page, "/Resources")
    if not isinstance(resources, generic.DictionaryObject):
        resources = generic.DictionaryObject()
    painter.run(_content(page), resources, _State(), 0)
    painter.boxes.extend(_annotations(page))
    return painter.boxes


def _content(page: generic.DictionaryObject) -> bytes:
    if "/Contents" not in page:
        return b""
    held = page["/Contents"]
    streams = list(held) if isinstance(held, generic.ArrayObject) else [held]
    content = b"\n".join(one.get_object().data for one in streams)
    if len(content) > LARGEST:
        raise Undrawable(len(content))
    return content


def _annotations(page: generic.DictionaryObject) -> Iterable[Box]:
    for annotation in overlays(page):
        flags = int(annotation["/F"]) if "/F" in annotation else 0
        if "/Rect" in annotation and not flags & HIDDEN:
            left, bottom, right, top = rectangle(annotation["/Rect"])
            if left < right and bottom < top:
                yield left, bottom, right, top


class _Painter:
    """Follows the operators and notes what they paint."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.state = _State()
        self.kept: list[_State] = []
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

    def run(
        self, content: bytes, resources: generic.DictionaryObject, state: _State, depth: int
    ) -> None:
        """Follow the operators of a page or of a form."""
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
            act = _ACTS.get(word)
            if act is not None:
                act(self, operands)

    def paint(self, points: Iterable[Point], *, margin: float = 0.0) -> None:
        """Note the box around points that are in the coordinates of the page."""
        xs, ys = zip(*points, strict=True)
        box = (min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin)
        seen = box if self.state.clip is None else clipped(box, self.state.clip)
        if seen is not None:
            self.boxes.append(seen)
        if len(self.boxes) > MOST:
            raise Undrawable(MOST)

    def change(self, **what: object) -> None:
        self.state = replace(self.state, **what)  # type: ignore[arg-type] # checked by the fields

    def end_path(self, *, fills: bool, strokes: bool) -> None:
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
        """Note a picture, which fills the square of one unit."""
        self.paint([at(self.state.matrix, x, y) for x in (0, 1) for y in (0, 1)])

    def use(self, name: str) -> None:
        """Follow what is drawn by its name: a picture, or a form with operators of its own."""
        drawn = self.resources["/XObject"]["/" + name]
        if str(drawn["/Subtype"]) != "/Form":
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
        self.run(drawn.data, own, self.state, self.depth + 1)
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
        self.start = self.pen = at(self.state.matrix, x, y)

    def draw(self, *points: float) -> None:
        """Add a line or a curve from where the pen is."""
        pairs = zip(points[::2], points[1::2], strict=True)
        piece = [self.pen, *(at(self.state.matrix, x, y) for x, y in pairs)]
        self.pen = piece[-1]
        self.path.append(piece)

    def close(self) -> None:
        self.path.append([self.pen, self.start])
        self.pen = self.start

    def box(self, x: float, y: float, width: float, height: float) -> None:
        self.to(x, y)
        self.draw(x + width, y)
        self.draw(x + width, y + height)
        self.draw(x, y + height)
        self.close()


Act = Callable[[_Painter, list[Operand]], None]


def _numbers(operands: list[Operand]) -> list[float]:
    return [one for one in operands if isinstance(one, float)]


def _save(painter: _Painter, _: list[Operand]) -> None:
    painter.kept.append(painter.state)


def _restore(painter: _Painter, _: list[Operand]) -> None:
    if painter.kept:
        painter.state = painter.kept.pop()


def _concat(painter: _Painter, operands: list[Operand]) -> None:
    painter.change(matrix=times(matrix_of(operands), painter.state.matrix))


def _begin_text(painter: _Painter, _: list[Operand]) -> None:
    painter.text = painter.row = SAME


def _place_text(painter: _Painter, operands: list[Operand]) -> None:
    painter.text = painter.row = matrix_of(operands)


def _move_and_lead(painter: _Painter, operands: list[Operand]) -> None:
    x, y = _numbers(operands)
    painter.change(leading=-y)
    painter.move(x, y)


def _next_line(painter: _Painter, _: list[Operand]) -> None:
    painter.move(0, -painter.state.leading)


def _font(painter: _Painter, operands: list[Operand]) -> None:
    name, size = operands
    painter.select(str(name), float(size))  # type: ignore[arg-type] # damaged ones raise


def _show(painter: _Painter, operands: list[Operand]) -> None:
    text = operands[-1]
    if isinstance(text, bytes):
        painter.show(text)


def _show_below(painter: _Painter, operands: list[Operand]) -> None:
    _next_line(painter, operands)
    _show(painter, operands)


def _show_spaced(painter: _Painter, operands: list[Operand]) -> None:
    word, spacing = _numbers(operands)
    painter.change(word=word, spacing=spacing)
    _show_below(painter, operands)


def _show_pieces(painter: _Painter, operands: list[Operand]) -> None:
    pieces = operands[-1]
    for one in pieces if isinstance(pieces, list) else ():
        if isinstance(one, bytes):
            painter.show(one)
        elif isinstance(one, float):
            shift = -one / 1000 * painter.state.size * painter.state.across
            painter.text = times((1, 0, 0, 1, shift, 0), painter.text)


def _colour(painter: _Painter, operands: list[Operand]) -> None:
    """Tell white from everything else, by how many numbers the colour has."""
    numbers = _numbers(operands)
    ink = len(numbers) == 4  # noqa: PLR2004 - cyan, magenta, yellow and black: none is white
    plain = bool(numbers) and len(numbers) == len(operands)
    white = max(numbers) <= 1 - WHITE if ink and plain else plain and min(numbers) >= WHITE
    painter.change(light=white)


def _shade(painter: _Painter, _: list[Operand]) -> None:
    left, bottom, right, top = painter.state.clip or EVERYWHERE
    painter.paint([(left, bottom), (right, top)])


def _setting(name: str, scale: float = 1.0) -> Act:
    return lambda painter, operands: painter.change(**{name: _numbers(operands)[0] * scale})


def _ending(*, fills: bool = False, strokes: bool = False, closes: bool = False) -> Act:
    def act(painter: _Painter, _: list[Operand]) -> None:
        if closes:
            painter.close()
        painter.end_path(fills=fills, strokes=strokes)

    return act


def _clipping(painter: _Painter, _: list[Operand]) -> None:
    painter.clips = True


def _use(painter: _Painter, operands: list[Operand]) -> None:
    painter.use(str(operands[-1]))


_ACTS: Final[dict[str, Act]] = {
    "q": _save,
    "Q": _restore,
    "cm": _concat,
    "w": _setting("line"),
    "g": _colour,
    "rg": _colour,
    "k": _colour,
    "sc": _colour,
    "scn": _colour,
    "cs": lambda painter, _: painter.change(light=False),
    "m": lambda painter, operands: painter.to(*_numbers(operands)),
    "l": lambda painter, operands: painter.draw(*_numbers(operands)),
    "c": lambda painter, operands: painter.draw(*_numbers(operands)),
    "v": lambda painter, operands: painter.draw(*_numbers(operands)),
    "y": lambda painter, operands: painter.draw(*_numbers(operands)),
    "h": lambda painter, _: painter.close(),
    "re": lambda painter, operands: painter.box(*_numbers(operands)),
    "W": _clipping,
    "W*": _clipping,
    "n": _ending(),
    "S": _ending(strokes=True),
    "s": _ending(strokes=True, closes=True),
    **dict.fromkeys(("f", "F", "f*"), _ending(fills=True)),
    **dict.fromkeys(("B", "B*"), _ending(fills=True, strokes=True)),
    **dict.fromkeys(("b", "b*"), _ending(fills=True, strokes=True, closes=True)),
    "sh": _shade,
    "Do": _use,
    "EI": lambda painter, _: painter.square(),
    "BT": _begin_text,
    "Tm": _place_text,
    "Td": lambda painter, operands: painter.move(*_numbers(operands)),
    "TD": _move_and_lead,
    "T*": _next_line,
    "Tf": _font,
    "Tc": _setting("spacing"),
    "Tw": _setting("word"),
    "Tz": _setting("across", 0.01),
    "TL": _setting("leading"),
    "Ts": _setting("rise"),
    "Tr": _setting("mode"),
    "Tj": _show,
    "'": _show_below,
    '"': _show_spaced,
    "TJ": _show_pieces,
}


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
