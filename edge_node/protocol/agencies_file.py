"""
What an agency's own people know of others, as a file they keep: CSV with a header, or JSON.

Both have the same names: `code`, `name`, `other_code`, `parent`, `mail`, `successor`, `aliases`;
only `code` must be there. A JSON file is a list of objects. Everything that is wrong is told at
once, by line and column.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from edge_node.domain.directory import Known
from edge_node.domain.document import BadAgencyCode, agency_code
from edge_node.domain.errors import NotAllowed, WithProblems
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_node.domain.message import Message

COLUMNS: Final = ("code", "name", "other_code", "parent", "mail", "successor", "aliases")
_CODES: Final = ("code", "other_code", "parent", "successor")
_BETWEEN_ALIASES: Final = re.compile(r"[;,\s]+")
_LONGEST: Final = 500  # characters of a value
_SHOWN: Final = 60


class AgenciesFileWrong(WithProblems, NotAllowed):
    """A file of agencies cannot be taken over as it is; nothing of it was."""


def read_agencies_file(content: bytes, file_name: str) -> list[Known]:
    """Return what the file says of each unit, in its order; AgenciesFileWrong."""
    problems: list[Message] = []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.append(say("line {line}: not UTF-8", line=line))
        raise _wrong(file_name, problems) from error
    is_json = file_name.lower().endswith(".json")
    known = _from_json(text, problems) if is_json else _from_csv(text, problems)
    if problems:
        raise _wrong(file_name, problems)
    return known


def _wrong(file_name: str, problems: Sequence[Message]) -> AgenciesFileWrong:
    return AgenciesFileWrong(
        say("{file} cannot be imported: nothing was changed", file=file_name),
        problems,
        hint=say("the columns are {columns}", columns=", ".join(COLUMNS)),
    )


def _from_csv(text: str, problems: list[Message]) -> list[Known]:
    head = text.partition("\n")[0]
    # Spreadsheets in Vietnamese write semicolons.
    rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in head else ",", strict=True)
    found: list[Known] = []
    columns: list[str] = []
    first_at: dict[str, int] = {}
    try:
        for row in rows:
            if not any(map(str.strip, row)):
                continue
            if not columns:
                columns = _header(row, rows.line_num, problems)
                continue
            if "code" not in columns:
                break
            _add(_csv_row(row, columns, rows.line_num, problems), first_at, found, problems)
    except csv.Error as error:
        problems.append(
            say("line {line}: {reason}", line=rows.line_num, reason=str(error)[:_SHOWN])
        )
    if not columns:
        problems.append(say("line 1: expected a header, found nothing"))
    return found


def _header(row: Sequence[str], line: int, problems: list[Message]) -> list[str]:
    columns = [cell.strip().lower() for cell in row]
    for number, name in enumerate(columns, start=1):
        if name not in COLUMNS or name in columns[: number - 1]:
            expected = say("one of {choices}, once", choices=", ".join(COLUMNS))
            problems.append(_at(line, number, "", expected, name))
    if "code" not in columns:
        problems.append(say("line {line}: no column is called code", line=line))
    return columns


class _Entry:
    """One entry as it was read, and how to say where something in it stands."""

    def __init__(self, values: Mapping[str, str], line: int, columns: Sequence[str]) -> None:
        self.values = values
        self.line = line  # of a CSV file; 0 for JSON, whose ``place`` is the entry's number
        self.columns = columns
        self.place = 0

    def wrong(self, name: str, expected: Message, found: object) -> Message:
        if not self.line:
            return say(
                "entry {number}, {name}: expected {expected}, found {found!r}",
                number=self.place,
                name=name,
                expected=expected,
                found=str(found)[:_SHOWN],
            )
        return _at(self.line, self.columns.index(name) + 1, name, expected, found)


def _csv_row(
    row: Sequence[str], columns: Sequence[str], line: int, problems: list[Message]
) -> _Entry:
    if len(row) > len(columns):
        expected = say("{count} columns", count=len(columns))
        problems.append(_at(line, len(columns) + 1, "", expected, row[len(columns)]))
    cells = [_plain(cell) for cell in row]
    return _Entry(dict(zip(columns, cells, strict=False)), line, columns)


def _from_json(text: str, problems: list[Message]) -> list[Known]:
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        problems.append(
            say("line {line}, column {column}: not JSON", line=error.lineno, column=error.colno)
        )
        return []
    except RecursionError:
        problems.append(say("line {line}, column {column}: not JSON", line=1, column=1))
        return []
    if not isinstance(entries, list):
        problems.append(say("line 1: expected a list of objects"))
        return []
    found: list[Known] = []
    first_at: dict[str, int] = {}
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            problems.append(say("entry {number}: expected an object", number=number))
            continue
        _add(_json_entry(entry, number, problems), first_at, found, problems)
    return found


def _json_entry(raw: Mapping[str, object], number: int, problems: list[Message]) -> _Entry:
    entry = _Entry({}, 0, COLUMNS)
    entry.place = number
    values: dict[str, str] = {}
    for name, value in raw.items():
        if name not in COLUMNS:
            expected = say("one of {choices}, once", choices=", ".join(COLUMNS))
            problems.append(entry.wrong(str(name), expected, name))
        elif isinstance(value, str):
            values[name] = _plain(value)
        elif name == "aliases" and isinstance(value, list):
            values[name] = " ".join(str(alias) for alias in value)
        elif value is not None:
            problems.append(entry.wrong(name, say("a text"), value))
    entry.values = values
    return entry


def _add(
    entry: _Entry, first_at: dict[str, int], found: list[Known], problems: list[Message]
) -> None:
    """Check an entry and add what it says; what is wrong with it is a problem each."""
    values, before = entry.values, len(problems)
    aliases = tuple(filter(None, _BETWEEN_ALIASES.split(values.get("aliases", ""))))
    for name in _CODES:
        if values.get(name):
            problems += _objection(entry, name, values[name])
    for alias in aliases:
        problems += _objection(entry, "aliases", alias)
    problems += [
        entry.wrong(name, say("at most {limit} characters", limit=_LONGEST), value)
        for name, value in values.items()
        if len(value) > _LONGEST
    ]
    code, place = values.get("code", ""), entry.line or entry.place
    if not code:
        problems.append(entry.wrong("code", say("a code"), ""))
    elif code in first_at:
        expected = say("each code once, it stands in {first} already", first=first_at[code])
        problems.append(entry.wrong("code", expected, code))
    elif code in (values.get("successor"), values.get("parent"), *aliases):
        expected = say("another unit as parent, successor or alias")
        problems.append(entry.wrong("code", expected, code))
    first_at.setdefault(code, place)
    if len(problems) == before:
        texts = {name: values.get(name, "") for name in COLUMNS[:-1]}
        found.append(Known(**texts, aliases=aliases))


def _objection(entry: _Entry, name: str, code: str) -> list[Message]:
    try:
        agency_code(code)
    except BadAgencyCode:
        return [entry.wrong(name, say("an agency code such as H37.02 or 000.00.13.H53"), code)]
    return []


def _plain(cell: str) -> str:
    """Return a value on one line, in one form (NFC), without what no screen can show."""
    letters = (" " if unicodedata.category(letter) == "Cc" else letter for letter in cell)
    return unicodedata.normalize("NFC", " ".join("".join(letters).split()))


def _at(line: int, column: int, name: str, expected: Message, found: object) -> Message:
    shown = str(found)[:_SHOWN]
    if not name:
        return say(
            "line {line}, column {column}: expected {expected}, found {found!r}",
            line=line,
            column=column,
            expected=expected,
            found=shown,
        )
    return say(
        "line {line}, column {column} ({name}): expected {expected}, found {found!r}",
        line=line,
        column=column,
        name=name,
        expected=expected,
        found=shown,
    )
