"""
Vietnamese words as software writes them: composed or not, in any case, `hỏa` or `hoả`.

Only for comparing: what a document says is carried as it was written.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping

PRIORITY_WORDS: Final[Mapping[int, str]] = MappingProxyType(
    {
        Priority.NORMAL: "thường",
        Priority.URGENT: "khẩn",
        Priority.VERY_URGENT: "thượng khẩn",
        Priority.EXPRESS: "hỏa tốc",
        Priority.EXPRESS_TIMED: "hỏa tốc hẹn giờ",
    }
)

_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")  # huyền, sắc, ngã, hỏi, nặng


def nfc(text: str) -> str:
    """Return the text composed: macOS writes its file names the other way."""
    return unicodedata.normalize("NFC", text)


def same_name(one: str, other: str) -> bool:
    """Tell whether two file names are the same but for the way their accents are composed."""
    return nfc(one) == nfc(other)


@lru_cache(maxsize=256)  # the same few words in every document
def folded(words: str) -> str:
    """
    Return a key under which all spellings of the same words meet.

    The tone goes to the end of its syllable, because `hỏa` and `hoả`, `thỏa` and `thoả` are one
    word in two schools of spelling.
    """
    return " ".join(map(_syllable, unicodedata.normalize("NFD", words.casefold()).split()))


def priority_of(word: str) -> Priority | None:
    """Return the urgency a word stands for; None for any other word."""
    return _PRIORITIES.get(folded(word))


def is_unclassified(secrecy: object) -> bool:
    """
    Tell whether a `secrecy` says that the document is no state secret.

    Only "thường" or nothing at all says so: a word nobody knows is taken for a grade.
    """
    if secrecy is None:
        return True
    return isinstance(secrecy, str) and folded(secrecy) in ("", _UNCLASSIFIED)


def _syllable(text: str) -> str:
    tones = "".join(mark for mark in text if mark in _TONES)
    return "".join(mark for mark in text if mark not in _TONES) + tones


_PRIORITIES: Final = {folded(word): Priority(number) for number, word in PRIORITY_WORDS.items()}
_UNCLASSIFIED: Final = folded("thường")
