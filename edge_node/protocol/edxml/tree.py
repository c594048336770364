"""The header of a package as a small tree: what the writer renders and the reader finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Element:
    """One element by its local name: its own text, its children in order, its attributes."""

    name: str
    text: str = ""
    children: tuple[Element, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=lambda: _NO_ATTRIBUTES)

    def __bool__(self) -> bool:
        """Tell whether there is anything in it: empty elements are not written."""
        return bool(self.text or any(self.children))

    def all(self, name: str) -> list[Element]:
        """Return the children of that name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Element:
        """Return the first child of that name, or an empty element of that name."""
        return next((child for child in self.children if child.name == name), Element(name))

    def has(self, name: str) -> bool:
        """Tell whether there is a child of that name, empty or not."""
        return any(child.name == name for child in self.children)

    def anywhere(self, name: str) -> Element | None:
        """Return the first element of that name at any depth, None when there is none."""
        if self.name == name:
            return self
        for child in self.children:
            found = child.anywhere(name)
            if found is not None:  # an empty element is one, too
                return found
        return None


def branch(name: str, *children: Element) -> Element:
    """Make an element of the children that are not empty."""
    return Element(name, children=tuple(child for child in children if child))
