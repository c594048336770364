"""
The end of a document that was given back: what of it is destroyed, and what remains to be said.

Its payload is the package in the spool, with every copy the axis handed out under another id, and
the folder in the inbox. The queue holds none of it: rows, waybills and backups know what a
document was called, from whom it was and how large, and keep that. Files are removed, not written
over: a file system with a journal or snapshots, and a disk that spreads its wear, write the new
bytes elsewhere, so that overwriting promises what it does not keep; who needs that encrypts the
disk. A tombstone is entered last, and with it the answer 15 may leave.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_node.adapters import changes, work
from edge_node.adapters.beside import requests_of
from edge_node.adapters.database import moment, stamp
from edge_node.adapters.history import note
from edge_node.adapters.incoming import AN_ITEM, item_row
from edge_node.domain.change import ChangeState, Doomed, Known, Tombstone
from edge_node.domain.envelope import Digest
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import INBOUND, Receiving, ReceivingEvent
from edge_node.domain.message import freeze, say, thaw

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.envelope import Claim
    from edge_node.domain.message import Message

# The very same document, whatever became of it, and what has the very same bytes. (A plus keeps
# SQLite from the index of a DocumentId some software gives to all it sends.)
_COPIES: Final = """
select * from incoming where id = :id
union
select * from incoming
 where fingerprint = :fingerprint and fingerprint <> '' and sender = :sender
   and +document_id = :document_id
union
select * from incoming where digest = :digest and digest <> ''
"""
# What was never read may be a copy, too.
_UNREAD: Final = """
select id, digest from incoming
 where message = 'edoc' and state in ('received', 'acknowledged', 'quarantined', 'recalled')
   and fingerprint = '' and digest <> ''
   and not exists (select 1 from tombstones where tombstones.item = incoming.id)
"""
_SEIZE: Final = "update incoming set state = :state, reason = '', at = :now where id = :id"
_NOT_TO_BE_DONE: Final = "delete from work where item = :item and lane = 'deliver'"
_BEGUN: Final = "select note from events where item = :item and event = 'destroying'"

_OUTGOING: Final = "select 1 from envelopes where digest = :digest and message = 'edoc'"
_ANSWER_LEAVES: Final = """
update work set due = min(due, :now)
 where lane = 'report' and leased is null
   and item in (select id from envelopes where item = :item and status = '15')
"""
_REASON: Final = "select reason from work where lane = 'destroy' and item = :item"
DESTROYED: Final = "destroyed"


class Tombstones:
    """Documents whose payload is destroyed."""

    def __init__(self, file: QueueFile, waybills: Waybills) -> None:
        """Work on the tables in ``file``; what must outlive them is written to ``waybills``."""
        self._file = file
        self._waybills = waybills

    def unread(self) -> list[tuple[ItemId, Digest]]:
        """Return what came and was never read: nobody knows which documents these are."""
        rows = self._file.rows(_UNREAD)
        return [(ItemId(row["id"]), Digest(row["digest"])) for row in rows]

    def seize(
        self, claim: Claim, also: Iterable[ItemId] = (), *, now: datetime
    ) -> tuple[Doomed, ...]:
        """
        Take every copy of a document out of everybody's hands; return them, the document first.

        ``also`` are copies nobody had read. LeaseLost.
        """
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            row = item_row(transaction, claim.item)
            found = {each["id"]: each for each in transaction.rows(_COPIES, row)}
            for item in also:
                found |= {each["id"]: each for each in transaction.rows(AN_ITEM, {"id": item})}
            for each in found.values():
                _seize(transaction, each, now)
            rest = [each for each in found.values() if each["id"] != claim.item]
            return tuple(_to_doomed(each) for each in (row, *rest))

    def begin(self, claim: Claim, known: Known, *, now: datetime) -> Known:
        """Enter what was found, once, before any of it goes; return what was found at first."""
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            begun = transaction.row(_BEGUN, {"item": claim.item})
            if begun is None:
                words = say(
                    "attachments: {count}; taken by the document software: {taken}",
                    count=-1 if known.attachments is None else known.attachments,
                    taken=int(known.taken),
                )
                note(transaction, claim.item, "destroying", now=now, text=freeze(words))
                return known
        return _known(begun)

    def is_ours_to_keep(self, digest: Digest) -> bool:
        """Tell whether the very bytes are also a document we sent ourselves."""
        return self._file.row(_OUTGOING, {"digest": digest}) is not None

    def empty_log(self) -> None:
        """Have the log of the database hold nothing of what it held."""
        self._file.empty_log()

    def enter(
        self,
        claim: Claim,
        doomed: Sequence[Doomed],
        known: Known,
        *,
        destroyed: Sequence[Message],
        remains: Sequence[Message],
        now: datetime,
    ) -> None:
        """Enter that nothing of a document is left here; its answer 15 may leave; LeaseLost."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            requests = requests_of(transaction, claim.item)
            agreed = [each for each in requests if each.state is ChangeState.AGREEING]
            for each in doomed:
                stone: dict[str, object] = {"item": each.item, "at": stamp(now)}
                stone |= {"change": agreed[0].id if agreed else "", "digest": each.digest}
                stone |= {"size": each.size, "attachments": json.dumps(known.attachments)}
                stone |= {"destroyed": _frozen(destroyed), "remains": _frozen(remains)}
                transaction.replace("tombstones", stone)
                note(transaction, each.item, DESTROYED, now=now)
            for change in agreed:
                changes.close(transaction, change, ChangeState.AGREED, now=now)
                for item in {claim.item, change.carrier}:
                    transaction.execute(_ANSWER_LEAVES, {"item": item, "now": stamp(now)})
            for each in doomed:
                self._waybills.add(transaction, each.item, now=now, wait=True)

    def hindered(self, claim: Claim, reason: Message, *, until: datetime) -> bool:
        """Put the destruction off; return whether its reason is a new one; LeaseLost."""
        with self._file.transaction() as transaction:
            before = transaction.row(_REASON, {"item": claim.item})
            work.defer(transaction, claim, until=until, reason=freeze(reason))
            return before is not None and before["reason"] != freeze(reason)


def _seize(transaction: Transaction, row: Row, now: datetime) -> None:
    transaction.execute(_NOT_TO_BE_DONE, {"item": row["id"]})
    if (Receiving(row["state"]), ReceivingEvent.RECALLED) in INBOUND:
        values = {"id": row["id"], "state": Receiving.RECALLED, "now": stamp(now)}
        transaction.execute(_SEIZE, values)
        note(transaction, ItemId(row["id"]), Receiving.RECALLED, now=now)


def _to_doomed(row: Row) -> Doomed:
    return Doomed(
        item=ItemId(row["id"]),
        digest=Digest(row["digest"]),
        size=row["size"],
        folder=row["folder"],
    )


def _known(row: Row) -> Known:
    found = thaw(row["note"])
    values = found.values if found else {}
    count = int(values.get("count", -1))
    return Known(taken=bool(values.get("taken")), attachments=None if count < 0 else count)


def _frozen(words: Sequence[Message]) -> str:
    return json.dumps([freeze(each) for each in words], ensure_ascii=False)


def _thawed(text: str) -> tuple[Message, ...]:
    return tuple(each for each in map(thaw, json.loads(text)) if each is not None)


def to_tombstone(row: Row) -> Tombstone:
    """Return a row of the table as a value."""
    return Tombstone(
        item=ItemId(row["item"]),
        change=row["change"],
        at=moment(row["at"]),
        digest=Digest(row["digest"]),
        size=row["size"],
        attachments=json.loads(row["attachments"]),
        destroyed=_thawed(row["destroyed"]),
        remains=_thawed(row["remains"]),
    )
