"""
How much was sent and handed over out of this database, and what was made of that.

Counted is each time a document is offered to the axis, and each one that is about to come into
sight in the inbox.

The count is kept here and, by `witness`, outside of the data folder: a copy of the folder, or an
older state of it, has counted less than the witness. What is left to the flows is to send nothing
while `held` says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import stamp
from edge_node.adapters.history import note
from edge_node.adapters.kept_heads import SENDING, KeptHeads, note_if_older, note_restored
from edge_node.adapters.marks import Marks, count_up
from edge_node.domain.message import freeze, say
from edge_node.domain.recovery import ASIDE_BEFORE, HAD_BEFORE
from edge_node.domain.time import iso

if TYPE_CHECKING:
    import sqlite3

    from edge_node.adapters.database import QueueFile, Transaction
    from edge_node.adapters.witness import Witness
    from edge_node.domain.message import Message

ADOPTED: Final = "adopted"
_COUNT: Final = "sends"
HELD: Final = "sending-held"
# In a copy made by ourselves, whatever the witness says.
COPY: Final = "copy"
# What came up to then may have been handed over by the life an older state was put in place of.
DOUBTED: Final = "handed-over-before"
# The exchange folder may know of documents that the queue does not; it has to be read.
LEARN: Final = "learn-from-papers"

# A status is not asked about before an earlier one of the same document is settled (`offering`).
_UNASKED: Final = """
select count(*) as n from work
 where lane in ('push', 'report')
   and not exists (select 1 from attempts
                    where envelope = work.item and id > :tries and outcome = 'missing')
   and not exists (select 1 from envelopes as later
                     join envelopes as first on first.item = later.item
                      and first.rowid < later.rowid
                     join work as ahead on ahead.lane = 'report' and ahead.item = first.id
                    where later.id = work.item and later.message = 'status')
"""
# Its clock and ours may be so far apart, and it dates what it lists to the second.
_APART: Final = timedelta(minutes=10)

_TALLY: Final = "select name, value from marks where name in (:count, :held)"
_TRIES: Final = "select coalesce(max(id), 0) as n from attempts"
_NEWEST: Final = "select coalesce(max(created), 0) as n from incoming"
# Whatever it was set aside for, a person may have released it since; its story keeps the reason.
_ASIDE: Final = """
update incoming set reason = :reason
 where message = 'edoc' and state = 'quarantined' and digest <> ''
"""
_AT_ONCE: Final = """
update work set due = min(due, :now) where lane in ('push', 'report') and leased is null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Sending is paused, since when, and what the two counts were; None where there was none."""

    since: datetime
    counted: int
    witnessed: int | None
    tries: int  # the last one on record before: which came later is told by no clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a queue says of itself, read without opening it for work."""

    counted: int | None  # None in a queue nobody ever opened
    held: bool


def tally_of(connection: sqlite3.Connection) -> Tally:
    """Return what stands in a queue that was opened to be read only."""
    found = dict(connection.execute(_TALLY, {"count": _COUNT, "held": HELD}).fetchall())
    counted = found.get(_COUNT)
    return Tally(counted=None if counted is None else int(counted), held=HELD in found)


def count_one(transaction: Transaction) -> None:
    """Enter, in the caller's transaction, that a document is about to be sent or handed over."""
    count_up(transaction, _COUNT)


class Sends:
    """The count, and whether sending is paused."""

    def __init__(self, file: QueueFile, witness: Witness) -> None:
        """Work on the table of marks in ``file``, with that witness."""
        self._file = file
        self._marks = Marks(file)
        self._witness = witness

    def compare(self, *, now: datetime) -> Held | None:
        """
        Compare the two counts, before anything is sent; return why sending is paused, if it is.

        A queue nobody ever sent from and that has no witness is a new one: it gets its own.
        """
        # In this order: whoever counts meanwhile tells the queue first.
        witnessed, counted = self._witness.count(), self.counted()
        if self._is_copy():
            self._hold(counted or 0, witnessed, now)
            self._doubt()
        elif counted is None and not witnessed:
            self._witness.begin(0)
            self._marks.put(_COUNT, "0")
        elif witnessed is None or witnessed > (counted or 0):
            self._hold(counted or 0, witnessed, now)
            self._doubt()
        note_if_older(self._file, KeptHeads(self._witness.folder), now=now)
        return self.held()

    def pause(self, *, now: datetime, noted: bool = False) -> None:
        """
        Pause sending whatever the counts say: the queue is known not to know everything.

        ``noted``: the journal says already that it goes on as that of an older state.
        """
        self._hold(self.counted() or 0, self._witness.count(), now, noted=noted)

    def note(self) -> None:
        """
        Let the witness know of what was counted; whatever keeps it from being told.

        While sending is paused it is not told: which of the two counts is right is open.
        """
        if self.held() is None:
            self._witness.note(self.counted() or 0)

    def counted(self) -> int | None:
        """Return how much was counted; None in a queue never opened."""
        value = self._marks.get(_COUNT)
        return None if value is None else int(value)

    def held(self) -> Held | None:
        """Return since when sending is paused; None where it is not."""
        value = self._marks.get(HELD)
        if value is None:
            return None
        found = json.loads(value)
        return Held(
            since=datetime.fromisoformat(found["since"]),
            counted=found["counted"],
            witnessed=found["witnessed"],
            tries=found["tries"],
        )

    def unasked(self) -> int:
        """Return how many envelopes wait of which the axis has not been asked since the pause."""
        held = self.held()
        if held is None:
            return 0
        row = self._file.row(_UNASKED, {"tries": held.tries}) or {}
        return int(row["n"])

    def adopt(self, *, now: datetime) -> None:
        """Take this queue for the only one from now on; what waits is sent at once."""
        count, unasked = max(self.counted() or 0, self._witness.count() or 0), self.unasked()
        self._witness.begin(count)
        words = say("of {count} waiting the axis has not been asked yet", count=unasked)
        with self._file.transaction() as transaction:
            text = freeze(words) if unasked else ""
            note(transaction, SENDING, ADOPTED, now=now, text=text)
            self._marks.put(_COUNT, str(count), within=transaction)
            self._marks.remove(HELD, COPY, within=transaction)
            transaction.execute(_AT_ONCE, {"now": stamp(now)})

    def doubt(self, *, up_to: int) -> None:
        """
        Enter that what came in by then, a stamp, may have been handed over by the life before.

        For what an older state is about to be told of its own arrivals, which it did not know when
        it was compared. Where nothing was handed over since, nothing is in doubt.
        """
        known = self._marks.get(DOUBTED)
        if known is not None and int(known) < up_to:
            self._marks.put(DOUBTED, str(up_to))

    def _is_copy(self) -> bool:
        return self._marks.get(COPY) is not None

    def _hold(
        self, counted: int, witnessed: int | None, now: datetime, *, noted: bool = False
    ) -> None:
        if self.held() is not None:
            return
        kept = KeptHeads(self._witness.folder)
        why: dict[str, object] = {"since": iso(now), "counted": counted, "witnessed": witnessed}
        with self._file.transaction() as transaction:
            why["tries"] = (transaction.row(_TRIES, {}) or {"n": 0})["n"]
            self._marks.put(HELD, json.dumps(why), within=transaction)
            self._marks.put(ASIDE_BEFORE, iso(now + _APART), within=transaction)
            self._marks.put(LEARN, "yes", within=transaction)
            self._marks.remove(DOUBTED, within=transaction)
            transaction.execute(_AT_ONCE, {"now": stamp(now)})
            if not noted:
                note_restored(transaction, kept, freeze(_older(counted, witnessed)), now=now)

    def _doubt(self) -> None:
        """Enter, once in a pause, which incoming items an older state knows from before."""
        with self._file.transaction() as transaction:
            if self._marks.get(DOUBTED) is None:
                newest = transaction.row(_NEWEST, {}) or {"n": 0}
                self._marks.put(DOUBTED, str(newest["n"]), within=transaction)
                transaction.execute(_ASIDE, {"reason": freeze(HAD_BEFORE)})


def _older(counted: int, witnessed: int | None) -> Message:
    """Return why the journal goes on as that of an older state."""
    if witnessed is None:
        return say(
            "this may be an older state of the data folder, or a copy of it: the witness is gone"
        )
    return say(
        "this may be an older state of the data folder, or a copy of it: it knows of {here}"
        " documents sent or handed over, the witness of {all}",
        here=counted,
        all=witnessed,
    )
