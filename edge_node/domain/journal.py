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
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date, datetime

GENESIS: Final = bytes(32)
# Here the journal of an older state goes on; `status` says how far the one before it had reached.
RESTORED: Final = "restored"
# The tables of the queue were brought up to another release.
UPGRADED: Final = "upgraded"
NOBODY_KNOWS: Final = "?"
_REACHED: Final = re.compile("[0-9]{1,18}")


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
    def values(self) -> dict[str, int | str | None]:
        """Return what is chained, by its name and in the order of the leaf."""
        return {
            "id": self.id,
            "item": self.item,
            "at": self.at,
            "event": self.event,
            "agency": self.agency,
            "status": self.status,
            "note": self.note,
            "said": self.said,
            "actor": self.actor,
            "why": self.why,
        }

    @property
    def leaf(self) -> bytes:
        """Return the hash of this event alone."""
        words = json.dumps(list(self.values.values()), ensure_ascii=False, separators=(",", ":"))
        return sha256(words.encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far the chain reached at some moment of a day (+07:00), and who vouches for that."""

    day: date
    at: datetime
    event: int  # the id of the last event there was
    chain: bytes
    how: str  # where it was said: words of `Witnesses`, a space between them
    token: bytes | None = None  # RFC 3161, DER, over the 32 bytes of the chain

    @property
    def is_stamped(self) -> bool:
        """Whether an authority vouches for it."""
        return self.token is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHead:
    """A head as it is kept outside of the journal; ``at`` None where nobody wrote down when."""

    event: int
    chain: bytes
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """
    An event that says: from here on it is the journal of an older state, or of a copy.

    ``lost`` is the last event of the state before that a head is known of: 0 where all such heads
    are of this journal, None where nobody knows.
    """

    id: int
    at: datetime
    actor: str
    why: str
    note: str
    lost: int | None

    @property
    def missing(self) -> int | None:
        """How many events of the state before are missing at least; None: nobody knows."""
        return None if self.lost is None else max(0, self.lost - self.id + 1)

    def explains(self, head: KeptHead) -> bool:
        """Tell whether a head that is not of this journal is one of the state before."""
        reached = self.lost is None or head.event <= self.lost
        return self.id <= head.event and reached and (head.at is None or head.at <= self.at)


def lost_of(status: str) -> int | None:
    """Return what the status of a RESTORED event says of the state before; 0 where nothing."""
    if status == NOBODY_KNOWS:
        return None
    reached = _REACHED.match(status)  # in a journal from elsewhere anything may stand there
    return int(reached[0]) if reached else 0


class Witnesses(StrEnum):
    """Where a head is said, beside the queue itself."""

    LOG = "log"
    SYSLOG = "syslog"
    STAMP = "tsa"


class Kind(StrEnum):
    """What may be wrong with a journal."""

    ALTERED = "altered"  # the event is not what was chained, or does not follow the one before
    MISSING = "missing"  # there is none of this id, though there are later ones
    FOREIGN = "foreign"  # its id is none the journal gives
    CUT = "cut"  # from this id on to the end they are gone
    REWRITTEN = "rewritten"  # the chain holds in itself, and is not the one vouched for
    UNSTAMPED = "unstamped"  # the time-stamp of the head at this id is of something else


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first thing that is wrong, and the event it is wrong from."""

    id: int
    kind: Kind


def linked(previous: bytes, leaf: bytes) -> bytes:
    """Return the chain's hash after an event whose leaf this is."""
    return sha256(previous + leaf).digest()
