"""The queue: one SQLite file that holds every document and status until its fate is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters import work
from edge_node.adapters.arriving import Arriving
from edge_node.adapters.database import QueueFile
from edge_node.adapters.history import History
from edge_node.adapters.outgoing import Outgoing
from edge_node.adapters.paperwork import Paperwork

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from edge_node.domain.envelope import Digest, Lane

_NAMED: Final = """
select 1 from envelopes where digest = :digest
union all select 1 from incoming where digest = :digest limit 1
"""


class Queue:
    """What goes out, what comes in, what is to be told; all on one file."""

    def __init__(self, path: Path) -> None:
        """Open the queue at ``path``; DiskTrouble where that cannot be."""
        self.file = QueueFile(path)
        self.outgoing = Outgoing(self.file)
        self.arriving = Arriving(self.file)
        self.history = History(self.file)
        self.paperwork = Paperwork(self.file)

    def sweep(self, *, now: datetime, ceiling: timedelta) -> int:
        """
        Free what was leased by somebody who did not come back in time; return how many.

        Nothing stays put off for longer than ``ceiling``, whatever the clock once said.
        """
        with self.file.transaction() as transaction:
            work.rebase(transaction, limit=now + ceiling)
            return work.sweep(transaction, now=now)

    def free_all(self, *, now: datetime, ask_after: timedelta) -> int:
        """
        Free every lease, on behalf of whoever has just taken the lock; return how many.

        What was being sent when its sender died is asked about after ``ask_after``.
        """
        with self.file.transaction() as transaction:
            return work.free_all(transaction, later=now + ask_after)

    def names_package(self, digest: Digest) -> bool:
        """Tell whether anything in the queue names a package of the spool."""
        return self.file.row(_NAMED, {"digest": digest}) is not None

    def next_due(self, lane: Lane) -> datetime | None:
        """Return when the next thing in ``lane`` may be claimed; None if there is none."""
        return work.next_due(self.file, lane)

    def close(self) -> None:
        """Close the calling thread's connection."""
        self.file.close()
