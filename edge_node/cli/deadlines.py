"""
The command that tells what is to be done until when: deadlines.

It reckons anew from the queue, so that it is right whether or not a node is at work.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.cli.written import minute
from edge_node.domain.called_events import DUTIES, STAGES
from edge_node.domain.deadlines import Duty, Stage
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.cli.seat import Seat
    from edge_node.domain.deadlines import Open, Term

# The agency and the number may be cut: the id names the document.
_LEAST: Final = {4: 9, 5: 9}
_DATED: Final = frozenset({Duty.DUE, Duty.REPLY})


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(help=here("List what is to be done until when, the most pressing first."))(
        deadlines
    )


def deadlines(
    ctx: typer.Context,
    *,
    late: Annotated[
        bool, typer.Option("--late", help=here("Only what is late, or nearly."))
    ] = False,
    days: Annotated[
        int,
        typer.Option(
            "--days", metavar="N", min=1, max=366, help=here("How far ahead due dates are listed.")
        ),
    ] = 30,
    as_json: AsJson = False,
) -> None:
    """List what is still open, by when it has to be done."""
    from edge_node.node.pressing import pressing  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    now = seat.node.clock()
    _ = seat.ledger  # NotAllowed where no node has been set up
    found = pressing(seat.node, now=now, ahead=timedelta(days=days))
    if late:
        found = [each for each in found if each[0].stage(now) is not Stage.AHEAD]
    if as_json:
        for term, thing in found:
            typer.echo(json.dumps(_values(term, thing, now), ensure_ascii=False))
    else:
        _table(found, now)


def _table(found: list[tuple[Term, Open]], now: datetime) -> None:
    from edge_node.cli.columns import print_table  # noqa: PLC0415 - only here

    if not found:
        typer.echo(here("nothing is open"), err=True)
        return
    head = [here("BY"), "", here("WHAT"), here("ID"), here("AGENCY"), here("NUMBER")]
    print_table([head, *(_row(term, thing, now) for term, thing in found)], flexible=_LEAST)


def _row(term: Term, thing: Open, now: datetime) -> list[str]:
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    stage = term.stage(now)
    return [
        minute(term.end),
        "" if stage is Stage.AHEAD else told(STAGES[stage]),
        told(DUTIES[thing.duty]),
        thing.item,
        thing.agency,
        thing.code or "?",
    ]


def _values(term: Term, thing: Open, now: datetime) -> dict[str, object]:
    return {
        "by": iso(term.end),
        "warn": iso(term.warn),
        "stage": str(term.stage(now)),
        "what": str(thing.duty),
        "id": thing.item,
        "agency": thing.agency,
        "number": thing.code,
        "state": thing.state,
        "since": iso(thing.since),
        "due": thing.day.isoformat() if thing.day and thing.duty in _DATED else None,
    }
