"""Commands that halt documents, or have them tried now: hold, cancel, expire, requeue."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

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


class _Act(Protocol):
    """What a command of this room does with what was typed."""

    def __call__(
        self,
        seat: Seat,
        ids: Sequence[str],
        filters: Filters,
        to: Sequence[str],
        *,
        yes: bool,
        why: str,
        as_json: bool,
    ) -> None:
        """Do it."""


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    ways = {
        Halt.HOLD: here("Keep documents that have not left from leaving."),
        Halt.CANCEL: here("Withdraw documents that have not left, for good."),
        Halt.EXPIRE: here("Give up documents that wait: they go to failed."),
    }
    for halt, words in ways.items():
        app.command(halt, help=words)(_command(partial(_halt, halt)))
    words = here("Try now what waits for its next try.")
    app.command("requeue", help=words)(_command(_requeue))


def _command(act: _Act) -> Callable[..., None]:
    """Return a command of this room: all of them take the same."""

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
        act(ctx.obj, ids, filters, to or (), yes=yes, why=why, as_json=as_json)

    return command


def _requeue(
    seat: Seat,
    ids: Sequence[str],
    filters: Filters,
    to: Sequence[str],
    *,
    yes: bool,
    why: str,
    as_json: bool,
) -> None:
    """Try what waits for its next try now, as if for the first time."""
    from edge_node.cli.open_to import tried_later  # noqa: PLC0415 - it loads the queue

    meant = choose(seat, ids, filters.wanted())
    typed, waits = [code.upper() for code in to], tried_later(seat)

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
    halt: Halt,
    seat: Seat,
    ids: Sequence[str],
    filters: Filters,
    to: Sequence[str],
    *,
    yes: bool,
    why: str,
    as_json: bool,
) -> None:
    from edge_node.cli.open_to import can_be_halted  # noqa: PLC0415 - it loads the queue
    from edge_node.node.halting import halt_order  # noqa: PLC0415 - only where it acts

    meant = choose(seat, ids, filters.wanted(incoming=False))
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
