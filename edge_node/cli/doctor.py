"""
The command that looks for what is wrong: doctor.

It changes nothing, needs no running node, and says of every thing how it stands and what mends it.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def doctor(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Look into everything there is; exit 0 if all is well, 1 for warnings, 2 if it is broken."""
    from edge_node.checks.finding import worst  # noqa: PLC0415 - only for work
    from edge_node.checks.rounds import make_rounds  # noqa: PLC0415 - it loads the adapters

    seat: Seat = ctx.obj
    found: list[Finding] = []
    for finding in make_rounds(seat.config_file, now=datetime.now(UTC), environ=os.environ):
        found.append(finding)
        if as_json:
            typer.echo(json.dumps(_values(finding), ensure_ascii=False))
        else:
            _tell(finding)
    if not as_json:
        typer.echo(_summary(found))
    code = _EXITS[worst(found)]
    if code:
        raise typer.Exit(code)


def _tell(finding: Finding) -> None:
    from edge_node.cli.columns import print_after  # noqa: PLC0415 - only for work
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    print_after(f"{_SIGNS[finding.health]} ", told(finding.why))
    if finding.cure is not None:
        print_after("    → ", told(finding.cure))


def _values(finding: Finding) -> dict[str, object]:
    from edge_node.cli.values import fields_of  # noqa: PLC0415 - it loads the queue

    values = fields_of(finding)
    return {"check": values.pop("check"), "state": values.pop("health")} | values


def _summary(found: Iterable[Finding]) -> str:
    from collections import Counter  # noqa: PLC0415 - only for work

    count = Counter(finding.health.value for finding in found)
    words = here("{good} good, {warn} to see to, {unknown} not looked into, {bad} broken")
    return words.format(**{name: count[name] for name in _SIGNS})
