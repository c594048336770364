"""
What we say of documents that came: one way in for every status, whoever gives it.

Whether the life of the document allows it is found out in the transaction that queues it, so that
of two who say the same at once one is refused. Functions here run inside the caller's transaction.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from edge_node.adapters import changes, sends
from edge_node.adapters.beside import standing_of
from edge_node.adapters.database import stamp
from edge_node.adapters.envelopes import queue_status
from edge_node.adapters.history import note
from edge_node.adapters.incoming import as_reference, item_row, move
from edge_node.domain.document import BusinessKind
from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import StatusRefused
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Receiving, ReceivingEvent
from edge_node.domain.message import freeze, say
from edge_node.domain.order import Arrival
from edge_node.domain.receipt import Status
from edge_node.domain.standing import ANSWERS, ENTERED, SPOKEN, OutOfTurn

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import Row, Transaction
    from edge_node.domain.change import Change
    from edge_node.domain.document import Reference
    from edge_node.domain.message import Message
    from edge_node.domain.standing import Given


_TAKEN_IN: Final = "select 1 from envelopes where source = :source"
_STANDS: Final = "update incoming set status = :status, status_at = :at where id = :id"
_ENTRY: Final = """
update incoming set arrival_number = :number, arrival_date = :registered, arrival_unit = :unit
 where id = :id
"""
# (A plus keeps SQLite from the index of everything that was ever returned.)
_RETURNED: Final = """
select id from incoming
 where fingerprint = :fingerprint and fingerprint <> '' and sender = :sender
   and +document_id = :document_id and id <> :id
   and (+state = 'returned'
        or exists (select 1 from events where item = incoming.id and event = 'returned'))
 limit 1
"""
_HANDED_OVER: Final = frozenset(
    {Receiving.ACKNOWLEDGED, Receiving.DELIVERED, Receiving.TAKEN}
)  # from the moment its folder has a name
_SPACE: Final = re.compile(r"\s+")


def give(
    transaction: Transaction,
    item: ItemId,
    given: Given,
    *,
    now: datetime,
    first: Given | None = None,
) -> ItemId | None:
    """
    Queue a status about an item, and enter it; None where its file was taken already.

    Returns what it is filed under: for an answer to a request, the document that is about.
    OutOfTurn where the life of the document does not allow it; StatusRefused where nothing can be
    said of it at all. What is in quarantine can be refused, and is returned by that. ``first`` is
    said before it of what the software took before we had entered that it came into sight.
    """
    if given.source and transaction.row(_TAKEN_IN, {"source": given.source}):
        return None
    change = changes.pending(transaction, item) if given.status in ANSWERS else None
    row = item_row(transaction, item if change is None else change.subject)
    if change is None and row["status"] != Status.CHANGE_AGREED:
        _demand_speakable(row, given.status)
    asked = change is not None
    standing_of(transaction, row, asked=asked).demand(given.status, force=given.force)
    if change is not None:
        _answer(transaction, item, row, change, given, now=now)
    elif row["state"] == Receiving.QUARANTINED:
        reason = say("returned by {who}: {note}", who=given.who, note=given.note)
        send_back(transaction, row, given, reason, now=now)
    else:
        if first is not None and row["state"] == Receiving.ACKNOWLEDGED:
            give_by_itself(transaction, row, first, now=now)
        _speak(transaction, row, given, now=now)
    if given.arrival is not None:
        register(transaction, row, given.arrival, who=given.who, now=now)
    return ItemId(row["id"])


def give_by_itself(transaction: Transaction, row: Row, given: Given, *, now: datetime) -> bool:
    """Queue what the node says by itself; False, and nothing done, where that is out of turn."""
    try:
        standing_of(transaction, row).demand(given.status, force=given.force)
    except OutOfTurn:
        return False
    _speak(transaction, row, given, now=now)
    return True


def send_back(
    transaction: Transaction, row: Row, given: Given, reason: Message, *, now: datetime
) -> None:
    """
    Return a document that was never handed over: its sender hears 02, once.

    Also where the axis handed out the very same document before, under another id.
    """
    move(transaction, row, ReceivingEvent.SENT_BACK, now=now, reason=reason)
    values = {name: row[name] for name in ("id", "fingerprint", "sender", "document_id")}
    if transaction.row(_RETURNED, values) is not None:
        _stands(transaction, row, given, now=now)
        return
    sends.count_one(transaction)  # an older state of the queue must not send it again
    _speak(transaction, row, given, now=now)


def take_back_refusal(transaction: Transaction, item: ItemId, *, now: datetime) -> None:
    """Enter that a person has a returned document handed over after all: its life begins anew."""
    transaction.execute(_STANDS, {"id": item, "status": "", "at": stamp(now)})


def register(
    transaction: Transaction, row: Row, arrival: Arrival, *, who: str, now: datetime
) -> bool:
    """
    Enter a document's number in the agency's own register; False where that is no news.

    What names the number it has already adds to what is known of it; another number replaces it.
    """
    before = entry_of(row)
    if before is not None and before.number == arrival.number:
        arrival = Arrival(
            number=arrival.number,
            registered=arrival.registered or before.registered,
            unit=arrival.unit or before.unit,
        )
    if arrival == before:
        return False
    day = arrival.registered.isoformat() if arrival.registered else ""
    values = {"id": row["id"], "number": arrival.number, "registered": day, "unit": arrival.unit}
    transaction.execute(_ENTRY, values)
    words = say("arrival number {entry}, by {who}", entry=_told(arrival), who=who)
    if before is not None:
        words = say(
            "arrival number {entry} instead of {before}, by {who}",
            entry=_told(arrival),
            before=_told(before),
            who=who,
        )
    note(transaction, ItemId(row["id"]), ENTERED, now=now, text=freeze(words))
    return True


def entry_of(row: Row) -> Arrival | None:
    """Return what the agency's register says of an incoming document; None where nothing does."""
    if not row["arrival_number"]:
        return None
    day = row["arrival_date"]
    return Arrival(
        number=row["arrival_number"],
        registered=date.fromisoformat(day) if day else None,
        unit=row["arrival_unit"],
    )


def _speak(transaction: Transaction, row: Row, given: Given, *, now: datetime) -> None:
    """Queue a status about a document of the sender's, and enter that it stands so."""
    _queue(transaction, row, as_reference(row), given, now=now)
    _stands(transaction, row, given, now=now)


def _answer(
    transaction: Transaction,
    item: ItemId,
    row: Row,
    change: Change,
    given: Given,
    *,
    now: datetime,
) -> None:
    """Queue the answer to a request; only a recall that is agreed to ends the document's life."""
    _queue(transaction, row, change.about, given, now=now)
    answered = changes.answered(transaction, item, given.status, given.note, now=now)
    if given.status == Status.CHANGE_AGREED and answered.kind is BusinessKind.RECALL:
        _stands(transaction, row, given, now=now)


def _queue(
    transaction: Transaction, row: Row, about: Reference, given: Given, *, now: datetime
) -> None:
    from edge_node.protocol.edxml import write_status  # noqa: PLC0415 - whoever looks gives none

    item, sender = ItemId(row["id"]), given.sender.code
    body, source = write_status(given.about(about)), given.source or None
    queue_status(
        transaction,
        item,
        given.status,
        body,
        sender=sender,
        to=about.organ,
        source=source,
        now=now,
    )
    words = say("by {who}", who=given.who)
    if given.note:
        words = say("by {who}: {note}", who=given.who, note=_SPACE.sub(" ", given.note))
    code, told = given.status, freeze(words)
    note(transaction, item, SPOKEN, now=now, agency=about.organ, status=code, text=told)


def _stands(transaction: Transaction, row: Row, given: Given, *, now: datetime) -> None:
    at = stamp(min(given.at, now))  # a clerk's clock is not ours
    transaction.execute(_STANDS, {"id": row["id"], "status": given.status, "at": at})


def _demand_speakable(row: Row, status: str) -> None:
    """Make sure that a status about an item could reach anybody; StatusRefused."""
    state = Receiving(row["state"])
    if row["message"] != MessageType.DOCUMENT:
        raise StatusRefused(
            say("{id} is a status, not a document", id=row["id"]),
            hint=say("`edge-node list --in` shows the documents that came"),
        )
    if state is Receiving.RETURNED:
        words, hint = was_returned(row["id"])
        raise StatusRefused(words, hint=hint)
    if state is Receiving.QUARANTINED:
        _demand_returnable(row, status)
    elif state not in _HANDED_OVER or not row["folder"]:
        raise StatusRefused(
            say("{id} is not in the inbox: it is {state}", id=row["id"], state=state),
            hint=say("a status is about a document that was handed over"),
        )


def was_returned(item: str) -> tuple[Message, Message]:
    """Say that a document is its sender's again, and what a person can do."""
    return (
        say("{id} was returned: its sender has been told status 02", id=item),
        say(
            "ask the sender to send it again; if it is to be handed over all the same:"
            " edge-node release {id} --force",
            id=item,
        ),
    )


def _demand_returnable(row: Row, status: str) -> None:
    if status != Status.REFUSED:
        raise StatusRefused(
            say("{id} is in quarantine: its sender can only be told 02", id=row["id"]),
            hint=say(
                "`edge-node refuse {id}` returns it, `edge-node release {id}` hands it over",
                id=row["id"],
            ),
        )
    if not row["sender"] or not (row["document_id"] or row["code"]):
        raise StatusRefused(
            say("{id} cannot be returned: nothing in it says which document it is", id=row["id"]),
            hint=say("call the sender; the bytes stay in quarantine"),
        )


def _told(arrival: Arrival) -> str:
    day = arrival.registered.isoformat() if arrival.registered else ""
    return ", ".join(filter(None, (arrival.number, day, arrival.unit)))
