"""
How events are chained: each carries a hash of itself and of everything before it.

    leaf(n)  = SHA-256 of the event as a JSON array, in UTF-8 and without a space
    chain(n) = SHA-256 of chain(n - 1) followed by leaf(n); chain(0) is 32 zero bytes

Whoever alters, removes, inserts or exchanges one changes every hash after it. The leaves allow
an excerpt to be proved without the events between: they stand for them. The rule is written down
here because a verifier of its own, without this program, follows it for as long as the papers are
kept; it does not change.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

GENESIS: Final = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event as it is chained; moments in milliseconds since 1970, ``actor`` '' the node."""

    id: int
    item: str
    at: int
    event: str
    agency: str = ""
    status: str = ""
    note: str = ""
    said: int | None = None
    actor: str = ""
    why: str = ""

    @property
    def leaf(self) -> bytes:
        """Return the hash of this event alone."""
        values = [self.id, self.item, self.at, self.event, self.agency, self.status]
        values += [self.note, self.said, self.actor, self.why]
        words = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        return sha256(words.encode()).digest()


def linked(previous: bytes, leaf: bytes) -> bytes:
    """Return the chain's hash after an event whose leaf this is."""
    return sha256(previous + leaf).digest()
