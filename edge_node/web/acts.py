"""
What a person does to a document: by the same functions as the commands, under their own name.

What the life of a document does not allow is refused there, not here; whoever was refused finds
the form as it was filled in, with the reason above it. A form that comes twice is done once.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.domain.errors import EdgeNodeError, NotAllowed, UnknownItem
from edge_node.domain.halting import Halt
from edge_node.domain.message import say
from edge_node.domain.receipt import Status
from edge_node.domain.standing import named
from edge_node.node.halting import halt_order, send_anew
from edge_node.protocol.handoff import read_status_order
from edge_node.web.document import sheet
from edge_node.web.offers import FINAL, destroys
from edge_node.web.replies import go_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from edge_node.domain.message import Message
    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

_REFUSED: Final = 409


def act(desk: Desk, asked: Asked) -> Response:
    """Do it, and show the document as it stands then."""
    name = asked.params["act"]
    if name not in _ACTS:
        raise UnknownItem(say("there is no such act"))
    form = _digest(asked)
    with asked.person.acting:  # a doubled click waits for what comes of the first
        item = desk.ledger.find(asked.params["item"])
        try:
            said = asked.person.done.get(form) or _done(desk, asked, item)
        except EdgeNodeError as error:
            return sheet(desk, asked, _REFUSED, act=name, error=error)
        asked.person.remember(form, said)
        asked.person.said = said
    return go_to(f"/documents/{item.id}")


def _done(desk: Desk, asked: Asked, item: Outbound | Inbound) -> Message:
    name = asked.params["act"]
    if name in FINAL:
        _demand_sure(asked)
    return _ACTS[name](desk, asked, item)


def _digest(asked: Asked) -> bytes:
    """Return what tells a form from any other, by the number its page was given, too."""
    number = asked.typed("once") or secrets.token_urlsafe()
    form = (number, sorted(asked.params.items()), sorted(asked.form.items()))
    return hashlib.sha256(repr(form).encode()).digest()


def _resend(desk: Desk, asked: Asked, item: Outbound | Inbound) -> Message:
    sent = _outgoing(item)
    with desk.acting(asked) as node:
        again = node.resend().resend(sent.id, _receivers(asked), now=asked.now)
    return say("queued again for {codes}", codes=", ".join(again))


def _anew(desk: Desk, asked: Asked, item: Outbound | Inbound) -> Message:
    sent = _outgoing(item)
    with desk.acting(asked) as node:
        new, codes = send_anew(node).send(sent.id, _receivers(asked), now=asked.now)
    return say("queued as a new document, {id}, for {codes}", id=new, codes=", ".join(codes))


def _requeue(desk: Desk, asked: Asked, item: Outbound | Inbound) -> Message:
    with desk.acting(asked) as node:
        node.queue.halting.at_once(item.id, now=asked.now)
    return say("it is tried now")


def _halt(halt: Halt) -> Callable[[Desk, Asked, Outbound | Inbound], Message]:
    """Return what halts a document in one way."""

    def halted(desk: Desk, asked: Asked, item: Outbound | Inbound) -> Message:
        waiting = _outgoing(item)
        with desk.acting(asked) as node:
            order = halt_order(node)
            plan = order.halt(waiting.id, halt, _receivers(asked), now=asked.now)
        codes = ", ".join(plan.receivers)
        match halt:
            case Halt.HOLD:
                return say("held for {codes}", codes=codes)
            case Halt.CANCEL:
                return say("withdrawn for {codes}", codes=codes)
            case Halt.EXPIRE:
                return say("given up for {codes}", codes=codes)

    return halted


def _recall(desk: Desk, asked: Asked, item: Outbound | Inbound) -> Message:
    sent, reason = _outgoing(item), asked.typed("reason")
    if not reason:
        raise NotAllowed(
            say("a recall needs a reason"), hint=say("the receivers read it, and it is kept")
        )
    with desk.acting(asked, reason) as node:
        request, plan = node.recall_order().recall(
            sent.id, reason, _receivers(asked), now=asked.now
        )
    if not plan.asked:
        return say("stopped for {codes}", codes=", ".join(plan.stopped))
    return say(
        "asked back from {codes}, by {request}", codes=", ".join(plan.asked), request=request
    )


def _release(desk: Desk, asked: Asked, item: Outbound | Inbound) -> Message:
    if isinstance(item, Outbound):
        return _let_go(desk, asked, item)
    with desk.acting(asked) as node:
        node.queue.arriving.release(item.id, now=asked.now, returned=bool(asked.typed("force")))
    return say("released: it is tried once more")


def _let_go(desk: Desk, asked: Asked, item: Outbound) -> Message:
    """Let go what a person keeps back, and nothing else: that is sent again by `resend`."""
    chosen, kept = _receivers(asked), desk.node.queue.halting.kept(item.id)
    if not set(chosen) <= set(kept):
        raise NotAllowed(
            say("{id} goes out, and nobody keeps it back", id=item.id),
            hint=say("`edge-node resend {id}` sends again what did not arrive", id=item.id),
        )
    with desk.acting(asked) as node:
        codes = node.resend().resend(item.id, chosen, now=asked.now)
    return say("let go for {codes}", codes=", ".join(codes))


def _set_status(desk: Desk, asked: Asked, item: Outbound | Inbound) -> Message:
    keys = ("status", "note")
    told: dict[str, object] = {key: asked.typed(key) for key in keys if asked.typed(key)}
    entry = {key: asked.typed(f"arrival_{key}") for key in ("number", "date", "unit")}
    if any(entry.values()):
        told["arrival"] = {key: value for key, value in entry.items() if value}
    if isinstance(item, Inbound) and told.get("status") == Status.CHANGE_AGREED and destroys(item):
        _demand_sure(asked)
    return _give(desk, asked, item, told)


def _refuse(desk: Desk, asked: Asked, item: Outbound | Inbound) -> Message:
    told = {"status": "02", "note": asked.typed("note"), "reason_code": asked.typed("reason_code")}
    return _give(desk, asked, item, told)


def _give(
    desk: Desk, asked: Asked, item: Outbound | Inbound, told: Mapping[str, object]
) -> Message:
    came = _incoming(item)
    # Read like a file of statuses/: the same words are right and wrong in both.
    values = {"schema": 1, "id": came.id} | dict(told)
    order = read_status_order(json.dumps(values).encode(), file_name="web")
    force = bool(asked.typed("force"))
    with desk.acting(asked) as node:
        node.give().status(came.id, order, who=asked.person.user, force=force, now=asked.now)
    return say("queued for {agency}: {status}", agency=came.sender, status=named(order.status))


_ACTS: Final[Mapping[str, Callable[[Desk, Asked, Outbound | Inbound], Message]]] = (
    MappingProxyType(
        {
            "resend": _resend,
            "anew": _anew,
            "requeue": _requeue,
            **{halt: _halt(halt) for halt in Halt},
            "recall": _recall,
            "release": _release,
            "set-status": _set_status,
            "refuse": _refuse,
        }
    )
)


def _demand_sure(asked: Asked) -> None:
    """Make sure that whoever does what cannot be taken back means it; NotAllowed."""
    if not asked.typed("sure"):
        raise NotAllowed(
            say("that cannot be taken back"), hint=say("tick that you mean it, and do it again")
        )


def _receivers(asked: Asked) -> tuple[str, ...]:
    chosen = asked.chosen("to")
    if not chosen:
        raise NotAllowed(say("no receiver was chosen"), hint=say("tick at least one"))
    return chosen


def _outgoing(item: Outbound | Inbound) -> Outbound:
    if not isinstance(item, Outbound):
        raise NotAllowed(say("{id} came from outside", id=item.id))
    return item


def _incoming(item: Outbound | Inbound) -> Inbound:
    if not isinstance(item, Inbound):
        raise NotAllowed(say("{id} goes out: its receivers say what becomes of it", id=item.id))
    return item
