"""
YAML as a person means it: no aliases, no tags, and `07` stays `07`.

YAML 1.1 reads `number: 07` as 7, `no` as false and a date as an object of its own; here only
true, false, null and plain decimal numbers are more than text. Aliases are refused because a few
of them can unfold to gigabytes. Imported only when there is a YAML file to read.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

import yaml

_DEEPEST: Final = 50  # ten times what is needed; PyYAML takes seconds to fail by itself
_STR: Final = "tag:yaml.org,2002:str"


class _Mark(Protocol):
    """A place in the text, as either of PyYAML's two parsers marks it."""

    line: int
    column: int


class YamlBroken(ValueError):
    """The text is no YAML, or uses what is not read here; counted from 1 like editors do."""

    def __init__(self, line: int = 0, column: int = 0) -> None:
        """Keep the place only (PyYAML counts from 0): its words may repeat the file's."""
        super().__init__("no YAML that is read here")
        self.line = line + 1
        self.column = column + 1


class _Loader(yaml.SafeLoader):
    """A SafeLoader that knows fewer things, and notes keys it sees twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own class attribute

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.repeated: list[str] = []
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call] # the stubs leave it bare
        aliased = isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None
        if aliased or getattr(event, "tag", None) not in (None, "!", _STR):
            raise _at(event.start_mark)
        if self.depth == _DEEPEST:
            raise RecursionError
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, object]:  # type: ignore[override]  # noqa: FBT001, FBT002 - PyYAML's signature; our keys are text only
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _at(key_node.start_mark)
            key = str(key_node.value)
            if key in values:
                self.repeated.append(key)
            values[key] = self.construct_object(value_node, deep=deep)
        return values


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"(?:0|-?[1-9][0-9]*)$"), list("-0123456789")
)


def load(text: str) -> tuple[object, tuple[str, ...]]:
    """Return the one value of the text and its repeated keys; YamlBroken, RecursionError."""
    try:
        loader = _Loader(text)
        value = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        raise _at(error.problem_mark) from error
    except yaml.YAMLError as error:  # a character YAML does not know; it keeps no mark
        raise YamlBroken from error
    return value, tuple(loader.repeated)


def _at(mark: _Mark | None) -> YamlBroken:
    return YamlBroken(mark.line, mark.column) if mark else YamlBroken()
