"""
Text broken into lines that fit a width, in one font; a word is measured once and remembered.

Lines end at spaces. What has none is broken after a stroke or a hyphen where it has one, and
anywhere else where it must: a number and notation as long as a column is wide stays readable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_JOINTS: Final = re.compile(r"[^/\-]*[/\-]+|[^/\-]+")
_REMEMBERED: Final = 50_000  # syllables and numbers; Vietnamese has some seven thousand


class Wrapping:
    """How text is broken into lines in one font of one size."""

    def __init__(self, width_of: Callable[[str], float]) -> None:
        """Measure by ``width_of``, in the unit the widths of lines are given in."""
        self._measure = width_of
        self._space = width_of(" ")
        self._known: dict[str, float] = {}

    def lines(self, text: str, width: float) -> list[str]:
        """Return the lines of a text, at least one; none is wider but for a single letter."""
        lines: list[str] = []
        line: list[str] = []
        used = 0.0
        for word in text.split():
            size = self.width(word)
            if line and used + self._space + size <= width:
                line.append(word)
                used += self._space + size
                continue
            if line:
                lines.append(" ".join(line))
            if size > width:
                *whole, word = self._broken(word, width)  # noqa: PLW2901 - its rest goes on
                lines.extend(whole)
                size = self.width(word)
            line, used = [word], size
        lines.append(" ".join(line))
        return lines

    def pieces(self, text: str, width: float, most: int) -> list[str]:
        """Return a tidy text in pieces of so many lines at most; a joint loses a space only."""
        pieces: list[str] = []
        begun = at = 0
        for number, line in enumerate(self.lines(text, width)):
            if number and number % most == 0:
                pieces.append(text[begun:at].rstrip())
                begun = at
            at += len(line)
            at += text[at : at + 1] == " "
        return [*pieces, text[begun:]]

    def width(self, word: str) -> float:
        """Return how wide a text is that comes again and again."""
        size = self._known.get(word)
        if size is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            size = self._known[word] = self._measure(word)
        return size

    def _broken(self, word: str, width: float) -> Iterator[str]:
        """Yield the parts of a word that is wider than a line."""
        line = ""
        for part in _JOINTS.findall(word):
            if self._measure(line + part) <= width:
                line += part
                continue
            if line:
                yield line
            line = ""
            for letter in part:
                if line and self._measure(line + letter) > width:
                    yield line
                    line = ""
                line += letter
        yield line
