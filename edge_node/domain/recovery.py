"""What is left of a queue that was lost, or of what it knew, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.domain.fate import Fate
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.signing import Act

# The name of a mark, a moment: what the axis was told of before it, another life of this node may
# have handed over.
ASIDE_BEFORE: Final = "aside-before"
# Why a person is asked what nobody here can know.
HAD_BEFORE: Final = say(
    "the data folder is an older state, and since then this may have been handed over;"
    " if the document software does not have it: edge-node release ID"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What there was to rebuild a queue from, and how much of it was news to the backup."""

    backup: Path | None  # the newest that is sound
    unsound: tuple[Path, ...]  # newer ones, of no use
    waybills: int
    unreadable: int  # waybills of no use
    documents: int  # outgoing ones the backup did not know, or knew an older state of
    arrivals: int  # incoming ones likewise
    left: int  # incoming ones whose package is gone: the axis is asked for them again

    @property
    def complete(self) -> bool:
        """Tell whether they account for every item there ever was."""
        return self.waybills > 0 and not self.unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What a recovery found and did."""

    fault: Message | None = None  # what was wrong with the queue; None: nothing, nothing was done
    aside: Path | None = None  # where the damaged one lies now, if there was one
    remains: Remains | None = None
    accepted: int = 0  # documents that may have been sent, and that the axis has
    held: int = 0  # such that wait for a person
    sending: bool = True  # whether it may send at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What the status.json beside a drop says of it; of its state at a receiver, or UNSURE."""

    id: ItemId
    document_id: str
    number: str
    notation: str
    ref: str
    fates: tuple[Fate, ...]
    acts: tuple[Act, ...] = ()
    odd_acts: bool = False  # whether they tell of acts that cannot be read

    @property
    def never_offered(self) -> bool:
        """Tell whether it waited for its first try when they were written."""
        return all(fate.state is Sending.QUEUED for fate in self.fates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What the exchange folder knew and the queue did not."""

    documents: int = 0  # such that the queue did not know at all
    held: int = 0  # of these, such that may have been sent: a person decides
    news: int = 0  # documents the queue knew an older state of
    unread: tuple[str, ...] = ()  # folders whose papers cannot be read, below the exchange folder
