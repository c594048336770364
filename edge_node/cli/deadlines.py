"""
The command that tells what is to be done until when: deadlines.

It reckons anew from the queue, so that it is right whether or not a node is at work.
"""

from __future__ import annotations

import json
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.domain.deadlines import Duty, Stage
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam, iso

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge_node.cli.seat import Seat
    from edge_node.domain.deadlines import Open, Term
    from edge_node.domain.message import Message

_DUTIES: Final[Mapping[Duty, Message]] = MappingProxyType(
    {
        Duty.DISPATCH: say("send it"),
        Duty.RECEIPT: say("give its receipt"),
        Duty.UNHEARD: say("its receipt comes"),
        Duty.DUE: say("finish it"),
        Duty.UNTAKEN: say("take it"),
        Duty.ANSWER: say("answer"),
        Duty.DESTROY: say("destroy it"),
        Duty.REPLY: say("they finish it"),
    }
)
_STAGES: Final[Mapping[Stage, Message]] = MappingProxyType(
    {Stage.AHEAD: say("ahead"), Stage.SOON: say("soon"), Stage.LATE: say("late")}
)
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
    seat: Seat = ctx.obj
    now = seat.node.clock()
    found = _open(seat, now, timedelta(days=days))
    if late:
        found = [each for each in found if each[0].stage(now) is not Stage.AHEAD]
    if as_json:
        for term, thing in found:
            typer.echo(json.dumps(_values(term, thing, now), ensure_ascii=False))
    else:
        _table(found, now)


def _open(seat: Seat, now: datetime, ahead: timedelta) -> list[tuple[Term, Open]]:
    """Return what is open with its term, the most pressing first."""
    from edge_node.adapters.alarms import Alarms  # noqa: PLC0415 - it loads the queue
    from edge_node.node.terms import rules  # noqa: PLC0415 - it reads the calendar

    _ = seat.ledger  # NotAllowed where no node has been set up
    terms, alarms = rules(seat.config), Alarms(seat.node.queue.file)
    since, today = now - seat.config.deadlines.forget_after, in_vietnam(now).date()
    found = [
        (terms.term(thing), thing)
        for duty in Duty
        for thing in alarms.open(
            duty, since=since, first=in_vietnam(since).date(), last=today + ahead
        )
    ]
    return sorted(found, key=lambda each: (each[0].end, each[1].item, each[1].agency))


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
        f"{in_vietnam(term.end):%Y-%m-%d %H:%M}",
        "" if stage is Stage.AHEAD else told(_STAGES[stage]),
        told(_DUTIES[thing.duty]),
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
