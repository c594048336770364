"""
The command that looks for what is wrong: doctor.

It changes nothing, needs no running node, and says of every thing how it stands and what mends it.
What is in order takes a line for all: what is not ought to be seen on one screen.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from edge_node.checks.finding import Finding
    from edge_node.cli.seat import Seat

# Found in this order, so that the eye goes to what is not in line.
_SIGNS: Final[Mapping[str, str]] = MappingProxyType(
    {"good": "✓", "unknown": "?", "warn": "!", "bad": "✗"}
)
# One for what works and is to be seen to (or could not be looked into), two for what is broken.
_EXITS: Final[Mapping[str, int]] = MappingProxyType({"good": 0, "unknown": 1, "warn": 1, "bad": 2})


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(
        help=here("Look for what is wrong, and say what mends it."),
        epilog=here(
            "exit status 0: all is well; 1: something is to be seen to, or could not be looked"
            " into; 2: something is broken"
        ),
    )(doctor)


def doctor(
    ctx: typer.Context,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help=here("Tell what is in order, too."))
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help=here("Ask nobody outside of this machine."))
    ] = False,
    login: Annotated[
        bool,
        typer.Option("--login", help=here("Tell each token its PIN once, and sign a trial.")),
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            metavar="FILE",
            help=here("Write what was found into a support archive (.tar.gz), too."),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look into everything there is; exit 0 if all is well, 1 for warnings, 2 if it is broken."""
    import logging  # noqa: PLC0415 - only for work

    from edge_node.checks.finding import DISK_USE, worst  # noqa: PLC0415 - only for work
    from edge_node.checks.rounds import make_rounds  # noqa: PLC0415 - it loads the adapters

    # A finding says it with its cure; a line of the log beside it would be a riddle.
    logging.getLogger("edge_node").addHandler(logging.NullHandler())
    seat: Seat = ctx.obj
    now, found = moment(), []
    _demand_free(bundle)
    for finding in make_rounds(
        seat.config_file, now=now, environ=os.environ, offline=offline, login=login
    ):
        found.append(finding)
        if as_json:
            typer.echo(json.dumps(_values(finding), ensure_ascii=False))
        elif everything or finding.health != "good" or finding.check == DISK_USE:
            _tell(finding)
    if not as_json:
        _tell_rest(found, told=everything)
    if bundle is not None:
        _write(bundle, seat, found, now)
    code = _EXITS[worst(found)]
    if code:
        raise typer.Exit(code)


def moment() -> datetime:
    """Return the time it is looked at."""
    return datetime.now(UTC)


def _tell(finding: Finding) -> None:
    from edge_node.cli.columns import print_after  # noqa: PLC0415 - only for work
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    print_after(f"{_SIGNS[finding.health]} ", told(finding.why))
    if finding.cure is not None:
        print_after("    → ", told(finding.cure))


def _tell_rest(found: list[Finding], *, told: bool) -> None:
    """Name what is in order throughout, by what its ids begin with; then the count of all."""
    from edge_node.cli.columns import print_after  # noqa: PLC0415 - only for work

    rooms = {finding.check.partition(".")[0]: True for finding in found}
    for finding in found:
        rooms[finding.check.partition(".")[0]] &= finding.health == "good"
    good = [room for room, whole in rooms.items() if whole]
    if good and not told:
        print_after(f"{_SIGNS['good']} ", here("in order: {names}").format(names=", ".join(good)))
    typer.echo(_summary(found))


def _values(finding: Finding) -> dict[str, object]:
    from edge_node.cli.values import fields_of  # noqa: PLC0415 - it loads the queue

    values = fields_of(finding)
    return {"check": values.pop("check"), "state": values.pop("health")} | values


def _summary(found: Iterable[Finding]) -> str:
    from collections import Counter  # noqa: PLC0415 - only for work

    count = Counter(finding.health.value for finding in found)
    words = here("{good} good, {warn} to see to, {unknown} not looked into, {bad} broken")
    return words.format(**{name: count[name] for name in _SIGNS})


def _demand_free(bundle: Path | None) -> None:
    """Make sure that nothing lies where the archive is to be; NotAllowed."""
    from edge_node.domain.errors import NotAllowed  # noqa: PLC0415 - only here
    from edge_node.domain.message import say  # noqa: PLC0415 - the same

    if bundle is not None and os.path.lexists(bundle):
        raise NotAllowed(
            say("{path} exists already and is not overwritten", path=str(bundle)),
            hint=say("move it away first, or choose another name"),
        )


def _write(bundle: Path, seat: Seat, found: list[Finding], now: datetime) -> None:
    """Write the archive: what was found, and what there is to see around it."""
    from edge_node.checks.archive import write_archive  # noqa: PLC0415 - only here
    from edge_node.checks.gathering import pieces, redactor  # noqa: PLC0415 - the same
    from edge_node.checks.redacting import Redactor  # noqa: PLC0415 - the same
    from edge_node.checks.rounds import situation_of  # noqa: PLC0415 - the same
    from edge_node.domain.errors import ConfigError  # noqa: PLC0415 - the same

    gathered = dict(_findings(found))
    try:
        config = seat.config
    except ConfigError:  # what is wrong with it is among what was found
        private = Redactor(())
    else:
        private = redactor(config, os.environ)
        gathered |= pieces(situation_of(config, now, os.environ, config_file=seat.config_file))
    redacted = {name: private.value(piece) for name, piece in gathered.items()}
    write_archive(bundle, redacted, now=now)
    from edge_node.cli.columns import print_after  # noqa: PLC0415 - only for work

    words = here("written: {path}; read it before you hand it on: tar xzf {path}")
    print_after("", words.format(path=bundle), err=True)


def _findings(found: list[Finding]) -> Iterator[tuple[str, object]]:
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    yield "doctor.json", [_values(each) for each in found]
    lines = []
    for each in found:
        lines.append(f"{_SIGNS[each.health]} {each.check}: {told(each.why)}")
        if each.cure is not None:
            lines.append(f"    → {told(each.cure)}")
    yield "doctor.txt", "\n".join([*lines, _summary(found)]) + "\n"
