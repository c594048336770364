"""The command that has a document back, and what lists and sheets tell of requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.acting import acting
from edge_node.cli.inspect import AnId, AsJson

if TYPE_CHECKING:
    from edge_node.cli.seat import Seat


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Stop a document that has not left, or ask for it back."))(recall)


def recall(
    ctx: typer.Context,
    item: AnId,
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help=here("Why; the receivers read it."))
    ],
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help=here("Only from this receiver (may be repeated).")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have a document back: stopped where it has not left, asked for where it has."""
    from edge_node.adapters.ledger import Outbound  # noqa: PLC0415 - it loads the queue
    from edge_node.cli.columns import print_after  # noqa: PLC0415
    from edge_node.domain.errors import NotAllowed  # noqa: PLC0415
    from edge_node.domain.message import say  # noqa: PLC0415

    seat: Seat = ctx.obj
    found = seat.ledger.find(item)
    if not isinstance(found, Outbound):
        raise NotAllowed(
            say("{id} came from outside: only what was sent is had back", id=found.id),
            hint=say("`edge-node list --out` shows what was sent"),
        )
    with acting(seat, reason) as node:
        request, plan = node.recall_order().recall(found.id, reason, to or (), now=node.clock())
    node.ring()
    if as_json:
        told = {"id": found.id, "request": request, "stopped": plan.stopped, "asked": plan.asked}
        typer.echo(json.dumps(told))
        return
    if plan.stopped:
        codes = ", ".join(plan.stopped)
        print_after("", here("stopped: {id} for {codes}").format(id=found.id, codes=codes))
    if plan.asked:
        codes = ", ".join(plan.asked)
        words = here("asked for {id}: {codes}, by {request}; they answer with status 15 or 16")
        print_after("", words.format(id=found.id, codes=codes, request=request))
