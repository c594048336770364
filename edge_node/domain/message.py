"""
Sentences for people, kept apart from the language they will be read in.

A `Message` holds the English sentence as the key of the catalogues and the values that go into
it. Whoever raises an error does not know who reads it; `edge_node.catalogue` says it in the
reader's language.
"""

from __future__ import annotations

import json
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
    values: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.template.format_map(self.values) if self.values else self.template


def say(template: str, /, **values: Any) -> Message:  # noqa: ANN401 - whatever a sentence names
    """Make a Message; the catalogues are gathered from the literal first arguments of `say`."""
    return Message(template, MappingProxyType(values) if values else _NOTHING)


def freeze(message: Message) -> str:
    """Return the message as text that a table can keep and `thaw` reads again."""
    return json.dumps(_plain(message), ensure_ascii=False, separators=(",", ":"))


def thaw(text: str) -> Message | None:
    """Return the message a table kept; None where it kept none."""
    return _message(json.loads(text)) if text else None


def _plain(message: Message) -> list[Any]:
    return [message.template, {name: _kept(value) for name, value in message.values.items()}]


def _kept(value: object) -> object:
    if isinstance(value, Message):
        return _plain(value)
    return value if isinstance(value, int) else str(value)


def _message(kept: list[Any]) -> Message:
    template, values = kept
    return Message(
        template,
        MappingProxyType(
            {
                name: _message(value) if isinstance(value, list) else value
                for name, value in values.items()
            }
        ),
    )
