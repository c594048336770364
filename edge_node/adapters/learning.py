"""
What papers in the exchange folder know of documents of ours, entered into the queue.

A queue that is an older state of itself, or a new one, does not know what was sent since. The
mark `LEARN` says that the exchange folder is still to be read; it is put with every pause of
sending. What is entered is never offered to the axis by itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_node.adapters import documents, heard, recalling
from edge_node.adapters.beside import fates_of
from edge_node.adapters.database import new_id, stamp
from edge_node.adapters.envelopes import envelope_row, move, move_fate, reported
from edge_node.adapters.history import note
from edge_node.adapters.marks import Marks
from edge_node.adapters.sends import LEARN
from edge_node.domain.document import only_itself
from edge_node.domain.envelope import Lane, MessageType
from edge_node.domain.lifecycle import Sending, SendingEvent
from edge_node.domain.message import freeze, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Transaction
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.document import AgencyCode, Document, SameAgency
    from edge_node.domain.envelope import Stored
    from edge_node.domain.fate import Fate
    from edge_node.domain.item import ItemId
    from edge_node.domain.recovery import Learnt, Papers

UNREAD: Final = "papers-unread"
_LOOK: Final = "look"
_MOST_UNREAD: Final = 1000  # as many are named; a person begins with these
_WITH_THE_AXIS: Final = frozenset({Sending.ACCEPTED, Sending.DELIVERED})
_WAITING: Final = frozenset({Sending.QUEUED, Sending.UNSURE, Sending.HELD})
_NOT_WITH_THE_AXIS: Final = frozenset({Sending.REFUSED, Sending.DEAD})
_ON_ITS_WAY: Final = "queued/"
_BY_PAPERS: Final = say("sent in a life of which only the papers in the exchange folder tell")
_SECOND: Final = 1000  # papers tell moments by the second

_A_FATE: Final = "select envelope from fates where item = :item and receiver = :receiver"
_OFFER_NO_MORE: Final = """
delete from work where lane = :lane and item = :item and leased is null
"""
_FINGERPRINT: Final = """
update documents set fingerprint = :fingerprint where id = :id and fingerprint = ''
"""


class Learning:
    """Documents that went out in a life this queue does not know."""

    def __init__(
        self, file: QueueFile, waybills: Waybills, *, same: SameAgency = only_itself
    ) -> None:
        """
        Work on the tables in ``file``; each document gets its waybill in ``waybills``.

        ``same`` tells by which codes an agency goes.
        """
        self._same = same
        self._file = file
        self._waybills = waybills
        self._marks = Marks(file)

    @property
    def due(self) -> bool:
        """Whether the exchange folder has still to be read."""
        return self._marks.get(LEARN) is not None

    @property
    def looks_first(self) -> bool:
        """Whether it is enough to look at what was sent last, if all of that is known."""
        return self._marks.get(LEARN) == _LOOK

    def put_off(self, *, whole: bool) -> None:
        """Enter that the exchange folder is to be read, the ``whole`` of it or what is last."""
        if whole or not self.due:
            self._marks.put(LEARN, "yes" if whole else _LOOK)

    def all_known(self) -> None:
        """Enter that what was sent last is known, and nothing is to be read."""
        with self._file.transaction() as transaction:
            self._marks.remove(LEARN, within=transaction)

    def finish(self, learnt: Learnt) -> None:
        """Enter that it was read, and what in it could not be."""
        unread = json.dumps(learnt.unread[:_MOST_UNREAD], ensure_ascii=False)
        with self._file.transaction() as transaction:
            self._marks.put(UNREAD, unread, within=transaction)
            self._marks.remove(LEARN, within=transaction)

    def unread(self) -> tuple[str, ...]:
        """Return which folders could not be read the last time, below the exchange folder."""
        return tuple(json.loads(self._marks.get(UNREAD) or "[]"))

    def holds(self, item: ItemId) -> bool:
        """Tell whether the queue knows a document of that id."""
        return documents.has(self._file, item)

    def enter(
        self,
        papers: Papers,
        document: Document | None,
        package: Stored | None,
        *,
        sender: AgencyCode,
        folder: str,
        name: str,
        now: datetime,
    ) -> None:
        """
        Enter a document by its papers, and by its own header where that could be read.

        ``package`` holds it for all of its receivers, so that a person can have it sent again.
        """
        # Done again where a power cut undoes it: the papers stay.
        with self._file.transaction(durable=False) as transaction:
            if documents.has(transaction, papers.id):
                return  # a process beside us was quicker
            row = _document_row(papers, document, sender=sender, now=now)
            # `queued/` tells the truth of nothing that is entered here but of what is held.
            is_open = folder.startswith(_ON_ITS_WAY) or _any_held(papers.fates)
            row |= {"folder": folder, "name": name, "untold": int(is_open)}
            transaction.insert("documents", row)
            for state, fates in _groups(papers.fates):
                envelope = new_id("e")
                kept = package if state is Sending.HELD else None
                # A package names all of its receivers, whoever has still to get it.
                named = [fate.receiver for fate in (papers.fates if kept else fates)]
                values: dict[str, object] = {"id": envelope, "item": papers.id, "state": state}
                values |= {"message": MessageType.DOCUMENT, "sender": row["sender"]}
                values |= {"receivers": json.dumps(named), "created": row["created"]}
                values |= {"digest": kept.digest if kept else "", "size": kept.size if kept else 0}
                urgency = document.priority if document else 0
                transaction.insert("envelopes", values | {"urgency": urgency})
                if state not in _NOT_WITH_THE_AXIS:
                    # An entry of the axis's list may be this one's, whoever else looks like it.
                    tried: dict[str, object] = {"envelope": envelope, "attempt": 0}
                    tried |= {"at": row["created"], "outcome": "silence"}
                    transaction.insert("attempts", tried | {"reason": freeze(_BY_PAPERS)})
                for fate in fates:
                    _insert_fate(transaction, papers.id, envelope, fate, now)
            number, notation = papers.number, papers.notation
            heard.link(
                transaction,
                document_id=papers.document_id,
                code=f"{number}/{notation}" if notation else number,
                now=now,
                confirms=True,
                receivers=[fate.receiver for fate in papers.fates],
                same=self._same,
            )
            self._waybills.add(transaction, papers.id, now=now, wait=False)

    def catch_up(self, papers: Papers, *, now: datetime) -> bool:
        """Enter what papers that are younger than the queue say; False where that is no news."""
        known = {fate.receiver: fate for fate in fates_of(self._file, papers.id)}
        news = [
            fate
            for fate in papers.fates
            if fate.receiver in known and _is_news(fate, known[fate.receiver])
        ]
        if not news:
            return False
        with self._file.transaction() as transaction:
            for fate in news:
                self._found(transaction, papers.id, fate, now)
            self._waybills.add(transaction, papers.id, now=now, wait=False)
        return True

    def recognise(self, item: ItemId, fingerprint: str) -> None:
        """Enter the fingerprint of a document of which only the papers were known."""
        with self._file.transaction(durable=False) as transaction:
            transaction.execute(_FINGERPRINT, {"id": item, "fingerprint": fingerprint})

    def _found(self, transaction: Transaction, item: ItemId, fate: Fate, now: datetime) -> None:
        if fate.state is Sending.RECALLED:
            recalling.freeze_fate(transaction, item, fate.receiver, reason=fate.reason, now=now)
            return
        values = {"item": item, "receiver": fate.receiver}
        (row,) = transaction.rows(_A_FATE, values)
        envelope = envelope_row(transaction, row["envelope"])
        if envelope["state"] in _WAITING:  # the axis takes a package for all of its receivers
            move(transaction, envelope, SendingEvent.FOUND, now=now)
            transaction.execute(_OFFER_NO_MORE, {"lane": Lane.PUSH, "item": envelope["id"]})
        if fate.status:
            at = fate.at or now
            reported(transaction, item, fate.receiver, fate.status, at=at, now=now)
        elif fate.state is Sending.DELIVERED:
            move_fate(transaction, item, fate.receiver, SendingEvent.CONFIRMED, now=now)


def _is_news(told: Fate, known: Fate) -> bool:
    """
    Tell whether a receiver has a document by its papers, and not by an older word here.

    What was had back is news whenever it was written: nothing leads out of that.
    """
    if told.state is Sending.RECALLED:
        return known.state is not Sending.RECALLED
    if told.state not in _WITH_THE_AXIS or told.at is None or known.at is None:
        return False
    if stamp(told.at) + _SECOND <= stamp(known.at):
        return False  # a person sent it again since
    if known.state in _WAITING:
        return True
    return known.state is Sending.ACCEPTED and told.state is Sending.DELIVERED


def _groups(fates: Sequence[Fate]) -> Iterator[tuple[Sending, list[Fate]]]:
    """Yield what went in one package, as far as its state tells, with the state of that."""
    left = list(fates)
    with_axis = [fate for fate in left if fate.state in _WITH_THE_AXIS]
    if with_axis:
        waits = any(fate.state is Sending.ACCEPTED for fate in with_axis)
        yield (Sending.ACCEPTED if waits else Sending.DELIVERED), with_axis
    for state in (Sending.REFUSED, Sending.DEAD, Sending.HELD, Sending.RECALLED):
        found = [fate for fate in left if fate.state is state]
        if found:
            yield state, found


def _any_held(fates: Sequence[Fate]) -> bool:
    return any(fate.state is Sending.HELD for fate in fates)


def _document_row(
    papers: Papers, document: Document | None, *, sender: AgencyCode, now: datetime
) -> dict[str, object]:
    """Return the row; what no paper says stays empty, and is never taken for anything."""
    told = [fate.at for fate in papers.fates if fate.at is not None]
    row: dict[str, object] = {"id": papers.id, "document_id": papers.document_id}
    row |= {"number": papers.number, "notation": papers.notation, "ref": papers.ref}
    row |= {"sender": sender, "promulgated": "", "type": "", "subject": "", "kind": ""}
    if document is not None:
        day = document.promulgated
        row |= {"sender": document.sender.code, "promulgated": day.isoformat() if day else ""}
        row |= {"type": document.type.name, "subject": document.subject}
        row |= {"kind": document.business.kind}
    row |= {"fingerprint": "", "warnings": "[]", "signatures": documents.acts_text(papers.acts)}
    return row | {"created": stamp(min([now, *told]))}


def _insert_fate(
    transaction: Transaction, item: ItemId, envelope: str, fate: Fate, now: datetime
) -> None:
    at = stamp(min(fate.at or now, now))
    row: dict[str, object] = {"item": item, "receiver": fate.receiver, "name": fate.name}
    row |= {"envelope": envelope, "state": fate.state, "reason": fate.reason, "at": at}
    row |= {"status": fate.status, "status_at": at if fate.status else 0}
    transaction.insert("fates", row)
    held = fate.state is Sending.HELD
    agency, text = fate.receiver, fate.reason
    note(transaction, item, fate.state, now=now, agency=agency, text=text, tell=held)
