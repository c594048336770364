"""
Items the node died over too often, and how it ends when each is tried alone, in a child process.

An item is suspected when the node has ended so and so often while it was in hand. That proves
nothing: whatever is in hand when a machine is switched off looks the same. Only a child that dies
while the node that started it lives on proves it.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import Permanent
from edge_node.domain.message import say

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.envelope import Lane
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message

# Exit statuses of a child: it did what there was to do; what keeps it is not the item's doing.
DONE: Final = 0
NOT_NOW: Final = 75  # EX_TEMPFAIL of sysexits.h


class Poison(Permanent):
    """The node dies whenever it works on this item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An item that is tried alone, and how often the node ended while it was in hand."""

    lane: Lane
    item: ItemId
    crashes: int
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a child ended: ``status`` as `subprocess` has it, a signal as a negative number."""

    status: int
    overdue: bool = False  # it was ended because it took too long
    stopped: bool = False  # it was ended because the node was to stop

    @property
    def proves_nothing(self) -> bool:
        """Tell whether it says nothing of the item."""
        return self.stopped or self.status in (DONE, NOT_NOW)

    @property
    def killed(self) -> bool:
        """Tell whether somebody killed it: the kernel for its memory, or a person at random."""
        return self.status == -signal.SIGKILL and not self.overdue

    def told(self) -> Message:
        """Say how it ended."""
        if self.overdue:
            return say("it came to no end")
        if self.status < 0:
            return say("signal {name}", name=_name_of(-self.status))
        return say("an error nobody foresaw (exit status {status})", status=self.status)


def _name_of(number: int) -> str:
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:  # a real-time signal has no name of its own
        return str(number)
