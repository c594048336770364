"""
The command that hands a drop in, or rehearses that: send.

A drop is looked at as by lint before anything is copied: what would be refused stays where it is,
and of a state secret no copy is made. Once it lies in the outbox the node takes it in like any
other, and enters it in its journal.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.cli.lint import APath, lying_at, place_at, prospect_of
from edge_node.cli.paths import Force
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.adapters.lying import Lying
    from edge_node.cli.prospects import Prospect
    from edge_node.cli.seat import Seat
    from edge_node.node.dry_run import Rehearsed
    from edge_node.node.rehearsing import Rehearsing

DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help=here("Pack, sign and verify it, show the request that would be made; send nothing."),
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help=here("Keep the package of a dry run there.")
    ),
]


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(
        help=here("Put a drop into the outbox, or rehearse what would be sent."),
        epilog=here("exit status 0: it lies in the outbox, or would be sent; 1: it would not"),
    )(send)


def send(
    ctx: typer.Context,
    path: APath,
    *,
    dry_run: DryRun = False,
    output: Output = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Hand one drop in once it was found good; or do all but that."""
    from edge_node.cli.ending import leaving_nothing  # noqa: PLC0415
    from edge_node.cli.paths import demand_free  # noqa: PLC0415 - only for work
    from edge_node.node.rehearsing import rehearsing  # noqa: PLC0415 - it loads the flows

    seat: Seat = ctx.obj
    if output is not None:
        if not dry_run:
            raise NotAllowed(
                say("--output keeps the package of a dry run"), hint=say("add --dry-run")
            )
        demand_free(output, force=force)
    place = place_at(seat.config, path)
    with leaving_nothing(), rehearsing(seat.config) as node:
        found = list(lying_at(place, node, path))
        if len(found) > 1:
            raise NotAllowed(
                say("there are {count} drops in {path}", count=len(found), path=str(path)),
                hint=say("name one of them; `edge-node lint PATH` tells of all"),
            )
        went = (
            _rehearsed(node, found[0], output, as_json=as_json)
            if dry_run
            else _handed_in(node, found[0], as_json=as_json)
        )
    if not went:
        raise typer.Exit(1)


# ── for good ─────────────────────────────────────────────────────────────────────────────────


def _handed_in(node: Rehearsing, lying: Lying, *, as_json: bool) -> bool:
    """Copy a drop into the outbox if it would be sent from there; tell what was done."""
    from edge_node.adapters.disk import shown  # noqa: PLC0415 - only for work
    from edge_node.adapters.handing_in import hand_in  # noqa: PLC0415
    from edge_node.cli.columns import print_after  # noqa: PLC0415
    from edge_node.cli.values import told  # noqa: PLC0415

    outbox = node.exchange.outbox.absolute()
    if lying.path.parent == outbox:
        raise NotAllowed(
            say("{path} lies in the outbox already", path=shown(lying.path)),
            hint=say("`edge-node lint {path}` says what becomes of it", path=shown(lying.path)),
        )
    prospect = prospect_of(node, lying)
    drop, order = lying.drop, prospect.told.order
    # Not even where it would merely wait: perhaps nobody could look whether it is a secret.
    if drop is None or order is None or prospect.problems:
        _tell(prospect, as_json=as_json)
        return False
    node.check()
    seen = {each.path: each.stored.digest for each in prospect.told.files}
    lies = hand_in(drop, outbox, seen=seen)
    document_id = order.document.document_id
    if as_json:
        values = {"lies_in": shown(lies), "document_id": document_id}
        typer.echo(json.dumps(values, ensure_ascii=False))
        return True
    print_after("", told(say("it lies in the outbox: {path}", path=shown(lies))))
    print_after("", told(say("its document id: {id}", id=document_id)))
    print_after(
        "",
        told(say("follow it: edge-node explain {path}; then: edge-node list", path=shown(lies))),
    )
    return True


def _tell(prospect: Prospect, *, as_json: bool) -> None:
    from edge_node.cli import prospects  # noqa: PLC0415 - only for work
    from edge_node.cli.columns import print_facts  # noqa: PLC0415

    if as_json:
        typer.echo(json.dumps(prospects.values(prospect), ensure_ascii=False))
        return
    print_facts(prospects.facts(prospect))
    typer.echo("")
    typer.echo(prospects.last_word([prospect]))


# ── without any effect ───────────────────────────────────────────────────────────────────────


def _rehearsed(node: Rehearsing, lying: Lying, output: Path | None, *, as_json: bool) -> bool:
    """Do all but send it, and tell; whether it would be sent."""
    from dataclasses import replace  # noqa: PLC0415 - only for work

    from edge_node.cli import prospects, rehearsals  # noqa: PLC0415
    from edge_node.node.dry_run import rehearse  # noqa: PLC0415

    rehearsed = rehearse(node, lying)
    known = prospect_of_rehearsed(node, lying, rehearsed)
    if output is not None and rehearsed.path is not None:
        _keep(rehearsed.path, output)
        rehearsed = replace(rehearsed, path=output)
    else:
        rehearsed = replace(rehearsed, path=None)
    if as_json:
        values = prospects.values(known) | rehearsals.values(rehearsed)
        typer.echo(json.dumps(values, ensure_ascii=False))
    else:
        rehearsals.sheet(known, rehearsed)
    return known.outlook is prospects.Outlook.SENT


def prospect_of_rehearsed(node: Rehearsing, lying: Lying, rehearsed: Rehearsed) -> Prospect:
    """Return what would become of a drop, by what came of the dry run as well."""
    from edge_node.cli.prospects import Prospect  # noqa: PLC0415 - only for work

    return Prospect(
        lying=lying,
        told=rehearsed.told,
        problems=rehearsed.problems,
        uncompared=tuple(node.uncompared) if lying.drop and not rehearsed.told.secret else (),
        in_outbox=lying.path.parent == node.exchange.outbox.absolute(),
    )


def _keep(package: Path, output: Path) -> None:
    """Copy the package to where it was asked for, whole or not at all."""
    from edge_node.adapters.durable import writing  # noqa: PLC0415 - only for work

    with package.open("rb") as source, writing(output) as target:
        while chunk := source.read(1 << 18):
            target.write(chunk)
