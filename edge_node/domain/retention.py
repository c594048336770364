"""
What a document's payload is kept as, and until when: by how it ended, and how long ago.

The payload is the package in the spool and the folder we keep of it; what is known of a document
(rows, registers, the journal) is no payload and never goes. A state that is not among those below
has not ended: nobody may take anything from it, whatever its age. So has what was recalled, in
another way: the sender's copy is evidence of what was asked back, and the receiver's is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta

    from edge_node.domain.envelope import Digest
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message


class Kept(StrEnum):
    """What something is kept as; each has a period of its own, called like it."""

    SENT = "sent"  # every receiver has it
    UNCONFIRMED = "unconfirmed"  # the axis has it for somebody who never said that it came
    FAILED = "failed"  # somebody did not get it: it may be sent again
    TAKEN = "taken"  # the document software has it
    RETURNED = "returned"  # its sender was told that we do not take it
    QUARANTINED = "quarantined"  # a person has still to decide
    RECEIPTS = "receipts"  # what the document software never deleted


REMOVED: Final = "payload removed"  # the event
OUT: Final[Mapping[Sending, Kept]] = MappingProxyType(
    {
        Sending.DELIVERED: Kept.SENT,
        Sending.ACCEPTED: Kept.UNCONFIRMED,
        Sending.REFUSED: Kept.FAILED,
        Sending.DEAD: Kept.FAILED,
    }
)
IN: Final[Mapping[Receiving, Kept]] = MappingProxyType(
    {
        Receiving.TAKEN: Kept.TAKEN,
        Receiving.REPEATED: Kept.TAKEN,
        Receiving.RETURNED: Kept.RETURNED,
        Receiving.QUARANTINED: Kept.QUARANTINED,
    }
)
CALLED: Final[Mapping[Kept, Message]] = MappingProxyType(
    {
        Kept.SENT: say("sent, every receiver has it"),
        Kept.UNCONFIRMED: say("sent, not confirmed by every receiver"),
        Kept.FAILED: say("refused or given up"),
        Kept.TAKEN: say("received and taken"),
        Kept.RETURNED: say("returned to the sender"),
        Kept.QUARANTINED: say("in quarantine"),
        Kept.RECEIPTS: say("receipts nobody deleted"),
    }
)


@dataclass(frozen=True, slots=True)
class Periods:
    """How long each is kept; what has no period is kept for ever."""

    of: Mapping[Kept, timedelta]

    def __bool__(self) -> bool:
        """Tell whether anything ever goes."""
        return bool(self.of)

    def longest(self, kinds: Collection[Kept]) -> Kept | None:
        """Return by which of several something is kept; None where one of them is for ever."""
        if not kinds or any(kind not in self.of for kind in kinds):
            return None
        return max(sorted(kinds), key=lambda kind: self.of[kind])

    def before(self, kind: Kept, now: datetime) -> datetime:
        """Return when something has to have ended that is to go now."""
        return now - self.of[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What there is of one document: packages by their digest, and a folder ('' for none)."""

    item: ItemId
    kept: Kept | None  # None: its removal was begun, and which rule that was stands in the journal
    outgoing: bool
    ended: datetime  # the last that happened to it
    digests: tuple[Digest, ...]
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much something is: files and bytes on the disk."""

    files: int = 0
    size: int = 0

    def __add__(self, other: Amount) -> Amount:
        """Return both together."""
        return Amount(files=self.files + other.files, size=self.size + other.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What would go, or went, of one kind; ``oldest`` is None where that is nothing."""

    kind: Kept
    count: int = 0  # documents, refused drops or receipts
    amount: Amount = Amount()
    oldest: datetime | None = None

    def __add__(self, other: Share) -> Share:
        """Return both together, which are of one kind."""
        moments = [at for at in (self.oldest, other.oldest) if at is not None]
        return Share(
            kind=self.kind,
            count=self.count + other.count,
            amount=self.amount + other.amount,
            oldest=min(moments, default=None),
        )


def in_megabytes(size: int) -> str:
    """Return a size as people compare it, in MB of 1024 x 1024 bytes, one decimal place."""
    return f"{size / (1 << 20):.1f}"
