"""Commands that change what the queue will do: resend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AnId, AsJson

if TYPE_CHECKING:
    from edge_node.cli.seat import Seat


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Send a refused or given-up document again."))(resend)


def resend(
    ctx: typer.Context,
    item: AnId,
    *,
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help=here("Only to this receiver (may be repeated).")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a document back into the queue, under the same DocumentId."""
    from edge_node.adapters.ledger import Outbound  # noqa: PLC0415 - it loads the queue
    from edge_node.domain.errors import NotAllowed  # noqa: PLC0415
    from edge_node.domain.message import say  # noqa: PLC0415

    seat: Seat = ctx.obj
    node = seat.node
    found = seat.ledger.find(item)
    if not isinstance(found, Outbound):
        raise NotAllowed(
            say("{id} came from outside: it cannot be sent again", id=found.id),
            hint=say("`edge-node list --out` shows what can"),
        )
    receivers = node.resend().resend(found.id, to or (), now=node.clock())
    if as_json:
        typer.echo(json.dumps({"id": found.id, "to": receivers}))
    else:
        typer.echo(
            here("queued again: {id} for {codes}").format(id=found.id, codes=", ".join(receivers))
        )
