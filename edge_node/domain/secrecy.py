"""
The grade of secrecy that is printed on a document: found in its lines, told from words like it.

State secrets bear a stamp of one of three grades (Luật Bảo vệ bí mật nhà nước 2018, điều 8), which
stands alone: a line, a cell or a box that holds nothing else. The same syllable within a sentence,
or in "bảo mật", "bí mật", "mật độ", is no grade. How the lines are had is known elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from edge_node.domain.message import Message


class Grade(StrEnum):
    """A grade of secrecy, from the least to the gravest."""

    MAT = "mật"
    TOI_MAT = "tối mật"
    TUYET_MAT = "tuyệt mật"


GRAVITY: Final = (Grade.MAT, Grade.TOI_MAT, Grade.TUYET_MAT)


class Seen(StrEnum):
    """How much of a file could be read where a grade would be printed."""

    READ = "read"  # its text
    NOTHING = "nothing"  # no text to speak of: a scan, a drawing
    LOCKED = "locked"  # it wants a password
    BROKEN = "broken"
    OLD = "old"  # an office file of the old kind, which nobody reads here
    OTHER = "other"  # no document of pages: nobody expects a grade on it
    LOST = "lost"  # whoever looked into it came to grief


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """
    What is printed on the first page of a file.

    ``size`` is that of the page's picture in pixels, where one was asked for and drawn; ``why``
    says more of a file that could not be read.
    """

    seen: Seen
    grade: Grade | None = None
    size: tuple[int, int] | None = None
    why: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at one file came to: its grade, or why nobody knows of one."""

    file: str
    grade: Grade | None = None
    unread: Message | None = None


# As Unicode has them, and as the two old encodings look that are read for Latin-1: TCVN3, VNI.
_SPELT: Final[Mapping[Grade, tuple[str, ...]]] = {
    Grade.MAT: ("mật", "mët", "maät"),
    Grade.TOI_MAT: ("tối mật", "tèi mët", "toái maät"),
    Grade.TUYET_MAT: ("tuyệt mật", "tuyöt mët", "tuyeät maät"),
}
# What may stand before it in the same line, and in the cell before it.
_LABELS: Final = ("độ mật", "mức độ mật", "cấp độ mật", "®é mët", "ñoä maät")
# Words that make of the syllable after them, on the next line, something else than a grade.
_COMPANIONS: Final = (
    *("bảo", "bí", "độ", "cơ", "nội", "thân", "trù", "kín", "giải", "lộ", "giữ", "ong", "đường"),
    *("tối", "tuyệt", "b¶o", "bÝ", "baûo", "®é", "ñoä", "tèi", "tuyöt", "toái", "tuyeät"),
)
_LONGEST: Final = 80  # characters of a line that may be nothing but a grade
_SYLLABLE: Final = 5  # letters; of pieces that are put together
_LONG_WAY: Final = 8  # letters of the longest grade, and so pieces it can be in

_LINES: Final = re.compile(r"[\n\r\v\f\x07\x1c-\x1e\x85\u2028\u2029]+")
_STROKES: Final = re.compile(r"^(?:\S\s+)+|(?:\s+\S)+$")  # the box of a stamp, read as letters
_APART: Final = re.compile(r"\t+|[ \u00a0\u2000-\u200a\u3000]{3,}")


def grade_in(lines: Iterable[str], *, blurred: bool = False) -> Grade | None:
    """
    Return the gravest grade that stands alone in these lines, None where none does.

    Lines that follow each other are read together; an empty one parts them. ``blurred`` lines are
    what a machine made of a picture: capitals count whatever their accents became.

    All three side by side, in small letters, head the columns of a report; no stamp is like that.
    """
    stamped: set[Grade] = set()
    small: Counter[Grade] = Counter()
    for block in _blocks(lines):
        for grade, written in _in_block(block, blurred=blurred):
            if written.isupper():
                stamped.add(grade)
            else:
                small[grade] += 1
    if len({small[grade] for grade in GRAVITY}) > 1:
        stamped |= set(small)
    return max(stamped, key=GRAVITY.index, default=None)


def letters_in(text: str) -> int:
    """Return how many letters there are in a text."""
    return sum(unicodedata.category(one)[0] == "L" for one in text)


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for told in lines:
        for line in _LINES.split(told):
            if line.strip():
                block.append(line)
            elif not told.strip():
                yield block
                block = []
    yield block


def _in_block(block: Sequence[str], *, blurred: bool) -> Iterator[tuple[Grade, str]]:
    """Yield the grades in a block, each as it is written."""
    pieces: list[str] = []
    for line in block:
        parts = [part for part in _APART.split(line) if part.strip()]
        before = pieces[-1] if pieces else ""
        if len(parts) > 1 and (grade := _standing(line, before, blurred=blurred)):
            yield grade, line
        for part in parts:
            if grade := _standing(part, pieces[-1] if pieces else "", blurred=blurred):
                yield grade, part
            pieces.append(part)
    yield from _pieced_together(pieces)


def _standing(line: str, before: str, *, blurred: bool) -> Grade | None:
    """Return the grade that a line is, if it is one and not the end of what stands before it."""
    if len(line) > _LONGEST:
        return None
    grade = _GRADES.get(_key(line))
    if blurred and not (grade and _is_labelled(line)):
        grade = _blurred(line)  # words written small lose their neighbours, and their accents
    if grade is not Grade.MAT or not before or _is_labelled(line):
        return grade
    return None if _goes_on(line, before) else grade


def _goes_on(line: str, before: str) -> bool:
    """Whether a syllable on a line of its own ends the sentence, or the heading, before it."""
    if _key(before) in _LABEL_KEYS:
        return False
    words = before.split()
    if _key(words[-1]) in _COMPANION_KEYS:
        if len(words) > 1 or _key(before) not in _HALVES:
            return True
        return _is_syllable(before) and _is_syllable(line)  # the two are a grade put together
    return _is_prose(line) and before.rstrip()[-1].islower()


def _is_prose(line: str) -> bool:
    """Whether a syllable is written small; in old fonts of capitals everything is."""
    return line.islower() and _key(line) == _key("mật")


def _is_labelled(line: str) -> bool:
    return any(_key(line).startswith(label[: label.index(":")]) for label in _LABEL_KEYS)


def _pieced_together(pieces: Sequence[str]) -> Iterator[tuple[Grade, str]]:
    """Yield the grades that are set one letter, or one syllable, below the other."""
    short = [(_key(piece), piece) if _is_syllable(piece) else None for piece in pieces]
    for start in range(len(short)):
        run: list[str] = []
        for one in short[start : start + _LONG_WAY]:
            if one is None:
                break
            run.append(one[1])
            written = "".join(run)
            if len(run) > 1 and (grade := _GRADES.get(_key(written))):
                before = pieces[start - 1] if start else ""
                if grade is not Grade.MAT or not before or not _goes_on(pieces[start], before):
                    yield grade, written


def _is_syllable(piece: str) -> bool:
    return len(piece) <= 4 * _SYLLABLE and 0 < letters_in(piece) <= _SYLLABLE and _key(piece) != ""


def _blurred(line: str) -> Grade | None:
    """Return the grade that a line of capitals is but for its accents, and for strokes beside."""
    for told in (line, _STROKES.sub("", line)):
        grade = _BARE.get(_key(told).partition(":")[0])
        if grade and told.isupper():
            return grade
    return None


def _key(text: str) -> str:
    """
    Return the letters of a text, and after a colon its accents, sorted; "" for what has digits.

    Accents that were drawn by themselves come before or after where they belong; no two grades
    differ by the order.
    """
    letters: list[str] = []
    marks: list[str] = []
    for one in unicodedata.normalize("NFD", text.casefold()):
        kind = unicodedata.category(one)
        if kind == "Mn":
            marks.append(one)
        elif kind[0] == "L":
            letters.append(one)
        elif kind[0] == "N":
            return ""
    return "".join(letters) + ":" + "".join(sorted(marks)) if letters else ""


_LABEL_KEYS: Final = frozenset(map(_key, _LABELS))
_COMPANION_KEYS: Final = frozenset(map(_key, _COMPANIONS))
_HALVES: Final = frozenset(map(_key, ("tối", "tuyệt", "tèi", "tuyöt", "toái", "tuyeät")))
_GRADES: Final = {
    _key(f"{label} {word}"): grade
    for grade, words in _SPELT.items()
    for word in words
    for label in ("", *_LABELS)
}
_BARE: Final = {_key(words[0]).partition(":")[0]: grade for grade, words in _SPELT.items()}
