"""Commands that tell of what waits: ages and next."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_node.adapters.outlook import Next, Waits
    from edge_node.cli.seat import Seat
    from edge_node.domain.message import Message

# Half an hour is a clerk's patience, a day and three are what the rules count in.
_STEPS: Final = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)
_HEADS: Final = ("<5m", "5m", "30m", "2h", "8h", "1d", "3d", "7d")
_FEWEST_LETTERS: Final = 17  # 000.00.13.H53 +12
_SHORTEST_REASON: Final = 9


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Count what waits, by agency and age."))(ages)
    app.command("next", help=here("Show what will be tried when, and why it waits."))(next_)


def ages(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Count what waits: an agency a line, an age a column, the most first."""
    from edge_node.adapters.outlook import Outlook  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    found = Outlook(seat.reading).ages(_STEPS, now=datetime.now(UTC))
    if as_json:
        for waits in found:
            typer.echo(json.dumps(_as_values(waits), ensure_ascii=False))
        return
    if not found:
        typer.echo(here("nothing waits"), err=True)
        return
    from edge_node.cli.columns import print_table  # noqa: PLC0415 - not to print JSON

    total = [sum(column) for column in zip(*(waits.counts for waits in found), strict=True)]
    rows = [["", here("AGENCY"), here("ALL"), *_HEADS]]
    rows += [_row("→" if each.outgoing else "←", each.agency, each.counts) for each in found]
    rows.append(_row("", here("all"), total))
    print_table(rows, flexible={1: _FEWEST_LETTERS})


def _row(way: str, agency: str, counts: Sequence[int]) -> list[str]:
    return [way, agency, str(sum(counts)), *(str(count or "-") for count in counts)]


def _as_values(waits: Waits) -> dict[str, object]:
    way = "out" if waits.outgoing else "in"
    ages = dict(zip(_HEADS, waits.counts, strict=True))
    return {"direction": way, "agency": waits.agency, "all": sum(waits.counts), "ages": ages}


def next_(
    ctx: typer.Context,
    *,
    limit: Annotated[
        int,
        typer.Option("--limit", "-n", metavar="N", min=1, max=1_000_000, help=here("How many.")),
    ] = (20),
    as_json: AsJson = False,
) -> None:
    """Show what will be tried when, the soonest first."""
    from edge_node.adapters.outlook import Outlook  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    found = Outlook(seat.reading).next(limit=limit)
    now = datetime.now(UTC)
    if as_json:
        for each in found:
            typer.echo(json.dumps(_next_values(each), ensure_ascii=False))
        return
    if not found:
        typer.echo(here("nothing waits"), err=True)
        return
    from edge_node.cli.columns import print_table  # noqa: PLC0415 - not to print JSON

    head = [here("WHEN"), here("ID"), here("WHAT"), here("TRIES"), here("WHY")]
    rows = [
        [_when(each, now), each.item, _what(each), str(each.tries), _why(each)] for each in found
    ]
    print_table([head, *rows], flexible={2: _FEWEST_LETTERS, 4: _SHORTEST_REASON})


def _when(each: Next, now: datetime) -> str:
    from edge_node.domain.time import in_vietnam  # noqa: PLC0415 - not to print JSON

    if each.in_hand:
        return here("in hand")
    if each.due <= now:
        return here("now")
    if each.due - now < timedelta(hours=1):
        return here("in {minutes} min").format(minutes=(each.due - now).seconds // 60 + 1)
    return f"{in_vietnam(each.due):%m-%d %H:%M}"


def _what(each: Next) -> str:
    words = _lanes().get(each.lane)
    receivers = json.loads(each.receivers)
    to = f"{receivers[0]} +{len(receivers) - 1}" if len(receivers) > 1 else "".join(receivers)
    return " ".join(filter(None, [_told(words) if words else each.lane, each.status, to]))


def _why(each: Next) -> str:
    if each.reason is not None:
        return _told(each.reason)
    return here("tried apart from all else") if each.alone else ""


def _next_values(each: Next) -> dict[str, object]:
    from edge_node.cli.values import fields_of  # noqa: PLC0415 - it loads the tables

    return fields_of(each) | {"receivers": json.loads(each.receivers), "reason": _why(each)}


def _told(message: Message) -> str:
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the tables

    return told(message)


def _lanes() -> Mapping[str, Message]:
    from edge_node.domain.message import say  # noqa: PLC0415 - not to print JSON

    return MappingProxyType(
        {
            "push": say("send"),
            "report": say("report"),
            "acknowledge": say("acknowledge"),
            "deliver": say("hand over"),
            "apply": say("enter status"),
            "intake": say("take in"),
            "statuses": say("take statuses"),
            "destroy": say("destroy"),
        }
    )
