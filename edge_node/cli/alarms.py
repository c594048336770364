"""
Commands about alarms: what is wrong now, what was, whether people can be told, and the canary.

They read what the node at work has entered. Only `test` tells anybody anything.
"""

from __future__ import annotations

import ctypes
import json
import signal
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.cli.written import minute
from edge_node.domain.errors import NotAllowed, WithProblems
from edge_node.domain.message import say
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from edge_node.cli.seat import Seat
    from edge_node.domain.incidents import Incident
    from edge_node.node.alarming import NodeAlarms

_PR_SET_PDEATHSIG: Final = 1  # prctl(2)

commands = typer.Typer(
    help=here("Show what is wrong, and try whether people are told."),
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class NotTold(WithProblems, NotAllowed):
    """Somebody who was to be told was not."""


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    commands.command("list", help=here("List what is wrong now, the longest first."))(list_open)
    commands.command("history", help=here("List what was wrong, the newest first."))(history)
    commands.command("test", help=here("Tell everybody in alarms.urls_file that this is a test."))(
        try_out
    )
    commands.command(help=here("List the documents sent to ourselves, the newest first."))(canary)
    app.add_typer(commands, name="alarms")
    app.command("send-alarms", hidden=True)(send)


def list_open(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the incidents that are not over."""
    _listed(_alarms(ctx.obj).incidents.raised(), here("nothing is wrong"), as_json=as_json)


def history(
    ctx: typer.Context,
    *,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", min=1, help=here("How many."))
    ] = 50,
    as_json: AsJson = False,
) -> None:
    """List the incidents there were."""
    none = here("nothing was wrong so far")
    _listed(_alarms(ctx.obj).incidents.past(limit), none, as_json=as_json)


def try_out(
    ctx: typer.Context,
    channels: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help=here("Names of alarms.urls_file; without: all.")),
    ] = None,
) -> None:
    """Send a notice to each URL and say what came of it."""
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    alarms, asked = _alarms_of(seat), channels or []
    if seat.config.alarms.urls_file is None:
        raise NotAllowed(
            say("alarms.urls_file is not set: nobody is told"),
            hint=say("name a file with a line for each: a name, spaces, a URL of Apprise"),
        )
    known = {each.channel for each in alarms.addresses()}
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise NotAllowed(
            say("no such name: {names}", names=", ".join(unknown)),
            hint=say("there are: {names}", names=", ".join(sorted(known))),
        )
    failed = []
    for name, reason in alarms.test(asked):
        if reason is None:
            came = here("told")
            typer.echo(f"{name}: {came}")
        else:
            typer.echo(f"{name}: {told(reason)}")
            failed.append(say("{name}: {reason}", name=name, reason=reason))
    if failed:
        raise NotTold(
            say("not everybody was told"),
            hint=say("check the URL of each, the network, and the account it names"),
        )


def canary(
    ctx: typer.Context,
    *,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", min=1, help=here("How many."))
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """List the canaries, and how long each took."""
    from edge_node.adapters.canaries import Canaries  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    _ = seat.ledger  # NotAllowed where no node has been set up
    canaries = Canaries(seat.node.queue.file)
    found = canaries.recent(limit)
    if as_json:
        for each in found:
            took = each.round_trip.total_seconds() if each.round_trip is not None else None
            back = iso(each.back) if each.back else None
            typer.echo(json.dumps({"sent": iso(each.sent), "back": back, "seconds": took}))
        return
    reason = canaries.refused()
    if reason is not None:
        from edge_node.cli.values import told  # noqa: PLC0415 - likewise

        words = say("the axis refused the last one: {reason}", reason=reason)
        typer.echo(told(words), err=True)
    if not found:
        typer.echo(here("none was ever sent"), err=True)
        return
    from edge_node.cli.columns import print_table  # noqa: PLC0415 - only here

    rows = [[here("SENT"), here("BACK"), here("SECONDS")]]
    for each in found:
        seconds = "" if each.round_trip is None else f"{each.round_trip.total_seconds():.1f}"
        rows.append([minute(each.sent), minute(each.back), seconds])
    print_table(rows, flexible={})


def send(ctx: typer.Context) -> None:
    """Tell people what is due, on behalf of a node at work; end when it does."""
    from edge_node.adapters.lock import locked  # noqa: PLC0415 - only here
    from edge_node.cli.logs import set_up_log  # noqa: PLC0415 - only for work

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    seat: Seat = ctx.obj
    set_up_log(seat.config)
    with locked(seat.config.folders.data / "telling"):  # that of an older life may not be gone
        _alarms_of(seat).send()


def _alarms_of(seat: Seat) -> NodeAlarms:
    from edge_node.node.alarming import NodeAlarms  # noqa: PLC0415 - it loads the queue

    return NodeAlarms(seat.node)


def _alarms(seat: Seat) -> NodeAlarms:
    _ = seat.ledger  # NotAllowed where no node has been set up
    return _alarms_of(seat)


def _listed(incidents: list[Incident], none: str, *, as_json: bool) -> None:
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    if as_json:
        for each in incidents:
            typer.echo(json.dumps(_values(each, told(each.words)), ensure_ascii=False))
        return
    if not incidents:
        typer.echo(none, err=True)
        return
    from edge_node.cli.columns import print_after  # noqa: PLC0415 - only here

    for each in incidents:
        over = f" - {minute(each.over)}" if each.over and each.over != each.raised else ""
        typer.echo(f"{minute(each.raised)}{over}  {each.rule}  {each.severity}")
        print_after("    ", told(each.words))


def _values(each: Incident, words: str) -> dict[str, object]:
    return {
        "rule": each.rule,
        "watch": each.watch,
        "severity": each.severity,
        "about": each.about,
        "words": words,
        "since": iso(each.seen),
        "raised": iso(each.raised) if each.raised else None,
        "over": iso(each.over) if each.over else None,
    }
