"""Commands that only look: list, show, log, status, config, schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli import render, values

if TYPE_CHECKING:
    from edge_node.adapters.ledger import Ledger
    from edge_node.cli.app import Seat

AsJson = Annotated[bool, typer.Option("--json", help=here("JSON instead of a table."))]
AnId = Annotated[
    str,
    typer.Argument(
        metavar="ID", help=here("An id as `edge-node list` shows it, or its beginning.")
    ),
]


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command("list", help=here("List documents, newest first."))(list_)
    app.command(help=here("Show one document in full."))(show)
    app.command(help=here("Tell what happened to one document, in order."))(log)
    app.command(help=here("Show how the node fares: what waits, what failed, is it running."))(
        status
    )
    app.command(help=here("Check the configuration and show it with every default."))(config)
    app.command(help=here("Print the JSON Schema of a hand-off file."))(schema)


def list_(
    ctx: typer.Context,
    *,
    outgoing: Annotated[bool, typer.Option("--out", help=here("Only outgoing ones."))] = False,
    incoming: Annotated[bool, typer.Option("--in", help=here("Only incoming ones."))] = False,
    state: Annotated[
        str, typer.Option(metavar="STATE", help=here("Only those in this state."))
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help=here("How many of each."))] = (
        20
    ),
    as_json: AsJson = False,
) -> None:
    """List what went out and what came in."""
    ledger = _ledger(ctx)
    render.known_state(state)
    found = [
        *(ledger.outbound(state=state, limit=limit) if outgoing or not incoming else ()),
        *(ledger.inbound(state=state, limit=limit) if incoming or not outgoing else ()),
    ]
    found.sort(key=lambda item: item.created, reverse=True)
    if as_json:
        for item in found:
            typer.echo(json.dumps(values.as_values(item), ensure_ascii=False))
    else:
        render.table_of(found)


def show(ctx: typer.Context, item: AnId, *, as_json: AsJson = False) -> None:
    """Show one document: what it is, where it lies, how it stands at each receiver."""
    found = _ledger(ctx).find(item)
    if as_json:
        typer.echo(json.dumps(values.as_values(found), ensure_ascii=False))
    else:
        render.sheet_of(found)


def log(ctx: typer.Context, item: AnId, *, as_json: AsJson = False) -> None:
    """Tell the story of one document: every event and every attempt."""
    seat: Seat = ctx.obj
    ledger = _ledger(ctx)
    found = ledger.find(item)
    story = render.story(seat.node.queue.history.of(found.id), ledger.attempts(found.id))
    for line in story:
        typer.echo(json.dumps(line.values, ensure_ascii=False) if as_json else line.text)


def status(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show how the node fares."""
    from edge_node.adapters.lock import holder  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    ledger = _ledger(ctx)
    waiting, since = ledger.waiting()
    standing = values.Standing(
        agency=seat.config.agency.code,
        name=seat.config.agency.name,
        axis=seat.config.axis.url,
        process=holder(seat.config.folders.data),
        counts=ledger.counts(),
        waiting=waiting,
        since=since,
    )
    if as_json:
        typer.echo(json.dumps(values.standing_values(standing), ensure_ascii=False))
    else:
        render.standing_sheet(standing)


def config(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Check the configuration; what it does not say is shown with its default."""
    seat: Seat = ctx.obj
    shown = values.config_values(seat.config)
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        typer.echo(f"# {seat.config_file}")
        typer.echo(values.config_text(shown), nl=False)


def schema(
    name: Annotated[str, typer.Argument(metavar="document|receipt|status|verification")],
) -> None:
    """Print the JSON Schema of one of the hand-off files."""
    from edge_node.protocol.handoff import SCHEMA_NAMES, schema  # noqa: PLC0415 - only here

    if name not in SCHEMA_NAMES:
        raise typer.BadParameter(", ".join(SCHEMA_NAMES))
    typer.echo(json.dumps(schema(name), ensure_ascii=False, indent=2))


def _ledger(ctx: typer.Context) -> Ledger:
    from edge_node.adapters.ledger import Ledger  # noqa: PLC0415 - opens the queue

    seat: Seat = ctx.obj
    return Ledger(seat.node.queue.file)
