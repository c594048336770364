"""
The order of Vietnamese words: by letters, then by tones, then by case.

The letters are those of the national alphabet, each with a place of its own: a ă â b c d đ e ê g
h i k l m n o ô ơ p q r s t u ư v x y, the four Latin ones it lacks between them; the tones follow
as ngang, huyền, hỏi, ngã, sắc, nặng. That is the order of TCVN 6064 and of Unicode's CLDR. Numbers
count as numbers: Phường 2 comes before Phường 10. No locale of the machine has a say in it.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], str]

_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES: Final = ("\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
# Marks that make another letter of the one they stand on, each before the letter that takes it:
# breve, circumflex, horn. Đ does not come apart, it is a letter by itself.
_MADE_OF: Final[Mapping[str, str]] = MappingProxyType(
    {unicodedata.normalize("NFD", letter)[::-1]: letter for letter in "ăâêôơư"}
)
# White space, then signs, then numbers, then letters, then what no Vietnamese keyboard has.
_SPACE, _SIGN, _NUMBER, _LETTER, _OTHER = (step << 32 for step in range(1, 6))
_PLACES: Final[Mapping[str, int]] = MappingProxyType(
    {letter: _LETTER + place for place, letter in enumerate(_ALPHABET)}
)
_WEIGHTS: Final[Mapping[str, int]] = MappingProxyType(
    {tone: weight for weight, tone in enumerate(_TONES, start=1)}
)
_SIGNS: Final = "PSC"  # the first letters of Unicode's categories for what is neither
_KEPT: Final = 1 << 12  # names of agencies and of notations come again and again


@lru_cache(maxsize=_KEPT)
def collation_key(text: str) -> Key:
    """
    Return what texts are sorted by; the keys of two texts are equal only where the texts are.

    The whole of the letters comes first, then the whole of the tones, then that of the case
    (small before capital), and last the text itself.
    """
    letters: list[int] = []
    tones: list[int] = []
    cases: list[int] = []
    digits = ""
    for char in unicodedata.normalize("NFD", text):
        if char.isdecimal():
            digits += char
            continue
        digits = _count(digits, letters, tones, cases)
        if unicodedata.combining(char):
            _mark(char, letters, tones)
            continue
        small = char.lower()
        letters.append(_place(small))
        tones.append(0)
        cases.append(int(small != char))
    _count(digits, letters, tones, cases)
    return tuple(letters), tuple(tones), tuple(cases), text


def _count(digits: str, letters: list[int], tones: list[int], cases: list[int]) -> str:
    """Enter a number as one letter, by how many digits it has and by its worth; return ''."""
    if digits:
        worth = "".join(str(unicodedata.decimal(digit)) for digit in digits).lstrip("0")
        letters.extend((_NUMBER + len(worth), *(_NUMBER + int(digit) for digit in worth)))
        tones.extend([0] * (len(worth) + 1))
        cases.extend([0] * (len(worth) + 1))
    return ""


def _mark(mark: str, letters: list[int], tones: list[int]) -> None:
    """Enter a mark: as part of the letter before it, or as its tone."""
    if not letters:
        letters.append(_SIGN)
        tones.append(0)
    place = letters[-1] - _LETTER
    bare = _ALPHABET[place] if 0 <= place < len(_ALPHABET) else ""
    made = _MADE_OF.get(mark + bare)
    if made:
        letters[-1] = _PLACES[made]
    else:
        tones[-1] = tones[-1] << 21 | _WEIGHTS.get(mark, ord(mark))


def _place(small: str) -> int:
    """Return where a letter without marks has its place among all characters."""
    known = _PLACES.get(small)
    if known is not None:
        return known
    if small.isspace():
        return _SPACE
    code = ord(small[0])
    return (_SIGN if unicodedata.category(small[0])[0] in _SIGNS else _OTHER) + code
