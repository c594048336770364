"""Commands that make the node work: run, once, sandbox, demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.complaint import complain
from edge_node.domain.envelope import Lane
from edge_node.domain.item import ItemId

if TYPE_CHECKING:
    from edge_node.cli.seat import Seat


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Run the node until it is told to stop."))(run)
    app.command(help=here("Let every flow do what there is to do now, and end."))(once)
    app.command(hidden=True)(trial)
    app.command(help=here("Run a test axis for development and training."))(sandbox)
    app.command(help=here("Show the main job with a test axis and three nodes."))(demo)


def run(ctx: typer.Context) -> None:
    """Run the daemon in the foreground; systemd or a person stops it."""
    from edge_node.cli.logs import set_up_log  # noqa: PLC0415 - only for work
    from edge_node.daemon import Daemon  # noqa: PLC0415

    seat: Seat = ctx.obj
    set_up_log(seat.config)
    daemon = Daemon(config_file=seat.config_file, set_up_log=set_up_log, command=seat.command)
    daemon.run(seat.config)


def once(ctx: typer.Context) -> None:
    """Turn every flow until nothing is left to do; exit 1 if an outage kept one from it."""
    from edge_node.cli.logs import set_up_log  # noqa: PLC0415 - only for work
    from edge_node.daemon import turn_once  # noqa: PLC0415

    seat: Seat = ctx.obj
    set_up_log(seat.config)
    outages = turn_once(seat.node)
    if outages:
        for outage in {str(outage): outage for outage in outages}.values():
            complain(outage)
        raise typer.Exit(1)


def trial(ctx: typer.Context, lane: Lane, item: str) -> None:
    """Work on one item in a process of its own; a running node calls this, nobody else."""
    from edge_node.cli.logs import set_up_log  # noqa: PLC0415 - only for work
    from edge_node.daemon.trial import try_alone  # noqa: PLC0415

    seat: Seat = ctx.obj
    set_up_log(seat.config)
    raise typer.Exit(try_alone(seat.config, lane, ItemId(item)))


def sandbox(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help=here("Where the test axis keeps its state."))
    ],
    port: Annotated[int, typer.Option(help=here("The port to listen on; 0 picks a free one."))] = (
        8080
    ),
    host: Annotated[str, typer.Option(help=here("The address to listen on."))] = "127.0.0.1",
    faults: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help=here("What the test axis is to do wrong on purpose, and when.")
        ),
    ] = None,
) -> None:
    """Serve a test axis; a new folder gets three agencies with secrets of their own."""
    from edge_node.cli.parts import serve_sandbox  # noqa: PLC0415 - starlette is an extra

    serve_sandbox(folder, host=host, port=port, faults=faults, ready=typer.echo)


def demo(
    as_json: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--json", help=here("End with one JSON object."))
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help=here("Work in this folder and keep it.")),
    ] = None,
) -> None:
    """Run a test axis and three nodes on real documents; exit 1 if one is lost or doubled."""
    from edge_node.cli.parts import demonstrate  # noqa: PLC0415 - only for the demo

    if not demonstrate(as_json=as_json, folder=keep):
        raise typer.Exit(1)
