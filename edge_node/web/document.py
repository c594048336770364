"""One document: what it is, how it stands, what happened to it, and what can be done about it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.domain import signing
from edge_node.domain.called_events import LINKS, LINKS_BACK, REQUEST_STATES, REQUESTS
from edge_node.domain.message import thaw
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.record import hint_in
from edge_node.web import story
from edge_node.web.explanation import explained
from edge_node.web.offers import offers
from edge_node.web.preview import lying
from edge_node.web.replies import page
from edge_node.web.verdicts import verdicts_of
from edge_node.web.ways import ways

if TYPE_CHECKING:
    from starlette.responses import Response

    from edge_node.domain.errors import EdgeNodeError
    from edge_node.domain.message import Message
    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

# What a link to an act may fill in; the rest is the person's own to write.
_PREFILLED: Final = ("to", "status")


def show(desk: Desk, asked: Asked) -> Response:
    """Show the one document whose id it is; a link may unfold one of its acts."""
    return sheet(desk, asked, act=asked.word("do"))


def sheet(
    desk: Desk,
    asked: Asked,
    status: int = 200,
    *,
    act: str = "",
    error: EdgeNodeError | None = None,
) -> Response:
    """
    Return the page of a document, with one ``act`` unfolded.

    Where that went wrong, by ``error``, its form stays as it was filled in.
    """
    item = desk.ledger.find(asked.params["item"])
    offered = offers(desk, item, now=asked.now)
    tale = explained(desk, item.id, now=asked.now)
    linked = {name: asked.query[name] for name in _PREFILLED if name in asked.query}
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
        tale=tale,
        ways=ways(tale.cures, item.id, offered),
        signatures=_signatures(item),
        verdicts=verdicts_of(desk, item),
        lying=lying(desk, item),
        thaw=thaw,
        hint_in=hint_in,
        acts=offered,
        act=act,
        error=error,
        form=asked.form if error else linked,
        once=secrets.token_urlsafe(9),  # of a doubled click both have it
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
