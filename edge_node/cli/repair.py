"""Commands that let documents go on: resend, release; and adopt, for all of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.acting import Why, acting
from edge_node.cli.chosen import (
    Ids,
    To,
    Yes,
    act_on,
    choose,
    codes_in,
    demand_outgoing,
    show_first,
)
from edge_node.cli.filters import Filters, with_filters
from edge_node.cli.inspect import AsJson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_node.adapters.ledger import Inbound, Outbound
    from edge_node.cli.seat import Seat
    from edge_node.domain.item import ItemId
    from edge_node.node import Node


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Send a refused, held or given-up document again."))(resend)
    app.command(help=here("Let a held document go, or give a quarantined one a second chance."))(
        release
    )
    app.command(help=here("Let sending go on from this data folder, and from no other."))(adopt)


@with_filters
def resend(
    ctx: typer.Context,
    ids: Ids,
    *,
    to: To = None,
    as_new: Annotated[
        bool,
        typer.Option(
            "--as-new",
            help=here("Under a new DocumentId, for what the axis refuses for good."),
        ),
    ] = False,
    filters: Filters,
    yes: Yes = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Put documents back into the queue, under the same DocumentId or under a new one."""
    from edge_node.cli.open_to import can_be_sent  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    wanted = filters.wanted(incoming=False)
    meant = choose(seat, ids, wanted)
    chosen = meant.only(lambda item: can_be_sent(item, to or meant.receivers(item), as_new=as_new))
    show_first(chosen, yes=yes, as_json=as_json)
    typed = [code.upper() for code in to or ()]
    words = here("queued again: {id} for {codes}")
    if as_new:
        words = here("queued anew: {id} as {new} for {codes}")

    with acting(seat, why) as node:

        def act(item: Outbound | Inbound) -> Mapping[str, object]:
            demand_outgoing(item)
            codes = typed or chosen.receivers(item)
            if as_new:
                from edge_node.node.halting import send_anew  # noqa: PLC0415 - only here

                new, receivers = send_anew(node).send(item.id, codes, now=node.clock())
                return {"id": item.id, "new": new, "to": receivers}
            receivers = node.resend().resend(item.id, codes, now=node.clock())
            return {"id": item.id, "to": receivers}

        act_on(
            chosen,
            act,
            say_done=lambda told: words.format(
                id=told["id"], new=told.get("new", ""), codes=codes_in(told)
            ),
            as_json=as_json,
            done=node.ring,
        )


def adopt(
    ctx: typer.Context,
    *,
    unasked: Annotated[
        bool,
        typer.Option(
            "--unasked",
            help=here(
                "Let go what the axis was not asked about, too; a receiver may get it twice."
            ),
        ),
    ] = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Take this data folder for the only one; what the axis does not have is sent."""
    from edge_node.domain.errors import NotAllowed  # noqa: PLC0415 - only here
    from edge_node.domain.message import say  # noqa: PLC0415

    seat: Seat = ctx.obj
    ledger, sends = seat.ledger, seat.node.sends
    if sends.held() is None:
        raise NotAllowed(say("sending is not paused: there is nothing to adopt"))
    open_questions = sends.unasked()
    if open_questions and not unasked:
        raise NotAllowed(
            say("of {count} waiting the axis has not been asked yet", count=open_questions),
            hint=say(
                "let the node run until it has reached the axis: `edge-node status`; where it"
                " cannot be asked, `edge-node adopt --unasked` sends these too, and a receiver"
                " may get one twice"
            ),
        )
    with acting(seat, why) as node:
        sends.adopt(now=node.clock())
    seat.node.ring()
    waiting, _ = ledger.waiting()
    if as_json:
        typer.echo(json.dumps({"waiting": waiting}))
    else:
        typer.echo(here("sending goes on: {count} wait").format(count=waiting))


@with_filters
def release(
    ctx: typer.Context,
    ids: Ids,
    *,
    to: To = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help=here("Hand over also what was returned to its sender with status 02."),
        ),
    ] = False,
    filters: Filters,
    yes: Yes = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Let go what a person keeps back; try what was set aside once more, alone."""
    from edge_node.adapters.ledger import Inbound  # noqa: PLC0415 - it loads the queue
    from edge_node.cli.open_to import can_be_released  # noqa: PLC0415 - likewise

    seat: Seat = ctx.obj
    meant = choose(seat, ids, filters.wanted())
    codes = [code.upper() for code in to or ()]
    chosen = meant.only(
        lambda item: can_be_released(seat, item, codes or meant.receivers(item), returned=force)
    )
    show_first(chosen, yes=yes, as_json=as_json)

    with acting(seat, why) as node:

        def act(item: Outbound | Inbound) -> Mapping[str, object]:
            if isinstance(item, Inbound):
                node.queue.arriving.release(item.id, now=node.clock(), returned=force)
                return {"id": item.id}
            kept = _kept(node, item.id, codes, chosen.receivers(item))
            return {"id": item.id, "to": node.resend().resend(item.id, kept, now=node.clock())}

        words = here("released: {id}")
        act_on(
            chosen,
            act,
            say_done=lambda told: words.format(id=told["id"]),
            as_json=as_json,
            done=node.ring,
        )


def _kept(node: Node, item: ItemId, codes: Sequence[str], meant: Sequence[str]) -> Sequence[str]:
    """Return for whom a document is let go; NotAllowed where nobody keeps it back."""
    from edge_node.domain.errors import NotAllowed  # noqa: PLC0415 - only here
    from edge_node.domain.message import say  # noqa: PLC0415

    kept = [code for code in node.queue.halting.kept(item) if not meant or code in meant]
    chosen = [code for code in kept if not codes or code in codes]
    if not chosen or len(chosen) < len(set(codes)):
        raise NotAllowed(
            say("{id} goes out, and nobody keeps it back", id=item),
            hint=say("`edge-node resend {id}` sends again what did not arrive", id=item),
        )
    return chosen
