"""
The root command: which configuration, which language, and the one place where errors become words.

Results go to stdout, everything else to stderr. Exit 0: done; 1: it could not be done; 2: the
command line was wrong.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer._click import Context  # typer is pinned to 0.29
from typer.core import TyperGroup

from edge_node import __version__
from edge_node.adapters.disk import disk_errors
from edge_node.catalogue import here
from edge_node.cli.complaint import complain
from edge_node.cli.help_page import HelpPage
from edge_node.cli.plainly import take_plainly
from edge_node.cli.rooms import ROOM_OF, ROOMS, commands_of
from edge_node.cli.seat import Seat
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typer._click.core import Command, Parameter

DEFAULT_CONFIG: Final = Path("/etc/edge-node/config.yaml")
COMPLETING: Final = "_EDGE_NODE_COMPLETE"  # a shell asks what may stand there

Context.formatter_class = HelpPage


class _Root(TyperGroup):
    """The root command; whoever reads its output may stop before the end (`… | head`)."""

    def invoke(self, ctx: Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - as the library calls it
        """Return every command, each loaded: whoever lists them wants to know what they do."""
        for room in ROOMS:
            self._enter(room)
        return [name for name in ROOM_OF if name in self.commands]

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Return the command of that name, and load no other."""
        if cmd_name in ROOM_OF:
            self._enter(ROOM_OF[cmd_name])
        else:
            self.list_commands(ctx)  # one of them may have been meant
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            take_plainly(command.get_params(ctx))
        return command

    def get_params(self, ctx: Context) -> list[Parameter]:
        """Return what may stand before the command."""
        params = super().get_params(ctx)
        take_plainly(params)
        return params

    def _enter(self, room: str) -> None:
        if not set(ROOMS[room]) <= self.commands.keys():
            self.commands.update(commands_of(room))


app = typer.Typer(
    name="edge-node",
    cls=_Root,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=here("Puts an agency on the national document axis."),
)


@app.callback()
def root(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help=here("The configuration file.")),
    ] = None,
    version: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--version", help=here("Print the version and end."), is_eager=True)
    ] = False,
) -> None:
    """Say which configuration the command is about."""
    if version:
        typer.echo(f"edge-node {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(2)
    ctx.obj = Seat(config or config_file(os.environ))


def config_file(environ: Mapping[str, str], usual: Path = DEFAULT_CONFIG) -> Path:
    """Return where the configuration is looked for when the command line does not say."""
    named = environ.get("EDGE_NODE_CONFIG", "")
    return Path(named) if named and not usual.exists() else usual


def main() -> None:
    """Run the command and tell what went wrong in the reader's language."""
    if COMPLETING in os.environ:
        from edge_node.cli.completion import know_shells  # noqa: PLC0415 - only while completing

        know_shells()
    try:
        with disk_errors():
            sys.exit(app(standalone_mode=False))
    except EdgeNodeError as error:
        complain(error)
        sys.exit(1)
    except typer.TyperException as error:
        from edge_node.cli.misused import misused  # noqa: PLC0415 - only where it is wrong

        complain(misused(error))
        sys.exit(error.exit_code)
