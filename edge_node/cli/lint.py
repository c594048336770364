"""
The command that says what would become of a drop: lint.

It looks with the eyes of the node that would take it in, whether or not that node runs, and
changes nothing: neither the drop, nor the queue, nor what the node keeps.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.lying import Lying, Place
    from edge_node.cli.prospects import Prospect
    from edge_node.cli.seat import Seat
    from edge_node.config import Config
    from edge_node.node.rehearsing import Rehearsing

APath = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        help=here("A folder, a sheet, a package or a file, in the outbox or anywhere."),
    ),
]


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(
        help=here("Say what would become of a drop, and everything that is wrong with it."),
        epilog=here("exit status 0: it would be sent; 1: it would not"),
    )(lint)


def lint(ctx: typer.Context, path: APath, *, as_json: AsJson = False) -> None:
    """Tell of each drop at a path what is read from it; exit 0 if all of them would be sent."""
    from edge_node.cli import prospects  # noqa: PLC0415 - only for work
    from edge_node.cli.columns import print_facts  # noqa: PLC0415
    from edge_node.cli.ending import leaving_nothing  # noqa: PLC0415
    from edge_node.node.rehearsing import rehearsing  # noqa: PLC0415 - it loads the flows

    seat: Seat = ctx.obj
    place = place_at(seat.config, path)
    seen: list[Prospect] = []
    with leaving_nothing(), rehearsing(seat.config) as node:
        for lying in lying_at(place, node, path):
            seen.append(prospect_of(node, lying))
            if as_json:
                typer.echo(json.dumps(prospects.values(seen[-1]), ensure_ascii=False))
            else:
                print_facts(prospects.facts(seen[-1]))
                typer.echo("")
    if not as_json:
        typer.echo(prospects.last_word(seen))
    if any(each.outlook is not prospects.Outlook.SENT for each in seen):
        raise typer.Exit(1)


def place_at(config: Config, path: Path) -> Place:
    """Return where to look for what a person calls by a path; FileGone."""
    from edge_node.adapters.lying import place_of  # noqa: PLC0415 - only for work
    from edge_node.cli.paths import demand_there  # noqa: PLC0415

    demand_there(path)
    return place_of(path, outbox=config.folders.exchange.absolute() / "outbox")


def lying_at(place: Place, node: Rehearsing, path: Path) -> Iterator[Lying]:
    """Yield what lies there; NotAllowed where there is nothing that could be a document."""
    from edge_node.adapters.disk import shown  # noqa: PLC0415 - only for work
    from edge_node.adapters.lying import lying  # noqa: PLC0415

    nothing = True
    for each in lying(place, node.settling()):
        nothing = False
        yield each
    if nothing:
        raise NotAllowed(
            say("nothing in {path} could be a document", path=shown(path)),
            hint=say("name a drop, or a folder of drops; docs/handoff.md says how they look"),
        )


def prospect_of(node: Rehearsing, lying: Lying) -> Prospect:
    """Return what would become of what lies there."""
    from edge_node.cli.prospects import Prospect  # noqa: PLC0415 - only for work

    told = node.foretold(lying)
    return Prospect(
        lying=lying,
        told=told,
        problems=told.problems,
        uncompared=tuple(node.uncompared) if lying.drop and not told.secret else (),
        in_outbox=lying.path.parent == node.exchange.outbox.absolute(),
    )
