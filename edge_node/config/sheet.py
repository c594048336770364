"""What a configuration file says before anything is known of keys: a tree that knows its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from edge_node.domain.message import Message


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it is written; ``form`` is what YAML takes it for: str, int, bool, null."""

    text: str
    form: str
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Tree, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """Keys and their values, in the file's order; a key may stand there twice."""

    pairs: tuple[tuple[Tree, Tree], ...]
    line: int


Tree: TypeAlias = Scalar | Items | Pairs


class NotPlain(Exception):
    """The text is not YAML, or not the plain kind that is read here."""

    def __init__(self, line: int, reason: Message | str) -> None:
        """Say why, and in which line, counted from 1."""
        super().__init__(reason)
        self.line = line
        self.reason = reason
