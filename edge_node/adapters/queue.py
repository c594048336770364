"""The queue: one SQLite file that holds every document and status until its fate is known."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from edge_node.adapters import incidents, work
from edge_node.adapters.arriving import Arriving
from edge_node.adapters.database import QueueFile
from edge_node.adapters.halting import Halting
from edge_node.adapters.history import History
from edge_node.adapters.learning import Learning
from edge_node.adapters.marks import Marks
from edge_node.adapters.outgoing import Outgoing
from edge_node.adapters.paperwork import Paperwork
from edge_node.adapters.requests import Requests
from edge_node.adapters.speaking import Speaking
from edge_node.adapters.stranded import Stranded
from edge_node.adapters.tombstones import Tombstones
from edge_node.adapters.trials import Trials
from edge_node.adapters.unsure import Unsure
from edge_node.adapters.waybills import Waybills
from edge_node.domain.document import only_itself
from edge_node.domain.envelope import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from edge_node.domain.document import SameAgency
    from edge_node.domain.envelope import Digest
    from edge_node.domain.item import ItemId

_NAMED: Final = """
select 1 from envelopes where digest = :digest
union all select 1 from incoming where digest = :digest limit 1
"""
_SUSPECTED_AFTER: Final = 3  # as the configuration has it where it says nothing


def _nobody_follows(by: timedelta) -> None:
    """Move no clock: it is the machine's own that is gone by."""


class Queue:
    """What goes out, what comes in, what is to be told; all on one file."""

    def __init__(
        self,
        path: Path,
        waybills: Waybills | None = None,
        *,
        only: ItemId | None = None,
        same: SameAgency = only_itself,
        file: QueueFile | None = None,
    ) -> None:
        """
        Open the queue at ``path``; raises what `QueueFile` raises.

        Where ``only`` names an item, that one is claimed, suspected or not, and no other.
        ``same`` tells by which codes an agency goes: as one a recall may ask for what it sent as
        another. ``file`` is the one at ``path`` where somebody has opened it already, to read.
        """
        waybills = waybills or Waybills()
        self.file = file or QueueFile(path)
        self.outgoing = Outgoing(self.file, waybills, only=only, same=same)
        self.unsure = Unsure(self.file)
        self.arriving = Arriving(self.file, waybills, only=only, same=same)
        self.speaking = Speaking(self.file, waybills)
        self.stranded = Stranded(self.file, only=only)
        self.statuses = Stranded(self.file, Lane.STATUSES, only=only)
        self.trials = Trials(self.file)
        self.history = History(self.file)
        self.paperwork = Paperwork(self.file)
        self.learning = Learning(self.file, waybills, same=same)
        self.marks = Marks(self.file)
        self.requests = Requests(self.file, waybills, same=same)
        self.tombstones = Tombstones(self.file, waybills)
        self.halting = Halting(self.file, waybills)

    def sweep(self, *, now: datetime, ceiling: timedelta, crashes: int = _SUSPECTED_AFTER) -> int:
        """
        Free what was leased by somebody who did not come back in time; return how many.

        What that happened to ``crashes`` times is tried alone from now on. Nothing stays put off
        for longer than ``ceiling``, whatever the clock once said.
        """
        with self.file.transaction() as transaction:
            work.rebase(transaction, limit=now + ceiling)
            return work.sweep(transaction, now=now, crashes=crashes)

    def free_all(
        self, *, now: datetime, ask_after: timedelta, crashes: int = _SUSPECTED_AFTER
    ) -> int:
        """
        Free every lease, on behalf of whoever has just taken the lock; return how many.

        Each was a crash over that item; after ``crashes`` of them it is tried alone. What was
        being sent when its sender died is asked about after ``ask_after``.
        """
        self.unsure.begin(now=now)
        with self.file.transaction() as transaction:
            return work.free_all(transaction, later=now + ask_after, crashes=crashes)

    def let_go(self, lanes: Sequence[Lane], *, counts: bool, crashes: int) -> None:
        """
        Free what is leased in lanes nobody but the caller claims from; suspects are not his.

        Where it ``counts``, it was a crash over that item; after ``crashes`` it is tried alone.
        """
        with self.file.transaction() as transaction:
            for lane in lanes:
                work.let_go(transaction, lane, counts=counts, crashes=crashes)

    def clock_was_set(
        self,
        *,
        now: datetime,
        by: timedelta,
        follow: Callable[[timedelta], None] = _nobody_follows,
    ) -> None:
        """
        Bring along what is timed by the clock that was set, forward (``by`` > 0) or back.

        ``now`` is what it shows since. ``follow`` moves the clock the node goes by, while nobody
        else can write: no stamp of the one time gets among those of the other.
        """
        with ExitStack() as undo:
            with self.file.transaction() as transaction:
                work.clock_was_set(transaction, now=now, by=by)
                incidents.clock_was_set(transaction, now=now, by=by)
                for each in (follow, self.unsure.follow):
                    each(by)
                    undo.callback(each, -by)
            undo.pop_all()  # it is on the disk: nothing is to be undone

    def names_package(self, digest: Digest) -> bool:
        """Tell whether anything in the queue names a package of the spool."""
        return self.file.row(_NAMED, {"digest": digest}) is not None

    def next_due(self, lane: Lane) -> datetime | None:
        """Return when the next thing in ``lane`` may be claimed; None if there is none."""
        return work.next_due(self.file, lane)

    def close(self) -> None:
        """Close the calling thread's connection."""
        self.file.close()
