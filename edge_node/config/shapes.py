"""
What a key of the configuration can be: one value, a section, a list, a table of names.

Which keys there are is `edge_node.config.sections`' affair, how one value is written that of
`edge_node.config.kinds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from edge_node.config.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Section:
    """The shape of a group of keys."""

    of: type[Any]


@dataclass(frozen=True, slots=True)
class Many:
    """The shape of a list."""

    of: Kind | Section


@dataclass(frozen=True, slots=True)
class Table:
    """The shape of names with values that are laid over those built in."""

    key: Kind
    value: Kind
    over: Mapping[str, Any]


Shape = Kind | Section | Many | Table


def key(shape: Shape, *, derived: bool = False) -> Mapping[str, object]:
    """Describe a key to the reader; a derived one may be left out without having a default."""
    return MappingProxyType({"shape": shape, "derived": derived})
