"""
Have back what we sent: what has not left is stopped, whoever may have it is asked.

Which of the two fits is decided twice: when the request is packed, because the package names those
who are asked, and again in the transaction that carries it out, because a document may leave in
between. These functions run inside the caller's transaction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_node.adapters import changes, links
from edge_node.adapters.beside import requests_of
from edge_node.adapters.database import moment, new_id, stamp
from edge_node.adapters.envelopes import add_envelope, envelope_row, move, move_fate, reported
from edge_node.adapters.history import note
from edge_node.domain.change import ChangeState, Overtaken, RecallPlan, targets
from edge_node.domain.document import AgencyCode, BusinessKind
from edge_node.domain.envelope import Lane, MessageType
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Receiving, Sending, SendingEvent
from edge_node.domain.message import freeze, say
from edge_node.domain.receipt import Status
from edge_node.domain.standing import ANSWERS
from edge_node.domain.time import end_of_work

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.change import Change
    from edge_node.domain.document import Document, StatusMessage
    from edge_node.domain.envelope import NewDocument, Stored

# Of these the axis has nothing, and nobody sends it again: there is no one to be asked. Of what
# is held nobody knows, unless a person keeps it back, nor of what was given up after silence.
_NOWHERE: Final = frozenset({Sending.REFUSED, Sending.RECALLED})
# An envelope that carries it now may be another than the one nobody knows the fate of.
_STANDING: Final = """
select fates.receiver, fates.state, fates.kept, fates.envelope, envelopes.state as offered,
       envelopes.sending, envelopes.receivers,
       exists (select 1 from envelopes as tried
                where tried.item = fates.item
                  and exists (select 1 from json_each(tried.receivers)
                               where value = fates.receiver)
                  and (select outcome from attempts
                        where envelope = tried.id
                          and outcome in ('silence', 'unclear', 'cut off', 'missing', 'found',
                                          'accepted', 'refused')
                        order by rowid desc limit 1)
                      in ('silence', 'unclear', 'cut off')) as doubtful
  from fates join envelopes on envelopes.id = fates.envelope
 where fates.item = :item
 order by fates.receiver
"""
_CARRIED: Final = """
update fates set envelope = :envelope where item = :item and receiver = :receiver
"""
_ON_ENVELOPE: Final = "select receiver, state from fates where envelope = :envelope"
_OPEN: Final = frozenset({Sending.QUEUED, Sending.UNSURE, Sending.HELD})
_NOTHING_LEAVES: Final = """
update envelopes set state = 'recalled', sending = null where id = :id
"""
_NO_WORK: Final = "delete from work where lane = :lane and item = :item and leased is null"
_ANY_WANTED_BACK: Final = """
select 1 from changes
 where item = :item and asked_by_us = 1 and kind = 'recall' and state = 'asked' limit 1
"""
_ENTERED: Final = "update incoming set state = 'delivered', reason = '', at = :now where id = :id"
_STOPPED: Final = say("taken back before it left")
_AWAITED: Final = say("it may have left and is asked back: it is not sent again meanwhile")
_NOTHING_TO_ASK: Final = say("nothing is asked: the document never left for it")


def plan(tables: QueueFile | Transaction, document: Document) -> RecallPlan:
    """Return what is stopped and who is asked where ``document`` recalls another, as it stands."""
    receivers = [each.code for each in document.receivers]
    about = next(iter(targets(document)), None)
    item = None if about is None else links.find(tables, about, outgoing=True)
    if item is None:
        return RecallPlan(item=None, asked=tuple(receivers))
    rows = {row["receiver"]: row for row in tables.rows(_STANDING, {"item": item})}
    stopped = [code for code in receivers if code in rows and is_nowhere(rows[code])]
    asked = [code for code in receivers if code not in stopped]
    unsent = {rows[code]["envelope"] for code in stopped if is_unsent(rows[code])}
    rest = (
        (ItemId(envelope), others_of(rows.values(), envelope, stopped))
        for envelope in sorted(unsent)
    )
    return RecallPlan(
        item=item,
        asked=tuple(asked),
        stopped=tuple(stopped),
        rest=tuple((envelope, others) for envelope, others in rest if others),
        unknown=tuple(code for code in receivers if code not in rows),
        before=(
            *(code for code in receivers if code in rows and _is_back(rows[code])),
            *(each.agency for each in _wanted(tables, item)),
        ),
    )


def carry_out(transaction: Transaction, new: NewDocument, *, now: datetime) -> RecallPlan:
    """
    Stop what has not left and queue the request for the others, with its fates; Overtaken.

    Overtaken where what was planned fits no more: something has left, or come back, meanwhile,
    or somebody else asked for it.
    """
    recall = new.recall
    assert recall is not None  # noqa: S101 - whoever calls has looked
    agreed = plan(transaction, new.document)
    if agreed != recall.plan:
        raise Overtaken(say("something has left meanwhile: it is planned anew"))
    if agreed.item is not None:
        _stop(transaction, agreed, recall.packages, now=now)
    _queue(transaction, new, recall.bodies, now=now)
    changes.ask(transaction, new.id, new.document, agreed.asked, now=now)
    state = ChangeState.STOPPED
    changes.ask(transaction, new.id, new.document, agreed.stopped, now=now, state=state)
    return agreed


def is_wanted_back(transaction: Transaction, envelope: Row) -> bool:
    """Tell whether every receiver of an envelope that has not left is asked to give it back."""
    if envelope["message"] != MessageType.DOCUMENT or envelope["sending"] is not None:
        return False
    values = {"item": envelope["item"]}
    if envelope["state"] != Sending.QUEUED or transaction.row(_ANY_WANTED_BACK, values) is None:
        return False
    fates = transaction.rows(_ON_ENVELOPE, {"envelope": envelope["id"]})
    wanted = {each.agency for each in _wanted(transaction, envelope["item"])}
    return all(fate["receiver"] in wanted for fate in fates)


def stop_envelope(transaction: Transaction, envelope: Row, *, now: datetime) -> None:
    """
    Let an envelope leave no more whose receivers are all asked to give it back.

    Where it may have left before, a person had it sent again: then the answer is waited for.
    """
    item = ItemId(envelope["item"])
    on_it = [row for row in standing(transaction, item) if row["envelope"] == envelope["id"]]
    if any(row["doubtful"] for row in on_it):
        move(transaction, envelope, SendingEvent.UNDECIDED, now=now, reason=freeze(_AWAITED))
        return
    move(transaction, envelope, SendingEvent.RECALLED, now=now, reason=freeze(_STOPPED))
    for change in _wanted(transaction, envelope["item"]):
        changes.close(transaction, change, ChangeState.STOPPED, now=now)


def is_old_news(transaction: Transaction, item: ItemId, receiver: str, status: str) -> bool:
    """Tell whether a status (15, 16) answers what was answered, and nothing that is open."""
    if status not in ANSWERS:
        return False
    asked = [
        each
        for each in requests_of(transaction, item)
        if each.asked_by_us and each.agency == receiver
    ]
    return bool(asked) and all(each.state is not ChangeState.ASKED for each in asked)


def answered(
    transaction: Transaction,
    item: ItemId,
    receiver: str,
    message: StatusMessage,
    *,
    at: datetime,
    now: datetime,
) -> Change | None:
    """
    Enter what a receiver answers (15, 16) to what we asked, whichever id it names; return that.

    A document it gives back is frozen as it stands; our own copy of it stays.
    """
    status = message.status
    if status not in ANSWERS:
        return None
    change = changes.heard(transaction, item, receiver, status, message.note, now=now)
    if change is None or change.item is None:
        return change
    if change.item != item:
        reported(transaction, change.item, receiver, status, at=at, now=now)
    if status == Status.CHANGE_AGREED and change.kind is BusinessKind.RECALL:
        move_fate(transaction, change.item, receiver, SendingEvent.RECALLED, now=now)
    return change


def answered_unknown(
    transaction: Transaction, row: Row, message: StatusMessage, *, now: datetime
) -> Change | None:
    """Enter an answer about a document we asked for and never knew; None where we did not."""
    if message.status not in ANSWERS:
        return None
    about, agency = message.about, message.sender.code
    change = changes.heard(
        transaction,
        None,
        agency,
        message.status,
        message.note,
        document_id=about.document_id,
        now=now,
    )
    if change is None:
        return None
    note(
        transaction,
        change.carrier,
        "status",
        now=now,
        agency=agency,
        status=message.status,
        text=message.note,
        tell=True,
    )
    transaction.execute(_ENTERED, {"id": row["id"], "now": stamp(now)})
    note(transaction, ItemId(row["id"]), Receiving.DELIVERED, now=now)
    return change


def freeze_fate(
    transaction: Transaction, item: ItemId, receiver: str, *, reason: str, now: datetime
) -> None:
    """Enter that a receiver's document was had back, as its papers say."""
    event = SendingEvent.RECALLED
    move_fate(transaction, item, receiver, event, now=now, reason=reason)
    offer_no_more(transaction, item)


def _wanted(tables: QueueFile | Transaction, item: str) -> list[Change]:
    return [
        each
        for each in requests_of(tables, item)
        if each.item == item
        and each.asked_by_us
        and each.kind is BusinessKind.RECALL
        and each.state is ChangeState.ASKED
    ]


def standing(tables: QueueFile | Transaction, item: ItemId) -> list[Row]:
    """Return how a document stands at each receiver, and what is known of whether it left."""
    return tables.rows(_STANDING, {"item": item})


def _is_back(row: Row) -> bool:
    return bool(row["state"] == Sending.RECALLED)


def is_kept(row: Row) -> bool:
    """Tell whether a person keeps it back: it has not left."""
    return bool(row["state"] == Sending.HELD and row["kept"])


def is_unsent(row: Row) -> bool:
    """Tell whether its envelope waits to be sent for the first time, or again."""
    return bool(row["offered"] == Sending.QUEUED and row["sending"] is None)


def is_nowhere(row: Row) -> bool:
    """Tell whether the axis has nothing of it, and nobody doubts that."""
    if row["state"] in _NOWHERE or row["doubtful"]:
        return row["state"] in _NOWHERE
    waits = row["state"] == Sending.QUEUED and is_unsent(row)
    return row["state"] == Sending.DEAD or waits or is_kept(row)


def others_of(
    rows: Iterable[Row], envelope: str, stopped: Sequence[str]
) -> tuple[AgencyCode, ...]:
    """Return for whom else an envelope that is stopped was to leave."""
    return tuple(
        AgencyCode(row["receiver"])
        for row in rows
        if row["envelope"] == envelope
        and row["receiver"] not in stopped
        and row["state"] == Sending.QUEUED
    )


def _stop(
    transaction: Transaction,
    agreed: RecallPlan,
    packages: Mapping[ItemId, Stored],
    *,
    now: datetime,
) -> None:
    """Take back what has not left; what the same package was to carry to others leaves anew."""
    assert agreed.item is not None  # noqa: S101 - whoever calls has looked
    for envelope, others in agreed.rest:
        carry_on(transaction, agreed.item, envelope, others, packages[envelope], now=now)
    event, reason = SendingEvent.RECALLED, freeze(_STOPPED)
    for receiver in agreed.stopped:
        move_fate(transaction, agreed.item, receiver, event, now=now, reason=reason)
    offer_no_more(transaction, agreed.item)


def offer_no_more(transaction: Transaction, item: ItemId) -> None:
    """
    Withdraw each envelope whose receivers all have nothing, or nothing any more, of it.

    One that has not left goes to nobody where no receiver waits for it: of two, one was stopped,
    and the other has the document from elsewhere.
    """
    offered = {row["envelope"]: row["offered"] for row in standing(transaction, item)}
    for envelope, state in offered.items():
        fates = transaction.rows(_ON_ENVELOPE, {"envelope": envelope})
        all_back = all(fate["state"] == Sending.RECALLED for fate in fates)
        if all_back or (state in _OPEN and not any(fate["state"] in _OPEN for fate in fates)):
            transaction.execute(_NOTHING_LEAVES, {"id": envelope})
            for lane in (Lane.PUSH, Lane.REPORT):
                transaction.execute(_NO_WORK, {"lane": lane, "item": envelope})


def carry_on(
    transaction: Transaction,
    item: ItemId,
    envelope: ItemId,
    others: Sequence[AgencyCode],
    package: Stored,
    *,
    now: datetime,
) -> None:
    """Queue a package that names the others alone, in place of one that names them all."""
    first = envelope_row(transaction, envelope)
    anew = add_envelope(
        transaction,
        MessageType.DOCUMENT,
        item=item,
        sender=AgencyCode(first["sender"]),
        receivers=others,
        package=package,
        urgency=first["urgency"],
        deadline=moment(first["deadline"]) if first["deadline"] else None,
        now=now,
    )
    for receiver in others:
        transaction.execute(_CARRIED, {"envelope": anew, "item": item, "receiver": receiver})


def _queue(
    transaction: Transaction,
    new: NewDocument,
    bodies: Mapping[AgencyCode, tuple[bytes, Stored]],
    *,
    now: datetime,
) -> None:
    """Queue the request for those who are asked: one document, or a status 13 to each."""
    assert new.recall is not None  # noqa: S101 - whoever calls has looked
    names = {each.code: each.name for each in new.document.receivers}
    leaves = new.recall.leaves
    carriers = {
        code: add_envelope(
            transaction,
            MessageType.STATUS,
            item=new.id,
            sender=new.document.sender.code,
            receivers=[code],
            package=stored,
            urgency=new.document.priority,
            body=body,
            status=Status.RECALL_ASKED,
            now=now,
        )
        for code, (body, stored) in bodies.items()
    }
    if leaves and not bodies:
        due = new.document.due
        envelope = add_envelope(
            transaction,
            MessageType.DOCUMENT,
            item=new.id,
            sender=new.document.sender.code,
            receivers=leaves,
            package=new.package,
            urgency=new.document.priority,
            deadline=end_of_work(due) if due else None,
            now=now,
        )
        carriers = dict.fromkeys(leaves, envelope)
    unasked = [code for code in names if code not in carriers]
    if unasked:
        carriers |= dict.fromkeys(unasked, _nothing(transaction, new, unasked, now=now))
    for code, name in names.items():
        state = Sending.RECALLED if code in unasked else Sending.QUEUED
        words = freeze(_NOTHING_TO_ASK) if code in unasked else ""
        fate: Row = {"item": new.id, "receiver": code, "name": name, "at": stamp(now)}
        fate |= {"envelope": carriers[code], "state": state, "reason": words}
        transaction.insert("fates", fate)
        note(transaction, new.id, state, now=now, agency=code, text=words, tell=True)


def _nothing(
    transaction: Transaction, new: NewDocument, codes: Sequence[AgencyCode], *, now: datetime
) -> ItemId:
    """Enter an envelope that never leaves, for those who need not be asked."""
    envelope = ItemId(new_id("e"))
    row: dict[str, object] = {"id": envelope, "item": new.id, "message": MessageType.DOCUMENT}
    row |= {"sender": new.document.sender.code, "receivers": json.dumps(codes)}
    row |= {"digest": "", "size": 0, "state": Sending.RECALLED, "created": stamp(now)}
    transaction.insert("envelopes", row | {"urgency": new.document.priority})
    return envelope
