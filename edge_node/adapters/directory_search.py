"""
Finding units by what somebody types: part of a code, or words of a name with or without marks.

Names are indexed by their plain letters. Each word is looked for whole where some name has it
whole, and as a beginning where none has, or where little is found. Order: the name
itself, names that begin so, names that have it in one piece; then what is there before what is
gone, the higher units first, the shorter names first; marks that were typed decide between equals.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from edge_node.domain.directory import misspellings
from edge_node.domain.spelling import plain_letters, words_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

# Names with the words, before they are put in order: what matches more is found by its beginning
# all the same, and wants another word.
_MOST: Final = 4000
_BEGINNING_SO: Final = 200
_LAST: Final = chr(0x10FFFF)  # sorts behind every other letter
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]*")
_ORDER: Final = """
 order by plain = :plain desc, plain >= :plain and plain < :behind desc,
          instr(plain, :plain) > 0 desc, gone is not null, level, length(plain), code
 limit :limit
"""
_WITH_WORDS: Final = f"""
select * from units where id in (
       select * from (select rowid from names where names match :words limit :most)
       union
       select * from (select id from units
                       where plain >= :plain and plain < :behind order by plain limit :few))
{_ORDER}
"""  # noqa: S608 - our own text
_WITH_CODE: Final = """
select * from units where id in (
       select * from (select id from units
                       where code >= :code collate nocase and code < :behind collate nocase
                       order by code collate nocase limit :limit)
       union
       select * from (select id from units
                       where other_code >= :code collate nocase
                         and other_code < :behind collate nocase and other_code <> ''
                       order by other_code collate nocase limit :limit))
 order by code = :code collate nocase desc, other_code = :code collate nocase desc,
          gone is not null, level, code
 limit :limit
"""
_HAS_WORD: Final = "select 1 from names where names match :word limit 1"
_SPELT_SO: Final = """
select * from units
 where gone is null and code in (select value from json_each(:codes))
 order by code = :code collate nocase desc, length(code) = length(:code) desc, code limit 20
"""
_FEW: Final = 5
_MOST_WORDS: Final = 30
_SHORT: Final = 3  # letters; beginnings that long have an index of their own
_EXTRA: Final = 30  # looked at beyond the limit, for marks that were typed


def search(db: sqlite3.Connection, text: str, *, limit: int) -> list[sqlite3.Row]:
    """Return the rows of the units somebody means who types this, best first."""
    found: list[sqlite3.Row] = []
    if _CODE.fullmatch(text.strip()):
        values = {"code": text.strip(), "behind": text.strip() + _LAST, "limit": limit}
        found = db.execute(_WITH_CODE, values).fetchall()
    if len(found) < limit:
        known = {row["id"] for row in found}
        found += [row for row in _by_name(db, text, limit) if row["id"] not in known]
    return found[:limit]


def nearest(db: sqlite3.Connection, code: str, name: str) -> sqlite3.Row | None:
    """Return the row of the unit that may be meant: a slip in its code, else by its name."""
    values = {"codes": json.dumps(list(misspellings(code))), "code": code}
    spelt: list[sqlite3.Row] = db.execute(_SPELT_SO, values).fetchall()
    letters = sorted(code.upper())
    spelt.sort(key=lambda row: sorted(row["code"].upper()) != letters)  # swapped before wrong
    plain = plain_letters(name)
    if plain:
        named = [row for row in spelt if row["plain"] == plain]
        called_so = [row for row in _by_name(db, plain, _FEW) if row["gone"] is None]
        spelt = named or called_so or spelt
    return spelt[0] if spelt else None


def _by_name(db: sqlite3.Connection, text: str, limit: int) -> list[sqlite3.Row]:
    plain = plain_letters(text)
    if not plain:
        return []
    words = plain.split()[:_MOST_WORDS]
    whole = [word if _is_there(db, f'"{word}"') else f"{word}*" for word in words]
    if not all(_is_there(db, _quoted(word)) for word in whole if word.endswith("*")):
        return []
    rows = _with_words(db, whole, plain, limit)
    # What is found by more and more beginnings costs more and more: only where it is wanted.
    longer = [*whole[:-1], f"{words[-1]}*"]
    if len(rows) < limit and longer != whole:
        rows = _with_words(db, longer, plain, limit)
    if not rows:
        short = [f"{word}*" if len(word) <= _SHORT else word for word in whole]
        rows = _with_words(db, [*short[:-1], longer[-1]], plain, limit)
    return _by_marks(rows, text)


def _is_there(db: sqlite3.Connection, word: str) -> bool:
    return db.execute(_HAS_WORD, {"word": word}).fetchone() is not None


def _quoted(word: str) -> str:
    """Return a word, or a beginning with its star, as the index is asked for it."""
    return f'"{word[:-1]}"*' if word.endswith("*") else f'"{word}"'


def _with_words(
    db: sqlite3.Connection, words: Sequence[str], plain: str, limit: int
) -> list[sqlite3.Row]:
    values = {
        "words": " ".join(map(_quoted, words)),
        "plain": plain,
        "behind": plain + _LAST,
        "most": _MOST,
        "few": _BEGINNING_SO,
        "limit": limit + _EXTRA,
    }
    return db.execute(_WITH_WORDS, values).fetchall()


def _by_marks(rows: list[sqlite3.Row], text: str) -> list[sqlite3.Row]:
    """Put names that have the marks as typed before others that are as good."""
    marked = {word for word in words_of(text) if plain_letters(word) != word}
    if not marked:
        return rows
    plain = plain_letters(text)

    def place(row: sqlite3.Row) -> tuple[bool, bool, int]:
        fitting = len(marked & set(words_of(row["name"])))
        return row["plain"] != plain, row["gone"] is not None, -fitting

    return sorted(rows, key=place)
