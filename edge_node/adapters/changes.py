"""
Requests to have a document back, changed or replaced: who asks whom, and what was answered.

A row is one request about one document, to one receiver (asked by us) or of one sender (asked of
us). What an answer leads to beside the row itself, the end of a document that was given back, is
`tombstones`' and `recalling`'s affair; requests that came before their document are `awaited`'s.
All of it runs inside the caller's transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from edge_node.adapters import links, work
from edge_node.adapters.beside import OPEN_REQUESTS, requests_of
from edge_node.adapters.database import moment, new_id, stamp
from edge_node.adapters.history import note as enter_event
from edge_node.domain.change import Change, ChangeState, targets
from edge_node.domain.document import AgencyCode, BusinessKind, only_itself
from edge_node.domain.envelope import Lane
from edge_node.domain.errors import StatusRefused
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import INBOUND, Receiving, ReceivingEvent, progress
from edge_node.domain.message import say
from edge_node.domain.receipt import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.document import Document, Reference, SameAgency

_ANSWERS: Final = {
    Status.CHANGE_AGREED: ChangeState.AGREED,
    Status.CHANGE_REFUSED: ChangeState.REFUSED,
}

# What a receiver answers: by the request's own id, by that of the document, by its number.
_OPEN_OUT: Final = """
select * from changes
 where item = :item and agency = :agency and asked_by_us = 1 and state = 'asked'
union
select * from changes
 where carrier = :item and agency = :agency and asked_by_us = 1 and state = 'asked'
union
select * from changes
 where item is null and document_id = :document_id and document_id <> ''
   and agency = :agency and asked_by_us = 1 and state = 'asked'
 order by created, id
"""
_MOVE: Final = "update changes set state = :state, note = :note, at = :now where id = :id"
_STATE: Final = "update incoming set state = :state, reason = '', at = :now where id = :id"
_NAMES: Final = "select code, document_id, promulgated from incoming where id = :id"
_AN_ITEM: Final = "select id, state from incoming where id = :id"
_A_TOMBSTONE: Final = "select 1 from tombstones where item = :item"
_NOT_TO_BE_DONE: Final = """
delete from work where item = :item and lane in ('deliver', 'apply')
"""


# ── what is asked of us ──────────────────────────────────────────────────────────────────────────


def pending(tables: QueueFile | Transaction, item: str) -> Change | None:
    """
    Return the open request about an incoming document, the latest where there are several.

    ``item`` is our id of the document, or of the request itself. Where it is not None, statuses
    15 and 16 are allowed, and are about ``change.about``, filed under ``change.subject``.
    """
    return next(iter(all_pending(tables, item)), None)


def all_pending(tables: QueueFile | Transaction, item: str) -> list[Change]:
    """Return every open request about an incoming document, latest first."""
    rows = tables.rows(OPEN_REQUESTS, {"item": item})
    return [_in_full(tables, to_change(row)) for row in rows]


def answered(
    transaction: Transaction, item: str, status: str, note: str, *, now: datetime
) -> Change:
    """
    Enter that a clerk agreed (15) or did not agree (16) to what is asked; return the request.

    ``item`` as in `pending`. All open requests of the same kind by the same agency are answered.
    Where a document is given back nothing more is done with it from now on, and what we have of it
    is destroyed by the lane `destroy`; until that is done the status 15 waits, however it was
    queued (`held_back`). StatusRefused where nothing is asked, a refusal gives no reason, or
    requests of several kinds are open and ``item`` does not say which is meant.
    """
    requests = all_pending(transaction, item)
    if not requests:
        raise StatusRefused(
            say("nobody asks for {id} to be given back or changed", id=item),
            hint=say("statuses 15 and 16 answer a request; `edge-node show {id}`", id=item),
        )
    if status == Status.CHANGE_REFUSED and not note.strip():
        raise StatusRefused(
            say("status 16 needs a reason"),
            hint=say("say in the note why the document is not given back or changed"),
        )
    request = requests[0]
    if any(each.kind is not request.kind for each in requests):
        raise _several(item, requests)
    state = _ANSWERS[Status(status)]
    giving_back = state is ChangeState.AGREED and request.kind is BusinessKind.RECALL
    for each in requests:
        to_destroy = giving_back and each.item is not None
        if each.item is not None and to_destroy:
            to_destroy = give_back(transaction, each.item, now=now)
        _move(transaction, each, ChangeState.AGREEING if to_destroy else state, note, now)
    return request


def held_back(tables: QueueFile | Transaction, item: str, status: str) -> bool:
    """Tell whether a status must not leave yet: what it says is not true before all is gone."""
    if status != Status.CHANGE_AGREED:
        return False
    return any(each.state is ChangeState.AGREEING for each in requests_of(tables, item))


def give_back(transaction: Transaction, item: ItemId, *, now: datetime) -> bool:
    """
    Take an incoming document out of our hands: from now on it is only ever destroyed.

    Tells whether that is still to be done: of what has a tombstone nothing is left.
    """
    row = transaction.row(_AN_ITEM, {"id": item})
    if row is None or (Receiving(row["state"]), ReceivingEvent.RECALLED) not in INBOUND:
        return row is not None and transaction.row(_A_TOMBSTONE, {"item": item}) is None
    state = progress(Receiving(row["state"]), ReceivingEvent.RECALLED)
    transaction.execute(_STATE, {"id": item, "state": state, "now": stamp(now)})
    transaction.execute(_NOT_TO_BE_DONE, {"item": item})
    work.add_anew(transaction, Lane.DESTROY, item, due=now)
    enter_event(transaction, item, state, now=now)
    return True


def request_in(
    transaction: Transaction,
    carrier: ItemId,
    document: Document,
    *,
    now: datetime,
    same: SameAgency = only_itself,
) -> None:
    """Enter what an incoming document asks of us, where it asks for anything."""
    for about in targets(document):
        item = links.find(transaction, about, outgoing=False, item=carrier, same=same)
        enter_request(
            transaction,
            carrier,
            document.business.kind,
            about,
            item,
            carrier_id=document.document_id,
            reason=document.business.reason,
            now=now,
        )


def enter_request(
    transaction: Transaction,
    carrier: ItemId,
    kind: BusinessKind,
    about: Reference,
    item: ItemId | None,
    *,
    reason: str,
    now: datetime,
    carrier_id: str = "",
) -> None:
    """Enter one request of the agency that issued a document, once, and tell of it there."""
    given: Row = {"kind": str(kind), "carrier": carrier, "carrier_id": carrier_id, "item": item}
    given |= {"agency": about.organ, "reason": reason, "state": ChangeState.ASKED}
    entered = _insert(transaction, about, given, asked_by_us=False, now=now)
    if entered and item is not None:
        enter_event(transaction, item, f"{kind} asked", now=now, agency=about.organ, text=reason)


# ── what we ask ──────────────────────────────────────────────────────────────────────────────────


def ask(
    transaction: Transaction,
    carrier: ItemId,
    document: Document,
    receivers: Iterable[str],
    *,
    now: datetime,
    state: ChangeState = ChangeState.ASKED,
) -> None:
    """Enter that these receivers are asked what ``document`` asks, each of them once."""
    business = document.business
    limited = {each.document_id: each.receivers for each in business.replaces}
    for about in targets(document):
        item = links.find(transaction, about, outgoing=True, item=carrier)
        meant = limited.get(about.document_id) or receivers
        for receiver in receivers:
            if receiver not in meant:
                continue
            given: Row = {"kind": str(business.kind), "carrier": carrier, "agency": receiver}
            given |= {"carrier_id": document.document_id, "item": item, "state": state}
            given |= {"reason": business.reason}
            entered = _insert(transaction, about, given, asked_by_us=True, now=now)
            if entered and item is not None and state is ChangeState.ASKED:
                enter_event(
                    transaction,
                    item,
                    f"{business.kind} asked",
                    now=now,
                    agency=receiver,
                    text=business.reason,
                )


def heard(
    transaction: Transaction,
    item: ItemId | None,
    agency: str,
    status: str,
    note: str,
    *,
    document_id: str = "",
    now: datetime,
) -> Change | None:
    """
    Enter a receiver's answer (15 or 16) to what we asked; None where nothing is open: old news.

    ``item`` is the document the answer names, ours or the request. Where it does not say which of
    several requests it answers, that is one with less at stake than a recall, the oldest first.
    """
    values = {"item": item or "", "agency": agency, "document_id": document_id}
    found = [to_change(row) for row in transaction.rows(_OPEN_OUT, values)]
    exact = [each for each in found if each.carrier == item]
    candidates = exact or found
    if not candidates:
        return None
    first = min(candidates, key=lambda each: each.kind is BusinessKind.RECALL)
    state = _ANSWERS[Status(status)]
    for each in candidates:
        if each.kind is first.kind and (each.item == first.item or each.carrier == first.carrier):
            _move(transaction, each, state, note, now)
    return first


# ── both ─────────────────────────────────────────────────────────────────────────────────────────


def close(transaction: Transaction, change: Change, state: ChangeState, *, now: datetime) -> None:
    """Enter how a request ended; what was said of it stays."""
    _move(transaction, change, state, change.note, now)


def _in_full(tables: QueueFile | Transaction, change: Change) -> Change:
    """
    Return a request that names its document as fully as we know it: an axis may ask for a number.

    Of a document we do not have that is the request's own number, where it names no other.
    """
    row = tables.row(_NAMES, {"id": change.subject})
    if row is None or (change.code and change.document_id and change.promulgated):
        return change
    if change.item is None:
        return replace(change, code=change.code or row["code"])
    day = row["promulgated"]
    return replace(
        change,
        code=row["code"] or change.code,
        document_id=row["document_id"] or change.document_id,
        promulgated=date.fromisoformat(day) if day else change.promulgated,
    )


def _move(
    transaction: Transaction, change: Change, state: ChangeState, note: str, now: datetime
) -> None:
    values = {"id": change.id, "state": state, "note": note, "now": stamp(now)}
    transaction.execute(_MOVE, values)


def _insert(
    transaction: Transaction, about: Reference, given: Row, *, asked_by_us: bool, now: datetime
) -> bool:
    """Enter a request unless it is entered; return whether it was."""
    day = about.promulgated.isoformat() if about.promulgated else ""
    row = given | {"document_id": about.document_id, "code": about.code, "promulgated": day}
    if transaction.row(_KNOWN, row) is not None:
        return False
    row |= {"id": new_id("c"), "asked_by_us": int(asked_by_us)}
    transaction.insert("changes", row | {"created": stamp(now), "at": stamp(now)})
    return True


_KNOWN: Final = """
select 1 from changes
 where carrier = :carrier and agency = :agency and document_id = :document_id and code = :code
"""


def _several(item: str, requests: Sequence[Change]) -> StatusRefused:
    ids = ", ".join(f"{each.carrier} ({each.kind})" for each in requests)
    return StatusRefused(
        say("several requests about {id} are open: {ids}", id=item, ids=ids),
        hint=say("answer each by its own id"),
    )


def to_change(row: Row) -> Change:
    """Return a row of the table as a value."""
    day = row["promulgated"]
    return Change(
        id=row["id"],
        asked_by_us=bool(row["asked_by_us"]),
        kind=BusinessKind(row["kind"]),
        carrier=ItemId(row["carrier"]),
        carrier_id=row["carrier_id"],
        item=ItemId(row["item"]) if row["item"] else None,
        document_id=row["document_id"],
        code=row["code"],
        promulgated=date.fromisoformat(day) if day else None,
        agency=AgencyCode(row["agency"]),
        reason=row["reason"],
        state=ChangeState(row["state"]),
        note=row["note"],
        created=moment(row["created"]),
        at=moment(row["at"]),
    )
