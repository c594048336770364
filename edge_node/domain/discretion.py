"""
What a log may say of an error: all of it, but no names of documents.

The folders of the configuration are for whoever looks after the machine. What lies in the rooms of
the exchange folder is called by people, after what it is about; so a path ends at its room there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import Message

if TYPE_CHECKING:
    from edge_node.domain.errors import EdgeNodeError

_NAMED_BY_PEOPLE: Final = re.compile(
    r"(/(?:outbox|queued|sent|failed|inbox|statuses|receipts|claims/[^/]+)/).+", re.DOTALL
)


def without_names(message: Message) -> Message:
    """Return a sentence with every path in it cut off at the room of the exchange folder."""
    return replace(message, values={name: _cut(value) for name, value in message.values.items()})


def told_in_log(error: EdgeNodeError) -> dict[str, str]:
    """Return what a log line says of an error, by the names of its fields."""
    hint = without_names(error.hint) if error.hint is not None else ""
    return {"error": str(without_names(error.message)), "hint": str(hint)}


def _cut(value: object) -> object:
    if isinstance(value, Message):
        return without_names(value)
    return _NAMED_BY_PEOPLE.sub(r"\1…", value) if isinstance(value, str) else value
