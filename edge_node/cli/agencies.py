"""
Commands about the directory of agencies: agencies search, show, sync, import.

Searching and showing read the directory alone; neither the queue nor the axis is touched.
"""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.cli.written import day
from edge_node.domain.errors import NeverWorked, NotAllowed, UnknownItem
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge_node.adapters.directory import Directory
    from edge_node.cli.seat import Seat
    from edge_node.domain.directory import Unit

commands = typer.Typer(
    help=here("Look up the agencies on the axis."),
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    commands.command(help=here("Find agencies by the beginning of a code, or by name."))(search)
    commands.command(help=here("Show all that is known of one agency."))(show)
    commands.command(help=here("Read the directory from the axis now."))(sync)
    commands.command("import", help=here("Add what you know of agencies, from a file."))(import_)
    app.add_typer(commands, name="agencies")


def search(
    ctx: typer.Context,
    text: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT",
            help=here("The beginning of a code, or words of a name, with or without marks."),
        ),
    ],
    *,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", "-n", metavar="N", min=1, max=1000, help=here("Show at most so many.")
        ),
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the best matches first; those that are gone are marked with who took over."""
    from edge_node.cli.columns import print_table  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    with _directory(seat) as directory:
        found = directory.search(" ".join(text), limit=limit)
        _say_how_old(seat, directory)
    if as_json:
        for unit in found:
            typer.echo(json.dumps(_values(unit), ensure_ascii=False))
        return
    if not found:
        typer.echo(here("no agency has such a code or such words in its name"), err=True)
        return
    head = [here("CODE"), here("OTHER CODE"), here("NAME"), here("NOTE")]
    rows = [head, *map(_row, found)]
    print_table(
        rows if any(row[3] for row in rows[1:]) else [row[:3] for row in rows], flexible={2: 12}
    )


def show(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help=here("Its code, in either form."))],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one agency; a code that is not in the directory is an error that names the nearest."""
    seat: Seat = ctx.obj
    with _directory(seat) as directory:
        unit = directory.unit(code)
        if unit is None:
            raise _unknown(code, directory.nearest(code))
        _say_how_old(seat, directory)
        if as_json:
            typer.echo(json.dumps(_values(unit), ensure_ascii=False))
        else:
            _sheet(unit, directory)


def sync(
    ctx: typer.Context,
    *,
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help=here("Believe a list although it lacks many units at once.")
        ),
    ] = False,
) -> None:
    """Read each list the configuration names; exit 1 if one is not believed, or none was read."""
    from edge_node.cli.complaint import complain  # noqa: PLC0415 - only here
    from edge_node.domain.directory import ImplausibleLoss  # noqa: PLC0415
    from edge_node.domain.errors import EdgeNodeError  # noqa: PLC0415
    from edge_node.node.knowing import synchronise  # noqa: PLC0415

    seat: Seat = ctx.obj
    flow = synchronise(seat.node)
    if not flow.lists:
        raise NotAllowed(
            say("no list is to be asked for"), hint=say("name the lists in directory.lists")
        )
    done, disbelieved = 0, False
    with closing(seat.node.directory):
        for which in flow.lists:
            outcome = flow.see_to(which, now=seat.node.clock(), accept_loss=accept_loss)
            if isinstance(outcome, EdgeNodeError):
                typer.echo(here("{list}: not read").format(list=which), err=True)
                complain(outcome)
                disbelieved = disbelieved or isinstance(outcome, ImplausibleLoss)
                continue
            words = here("{list}: {units} units, {changed} changed, {gone} gone")
            counts = {"units": outcome.units, "changed": outcome.changed, "gone": outcome.gone}
            typer.echo(words.format(list=which, **counts))
            done += 1
    if disbelieved or not done:
        raise typer.Exit(1)


def import_(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=here(
                "CSV with a header, or JSON:"
                " code, name, other_code, parent, mail, successor, aliases."
            ),
        ),
    ],
) -> None:
    """Lay over the directory what the file says; no sync undoes it."""
    from edge_node.adapters.durable import disk_errors  # noqa: PLC0415 - only here
    from edge_node.cli.paths import demand_there  # noqa: PLC0415
    from edge_node.protocol.agencies_file import read_agencies_file  # noqa: PLC0415

    demand_there(file)
    with disk_errors(file):
        content = file.read_bytes()
    known = read_agencies_file(content, file.name)
    seat: Seat = ctx.obj
    with _directory(seat) as directory:
        count = directory.update.know(known)
    typer.echo(here("taken over: {count}").format(count=count))


@contextmanager
def _directory(seat: Seat) -> Iterator[Directory]:
    """Give the directory of the configured node; NeverWorked where none was set up."""
    from edge_node.adapters.directory import Directory  # noqa: PLC0415 - only for work

    folders = seat.config.folders
    if not folders.data.is_dir():
        raise NeverWorked(folders.data)
    with closing(Directory(folders.directory)) as directory:
        yield directory


def _say_how_old(seat: Seat, directory: Directory) -> None:
    """Say beside the result that the directory is not what it should be."""
    from datetime import UTC, datetime  # noqa: PLC0415 - only here

    from edge_node.domain.directory import is_fresh  # noqa: PLC0415

    synced = directory.synced()
    now, stale_after = datetime.now(UTC), seat.config.directory.stale_after
    if synced is None:
        typer.echo(here("the directory was never read: edge-node agencies sync"), err=True)
    elif not is_fresh(synced, now=now, stale_after=stale_after):
        words = here("the directory is of {day} and may be out of date: edge-node agencies sync")
        typer.echo(words.format(day=day(synced)), err=True)


def _unknown(code: str, near: Unit | None) -> UnknownItem:
    hint = say("edge-node agencies search TEXT finds it by words of its name")
    if near is not None:
        hint = say("the nearest is {code}, {name}", code=near.code, name=near.name)
    return UnknownItem(say("{code} is not in the directory of agencies", code=code), hint=hint)


def _row(unit: Unit) -> list[str]:
    return [unit.code, unit.other_code, unit.name, _note(unit)]


def _note(unit: Unit) -> str:
    if unit.successor:
        return here("now {code}").format(code=unit.successor)
    return here("gone") if unit.gone else ""


def _sheet(unit: Unit, directory: Directory) -> None:
    from edge_node.cli.columns import print_facts  # noqa: PLC0415 - only here

    def called(code: str) -> str:
        return f"{code}  {directory.name(code)}".rstrip() if code else ""

    print_facts(
        [
            (here("code"), unit.code),
            (here("name"), unit.name),
            (here("other code"), unit.other_code),
            (here("aliases"), ", ".join(unit.aliases)),
            (here("below"), called(unit.parent)),
            (here("mail"), unit.mail),
            (here("version"), unit.version),
            (here("changed"), unit.modified.isoformat() if unit.modified else ""),
            (here("first seen"), day(unit.first_seen)),
            (here("last seen"), day(unit.last_seen)),
            (here("gone since"), day(unit.gone)),
            (here("taken over by"), called(unit.successor)),
        ]
    )


def _values(unit: Unit) -> dict[str, object]:
    from edge_node.domain.time import iso  # noqa: PLC0415 - only here

    def stamp(moment: datetime | None) -> str | None:
        return iso(moment) if moment else None

    return {
        "code": unit.code,
        "name": unit.name,
        "other_code": unit.other_code,
        "parent": unit.parent,
        "mail": unit.mail,
        "version": unit.version,
        "modified": unit.modified.isoformat() if unit.modified else None,
        "first_seen": stamp(unit.first_seen),
        "last_seen": stamp(unit.last_seen),
        "gone": stamp(unit.gone),
        "successor": unit.successor,
        "aliases": list(unit.aliases),
    }
