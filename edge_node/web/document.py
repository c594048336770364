"""One document: what it is, how it stands, what happened to it, and what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.domain import signing
from edge_node.domain.called import LINKS, LINKS_BACK, REQUEST_STATES, REQUESTS
from edge_node.domain.change import ChangeState
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.message import thaw
from edge_node.domain.receipt import ReasonCode, Status
from edge_node.domain.record import hint_in
from edge_node.web import story
from edge_node.web.explanation import explained
from edge_node.web.preview import first_pdf
from edge_node.web.replies import page
from edge_node.web.verdicts import verdicts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from edge_node.domain.errors import EdgeNodeError
    from edge_node.domain.message import Message
    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

_RESENDABLE = frozenset({Sending.REFUSED, Sending.DEAD, Sending.HELD})
_RETURNABLE = frozenset(
    {Receiving.DELIVERED, Receiving.TAKEN, Receiving.QUARANTINED, Receiving.PARKED}
)
_SPEAKABLE = frozenset({Receiving.DELIVERED, Receiving.TAKEN})
# What a clerk says of a document that came; 15 and 16 where somebody asked for it back.
_STATUSES = (
    Status.REGISTERED,
    Status.ASSIGNED,
    Status.IN_PROGRESS,
    Status.FINISHED,
)
_ANSWERS = (Status.CHANGE_AGREED, Status.CHANGE_REFUSED)


def show(desk: Desk, asked: Asked) -> Response:
    """Show the one document whose id it is."""
    return sheet(desk, asked)


def sheet(
    desk: Desk,
    asked: Asked,
    status: int = 200,
    *,
    act: str = "",
    error: EdgeNodeError | None = None,
) -> Response:
    """Return the page of a document; ``act`` went wrong by ``error``, and stays filled in."""
    item = desk.ledger.find(asked.params["item"])
    history = desk.node.queue.history.of(item.id)
    return page(
        desk,
        asked,
        "document.html",
        status,
        item=item,
        out=isinstance(item, Outbound),
        called=desk.called,
        scenes=story.told(history, desk.ledger.attempts(item.id)),
        tale=explained(desk, item.id, now=asked.now),
        signatures=_signatures(item),
        verdicts=verdicts_of(desk, item),
        preview=first_pdf(desk, item) is not None,
        thaw=thaw,
        hint_in=hint_in,
        acts=_acts(item),
        act=act,
        error=error,
        form=asked.form,
        requests=[
            (REQUESTS.get(each.kind), REQUEST_STATES[each.state], each) for each in item.requests
        ],
        links=[_link(each, item) for each in item.links],
        reasons=tuple(map(str, ReasonCode)),
    )


def _signatures(item: Outbound | Inbound) -> list[Message]:
    if not isinstance(item, Outbound):
        return []
    return [signing.told(act) for act in item.signatures]


def _link(link: object, item: Outbound | Inbound) -> tuple[Message | str, str, str]:
    """Return what a link is, what it names, and the document here that is at its other end."""
    from edge_node.domain.change import Link  # noqa: PLC0415 - for the type checker

    assert isinstance(link, Link)  # noqa: S101 - the ledger's own
    if link.item == item.id:
        named = link.document_id or f"{link.organ} {link.code}"
        return LINKS.get(link.kind, link.kind), named, link.older or ""
    return LINKS_BACK.get(link.kind, link.kind), "", link.item


def _acts(item: Outbound | Inbound) -> Mapping[str, tuple[str, ...]]:
    """Return what may be done, and to which receivers or with which statuses."""
    if isinstance(item, Outbound):
        return _acts_out(item)
    return _acts_in(item)


def _acts_out(item: Outbound) -> dict[str, tuple[str, ...]]:
    again = tuple(fate.receiver for fate in item.fates if fate.state in _RESENDABLE)
    back = tuple(fate.receiver for fate in item.fates if fate.state is not Sending.RECALLED)
    waits = tuple(fate.receiver for fate in item.fates if fate.state is Sending.QUEUED)
    acts = {"resend": again, "hold": waits, "recall": back if item.kind != "recall" else ()}
    return {name: receivers for name, receivers in acts.items() if receivers}


def _acts_in(item: Inbound) -> dict[str, tuple[str, ...]]:
    acts: dict[str, tuple[str, ...]] = {}
    if item.state in {Receiving.QUARANTINED, Receiving.RETURNED}:
        acts["release"] = (item.state,)
    asked = any(each.state is ChangeState.ASKED for each in item.requests)
    if item.state in _SPEAKABLE:
        acts["set-status"] = (*_STATUSES, *(_ANSWERS if asked else ()))
    if item.state in _RETURNABLE and item.status != Status.REFUSED:
        acts["refuse"] = (item.state,)
    return acts
