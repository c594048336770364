"""
The command that lists documents, once or again and again.

Only what it shows is loaded, and of the queue nothing is written.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.filters import Filters, with_filters
from edge_node.cli.inspect import AsJson
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_node.adapters.ledger import Inbound, Outbound
    from edge_node.cli.seat import Seat
    from edge_node.domain.wanted import Wanted

_EVERY = 2.0  # seconds
_FASTEST = 0.2
_ANEW = "\x1b[H\x1b[2J"  # to the corner, and wipe


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command("list", help=here("List documents, newest first."))(list_)


@with_filters
def list_(
    ctx: typer.Context,
    seconds: Annotated[
        str,
        typer.Argument(
            metavar="SECONDS", help=here("With --watch: every how many seconds, else 2.")
        ),
    ] = "",
    *,
    outgoing: Annotated[bool, typer.Option("--out", help=here("Only outgoing ones."))] = False,
    incoming: Annotated[bool, typer.Option("--in", help=here("Only incoming ones."))] = False,
    filters: Filters,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", "-n", metavar="N", min=1, max=1_000_000, help=here("How many of each.")
        ),
    ] = 20,
    watch: Annotated[
        bool, typer.Option("--watch", help=here("Show it again and again, until Ctrl-C."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what went out and what came in."""
    seat: Seat = ctx.obj

    def show() -> None:
        wanted = filters.wanted(
            outgoing=outgoing or not incoming, incoming=incoming or not outgoing
        )
        _print(_found(seat, wanted, limit), as_json=as_json)

    if watch:
        _again_and_again(show, every=_interval(seconds))
    elif seconds:
        raise NotAllowed(
            say("'{text}' is no filter", text=seconds),
            hint=say(
                "`edge-node list --text WORDS` looks for words, `--watch 5` repeats the list"
            ),
        )
    else:
        show()


def _found(seat: Seat, wanted: Wanted, limit: int) -> list[Outbound | Inbound]:
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    try:
        return seat.ledger.search(wanted, limit=limit, tell=told)
    finally:
        seat.reading.close()  # each look is at the queue as it stands then


def _print(found: list[Outbound | Inbound], *, as_json: bool) -> None:
    if as_json:
        from edge_node.cli.item_values import as_values  # noqa: PLC0415 - it loads the queue

        for item in found:
            typer.echo(json.dumps(as_values(item), ensure_ascii=False))
    else:
        from edge_node.cli.table import table_of  # noqa: PLC0415 - likewise

        table_of(found)


def _interval(text: str) -> float:
    try:
        seconds = float(text) if text else _EVERY
    except ValueError:
        seconds = 0
    if not _FASTEST <= seconds < float("inf"):
        raise NotAllowed(
            say("--watch: expected a number of seconds, got '{text}'", text=text),
            hint=say("0.2 at least"),
        )
    return seconds


def _again_and_again(show: Callable[[], None], *, every: float) -> None:
    """Show it until Ctrl-C: on a terminal in place of what stood there, else below it."""
    try:
        while True:
            if sys.stdout.isatty():
                typer.echo(_ANEW, nl=False)
            show()
            sys.stdout.flush()
            time.sleep(every)
    except KeyboardInterrupt:
        return
