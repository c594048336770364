"""
Rows of envelopes and of their receivers' fates, and how an event moves them.

Everything here runs inside the caller's transaction; the public methods that open one are in
`outgoing` (what leaves) and `arriving` (what came back).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from edge_node.adapters import work
from edge_node.adapters.database import moment, new_id, stamp
from edge_node.adapters.history import REPORT, note
from edge_node.domain.document import AgencyCode
from edge_node.domain.envelope import (
    AxisId,
    Digest,
    Envelope,
    Lane,
    MessageType,
    Stored,
)
from edge_node.domain.errors import IllegalTransition
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending, SendingEvent, advance
from edge_node.domain.receipt import Status
from edge_node.domain.standing import takes_over

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.envelope import Claim

# What ends so may not have reached the axis, and will not unless a person sees to it.
_LOST: Final = frozenset({Sending.REFUSED, Sending.DEAD, Sending.HELD})

# Where an envelope stands so, nobody knew that the axis has it.
_TAKEN_AFTER_ALL: Final = frozenset({Sending.QUEUED, Sending.UNSURE, Sending.HELD})

LANES: Final = {MessageType.DOCUMENT: Lane.PUSH, MessageType.STATUS: Lane.REPORT}

_ARRIVAL: Final = """
select 1 from envelopes where message = 'status' and item = :item and status = '01'
"""
_SOURCE: Final = "select 1 from envelopes where source = :source"
_AN_ENVELOPE: Final = "select * from envelopes where id = :id"

# The newest is meant: an older one of that name was refused, or replaced on purpose.
_ABOUT_ID: Final = """
select documents.id, fates.receiver
  from documents join fates on fates.item = documents.id
 where documents.document_id = :document_id
 order by documents.created desc
"""
_ABOUT_CODE: Final = """
select documents.id, fates.receiver
  from documents join fates on fates.item = documents.id
 where documents.number = :number and documents.notation = :notation
   and documents.sender = :organ
 order by documents.kind = 'recall', documents.created desc
"""


_NOT_DELIVERED: Final = """
select 1 from fates where envelope = :envelope and state <> 'delivered' limit 1
"""
_OFFERED: Final = """
select 1 from attempts
 where envelope = :envelope and outcome in ('silence', 'unclear', 'cut off') limit 1
"""
_WITHDRAW: Final = """
delete from work where lane = :lane and item = :item and leased is null
"""
_HINDERED: Final = """
update fates set reason = :reason
 where envelope = :envelope and state in ('queued', 'unsure') and reason <> :reason
returning item
"""

_A_FATE: Final = "select * from fates where item = :item and receiver = :receiver"
_REPORTED: Final = """
update fates set status = :status, status_at = :status_at, at = :now
 where item = :item and receiver = :receiver
"""


def queue_status(
    transaction: Transaction,
    item: ItemId,
    status: str,
    body: bytes,
    *,
    sender: str,
    to: str,
    now: datetime,
    source: str | None = None,
) -> bool:
    """
    Queue a status message about an incoming item, once.

    False, and nothing done, if the item's 01 is queued already, or a file of the same ``source``.
    """
    known = transaction.row(_ARRIVAL, {"item": item}) if status == Status.ARRIVED else None
    if known or transaction.row(_SOURCE, {"source": source}):
        return False
    add_envelope(
        transaction,
        MessageType.STATUS,
        item=item,
        sender=AgencyCode(sender),
        receivers=[AgencyCode(to)],
        package=Stored(digest=Digest(hashlib.sha256(body).hexdigest()), size=len(body)),
        urgency=0,
        now=now,
        body=body,
        status=status,
        source=source,
    )
    return True


def find_about(
    transaction: QueueFile | Transaction,
    *,
    document_id: str,
    organ: str,
    code: str,
    reporter: str,
    reporter_also: Collection[str] = (),
) -> tuple[ItemId, str] | None:
    """
    Return the document a status is about and the receiver that reports; None if there is none.

    By DocumentId first, else by issuer and number. Whoever reports must be a receiver of it, by
    the code it was sent to, or by one that stands for the same agency (``reporter_also``):
    DocumentIds can be guessed, and nobody speaks for another.
    """
    found = transaction.rows(_ABOUT_ID, {"document_id": document_id}) if document_id else []
    for number, notation in read_as(code):
        found = found or transaction.rows(
            _ABOUT_CODE, {"number": number, "notation": notation, "organ": organ}
        )
    for known in (reporter, *sorted(set(reporter_also) - {reporter})):
        named = next((row["id"] for row in found if row["receiver"] == known), None)
        if named is not None:
            return ItemId(named), known
    return None


def read_as(code: str) -> Iterator[tuple[str, str]]:
    """Yield what may be number and notation of a code; either may have strokes of its own."""
    parts = code.split("/") if code else []
    for end in range(1, len(parts) + 1):
        yield "/".join(parts[:end]), "/".join(parts[end:])


def reported(
    transaction: Transaction,
    item: ItemId,
    receiver: str,
    status: str,
    *,
    at: datetime,
    now: datetime,
    confirms: bool = True,
) -> bool:
    """
    Enter a receiver's word of a moment: it has the document, and how far that has come.

    Returns whether the document stands otherwise by it. Unless it ``confirms`` that the document
    arrived, that goes on its way as if nothing had been heard.
    """
    values = {"item": item, "receiver": receiver}
    row = transaction.row(_A_FATE, values)
    assert row is not None  # noqa: S101 - whoever calls has found it
    since = moment(row["status_at"])
    frozen = row["state"] == Sending.RECALLED  # whatever is still said of what was given back
    takes = not frozen and takes_over(status, at, standing=row["status"], since=since)
    if takes:
        transaction.execute(
            _REPORTED, values | {"status": status, "status_at": stamp(at), "now": stamp(now)}
        )
    if confirms:
        move_fate(transaction, item, receiver, SendingEvent.CONFIRMED, now=now)
    _untold(transaction, item)
    return takes and status != row["status"]


def add_envelope(  # noqa: PLR0913 - the columns of one row
    transaction: Transaction,
    message: MessageType,
    *,
    item: ItemId,
    sender: AgencyCode,
    receivers: Sequence[AgencyCode],
    package: Stored,
    urgency: int,
    now: datetime,
    deadline: datetime | None = None,
    body: bytes | None = None,
    status: str = "",
    source: str | None = None,
) -> ItemId:
    """Add an envelope and put it on the list of what to offer; return its id."""
    envelope = ItemId(new_id("e"))
    row: dict[str, object] = {"id": envelope, "item": item, "message": message, "sender": sender}
    row |= {"receivers": json.dumps(receivers), "digest": package.digest, "size": package.size}
    row |= {"body": body, "status": status, "source": source, "state": Sending.QUEUED}
    row |= {"urgency": urgency, "deadline": stamp(deadline) if deadline else None}
    transaction.insert("envelopes", row | {"created": stamp(now)})
    work.add(transaction, LANES[message], envelope, due=now, urgency=urgency)
    return envelope


def is_canary(item: str) -> bool:
    """Tell whether an envelope's item is a document to ourselves, of which no more is known."""
    return item.startswith("c")


def envelope_row(transaction: Transaction, envelope: str) -> Row:
    """Return the row of an envelope that something in the queue points at."""
    row = transaction.row(_AN_ENVELOPE, {"id": envelope})
    assert row is not None  # noqa: S101 - work and fates point at envelopes that are never deleted
    return row


def move(
    transaction: Transaction,
    row: Row,
    event: SendingEvent,
    *,
    now: datetime,
    reason: str = "",
    axis_id: AxisId | None = None,
) -> Sending:
    """Advance an envelope, and every receiver that stands where it stands."""
    state = advance(Sending(row["state"]), event)
    transaction.execute(
        "update envelopes set state = :state, sending = null, reason = :reason,"
        " axis_id = coalesce(:axis_id, axis_id) where id = :id",
        {"id": row["id"], "state": state, "reason": reason, "axis_id": axis_id},
    )
    if row["message"] == MessageType.STATUS:
        note(
            transaction,
            row["item"],
            f"{REPORT}{state}",
            now=now,
            agency=json.loads(row["receivers"])[0],
            status=row["status"],
            text=reason,
            tell=state in _LOST and row["source"] is not None,
        )
    # A status has fates where it asks to have a document back: it is what was dropped.
    for fate in transaction.rows(
        "select receiver from fates where envelope = :id", {"id": row["id"]}
    ):
        move_fate(transaction, row["item"], fate["receiver"], event, now=now, reason=reason)
    return state


def move_fate(
    transaction: Transaction,
    item: str,
    receiver: str,
    event: SendingEvent,
    *,
    now: datetime,
    reason: str = "",
) -> bool:
    """Advance one receiver; what its life does not allow is old news and changes nothing."""
    values = {"item": item, "receiver": receiver}
    row = transaction.row(_A_FATE, values)
    if row is None:
        return False
    try:
        state = advance(Sending(row["state"]), event)
    except IllegalTransition:
        return False
    transaction.execute(
        "update fates set state = :state, reason = :reason, kept = :kept, at = :now"
        " where item = :item and receiver = :receiver",
        values
        | {"state": state, "reason": reason, "now": stamp(now)}
        | {"kept": int(event is SendingEvent.KEPT)},
    )
    note(
        transaction,
        ItemId(item),
        state,
        now=now,
        agency=receiver,
        text=reason,
        tell=True,
    )
    _untold(transaction, item)
    if state is Sending.DELIVERED:
        _withdraw(transaction, row["envelope"], now)
    return True


def _withdraw(transaction: Transaction, envelope: str, now: datetime) -> None:
    """
    Offer no more what a receiver has: the axis was slow, not deaf.

    It took the package for all of its receivers, so the others will have it without our doing.
    """
    row = envelope_row(transaction, envelope)
    if transaction.row(_NOT_DELIVERED, {"envelope": envelope}) is None:
        values = {"id": envelope, "state": Sending.DELIVERED}
        transaction.execute("update envelopes set state = :state where id = :id", values)
    elif row["state"] in _TAKEN_AFTER_ALL and _was_offered(transaction, row):
        move(transaction, row, SendingEvent.FOUND, now=now)
    else:
        return
    transaction.execute(_WITHDRAW, {"item": envelope, "lane": Lane.PUSH})


def _was_offered(transaction: Transaction, row: Row) -> bool:
    """Tell whether the axis may have it; a receiver may also know a document from elsewhere."""
    if row["state"] != Sending.QUEUED or row["sending"] is not None:
        return True
    return transaction.row(_OFFERED, {"envelope": row["id"]}) is not None


def hindered(transaction: Transaction, envelope: ItemId, reason: str) -> None:
    """Enter why an envelope has not left yet, for those of its receivers that wait for it."""
    values = {"envelope": envelope, "reason": reason}
    for row in transaction.rows(_HINDERED, values):
        _untold(transaction, row["item"])


def _untold(transaction: Transaction, item: str) -> None:
    transaction.execute("update documents set untold = 1 where id = :id", {"id": item})


def unmark(transaction: Transaction, envelope: ItemId) -> None:
    """Enter that the envelope is not being sent any more."""
    transaction.execute("update envelopes set sending = null where id = :id", {"id": envelope})


def note_attempt(
    transaction: Transaction, claim: Claim, outcome: str, *, now: datetime, reason: str
) -> None:
    """Record one try to send an envelope, and how it ended."""
    row = {"envelope": claim.item, "attempt": claim.attempt, "at": stamp(now)}
    transaction.insert("attempts", row | {"outcome": outcome, "reason": reason})


def to_envelope(row: Row) -> Envelope:
    """Return the row as the domain's value."""
    return Envelope(
        id=ItemId(row["id"]),
        item=ItemId(row["item"]),
        message=MessageType(row["message"]),
        sender=AgencyCode(row["sender"]),
        receivers=tuple(AgencyCode(code) for code in json.loads(row["receivers"])),
        package=Stored(digest=Digest(row["digest"]), size=row["size"]),
        state=Sending(row["state"]),
        urgency=row["urgency"],
        deadline=moment(row["deadline"]) if row["deadline"] else None,
        axis_id=AxisId(row["axis_id"]) if row["axis_id"] else None,
    )
