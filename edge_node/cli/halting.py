"""Commands that halt documents, or have them tried now: hold, cancel, expire, requeue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer  # noqa: TC002 - typer evaluates the annotations of commands

from edge_node.catalogue import here
from edge_node.cli.acting import Why, acting
from edge_node.cli.chosen import (
    Ids,
    To,
    Yes,
    act_on,
    choose,
    codes_in,
    demand_outgoing,
    show_first,
)
from edge_node.cli.filters import Filters, with_filters
from edge_node.cli.inspect import AsJson
from edge_node.domain.halting import Halt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_node.adapters.ledger import Inbound, Outbound
    from edge_node.cli.seat import Seat
    from edge_node.domain.wanted import Wanted


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    ways = {
        Halt.HOLD: here("Keep documents that have not left from leaving."),
        Halt.CANCEL: here("Withdraw documents that have not left, for good."),
        Halt.EXPIRE: here("Give up documents that wait: they go to failed."),
    }
    for halt, words in ways.items():
        app.command(halt, help=words)(_command(halt))
    app.command(help=here("Try now what waits for its next try."))(requeue)


def _command(halt: Halt) -> Callable[..., None]:
    """Return the command that halts in one way: all of them take the same."""

    @with_filters
    def command(
        ctx: typer.Context,
        ids: Ids,
        *,
        to: To = None,
        filters: Filters,
        yes: Yes = False,
        why: Why = "",
        as_json: AsJson = False,
    ) -> None:
        wanted = filters.wanted(incoming=False)
        _halt(ctx.obj, halt, ids, wanted, to or (), yes=yes, why=why, as_json=as_json)

    return command


@with_filters
def requeue(
    ctx: typer.Context,
    ids: Ids,
    *,
    to: To = None,
    filters: Filters,
    yes: Yes = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Try what waits for its next try now, as if for the first time."""
    from edge_node.cli.open_to import tried_later  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    wanted = filters.wanted()
    meant = choose(seat, ids, wanted)
    typed, waits = [code.upper() for code in to or ()], tried_later(seat)

    def codes_of(item: Outbound | Inbound) -> Sequence[str]:
        """Return at which receivers it is tried; of what a filter was met at, where it waits."""
        left = [code for code in meant.receivers(item) if waits(item.id, code)]
        return typed or left or meant.receivers(item) or [""]

    chosen = meant.only(lambda item: any(waits(item.id, code) for code in codes_of(item)))
    show_first(chosen, yes=yes, as_json=as_json)
    words = here("tried now: {id}")

    with acting(seat, why) as node:

        def act(item: Outbound | Inbound) -> Mapping[str, object]:
            count = sum(
                node.queue.halting.at_once(item.id, code, now=node.clock())
                for code in codes_of(item)
            )
            return {"id": item.id, "tries": count}

        act_on(
            chosen,
            act,
            say_done=lambda told: words.format(id=told["id"]),
            as_json=as_json,
            done=node.ring,
        )


def _halt(
    seat: Seat,
    halt: Halt,
    ids: Sequence[str],
    wanted: Wanted,
    to: Sequence[str],
    *,
    yes: bool,
    why: str,
    as_json: bool,
) -> None:
    from edge_node.cli.open_to import can_be_halted  # noqa: PLC0415 - it loads the queue
    from edge_node.node.halting import halt_order  # noqa: PLC0415 - only where it acts

    meant = choose(seat, ids, wanted)
    typed = [code.upper() for code in to]
    chosen = meant.only(
        lambda item: can_be_halted(seat, item, halt, typed or meant.receivers(item))
    )
    show_first(chosen, yes=yes, as_json=as_json)
    words = {
        "hold": here("held: {id} for {codes}"),
        "cancel": here("withdrawn: {id} for {codes}"),
        "expire": here("given up: {id} for {codes}"),
    }[halt]
    with acting(seat, why) as node:
        order = halt_order(node)

        def act(item: Outbound | Inbound) -> Mapping[str, object]:
            demand_outgoing(item)
            codes = typed or chosen.receivers(item)
            return {
                "id": item.id,
                "to": order.halt(item.id, halt, codes, now=node.clock()).receivers,
            }

        def say_done(told: Mapping[str, object]) -> str:
            return words.format(id=told["id"], codes=codes_in(told))

        act_on(chosen, act, say_done=say_done, as_json=as_json, done=node.ring)
