"""
The command that signs files by hand: sign.

The originals stay as they are: what is signed is written beside none of them, but into a folder
that is named. Whoever has it signed, and on which grounds, is told and in the log.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.adapters.disk import shown
from edge_node.catalogue import here
from edge_node.cli.ending import leaving_nothing
from edge_node.cli.inspect import AsJson
from edge_node.domain.errors import EdgeNodeError, NotAllowed, Outage
from edge_node.domain.message import say
from edge_node.domain.signing import Level, LookKind, SigningWish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.notary import Opener
    from edge_node.adapters.own_keys import OwnKeys
    from edge_node.adapters.signatory import Signatory
    from edge_node.cli.seat import Seat
    from edge_node.cli.signings import Outcome
    from edge_node.domain.looks import Showing
    from edge_node.domain.signing import Act

log = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(help=here("Sign PDF and Office files with the agency's key."))(sign)


def sign(  # noqa: PLR0913 - a command line has that many sides
    ctx: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help=here("PDF, DOCX, XLSX or PPTX files."))
    ],
    *,
    to: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help=here("Where the signed files go, by their names.")),
    ],
    level: Annotated[
        Level | None, typer.Option(help=here("The level; signing.level when left out."))
    ] = None,
    operator: Annotated[
        str,
        typer.Option(
            metavar="WHO", help=here("Who has it signed; signing.operator when left out.")
        ),
    ] = "",
    basis: Annotated[
        str,
        typer.Option(metavar="WHY", help=here("On which grounds; signing.basis when left out.")),
    ] = "",
    name: Annotated[
        str,
        typer.Option(
            metavar="KEY", help=here("A key of signing.keys; the one that signs when left out.")
        ),
    ] = "",
    seal: Annotated[
        bool,
        typer.Option("--seal", help=here("Show the seal beside the last signature of a PDF.")),
    ] = False,
    text: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=here(
                "Show this text at the top right of page 1 of a PDF, if there is room for it, "
                "and the time below."
            ),
        ),
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help=here("Replace what lies in the folder."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sign each file into a folder; exit 0 if all are signed, else 1."""
    from edge_node.cli.logs import set_up_log  # noqa: PLC0415 - only for work
    from edge_node.cli.signings import outcome_sheet, outcome_values  # noqa: PLC0415

    seat: Seat = ctx.obj
    signing = seat.config.signing
    wish = SigningWish(
        level=level or signing.level,
        showing=_showing(seal=seal, text=text.strip()),
        operator=operator.strip() or signing.operator,
        basis=basis.strip() or signing.basis,
    )
    _demand_order(wish, to)
    set_up_log(seat.config)
    complete = True
    with leaving_nothing():
        for number, outcome in enumerate(_signed(seat, files, to, wish, name=name, force=force)):
            if as_json:
                typer.echo(json.dumps(outcome_values(outcome), ensure_ascii=False))
            else:
                if number:
                    typer.echo("")
                outcome_sheet(outcome)
            complete = complete and outcome.act is not None
    if not complete:
        raise typer.Exit(1)


def _showing(*, seal: bool, text: str) -> Showing | None:
    from edge_node.domain.looks import Showing  # noqa: PLC0415 - only here

    if seal and text:
        raise NotAllowed(
            say("one signature shows as a seal or as a text, and not as both"),
            hint=say("leave --seal or --text out"),
        )
    if seal:
        return Showing(kind=LookKind.SEAL)
    return Showing(kind=LookKind.TEXT, lines=(text,), needed=False) if text else None


def _demand_order(wish: SigningWish, folder: Path) -> None:
    """Make sure that somebody answers for it, and that the folder is there; NotAllowed."""
    if not (wish.operator and wish.basis):
        raise NotAllowed(
            say("nobody is named who has it signed, or no grounds: nothing was signed"),
            hint=say("--operator WHO --basis WHY, or signing.operator and signing.basis"),
        )
    if not folder.is_dir():
        raise NotAllowed(
            say("there is no folder {path}", path=shown(folder)),
            hint=say("make it first: mkdir {path}", path=shown(folder)),
        )


def _signed(
    seat: Seat, files: list[Path], folder: Path, wish: SigningWish, *, name: str, force: bool
) -> Iterator[Outcome]:
    """Sign the files one after the other; the children are gone at the end."""
    from edge_node.adapters.notary import Opener  # noqa: PLC0415 - only for work
    from edge_node.node.trusting import own_keys, signatory  # noqa: PLC0415 - it loads httpx

    keys, opener = own_keys(seat.config), Opener()
    try:
        if name:
            _demand_ours(seat, keys, opener, name)
        signs = signatory(seat.config, keys, opener, clock=seat.node.clock, name=name)
        try:
            yield from _each(signs, files, folder, wish, force=force)
        finally:
            signs.close()
    finally:
        keys.close()
        opener.close()


def _demand_ours(seat: Seat, keys: OwnKeys, opener: Opener, name: str) -> None:
    """Refuse a key nobody has staged or activated yet, if it is another agency's; NotAllowed."""
    from edge_node.adapters.own_keys import Role  # noqa: PLC0415 - only here
    from edge_node.domain.belonging import Belonging  # noqa: PLC0415
    from edge_node.node.trusting import key_fitness  # noqa: PLC0415

    if keys.role(name) is not Role.SPARE:
        return
    report = key_fitness(seat.config, keys, opener.appraise).glance(name, now=seat.node.clock())
    if report.belonging is Belonging.ANOTHERS:
        raise NotAllowed(
            say(
                "the certificate of {name} names {numbers}, another agency: nothing was signed",
                name=name,
                numbers=", ".join(report.numbers),
            ),
            hint=say("if it is right all the same: edge-node cert stage NAME --force REASON"),
        )


def _each(
    signatory: Signatory, files: list[Path], folder: Path, wish: SigningWish, *, force: bool
) -> Iterator[Outcome]:
    """Sign each file; once the key, a time-stamp or the disk fails, the others are not tried."""
    from edge_node.adapters.durable import sweep  # noqa: PLC0415 - only for work
    from edge_node.cli.signings import Outcome  # noqa: PLC0415

    sweep(folder, of={path.name for path in files})  # what a run that was killed left there
    failed: Outage | None = None
    for place, path in enumerate(files):
        target = folder / path.name
        try:
            if failed is not None:
                why = say("not tried, after this: {why}", why=failed.message)
                raise NotAllowed(why, hint=failed.hint)
            if path.name in {one.name for one in files[:place]}:
                raise NotAllowed(
                    say("two of the files are called {name}", name=shown(path.name)),
                    hint=say("sign them one after the other, into folders of their own"),
                )
            act = _one(signatory, path, target, wish, force=force)
        except EdgeNodeError as error:
            failed = error if isinstance(error, Outage) else failed
            yield Outcome(source=path, why=error.message, hint=error.hint)
        else:
            yield Outcome(source=path, target=target, act=act, wished=wish.level)


def _one(
    signatory: Signatory, source: Path, target: Path, wish: SigningWish, *, force: bool
) -> Act:
    """Sign one file; what lies where it goes stays, unless it is to be replaced."""
    from edge_node.adapters.durable import disk_errors, move, room  # noqa: PLC0415 - only for work
    from edge_node.cli.paths import demand_there  # noqa: PLC0415 - only for work

    demand_there(source)
    with disk_errors(source):
        original = source.stat()
    with disk_errors(target):
        there = target.lstat() if os.path.lexists(target) else None
    if there is None:  # it may be there by the time a slow authority has stamped: `move` looks
        with room(target.parent) as hidden:
            act = signatory.sign(source, hidden / target.name, wish)
            move(hidden / target.name, target)
    elif os.path.samestat(original, there):
        raise NotAllowed(
            say("{path} is the original, which stays as it is", path=shown(target)),
            hint=say("name another folder: --to FOLDER"),
        )
    elif not force or not stat.S_ISREG(there.st_mode):
        raise NotAllowed(
            say("{path} is there already", path=shown(target)),
            hint=say("name another folder, or, to replace a file: --force"),
        )
    else:
        act = signatory.sign(source, target, wish)
    _note(act)
    return act


def _note(act: Act) -> None:
    """Write into the log what was signed and by whose word."""
    log.info(
        "signed",
        extra={
            "file": shown(act.file),
            "key": act.key,
            "certificate": act.fingerprint,
            "level": str(act.level),
            "operator": act.operator,
            "basis": act.basis,
        },
    )
