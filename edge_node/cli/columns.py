"""
Text on a screen: how wide it is, where it is cut or broken, and columns that fit.

What leaves through a pipe is neither cut nor broken. Words that came from outside are made safe
to show here: nothing in a subject may steer a terminal.
"""

from __future__ import annotations

import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING, Final, TextIO

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_GAP: Final = 2
_NARROWEST: Final = 9
_ENDLESS: Final = 1_000_000


def plain(text: str) -> str:
    """Return the text on one line, without anything that would steer a terminal."""
    return "".join(_shown(letter) for letter in text)


def width_of(text: str) -> int:
    """Return how many columns of a screen the text takes."""
    return sum(map(_width, text))


def print_table(rows: Sequence[Sequence[str]], *, flexible: Mapping[int, int]) -> None:
    """Print rows as columns; on a narrow screen the ``flexible`` ones shrink, to these widths."""
    rows = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    gaps = _GAP * (len(widths) - 1)
    while sum(widths) + gaps > _screen(sys.stdout):
        wide = [column for column, least in flexible.items() if widths[column] > least]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    for row in rows:
        cells = [_fitted(cell, width) for cell, width in zip(row, widths, strict=True)]
        typer.echo((" " * _GAP).join(cells).rstrip())


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print a name and what there is to say, a line each; what is empty is left out."""
    known = [(name, value) for name, value in facts if value]
    margin = max(width_of(name) for name, _ in known) + _GAP
    for name, value in known:
        print_after(_fitted(name, margin), value)


def print_after(head: str, text: str, *, err: bool = False) -> None:
    """Print the text after ``head``, and what does not fit below itself."""
    margin = width_of(head)
    width = _screen(sys.stderr if err else sys.stdout) - margin
    for line in _lines(plain(text), max(width, _NARROWEST)):
        typer.echo((head + line).rstrip(), err=err)
        head = " " * margin


def _screen(stream: TextIO) -> int:
    return shutil.get_terminal_size((80, 24)).columns if stream and stream.isatty() else _ENDLESS


def _shown(letter: str) -> str:
    if letter.isprintable():
        return letter
    if letter.isspace():
        return " "
    # Marks of direction and the like are left out, controls are seen to have been there.
    return "" if unicodedata.category(letter) == "Cf" else "\N{REPLACEMENT CHARACTER}"


def _width(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _fitted(cell: str, width: int) -> str:
    """Return the cell made exactly so wide."""
    if width_of(cell) > width:
        cell = _head(cell, width - 1) + "…"
    return cell + " " * (width - width_of(cell))


def _lines(text: str, width: int) -> Iterator[str]:
    """Break the text at spaces, and a word that is too long anywhere."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width_of(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        line = word
        while width_of(line) > width:
            head = _head(line, width)
            yield head
            line = line[len(head) :]
    yield line


def _head(text: str, width: int) -> str:
    """Return as much of the beginning as fits."""
    taken = 0
    for place, letter in enumerate(text):
        taken += _width(letter)
        if taken > width:
            return text[:place]
    return text
