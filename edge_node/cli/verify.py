"""
The command that looks at signatures: verify.

It asks the network as the daemon would, and changes nothing but what is kept of the answers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson

if TYPE_CHECKING:
    from edge_node.adapters.examining import Examiner, Finding
    from edge_node.cli.seat import Seat


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(help=here("Check the signatures in PDF and Office files."))(verify)


def verify(
    ctx: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help=here("PDF, DOCX, XLSX or PPTX files."))
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Say of each file what its signatures are worth; exit 0 if all are VALID, else 1."""
    from edge_node.adapters.notary import Opener  # noqa: PLC0415 - only for work
    from edge_node.node.trusting import examiner  # noqa: PLC0415 - it loads httpx

    seat: Seat = ctx.obj
    opener = Opener()
    try:
        looks = examiner(seat.config, opener.verify)
        sound = _all_sound(seat, looks, files, as_json=as_json)
    finally:
        opener.close()
    if not sound:
        raise typer.Exit(1)


def _all_sound(seat: Seat, examiner: Examiner, files: list[Path], *, as_json: bool) -> bool:
    from edge_node.cli.complaint import complain  # noqa: PLC0415 - only for work
    from edge_node.cli.paths import demand_there  # noqa: PLC0415
    from edge_node.cli.values import told  # noqa: PLC0415
    from edge_node.domain.errors import EdgeNodeError  # noqa: PLC0415
    from edge_node.domain.message import say  # noqa: PLC0415
    from edge_node.domain.signature import Verdict  # noqa: PLC0415

    roots = examiner.anchors.pinned().roots
    sound = True
    for number, path in enumerate(files):
        try:
            demand_there(path)
            finding = examiner.look(path, now=seat.node.clock())
        except EdgeNodeError as error:
            complain(error)
            sound = False
            continue
        _tell(path, finding, first=number == 0, as_json=as_json)
        sound = sound and finding.verdict.verdict is Verdict.VALID
    if not roots:
        hint, words = say("hint"), say("nobody is believed yet: edge-node trust add FILE")
        typer.echo(f"{told(hint)}: {told(words)}", err=True)
    return sound


def _tell(path: Path, finding: Finding, *, first: bool, as_json: bool) -> None:
    from edge_node.cli import verdicts  # noqa: PLC0415 - it loads the queue

    if as_json:
        typer.echo(json.dumps(verdicts.finding_values(path, finding), ensure_ascii=False))
        return
    if not first:
        typer.echo("")
    verdicts.finding_sheet(path, finding)
