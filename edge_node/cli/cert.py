"""
Commands about the agency's own keys: cert show, check, stage, activate.

Each key is opened in a child and asked about itself; a PIN is told to a token once. Nothing here
touches what is received: a certificate that has run out only stops signing.
"""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.domain.errors import NotAllowed, WithProblems
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.key_fitness import KeyFitness, KeyReport
    from edge_node.cli.seat import Seat

log = logging.getLogger(__name__)

AKey = Annotated[str, typer.Argument(metavar="NAME", help=here("A key as signing.keys names it."))]
AReason = Annotated[
    str,
    typer.Option(
        "--force",
        metavar="REASON",
        help=here("Take a certificate that names another agency, and write down why."),
    ),
]

commands = typer.Typer(
    help=here("Show and change which key the agency signs with."),
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class KeyUnfit(WithProblems, NotAllowed):
    """A key may not be used for signing as it is."""


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    commands.command(help=here("Show the keys: whose, until when, which one signs."))(show)
    commands.command(help=here("Try a key, and ask whether its certificate is good."))(check)
    commands.command(help=here("Check a key and remember it as the next one."))(stage)
    commands.command(help=here("Check a key and have it sign from now on."))(activate)
    app.add_typer(commands, name="cert")


def show(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show every key of the configuration; nobody outside is asked."""
    from edge_node.cli.own_keys import report_sheet, report_values  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    with _fitness(seat) as fitness:
        if not fitness.keys.names:
            typer.echo(here("no key to sign with is configured: signing.keys"), err=True)
            return
        for number, name in enumerate(fitness.keys.names):
            report = fitness.glance(name, now=seat.node.clock())
            if as_json:
                typer.echo(json.dumps(report_values(report), ensure_ascii=False))
                continue
            if number:
                typer.echo("")
            report_sheet(report, fitness.codes)
        fitness.keys.generations()  # a state that names none of them is complained of at the end


def check(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help=here("A key as signing.keys names it; without it, the one that signs."),
        ),
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Say whether a key is fit to sign, and why not; exit 1 if it is not."""
    from edge_node.cli.own_keys import check_sheet, check_values  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    with _fitness(seat) as fitness:
        wanted = name or fitness.keys.generations().active
        report = fitness.check(wanted, now=seat.node.clock())
    if as_json:
        typer.echo(json.dumps(check_values(report), ensure_ascii=False))
    else:
        check_sheet(report, fitness.codes)
    if not report.fit:
        raise typer.Exit(1)


def stage(ctx: typer.Context, name: AKey, *, force: AReason = "") -> None:
    """Prepare the next generation: the key is checked now, and signs once it is activated."""
    seat: Seat = ctx.obj
    with _fitness(seat) as fitness:
        _demand_fit(fitness, name, force, seat)
        fitness.keys.stage(name)
        active = fitness.keys.generations().active
    if name == active:
        typer.echo(here("it signs already: {name}").format(name=name))
        return
    words = here("{name} is next; it signs from: edge-node cert activate {name}")
    typer.echo(words.format(name=name))


def activate(ctx: typer.Context, name: AKey, *, force: AReason = "") -> None:
    """Have a key sign; the one before stays configured, and can be gone back to."""
    seat: Seat = ctx.obj
    with _fitness(seat) as fitness:
        _demand_fit(fitness, name, force, seat)
        before = fitness.keys.activate(name)
    typer.echo(here("signs from now on: {name}").format(name=name))
    if before != name and before in fitness.keys.names:
        words = here("before: {name}; back to it: edge-node cert activate {name}")
        typer.echo(words.format(name=before))


@contextmanager
def _fitness(seat: Seat) -> Iterator[KeyFitness]:
    """Give what looks at the keys; the children are gone at the end."""
    from edge_node.adapters.notary import Opener  # noqa: PLC0415 - only for work
    from edge_node.node.trusting import key_fitness, own_keys  # noqa: PLC0415 - it loads httpx

    keys, opener = own_keys(seat.config), Opener()
    try:
        yield key_fitness(seat.config, keys, opener.appraise)
    finally:
        keys.close()
        opener.close()


def _demand_fit(fitness: KeyFitness, name: str, force: str, seat: Seat) -> None:
    """Make sure that a key may sign for this agency; KeyUnfit, or NotAllowed without a reason."""
    from edge_node.domain.belonging import Belonging  # noqa: PLC0415 - only here

    report = fitness.check(name, now=seat.node.clock())
    if not report.fit:
        raise KeyUnfit(
            say("the key {name} is not fit to sign: nothing was changed", name=name),
            [fault.why for fault in report.faults],
            hint=next((fault.hint for fault in report.faults if fault.hint), None),
        )
    if report.belonging is not Belonging.ANOTHERS:
        return
    if not force.strip():
        raise NotAllowed(
            say(
                "the certificate of {name} names {numbers} and not {code}: nothing was changed",
                name=name,
                numbers=", ".join(report.numbers),
                code=fitness.codes[0],
            ),
            hint=say("agency.aliases lists older and newer codes; or: --force REASON"),
        )
    _note(report, force.strip(), seat)


def _note(report: KeyReport, reason: str, seat: Seat) -> None:
    """Write into the log that somebody took another agency's certificate, and why."""
    from edge_node.cli.logs import set_up_log  # noqa: PLC0415 - only here

    set_up_log(seat.config)
    log.warning(
        "a certificate that names another agency is used",
        extra={"key": report.name, "numbers": ", ".join(report.numbers), "reason": reason},
    )
