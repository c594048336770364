"""Commands that change what the queue will do: resend, release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.acting import Why, acting
from edge_node.cli.inspect import AnId, AsJson

if TYPE_CHECKING:
    from edge_node.cli.seat import Seat


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Send a refused, held or given-up document again."))(resend)
    app.command(help=here("Give a quarantined document a second chance."))(release)
    app.command(help=here("Let sending go on from this data folder, and from no other."))(adopt)


def resend(
    ctx: typer.Context,
    item: AnId,
    *,
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help=here("Only to this receiver (may be repeated).")),
    ] = None,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Put a document back into the queue, under the same DocumentId."""
    from edge_node.adapters.ledger import Outbound  # noqa: PLC0415 - it loads the queue
    from edge_node.domain.errors import NotAllowed  # noqa: PLC0415
    from edge_node.domain.message import say  # noqa: PLC0415

    seat: Seat = ctx.obj
    found = seat.ledger.find(item)
    if not isinstance(found, Outbound):
        raise NotAllowed(
            say("{id} came from outside: it cannot be sent again", id=found.id),
            hint=say("`edge-node list --out` shows what can"),
        )
    with acting(seat, why) as node:
        receivers = node.resend().resend(found.id, to or (), now=node.clock())
    node.ring()
    if as_json:
        typer.echo(json.dumps({"id": found.id, "to": receivers}))
    else:
        typer.echo(
            here("queued again: {id} for {codes}").format(id=found.id, codes=", ".join(receivers))
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


def release(
    ctx: typer.Context,
    item: AnId,
    *,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help=here("Hand over also what was returned to its sender with status 02."),
        ),
    ] = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Try what came from outside and was set aside once more, in a process of its own."""
    from edge_node.adapters.ledger import Inbound  # noqa: PLC0415 - it loads the queue
    from edge_node.domain.errors import NotAllowed  # noqa: PLC0415
    from edge_node.domain.message import say  # noqa: PLC0415

    seat: Seat = ctx.obj
    found = seat.ledger.find(item)
    if not isinstance(found, Inbound):
        raise NotAllowed(
            say("{id} goes out: nothing of it is in quarantine", id=found.id),
            hint=say("`edge-node resend {id}` sends again what did not arrive", id=found.id),
        )
    with acting(seat, why) as node:
        node.queue.arriving.release(found.id, now=node.clock(), returned=force)
    node.ring()
    if as_json:
        typer.echo(json.dumps({"id": found.id}))
    else:
        typer.echo(here("released: {id}").format(id=found.id))
