"""
What each operator of a page does to whoever follows them (ISO 32000-2, annex A).

Those that are not listed paint nothing and move nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.notary.pdf.sheets import SAME, matrix_of, times

if TYPE_CHECKING:
    from edge_node.notary.pdf.operators import Operand
    from edge_node.notary.pdf.painter import Act, Painter

EVERYWHERE: Final = (-1e6, -1e6, 1e6, 1e6)
WHITE: Final = 0.97  # lightness that nobody tells from paper


def _numbers(operands: list[Operand]) -> list[float]:
    return [one for one in operands if isinstance(one, float)]


def _save(painter: Painter, _: list[Operand]) -> None:
    painter.kept.append(painter.state)


def _restore(painter: Painter, _: list[Operand]) -> None:
    if painter.kept:
        painter.state = painter.kept.pop()


def _concat(painter: Painter, operands: list[Operand]) -> None:
    painter.change(matrix=times(matrix_of(operands), painter.state.matrix))


def _begin_text(painter: Painter, _: list[Operand]) -> None:
    painter.text = painter.row = SAME


def _place_text(painter: Painter, operands: list[Operand]) -> None:
    painter.text = painter.row = matrix_of(operands)


def _move_and_lead(painter: Painter, operands: list[Operand]) -> None:
    x, y = _numbers(operands)
    painter.change(leading=-y)
    painter.move(x, y)


def _next_line(painter: Painter, _: list[Operand]) -> None:
    painter.move(0, -painter.state.leading)


def _font(painter: Painter, operands: list[Operand]) -> None:
    name, size = operands
    painter.select(str(name), float(size))  # type: ignore[arg-type] # damaged ones raise


def _show(painter: Painter, operands: list[Operand]) -> None:
    text = operands[-1]
    if isinstance(text, bytes):
        painter.show(text)


def _show_below(painter: Painter, operands: list[Operand]) -> None:
    _next_line(painter, operands)
    _show(painter, operands)


def _show_spaced(painter: Painter, operands: list[Operand]) -> None:
    word, spacing = _numbers(operands)
    painter.change(word=word, spacing=spacing)
    _show_below(painter, operands)


def _show_pieces(painter: Painter, operands: list[Operand]) -> None:
    pieces = operands[-1]
    for one in pieces if isinstance(pieces, list) else ():
        if isinstance(one, bytes):
            painter.show(one)
        elif isinstance(one, float):
            shift = -one / 1000 * painter.state.size * painter.state.across
            painter.text = times((1, 0, 0, 1, shift, 0), painter.text)


def _colour(painter: Painter, operands: list[Operand]) -> None:
    """Tell white from everything else, by how many numbers the colour has."""
    numbers = _numbers(operands)
    ink = len(numbers) == 4  # noqa: PLR2004 - cyan, magenta, yellow and black: none is white
    plain = bool(numbers) and len(numbers) == len(operands)
    white = max(numbers) <= 1 - WHITE if ink and plain else plain and min(numbers) >= WHITE
    painter.change(light=white)


def _shade(painter: Painter, _: list[Operand]) -> None:
    left, bottom, right, top = painter.state.clip or EVERYWHERE
    painter.paint([(left, bottom), (right, top)])


def _setting(name: str, scale: float = 1.0) -> Act:
    return lambda painter, operands: painter.change(**{name: _numbers(operands)[0] * scale})


def _ending(*, fills: bool = False, strokes: bool = False, closes: bool = False) -> Act:
    def act(painter: Painter, _: list[Operand]) -> None:
        if closes:
            painter.close()
        painter.end_path(fills=fills, strokes=strokes)

    return act


def _clipping(painter: Painter, _: list[Operand]) -> None:
    painter.clips = True


def _use(painter: Painter, operands: list[Operand]) -> None:
    painter.use(str(operands[-1]))


ACTS: Final[dict[str, Act]] = {
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
