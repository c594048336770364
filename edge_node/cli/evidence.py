"""
The command `evidence`: everything the node has on one document, in a file that outlives it.

What is gathered is decided elsewhere. Exit 1 where the journal does not hold: the file is written
all the same, and says so.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import Language, here, language_of
from edge_node.cli.inspect import AnId, AsJson
from edge_node.cli.paths import Force, demand_free

if TYPE_CHECKING:
    from edge_node.cli.seat import Seat
    from edge_node.node.evidence import Collected
    from edge_node.paper.evidence import Both


def register(app: typer.Typer) -> None:
    """Hang the command of this room into the root command."""
    words = here("Write everything about one document into a ZIP file.")
    app.command("evidence", help=words)(evidence)


def evidence(
    ctx: typer.Context,
    item: AnId,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE.zip", help=here("Without it: evidence-ID.zip here.")
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Gather the evidence of one document; what is missing is said."""
    from edge_node.adapters.durable import writing  # noqa: PLC0415 - only to write
    from edge_node.node.evidence import Evidence  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    found = seat.ledger.find(item)
    path = output or Path(f"evidence-{found.id}.zip")
    demand_free(path, force=force)
    with writing(path, mode=0o600) as out:
        collected = Evidence(node=seat.node, item=found).write(out, path.parent)
    if as_json:
        typer.echo(json.dumps(_values(path, found.id, collected), ensure_ascii=False))
    else:
        _say(path, collected)
    if not collected.holds:
        raise typer.Exit(1)


def _say(path: Path, collected: Collected) -> None:
    from edge_node.cli.columns import print_after  # noqa: PLC0415 - only here

    words = here("{path}: {files} files, {events} events of the document in the journal")
    told = words.format(path=path, files=collected.files, events=collected.events)
    print_after("", told)
    for one in collected.missing:
        print_after("", here("not in it: {what}").format(what=_here(one)), err=True)


def _here(both: Both) -> str:
    return both.vi if language_of(os.environ) is Language.VI else both.en


def _values(path: Path, item: str, collected: Collected) -> dict[str, object]:
    return {
        "path": str(path),
        "item": item,
        "files": collected.files,
        "events": collected.events,
        "uncovered": collected.uncovered,
        "heads": collected.heads,
        "stamped": collected.stamped,
        "journal_holds": collected.holds,
        "missing": [one._asdict() for one in collected.missing],
    }
