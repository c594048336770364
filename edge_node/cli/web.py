"""
Commands about the web page: web, which serves it, and web token.

The page is a process of its own beside the node, and does without one: it reads the queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.cli.seat import Seat

commands = typer.Typer(
    help=here("Serve the web page for clerks and administrators."),
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    commands.callback()(web)
    commands.command(help=here("Make the token that lets people into the web page."))(token)
    app.add_typer(commands, name="web")


def web(ctx: typer.Context) -> None:
    """Serve the page in the foreground; systemd or a person stops it."""
    if ctx.invoked_subcommand is not None:
        return
    seat: Seat = ctx.obj
    if not seat.config.web.enabled:
        raise NotAllowed(
            say("the web page is not switched on"),
            hint=say("web.enabled: true in {file}", file=str(seat.config_file)),
        )
    _demand_installed()
    from edge_node.cli.logs import set_up_log  # noqa: PLC0415 - only for work
    from edge_node.web.serving import serve  # noqa: PLC0415 - starlette is an extra

    set_up_log(seat.config)
    serve(seat.node, seat.config_file, ready=typer.echo)


def token(
    ctx: typer.Context,
    *,
    new: Annotated[
        bool,
        typer.Option("--new", help=here("Replace the one there is, which lets nobody in then.")),
    ] = False,
) -> None:
    """Make the token, and show it once."""
    from edge_node.web.token import make_token  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    path, made = make_token(seat.config, anew=new)
    typer.echo(made)
    typer.echo(here("kept in {path}; restart the page").format(path=path), err=True)


def _demand_installed() -> None:
    """Make sure that the libraries of the page are there; NotAllowed."""
    try:
        import jinja2  # noqa: F401, PLC0415 - an extra
        import starlette  # noqa: F401, PLC0415 - likewise
        import uvicorn  # noqa: F401, PLC0415 - likewise
    except ModuleNotFoundError as error:
        raise NotAllowed(
            say("the web page is not installed: {module} is missing", module=str(error.name)),
            hint=say("pip install 'edge-node[web]'"),
        ) from error
