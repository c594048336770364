"""The queue: one SQLite file that holds every document and status until its fate is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.adapters import work
from edge_node.adapters.arriving import Arriving
from edge_node.adapters.database import QueueFile
from edge_node.adapters.history import History
from edge_node.adapters.outgoing import Outgoing
from edge_node.adapters.paperwork import Paperwork

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.envelope import Lane


class Queue:
    """What goes out, what comes in, what is to be told; all on one file."""

    def __init__(self, path: Path) -> None:
        """Open the queue at ``path``; DiskTrouble where that cannot be."""
        self.file = QueueFile(path)
        self.outgoing = Outgoing(self.file)
        self.arriving = Arriving(self.file)
        self.history = History(self.file)
        self.paperwork = Paperwork(self.file)

    def sweep(self, *, now: datetime) -> int:
        """Free what was leased by somebody who did not come back in time; return how many."""
        with self.file.transaction() as transaction:
            return work.sweep(transaction, now=now)

    def free_all(self) -> int:
        """Free every lease, on behalf of a daemon that has just taken the lock; how many."""
        with self.file.transaction() as transaction:
            return work.free_all(transaction)

    def next_due(self, lane: Lane) -> datetime | None:
        """Return when the next thing in ``lane`` may be claimed; None if there is none."""
        return work.next_due(self.file, lane)

    def close(self) -> None:
        """Close the calling thread's connection."""
        self.file.close()
