"""
Sentences for people, kept apart from the language they will be read in.

A `Message` holds the English sentence as the key of the catalogues and the values that go into
it. Whoever raises an error does not know who reads it; `edge_node.catalogue` says it in the
reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence with named places, and what stands in them (strings, numbers or Messages)."""

    template: str
    values: Mapping[str, Any] = field(default=_NOTHING)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.template.format_map(self.values) if self.values else self.template


def say(template: str, /, **values: Any) -> Message:  # noqa: ANN401 - whatever a sentence names
    """Make a Message; the catalogues are gathered from the literal first arguments of `say`."""
    return Message(template, MappingProxyType(values) if values else _NOTHING)
