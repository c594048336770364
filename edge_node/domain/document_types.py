"""
The kinds of documents: what each is called, and the abbreviation its notation begins with.

The list is that of Decree 30/2020/NĐ-CP (appendix III), with the normative ones of the law on
legal documents. A letter (công văn) has no abbreviation: its notation begins with its issuer's.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# By the name; '' where a notation has none.
ABBREVIATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Nghị quyết": "NQ",
        "Quyết định": "QĐ",
        "Chỉ thị": "CT",
        "Quy chế": "QC",
        "Quy định": "QyĐ",
        "Thông cáo": "TC",
        "Thông báo": "TB",
        "Hướng dẫn": "HD",
        "Chương trình": "CTr",
        "Kế hoạch": "KH",
        "Phương án": "PA",
        "Đề án": "ĐA",
        "Dự án": "DA",
        "Báo cáo": "BC",
        "Biên bản": "BB",
        "Tờ trình": "TTr",
        "Hợp đồng": "HĐ",
        "Công văn": "",
        "Công điện": "CĐ",
        "Bản ghi nhớ": "BGN",
        "Bản thỏa thuận": "BTT",
        "Giấy ủy quyền": "GUQ",
        "Giấy mời": "GM",
        "Giấy giới thiệu": "GGT",
        "Giấy nghỉ phép": "GNP",
        "Phiếu gửi": "PG",
        "Phiếu chuyển": "PC",
        "Phiếu báo": "PB",
        "Thư công": "",
        # normative ones
        "Luật": "",
        "Pháp lệnh": "",
        "Lệnh": "L",
        "Nghị định": "NĐ",
        "Nghị quyết liên tịch": "NQLT",
        "Thông tư": "TT",
        "Thông tư liên tịch": "TTLT",
    }
)
# A notation that begins so is that of a copy: the document under it may be of any kind.
COPIES: Final = frozenset({"SY", "TrS", "SL"})

_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")  # huyền, sắc, ngã, hỏi, nặng


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTypes:
    """
    The kinds an agency knows, by their names.

    ``numbers`` are those a header carries, ``abbreviations`` what a notation begins with.
    """

    numbers: Mapping[str, int] = field(default_factory=dict)
    abbreviations: Mapping[str, str] = field(default_factory=lambda: ABBREVIATIONS)

    def find(self, text: str) -> str | None:
        """
        Return the name of the kind somebody means by a name or an abbreviation; None for others.

        As it is written, in whatever case and spelling of its tones, and without its accents
        where that leaves no doubt: `QĐ`, `quyết định`, `QUYET DINH`, `QD`.
        """
        for written in _WAYS:
            wanted = written(text)
            for known in (self._names(), self._shorts()):
                found = {name for text_of, name in known if written(text_of) == wanted}
                if found:
                    return found.pop() if len(found) == 1 else None
        return None

    def nearest(self, text: str) -> str:
        """Return the kind whose name is the nearest to a text; '' where none is near."""
        by_letters = {_bare(text_of): name for text_of, name in self._names()}
        near = get_close_matches(_bare(text), by_letters, n=1)
        return by_letters[near[0]] if near else ""

    def abbreviation(self, name: str) -> str | None:
        """Return what the notation of a kind begins with, '' for a letter; None: unknown."""
        known = self.find(name)
        short = {_spelled(each): abbreviation for each, abbreviation in self.abbreviations.items()}
        return None if known is None else short.get(_spelled(known))

    def of_abbreviation(self, text: str) -> str | None:
        """Return the kind an abbreviation stands for; None for what is none, or may be several."""
        for written in _WAYS:
            found = {name for short, name in self._shorts() if written(short) == written(text)}
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def number(self, name: str) -> int | None:
        """Return the number a header carries for a kind, by its name; None where it has none."""
        wanted = _spelled(name)
        return next((n for known, n in self.numbers.items() if _spelled(known) == wanted), None)

    def _names(self) -> Iterator[tuple[str, str]]:
        """Yield each name beside itself, in one spelling: that of the list, if it has the kind."""
        names: dict[str, str] = {}
        for name in (*self.abbreviations, *self.numbers):
            names.setdefault(_spelled(name), name)
        return ((name, name) for name in names.values())

    def _shorts(self) -> Iterator[tuple[str, str]]:
        """Yield each abbreviation with the name it stands for."""
        named = {_spelled(name): name for name, _ in self._names()}
        for name, short in self.abbreviations.items():
            if short:
                yield short, named[_spelled(name)]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


@lru_cache(maxsize=256)  # the same few words in every document
def _spelled(text: str) -> str:
    """Return a key under which both ways to place a tone meet (`hỏa`, `hoả`), in any case."""
    parts = unicodedata.normalize("NFD", text.casefold()).split()
    return " ".join(
        "".join(mark for mark in part if mark not in _TONES)
        + "".join(mark for mark in part if mark in _TONES)
        for part in parts
    )


@lru_cache(maxsize=256)
def _bare(text: str) -> str:
    """Return the letters without their accents: `quyet dinh`."""
    marks = unicodedata.normalize("NFD", _spelled(text))
    return "".join(mark for mark in marks if not unicodedata.combining(mark)).replace("đ", "d")


# Whatever is found by the stricter way is meant, even where a laxer one would find more.
_WAYS: Final[tuple[Callable[[str], str], ...]] = (_composed, _spelled, _bare)
