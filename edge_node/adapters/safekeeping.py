"""
What keeps the queue from being lost: checked, copied in time, and known to be gone where it is.

What goes wrong with a copy is said, in the log and to whoever asks for pauses, and stops nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import disk_errors
from edge_node.adapters.pauses import Pause
from edge_node.adapters.sends import HELD
from edge_node.adapters.soundness import demand_sound
from edge_node.domain.errors import EdgeNodeError, QueueDamaged
from edge_node.domain.message import say
from edge_node.domain.record import reason_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.backup import Backups
    from edge_node.adapters.pauses import Pauses
    from edge_node.adapters.queue import Queue
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.item import ItemId

log = logging.getLogger(__name__)

BACKUP: Final = "backup"  # what it is called among the pauses
_HOLDS: Final = """
select 1 from documents where id = :id union all select 1 from incoming where id = :id
"""
# How often it is seen whether a copy is due; one that failed is tried again that soon.
LOOK: Final = timedelta(hours=1)
# What a command beside us is just writing down, or has stored and enters next, is not taken for
# forgotten.
YOUNG: Final = timedelta(hours=1)


def demand_usable(queue: Path, backups: Backups, waybills: Waybills) -> None:
    """Make sure that the queue is sound, or that there never was one; QueueDamaged."""
    demand_not_lost(queue, backups, waybills)
    if _is_there(queue):
        demand_sound(queue)


def demand_not_lost(queue: Path, backups: Backups, waybills: Waybills) -> None:
    """
    Make sure that a queue that is not there has never been there; QueueDamaged.

    One that was lost must not begin anew: what it sent and handed over would be repeated.
    """
    if _is_there(queue):
        return
    backups.demand_answer()
    if waybills.exist() or backups.all() or backups.kept():
        raise QueueDamaged(
            say("the queue {path} is gone, though a node has worked here", path=str(queue)),
            hint=say("stop the node; `edge-node recover` rebuilds it from what is left"),
        )


def _is_there(queue: Path) -> bool:
    with disk_errors(queue):
        return queue.exists() and queue.stat().st_size > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Safekeeping:
    """The queue, and what is kept beside it."""

    queue: Queue
    pauses: Pauses
    backups: Backups
    waybills: Waybills
    every: timedelta
    keep: int

    def check(self) -> None:
        """Make sure that the queue is sound; QueueDamaged."""
        demand_sound(self.queue.file.path)

    def back_up(self, now: datetime) -> bool:
        """
        Make a copy if one is due; False if none was, or none could be made.

        QueueDamaged where that is because the queue itself is not sound.
        """
        try:
            if not self._is_due(now):
                return False
            made = self.backups.make(self.queue.file.path, keep=self.keep, now=now)
        except EdgeNodeError as error:
            if isinstance(error, QueueDamaged):
                self.check()  # it may be the disk of the copies alone
            self._say(error, now)
            return False
        log.info("backup of the queue made", extra={"path": str(made.path)})
        self.pauses.clear(BACKUP)
        return True

    def sweep(self, now: datetime) -> int:
        """
        Remove waybills nobody can need any more; return how many there were.

        None of them while sending is paused: an older state of the queue does not name all that
        is ours.
        """
        if self.queue.marks.get(HELD) is not None:
            return 0
        self.backups.demand_answer()
        moments = [backup.at for backup in (*self.backups.all(), *self.backups.kept())]
        return self.waybills.sweep(self._is_gone, before=min([now - YOUNG, *moments]))

    def _is_due(self, now: datetime) -> bool:
        self.backups.demand_answer()
        newest = next(iter(self.backups.all()), None)
        # One from the future says that the clock was set, and nothing of its age.
        return newest is None or not newest.at <= now < newest.at + self.every

    def _say(self, error: EdgeNodeError, now: datetime) -> None:
        seen = {"error": str(error), "hint": str(error.hint or "")}
        log.error("no backup of the queue could be made", extra=seen)
        since = next((pause.since for pause in self.pauses.all() if pause.what == BACKUP), now)
        reason = reason_of(error)
        self.pauses.put(Pause(what=BACKUP, since=since, until=now + LOOK, reason=reason))

    def _is_gone(self, item: ItemId) -> bool:
        return self.queue.file.row(_HOLDS, {"id": item}) is None
