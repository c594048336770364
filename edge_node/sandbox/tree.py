"""Reads what YAML or JSON gave, and gathers everything that is wrong with it before it says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.domain.message import Message, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHOWN = 60  # characters: a file named by mistake is not to be told whole


class TreeReader:
    """Takes values from a tree by their kind; ``problems`` names every one that is of another."""

    def __init__(self) -> None:
        """Begin without problems."""
        self.problems: list[Message] = []

    def text(self, place: str, value: object) -> str:
        """Return a text; an empty one where it is none."""
        if isinstance(value, str):
            return value
        self.wrong(place, say("a text"), value)
        return ""

    def mapping(self, place: str, value: object, *, known: Sequence[str]) -> Mapping[str, object]:
        """Return keys and values; a key that is not known is a problem."""
        if not isinstance(value, dict):
            self.wrong(place, say("keys and values"), value)
            return {}
        for key in value:
            if key not in known:
                expected = say("one of {kinds}", kinds=", ".join(known))
                self.wrong(place, expected, key)
        return {str(key): content for key, content in value.items()}

    def wrong(self, place: str, expected: Message, found: object) -> None:
        """Enter a problem, with the beginning of what was found."""
        if isinstance(found, str) and len(found) > _SHOWN:
            found = f"{found[:_SHOWN]}…"
        self.problems.append(
            say(
                "{place}: expected {expected}, got {found!r}",
                place=place,
                expected=expected,
                found=found,
            )
        )
