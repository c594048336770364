"""
The command about how long payloads are kept: retention.

It shows what would go now, by kind, and changes nothing; with `--yes` it goes. What never goes is
no affair of this command: rows, registers and the journal stay whatever is typed here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.acting import Why, acting
from edge_node.cli.inspect import AsJson
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_node.cli.seat import Seat
    from edge_node.domain.retention import Periods, Share

_AT_ONCE: Final = 200  # documents, until what was done so far is counted
_FEWEST_LETTERS: Final = 12  # of what they are kept as


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(
        help=here("Show which payloads have been kept for long enough, and remove them."),
        epilog=here(
            "nothing goes that is not finished, and nothing at all where no period is set in the"
            " section `retention`; registers, journal and what is known of a document stay"
        ),
    )(retention)


def retention(
    ctx: typer.Context,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help=here("Remove them, not only show them."))
    ] = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Tell what would go, or remove it."""
    from edge_node.node.retaining import retain  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    now, periods = seat.node.clock(), seat.config.retention.periods
    if not yes:
        shares = retain(seat.node, reading=seat.reading).foresee(now)
        _tell(shares, periods, as_json=as_json, removed=False)
        return
    with acting(seat, why) as node:
        flow = retain(node)
        turned = flow.turn(now, limit=_AT_ONCE)
        shares = turned.shares
        while turned.more:
            turned = flow.turn(now, limit=_AT_ONCE)
            shares = tuple(one + more for one, more in zip(shares, turned.shares, strict=True))
    _tell(shares, periods, as_json=as_json, removed=True)
    if turned.hindered:
        from edge_node.cli.complaint import complain  # noqa: PLC0415 - hardly ever

        for error in turned.hindered:
            complain(error)
        raise typer.Exit(1)


def _tell(shares: Sequence[Share], periods: Periods, *, as_json: bool, removed: bool) -> None:
    from edge_node.cli.columns import print_after, print_table  # noqa: PLC0415 - only for work
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue
    from edge_node.cli.written import day  # noqa: PLC0415 - likewise
    from edge_node.domain.retention import CALLED, in_megabytes  # noqa: PLC0415 - likewise

    if as_json:
        kinds = [_values(share, periods) for share in shares]
        typer.echo(json.dumps({"removed": removed, "kinds": kinds}, ensure_ascii=False))
        return
    if not shares:
        print_after("", here("no period is set in the section `retention`: everything is kept"))
        return
    head = [here("KEPT AS"), here("DAYS"), here("COUNT"), here("FILES"), "MB", here("OLDEST")]
    rows = [
        [
            told(CALLED[share.kind]),
            str(periods.of[share.kind].days),
            str(share.count),
            str(share.amount.files),
            in_megabytes(share.amount.size),
            day(share.oldest),
        ]
        for share in shares
    ]
    print_table([head, *rows], flexible={0: _FEWEST_LETTERS})
    if removed:
        print_after("", here("removed; `edge-node log ID` tells it of each document"))
    elif any(share.count for share in shares):
        print_after("", here("nothing was changed; --yes removes it"))


def _values(share: Share, periods: Periods) -> dict[str, object]:
    return {
        "kind": str(share.kind),
        "days": periods.of[share.kind].days,
        "count": share.count,
        "files": share.amount.files,
        "bytes": share.amount.size,
        "oldest": None if share.oldest is None else iso(share.oldest),
    }
