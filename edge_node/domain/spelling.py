"""
How names and words are compared when somebody looks for them: without diacritics, or with theirs.

Where they stand in an order is `collation`'s affair.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_MARKS: Final = re.compile("[\u0300-\u036f]+")  # those that Latin letters are combined with


def plain_letters(text: str) -> str:
    """Return a name as it is searched by: lower case, no diacritics, đ as d, words alone."""
    bare = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return " ".join(_WORD.findall(_MARKS.sub("", bare)))


def words_of(text: str) -> list[str]:
    """Return the words of a text with their diacritics, however these are written."""
    return _WORD.findall(unicodedata.normalize("NFC", text.casefold()))
