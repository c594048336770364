"""How wide the letters of a page's fonts are (ISO 32000-2, 9.2.4 and 9.7.4.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyhanko.pdf_utils import generic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNKNOWN: Final = 1.0  # em: rather too wide than over a letter
ASCENT, DESCENT = 1.1, -0.35  # em, with room for the marks of Vietnamese capitals
BLANK: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """A font, as far as it takes room. All in em."""

    widths: Mapping[int, float] = field(default_factory=dict)
    otherwise: float = UNKNOWN
    paired: bool = False  # two bytes a letter
    ascent: float = ASCENT
    descent: float = DESCENT

    def measured(self, text: bytes) -> Iterator[tuple[bool, float]]:
        """Yield for each letter whether it is a single-byte blank, and its width."""
        codes = _pairs(text) if self.paired else text
        for code in codes:
            yield code == BLANK and not self.paired, self.widths.get(code, self.otherwise)


def letters(font: generic.DictionaryObject) -> Letters:
    """Read the widths in a font's dictionary; raises what damaged ones raise."""
    kind = str(font["/Subtype"])
    if kind == "/Type0":
        return _composite(font)
    if kind == "/Type3":
        return _drawn(font)
    widths = _simple(font, 0.001)
    missing = _missing(font) if widths else UNKNOWN
    return Letters(widths=widths, otherwise=missing)


def _simple(font: generic.DictionaryObject, scale: float) -> dict[int, float]:
    if "/Widths" not in font:
        return {}
    first = int(font["/FirstChar"])
    return {first + number: float(one) * scale for number, one in enumerate(font["/Widths"])}


def _missing(font: generic.DictionaryObject) -> float:
    if "/FontDescriptor" not in font or "/MissingWidth" not in font["/FontDescriptor"]:
        return UNKNOWN
    return float(font["/FontDescriptor"]["/MissingWidth"]) * 0.001 or UNKNOWN


def _drawn(font: generic.DictionaryObject) -> Letters:
    """Measure a font whose letters are little drawings on a scale of their own."""
    across, _, _, up, *_ = (float(one) for one in font["/FontMatrix"])
    _, low, _, high = (float(one) * up for one in font["/FontBBox"])
    ascent, descent = max(low, high), min(low, high)
    if ascent == descent:
        ascent, descent = ASCENT, DESCENT
    widths = _simple(font, abs(across))
    return Letters(widths=widths, ascent=ascent, descent=descent)


def _composite(font: generic.DictionaryObject) -> Letters:
    (inner,) = font["/DescendantFonts"]
    inner = inner.get_object()
    otherwise = float(inner["/DW"]) * 0.001 if "/DW" in inner else 1.0
    widths: dict[int, float] = {}
    entries = list(inner["/W"]) if "/W" in inner else []
    while len(entries) > 1:
        first = int(entries.pop(0))
        second = entries.pop(0)
        second = second.get_object() if isinstance(second, generic.IndirectObject) else second
        if isinstance(second, generic.ArrayObject):
            given = {first + number: float(one) * 0.001 for number, one in enumerate(second)}
        else:
            width = float(entries.pop(0)) * 0.001
            given = dict.fromkeys(range(first, min(int(second), 0xFFFF) + 1), width)
        widths.update(given)
    return Letters(widths=widths, otherwise=otherwise, paired=True)


def _pairs(text: bytes) -> Iterator[int]:
    for at in range(0, len(text) - 1, 2):
        yield text[at] << 8 | text[at + 1]
