"""The command that prints what a shell completes commands, options and ids by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.domain.errors import EdgeNodeError, NotAllowed
from edge_node.domain.message import say

_SHELLS: Final = ("bash", "zsh", "fish")
_VARIABLE: Final = "_EDGE_NODE_COMPLETE"
_MOST: Final = 40
DEFAULT_CONFIG: Final = Path("/etc/edge-node/config.yaml")


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Print what completes commands and ids in bash, zsh or fish."))(
        completion
    )


def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh, fish")],
) -> None:
    """Print the script of one shell."""
    from typer._completion_shared import get_completion_script  # noqa: PLC0415 - typer is pinned

    if shell not in _SHELLS:
        raise NotAllowed(
            say("no script for the shell '{shell}'", shell=shell),
            hint=say("shells: {shells}", shells=", ".join(_SHELLS)),
        )
    typer.echo(get_completion_script(prog_name="edge-node", complete_var=_VARIABLE, shell=shell))


def know_shells() -> None:
    """Let the library know the shells; by itself it does for its own options only."""
    from typer._completion_classes import completion_init  # noqa: PLC0415 - typer is pinned

    completion_init()


def ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return some ids that begin so; none where the queue cannot be read."""
    from edge_node.cli.seat import Seat  # noqa: PLC0415 - only while completing

    # While completing, nothing of the root command has run.
    named = ctx.find_root().params.get("config") or os.environ.get("EDGE_NODE_CONFIG")
    seat = Seat(Path(named) if named else DEFAULT_CONFIG)
    try:
        return seat.ledger.ids(incomplete, limit=_MOST)
    except EdgeNodeError:
        return []
    finally:
        if "reading" in seat.__dict__:
            seat.reading.close()
