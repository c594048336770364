"""
The outermost layer of a hand-off file: UTF-8 text, JSON or YAML, to plain values and back.

What a file means is the affair of its own module; here it is only told whether it can be read at
all, and which of its keys stand in it more than once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import Permanent
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.domain.message import Message

MAX_BYTES: Final = 1 << 20  # a document.json is a few kB; whoever reads one need not read more
# PyYAML reads some 60 kB a second; a thousand receivers still fit.
MAX_YAML_BYTES: Final = 1 << 17


class FileUnreadable(Permanent):
    """The bytes are not the JSON or YAML their name promises, or are not all there yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The plain value of a file, and the keys one of its objects holds more than once."""

    value: object
    repeated: tuple[str, ...] = ()


def is_yaml(file_name: str) -> bool:
    """Tell whether a file of this name is read as YAML; every other name is read as JSON."""
    return file_name.lower().endswith((".yaml", ".yml"))


def parse(data: bytes, file_name: str) -> Parsed:
    """Return what the file holds; FileUnreadable says at which line it cannot be read."""
    most = MAX_YAML_BYTES if is_yaml(file_name) else MAX_BYTES
    if len(data) > most:
        found = say("{length} bytes", length=len(data))
        raise _unreadable(file_name, say("at most {most} bytes", most=most), found)
    try:
        text = data.decode("utf-8-sig")  # Windows software likes to begin with a BOM
    except UnicodeDecodeError as error:
        found = say("another byte at position {position}", position=error.start)
        raise _unreadable(file_name, say("UTF-8 text"), found) from error
    return _parse_yaml(text, file_name) if is_yaml(file_name) else _parse_json(text, file_name)


def dump(values: Mapping[str, object]) -> bytes:
    """Return the JSON we write: UTF-8, keys in their order, indented for people."""
    text = json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False)
    # Half a surrogate pair cannot be UTF-8, but the escape written instead is JSON again.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _parse_json(text: str, file_name: str) -> Parsed:
    repeated: list[str] = []

    def gather(pairs: list[tuple[str, object]]) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, value in pairs:
            if key in values:
                repeated.append(key)
            values[key] = value
        return values

    try:
        value = json.loads(text, object_pairs_hook=gather)
    except json.JSONDecodeError as error:
        raise _unreadable(file_name, say("JSON"), _broken_at(error.lineno, error.colno)) from error
    except (RecursionError, ValueError) as error:  # ValueError: a number of thousands of digits
        raise _unreadable(file_name, say("JSON"), _BEYOND) from error
    return Parsed(value=value, repeated=tuple(repeated))


def _parse_yaml(text: str, file_name: str) -> Parsed:
    # PyYAML costs 10 ms at start-up, and hardly any software writes YAML.
    from edge_node.protocol.handoff.yaml_file import YamlBroken, load  # noqa: PLC0415

    try:
        value, repeated = load(text)
    except YamlBroken as error:
        raise _unreadable(file_name, say("YAML"), _broken_at(error.line, error.column)) from error
    except (RecursionError, ValueError) as error:
        raise _unreadable(file_name, say("YAML"), _BEYOND) from error
    return Parsed(value=value, repeated=repeated)


_BEYOND: Final = say("nesting or numbers beyond all measure")


def _broken_at(line: int, column: int) -> Message:
    return say("something else at line {line}, column {column}", line=line, column=column)


def _unreadable(file_name: str, expected: Message, found: Message) -> FileUnreadable:
    return FileUnreadable(
        say(
            "{path}: expected {expected}, found {found}",
            path=file_name,
            expected=expected,
            found=found,
        )
    )
