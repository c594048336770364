"""The tale of what came in: where it lies, why it is kept, what was said of it, until when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.removed import on_which_day
from edge_node.domain.change import ChangeState
from edge_node.domain.deadlines import Duty, Open
from edge_node.domain.document import BusinessKind
from edge_node.domain.explanation import Sentence, Tale, on_paper, once, shortened
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.message import Message, freeze, say
from edge_node.domain.signature import Bears
from edge_node.domain.standing import named
from edge_node.node.explaining.happened import told
from edge_node.node.explaining.incoming_cures import cures_of
from edge_node.node.explaining.terms import OVER, terms_told
from edge_node.node.explaining.trying import all_waits, tries_told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from edge_node.adapters.circumstances import Due, Event, Parcel, Try
    from edge_node.adapters.ledger import Inbound
    from edge_node.domain.change import Change
    from edge_node.node.explaining.around import Around

_HANDED_OVER: Final = frozenset({Receiving.DELIVERED, Receiving.TAKEN})
_UNSENT: Final = frozenset({str(Sending.QUEUED), str(Sending.UNSURE)})
_STANDS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        Receiving.RECEIVED: say("its bytes are safe here; the axis is still to be told that"),
        Receiving.ACKNOWLEDGED: say("it is safe here, and is still to be laid into the inbox"),
        Receiving.DELIVERED: say("it lies in the inbox; the software has not taken it yet"),
        Receiving.TAKEN: say("the document software has taken it out of the inbox"),
        Receiving.REPEATED: say("the agency has this very document already; it got no folder"),
        Receiving.QUARANTINED: say("it is set aside, and waits for a person"),
        Receiving.RETURNED: say("it was returned to its sender, who was told status 02"),
        Receiving.PARKED: say(
            "it is a status about a document that is not known here; it is entered by itself when"
            " that turns up"
        ),
        Receiving.RECALLED: say("it was given back to its sender"),
    }
)
_A_STATUS_IN: Final = say("it was entered with the document it is about")
_BEARS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        Bears.UNSIGNED: say("its files were looked at: the document itself bears no signature"),
        Bears.SIGNED: say("its files were looked at: the document itself is signed"),
        Bears.STAMPED: say(
            "its files were looked at: the document itself is signed, with a time-stamp"
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the queue knows of one that came in."""

    item: Inbound
    events: Sequence[Event]
    tries: Sequence[Try]
    parcels: Sequence[Parcel]  # our statuses about it
    dues: Sequence[Due]


def incoming(around: Around, item: Inbound) -> Tale:
    """Return the whole story of a document, or of a status, that came in."""
    found = Found(
        item=item,
        events=around.queue.events(item.id),
        tries=around.queue.tries(item.id),
        parcels=around.queue.parcels(item.id),
        dues=around.queue.waiting(item.id),
    )
    kept = all_waits(around, found.dues)
    return Tale(
        about=_about(item),
        item=item.id,
        sentences=(
            *_past(around, found),
            *_now(around, found),
            *kept.sentences,
            *terms_told(around, _duties(around, found)),
        ),
        cures=once((*kept.cures, *cures_of(around, item))),
        facts=_facts(found),
    )


def _about(item: Inbound) -> Message:
    if item.message == "status":
        return say(
            "a status from {sender} about the document {code}",
            sender=item.sender,
            code=item.code or item.document_id or "?",
        )
    if not item.code and not item.subject:
        return say("a document from {sender}, not opened yet or not readable", sender=item.sender)
    return say(
        "document {code} of {day}, that came from {sender}: {subject}",
        code=item.code or "?",
        day=on_paper(item.promulgated),
        sender=item.sender,
        subject=shortened(item.subject),
    )


# ── the past ─────────────────────────────────────────────────────────────────────────────────────


def _past(around: Around, found: Found) -> list[Sentence]:
    """Return what happened; what a try to send a status of ours says is not said twice."""
    tried = {each.at for each in found.tries}
    news = [
        event
        for event in found.events
        if not (event.event.startswith("report ") and event.at in tried)
    ]
    why = found.item.reason
    below = {freeze(why)} if why is not None and found.item.state not in _HANDED_OVER else set()
    news = [replace(each, text="") if each.text in below else each for each in news]
    sentences = [*told(news, outgoing=False), *tries_told(around, found.tries)]
    return sorted(sentences, key=lambda each: each.at or found.item.created)


# ── how it stands ────────────────────────────────────────────────────────────────────────────────


def _now(around: Around, found: Found) -> Iterator[Sentence]:
    item = found.item
    words = _STANDS.get(item.state, Message("{state}", {"state": item.state}))
    if item.message == "status" and item.state == Receiving.DELIVERED:
        words = _A_STATUS_IN
    if item.reason is not None and item.state not in _HANDED_OVER:
        words = say("{what}: {reason}", what=words, reason=item.reason)
    yield Sentence(fact=item.state, words=words)
    if item.folder and item.state == Receiving.DELIVERED:
        path = str(around.exchange.inbox / item.folder)
        yield Sentence(fact="folder", words=say("its folder: {path}", path=path))
    _, _, bears = around.queue.particulars(item.id)
    if bears in _BEARS:
        yield Sentence(fact="signatures", words=_BEARS[bears])
    if item.status:
        words = say("we told its sender last: {status}", status=named(item.status))
        yield Sentence(fact="our-status", words=words)
    for parcel in found.parcels:
        if parcel.is_status and parcel.state in _UNSENT:
            words = say("our status {status} has still to be sent", status=named(parcel.status))
            yield Sentence(fact="status-unsent", words=words)
    for change in item.requests:
        yield _request(around, change)
    yield from _gone(around, item)


def _gone(around: Around, item: Inbound) -> Iterator[Sentence]:
    if item.tombstone is not None:
        words = say(
            "what was here of it was destroyed {when}", when=around.time(item.tombstone.at)
        )
        yield Sentence(fact="destroyed", words=words)
    if item.removed:
        yield Sentence(fact="payload-removed", words=on_which_day(item.removed))


def _request(around: Around, change: Change) -> Sentence:
    wish = {
        BusinessKind.RECALL: say("its sender asked to have it back"),
        BusinessKind.UPDATE: say("its sender sent a change of it"),
        BusinessKind.REPLACE: say("its sender sent another in its place"),
    }.get(change.kind, Message(""))
    state = {
        ChangeState.ASKED: say("nobody here has answered yet"),
        ChangeState.AGREEING: say("that was agreed to, and it is being destroyed"),
        ChangeState.AGREED: say("that was agreed to (15)"),
        ChangeState.REFUSED: say("that was refused (16)"),
        ChangeState.STOPPED: say("that is over"),
    }[change.state]
    words = say(
        "{wish} ({reason}), {when}: {state}",
        wish=wish,
        reason=change.reason or "?",
        when=around.time(change.created),
        state=state,
    )
    return Sentence(fact=f"request-{change.state}", words=words)


# ── what comes ───────────────────────────────────────────────────────────────────────────────────


def _duties(around: Around, found: Found) -> Iterator[Open]:
    """Yield what is open here."""
    due, urgency, _ = around.queue.particulars(found.item.id)
    for duty, since, day in _open_here(found, due):
        yield Open(
            duty=duty,
            item=found.item.id,
            since=since,
            agency=found.item.sender,
            day=day,
            urgency=urgency,
        )


def _open_here(found: Found, due: str) -> Iterator[tuple[Duty, datetime, date | None]]:
    item = found.item
    if item.message != "edoc":
        return
    if any(one.status == "01" and one.state in _UNSENT for one in found.parcels):
        yield Duty.RECEIPT, item.created, None
    if item.state == Receiving.DELIVERED and item.status in {"", "01"}:
        yield Duty.UNTAKEN, item.at, None
    if any(change.state is ChangeState.ASKED for change in item.requests):
        asked = min(each.created for each in item.requests if each.state is ChangeState.ASKED)
        yield Duty.ANSWER, asked, None
    open_ = item.state in {Receiving.ACKNOWLEDGED, Receiving.DELIVERED, Receiving.TAKEN}
    if due and open_ and item.status not in OVER and item.kind != BusinessKind.RECALL:
        yield Duty.DUE, item.created, date.fromisoformat(due)


def _facts(found: Found) -> dict[str, object]:
    item = found.item
    return {
        "direction": "in",
        "id": item.id,
        "axis_id": item.axis_id,
        "document_id": item.document_id,
        "code": item.code,
        "sender": item.sender,
        "state": item.state,
        "status": item.status,
        "reason": item.reason,
        "folder": item.folder,
        "received": item.created,
        "attempts": len(found.tries),
        "next_try": min((due.due for due in found.dues), default=None),
    }
