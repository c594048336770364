"""
What the first and the last bytes show of what should be a package, while it streams past.

Nothing is parsed: whoever reads a package finds out what is wrong inside it. This only tells it
from what is none at all (the `OK` of a proxy, a page in XML, half a package), and forgives what
reading forgives: a few bytes before it, a prefix or none, UTF-16.
"""

from __future__ import annotations

import re
from typing import Final

from edge_node.protocol.edxml.layout import ROOT

_HEAD: Final = 8 << 10  # bytes: what reading forgives before the XML, and a prolog
_TAIL: Final = 1 << 10  # bytes: the end tag, and a remark behind it
_NAME: Final = rb"(?:[\w.\-]+:)?" + ROOT.encode()
_BEGINS: Final = re.compile(rb"<" + _NAME + rb"[\s/>]")
_ENDS: Final = re.compile(rb"</" + _NAME + rb"\s*>|<" + _NAME + rb"(?:\s[^<>]*)?/>")


class Glance:
    """Sees a package go by."""

    def __init__(self) -> None:
        """Nothing has gone by yet."""
        self._head = b""
        self._tail = b""

    def see(self, piece: bytes) -> None:
        """Look at the next bytes."""
        if len(self._head) < _HEAD:
            self._head += piece[: _HEAD - len(self._head)]
        self._tail = (self._tail + piece[-_TAIL:])[-_TAIL:]

    @property
    def begins(self) -> bool:
        """Tell whether what went by begins as a package does."""
        return _BEGINS.search(_narrow(self._head)) is not None

    @property
    def ends(self) -> bool:
        """Tell whether what has gone by so far ends as a package does."""
        return _ENDS.search(_narrow(self._tail)) is not None


def _narrow(text: bytes) -> bytes:
    """Return the ASCII in a text, be it UTF-8 or UTF-16."""
    return text.replace(b"\0", b"")
