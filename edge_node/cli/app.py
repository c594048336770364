"""
The root command: which configuration, which language, and the one place where errors become words.

Results go to stdout, everything else to stderr. Exit 0: done; 1: it could not be done; 2: the
command line was wrong.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node import __version__
from edge_node.catalogue import here, language_of, tell
from edge_node.cli import inspect, repair, service, setup
from edge_node.domain.errors import ConfigError, EdgeNodeError, WithProblems
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.config import Config
    from edge_node.domain.message import Message
    from edge_node.node import Node

DEFAULT_CONFIG: Final = Path("/etc/edge-node/config.yaml")

app = typer.Typer(
    name="edge-node",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=here("Puts an agency on the national document axis."),
)
for room in (service, inspect, repair, setup):
    room.register(app)


@dataclass
class Seat:
    """What a command works with: the configuration file and, when it asks for it, the node."""

    config_file: Path

    @cached_property
    def config(self) -> Config:
        """The configuration; ConfigError with everything that is wrong with it."""
        from edge_node.config import load  # noqa: PLC0415 - not every command reads it

        return load(self.config_file)

    @cached_property
    def node(self) -> Node:
        """The node this configuration describes."""
        from edge_node.node import Node  # noqa: PLC0415 - not every command needs one

        return Node(config=self.config)


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
    ctx.obj = Seat(config or _config_file())


def _config_file() -> Path:
    named = os.environ.get("EDGE_NODE_CONFIG", "")
    if DEFAULT_CONFIG.exists() or not named:
        return DEFAULT_CONFIG
    return Path(named)


def main() -> None:
    """Run the command and tell what went wrong in the reader's language."""
    try:
        app()
    except EdgeNodeError as error:
        complain(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`edge-node list | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def complain(error: EdgeNodeError) -> None:
    """Write an error to stderr: what, each problem, and what can be done."""
    language = language_of(os.environ)

    def line(message: Message) -> str:
        return tell(message, language)

    if isinstance(error, ConfigError) and error.problems:
        for problem in error.problems:
            typer.echo(f"edge-node: {line(problem)}", err=True)
    else:
        typer.echo(f"edge-node: {line(error.message)}", err=True)
        for problem in error.problems if isinstance(error, WithProblems) else ():
            typer.echo(f"  {line(problem)}", err=True)
    if error.hint is not None:
        head = line(say("hint"))
        typer.echo(f"{head}: {line(error.hint)}", err=True)
