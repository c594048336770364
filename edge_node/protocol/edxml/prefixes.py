"""
What the prefixes of a package mean: a local name, and a warning where nobody expects them.

The strict and the lenient reading are one: a prefix that nobody declared, or that stands for
another namespace, is warned of and read like the usual one, as by the vendor's own reader, which
knows no namespaces.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.protocol.edxml.layout import NAMESPACE, SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.domain.message import Message

    Prefixes = Mapping[str, str]  # and the namespaces they stand for; "" is the default one

UNDECLARED: Final[Prefixes] = MappingProxyType({"xml": "", "": ""})  # outside of every element
_ODDITIES: Final = 20  # prefixes and namespaces warned of


def in_scope(attributes: Mapping[str, str], around: Prefixes) -> Prefixes:
    """Return what prefixes stand for within an element that has these attributes."""
    own = {key[6:]: uri for key, uri in attributes.items() if _declares(key)}
    return {**around, **own} if own else around


class Names:
    """Looks up the names of one package, and warns of what is odd, of each thing once."""

    def __init__(self, warnings: list[Message]) -> None:
        """Let ``warnings`` grow by what is found."""
        self._warnings = warnings
        self._odd: set[str] = set()

    def element(self, name: str, prefixes: Prefixes) -> str:
        """Return the local name of an element."""
        prefix, colon, local = name.rpartition(":")
        if colon and prefix not in prefixes:
            self._undeclared(prefix)
        elif local not in SIGNATURES and prefixes[prefix] != NAMESPACE:
            self._foreign(prefixes[prefix])
        return local

    def attributes(self, attributes: Mapping[str, str], prefixes: Prefixes) -> dict[str, str]:
        """Return the attributes of an element by their local names, without declarations."""
        return {
            self._attribute(key, prefixes): value
            for key, value in attributes.items()
            if not _declares(key)
        }

    def _attribute(self, name: str, prefixes: Prefixes) -> str:
        prefix, colon, local = name.rpartition(":")
        if colon and prefix not in prefixes:
            self._undeclared(prefix)
        return local

    def _undeclared(self, prefix: str) -> None:
        self._warn_once(prefix, say("prefix {prefix} is not declared", prefix=prefix))

    def _foreign(self, uri: str) -> None:
        words = say("elements without a namespace were read like those with the usual one")
        if uri:
            words = say("an unknown namespace was read like the usual one: {uri}", uri=uri[:200])
        self._warn_once(f"{{{uri}}}", words)

    def _warn_once(self, key: str, warning: Message) -> None:
        if key not in self._odd and len(self._odd) < _ODDITIES:
            self._odd.add(key)
            self._warnings.append(warning)


def _declares(name: str) -> bool:
    return name == "xmlns" or name.startswith("xmlns:")
