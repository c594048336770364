"""
A queue made anew beside one that is lost: from the newest sound backup and from the waybills.

What is rebuilt lies in a file of its own until it is whole and has been found sound; only then the
damaged one is set aside, never overwritten, and the new one takes its name. Cut off anywhere, the
same is done again. Whether what may have been sent was sent is for `flows.recover` to find out.
"""

from __future__ import annotations

import itertools
import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.envelopes import LANES, envelope_row, move, to_envelope
from edge_node.adapters.kept_heads import KeptHeads, note_restored
from edge_node.adapters.queue import Queue
from edge_node.adapters.relaying import Relaying
from edge_node.adapters.safekeeping import demand_usable
from edge_node.adapters.sends import COPY, LEARN, Sends
from edge_node.adapters.soundness import demand_sound
from edge_node.adapters.steps import Step, passing
from edge_node.adapters.upgrading import bring_up
from edge_node.adapters.waybills import REVISION
from edge_node.domain.actor import THE_NODE, Actor
from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import QueueDamaged, QueueNewer
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import freeze, say
from edge_node.domain.recovery import Remains

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_node.adapters.backup import Backups
    from edge_node.adapters.waybills import Waybills
    from edge_node.adapters.witness import Witness
    from edge_node.domain.envelope import AxisId, Digest, Envelope
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message

_STAMP: Final = "%Y%m%d-%H%M%S"
# SQLite finds a database's WAL by its name: the three go by one name wherever they lie.
_BESIDE: Final = ("", "-wal", "-shm")

_QUEUED: Final = """
select envelopes.* from work join envelopes on envelopes.id = work.item
 where work.lane in ('push', 'report') and envelopes.state = 'queued'
"""
_UNSURE: Final = """
select envelopes.* from work join envelopes on envelopes.id = work.item
 where work.lane = 'push' and envelopes.state = 'unsure'
 order by envelopes.created, envelopes.id
"""
# `trail` looks for what was sent since the first try: there may be none on record.
_UNTRIED: Final = """
insert into attempts (envelope, attempt, at, outcome, reason)
select id, 0, created, 'silence', :reason from envelopes
 where id = :id and not exists (select 1 from attempts where envelope = :id)
"""
_OFFER_NO_MORE: Final = "delete from work where lane = :lane and item = :item"
_REBUILT: Final = say("the queue was lost, and rebuilt without a backup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a queue is rebuilt from, and where it lies."""

    queue: Path
    backups: Backups
    waybills: Waybills
    witness: Witness
    has_package: Callable[[Digest], bool]


class Rebuilding:
    """One rebuild: `begin`, then `queue` is there to be seen to, then `finish` or `abandon`."""

    def __init__(self, sources: Sources, *, now: datetime, actor: Actor = THE_NODE) -> None:
        """Rebuild the queue from these, as ``actor``; ``now`` is when it was lost."""
        self._sources = sources
        self._now = now
        self._actor = actor
        self._acting = ExitStack()
        self._path = sources.queue.with_name(f"{sources.queue.name}.rebuilding")
        self._queue: Queue | None = None
        self._aside = "damaged"  # what the name of the one set aside says of it

    @property
    def queue(self) -> Queue:
        """The queue as it stands so far; nobody else sees it."""
        if self._queue is None:
            self._queue = Queue(self._path)
            self._acting.enter_context(self._queue.file.acting(self._actor))
        return self._queue

    def fault(self) -> QueueDamaged | None:
        """Return what is wrong with the queue that is there, or that none is; None if nothing."""
        sources = self._sources
        try:
            demand_usable(sources.queue, sources.backups, sources.waybills)
        except QueueDamaged as error:
            self._aside = "newer" if isinstance(error, QueueNewer) else "damaged"
            return error
        return None

    def begin(self) -> Remains:
        """Copy the newest sound backup, and enter what the waybills know beyond it."""
        self.abandon()
        backup, unsound = self._sources.backups.newest_sound()
        if backup is not None:
            with durable.disk_errors(self._path):
                shutil.copyfile(backup.path, self._path)
                self._path.chmod(0o600)
            bring_up(self._path)
        # As the copy itself has it: clocks, and what took long to commit, say nothing here.
        revision = int(self.queue.marks.get(REVISION) or 0)
        relaying = Relaying(revision, self._sources.has_package)
        bills = list(self._sources.waybills.read())
        with self.queue.file.transaction() as transaction:
            text = freeze(_REBUILT if backup is None else _rebuilt_from(backup.path))
            kept = KeptHeads(self._sources.witness.folder)
            note_restored(transaction, kept, text, now=self._now)
            relaying.enter(transaction, filter(None, bills), now=self._now)
            # What neither knows may lie in the exchange folder: the next start reads it.
            self.queue.marks.put(LEARN, "yes", within=transaction)
        return Remains(
            backup=backup.path if backup else None,
            unsound=tuple(unsound),
            waybills=len(bills),
            unreadable=bills.count(None),
            documents=relaying.documents,
            arrivals=relaying.arrivals,
            left=relaying.left,
        )

    # ── what may have been sent ──────────────────────────────────────────────────────────────

    def doubt(self, reason: Message) -> None:
        """Enter of all that waits to be sent that it may have been: nothing leaves unasked."""
        words = freeze(reason)
        with self.queue.file.transaction() as transaction:
            for row in transaction.rows(_QUEUED, {}):
                transaction.execute(_UNTRIED, {"id": row["id"], "reason": words})
                move(transaction, row, SendingEvent.SILENCE, now=self._now, reason=words)

    def unsure(self) -> list[Envelope]:
        """Return the documents of which nobody here knows whether the axis has them."""
        return [to_envelope(row) for row in self.queue.file.rows(_UNSURE)]

    def settle(
        self,
        envelope: ItemId,
        event: SendingEvent,
        *,
        axis_id: AxisId | None = None,
        reason: Message | None = None,
    ) -> None:
        """Enter what was found out about one of them: FOUND or UNDECIDED."""
        words = freeze(reason) if reason else ""
        with self.queue.file.transaction() as transaction:
            row = envelope_row(transaction, envelope)
            move(transaction, row, event, now=self._now, axis_id=axis_id, reason=words)
            lane = LANES[MessageType(row["message"])]
            transaction.execute(_OFFER_NO_MORE, {"lane": lane, "item": envelope})

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def adopt(self) -> None:
        """Let it send: it is known of everything whether that was sent."""
        Sends(self.queue.file, self._sources.witness).adopt(now=self._now)

    def call_it_a_copy(self) -> None:
        """Have nothing sent from it before a person has said that it may."""
        self.queue.marks.put(COPY, "yes")
        Sends(self.queue.file, self._sources.witness).pause(now=self._now, noted=True)

    def finish(self) -> Path | None:
        """Put it in the place of the damaged one; return where that lies now, if there was one."""
        self._close()
        demand_sound(self._path)
        durable.sync_file(self._path)
        aside = self._set_aside()
        with durable.disk_errors(self._path):
            with passing(Step.RENAME, self._sources.queue):
                self._path.rename(self._sources.queue)
            durable.sync_folder(self._path.parent)
        return aside

    def abandon(self) -> None:
        """Leave everything as it was."""
        self._close()
        with durable.disk_errors(self._path):
            for end in _BESIDE:
                _with(self._path, end).unlink(missing_ok=True)

    def _close(self) -> None:
        if self._queue is not None:
            self._acting.close()
            self._queue.close()
            self._queue = None

    def _set_aside(self) -> Path | None:
        """Move away what lies where the queue belongs: a WAL left behind would be read into it."""
        queue = self._sources.queue
        aside = _free(f"{queue}.{self._aside}-{self._now.astimezone(UTC):{_STAMP}}")
        moved = []
        for end in _BESIDE:
            with suppress(durable.FileGone):
                durable.move(_with(queue, end), _with(aside, end))
                moved.append(end)
        return aside if moved else None


def _rebuilt_from(backup: Path) -> Message:
    return say("the queue was lost, and rebuilt from the backup {name}", name=backup.name)


def _free(name: str) -> Path:
    """Return a path nothing lies at, nor anything that belongs to it."""
    marks = itertools.chain([""], (f".{count}" for count in itertools.count(2)))
    paths = (Path(name + mark) for mark in marks)
    return next(path for path in paths if not any(_with(path, end).exists() for end in _BESIDE))


def _with(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)
