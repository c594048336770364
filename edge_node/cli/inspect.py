"""
Commands that only look: show, log, status, config, schema.

They make no folder and no queue, and load what they show with only when they are called.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli import completion

if TYPE_CHECKING:
    from edge_node.adapters.ledger import Attempt
    from edge_node.cli.seat import Seat
    from edge_node.domain.record import Happening

AsJson = Annotated[bool, typer.Option("--json", help=here("JSON instead of a table."))]
AnId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        autocompletion=completion.ids,
        help=here("An id as `edge-node list` shows it, or its beginning."),
    ),
]


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Show one document in full."))(show)
    app.command(help=here("Tell what happened to one document, in order."))(log)
    app.command(help=here("Show how the node fares: what waits, what failed, is it running."))(
        status
    )
    app.command(help=here("Check the configuration and show it with every default."))(config)
    app.command(help=here("Print the JSON Schema of a hand-off file."))(schema)


def show(ctx: typer.Context, item: AnId, *, as_json: AsJson = False) -> None:
    """Show one document: what it is, where it lies, how it stands at each receiver."""
    seat: Seat = ctx.obj
    found = seat.ledger.find(item)
    if as_json:
        from edge_node.cli.item_values import as_values  # noqa: PLC0415 - it loads the queue

        typer.echo(json.dumps(as_values(found), ensure_ascii=False))
    else:
        from edge_node.cli.render import sheet_of  # noqa: PLC0415 - likewise

        sheet_of(found)


def log(ctx: typer.Context, item: AnId, *, as_json: AsJson = False) -> None:
    """Tell the story of one document: every event and every attempt."""
    from edge_node.cli import render  # noqa: PLC0415 - it loads the queue

    story = render.story(*_story_of(ctx.obj, item))
    if as_json:
        for line in story:
            typer.echo(json.dumps(line.values, ensure_ascii=False))
    else:
        render.tell_story(story)


def _story_of(seat: Seat, item: str) -> tuple[list[Happening], list[Attempt]]:
    """Return what happened to a document, or to what the journal alone knows; UnknownItem."""
    from edge_node.adapters.history import History  # noqa: PLC0415 - it loads the queue
    from edge_node.domain.errors import UnknownItem  # noqa: PLC0415
    from edge_node.domain.item import ItemId  # noqa: PLC0415 - likewise

    history, ledger = History(seat.reading), seat.ledger
    try:
        found = ledger.find(item)
    except UnknownItem:
        happenings = history.of(ItemId(item))
        if not happenings:
            raise
        return happenings, []
    return history.of(found.id), ledger.attempts(found.id)


def status(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show how the node fares."""
    from edge_node.adapters.alarms import Alarms  # noqa: PLC0415 - only here
    from edge_node.adapters.expiring import Expiring  # noqa: PLC0415
    from edge_node.adapters.lock import holder  # noqa: PLC0415
    from edge_node.adapters.pauses import Pauses  # noqa: PLC0415
    from edge_node.cli import standing as told  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    ledger = seat.ledger
    waiting, since = ledger.waiting()
    process = holder(seat.config.folders.data)
    pauses = Pauses(seat.node.queue.file)
    standing = told.Standing(
        agency=seat.config.agency.code,
        name=seat.config.agency.name,
        axis=seat.config.axis.url,
        process=process,
        counts=ledger.counts(),
        waiting=waiting,
        since=since,
        safe=pauses.safe(),
        pauses=tuple(pauses.all()) if process is not None else (),  # the dead rest from nothing
        sending_paused=seat.node.sends.held(),
        unasked=seat.node.sends.unasked(),
        held=ledger.held(),
        unread=seat.node.unread(),
        alarms=tuple(Alarms(seat.node.queue.file).raised()),
        certificates=Expiring(seat.node.queue.marks).of_keys(
            key.name for key in seat.config.signing.keys
        ),
    )
    if as_json:
        typer.echo(json.dumps(told.standing_values(standing), ensure_ascii=False))
    else:
        told.standing_sheet(standing, now=seat.node.clock())


def config(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Check the configuration; what it does not say is shown with its default."""
    from edge_node.cli import values  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    shown = values.config_values(seat.config)
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        typer.echo(f"# {seat.config_file}")
        typer.echo(values.config_text(shown), nl=False)


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help=here("document, inbound, receipt, status, verification, standing or error."),
        ),
    ],
) -> None:
    """Print the JSON Schema of one of the hand-off files."""
    from edge_node.protocol.handoff import SCHEMA_NAMES, schema  # noqa: PLC0415 - only here

    if name not in SCHEMA_NAMES:
        known = ", ".join(SCHEMA_NAMES)
        raise typer.BadParameter(
            here("no schema is called {name}; there are: {names}").format(name=name, names=known),
            param_hint="NAME",
        )
    typer.echo(json.dumps(schema(name), ensure_ascii=False, indent=2))
