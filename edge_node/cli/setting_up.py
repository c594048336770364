"""
The command that sets an instance up: setup.

It asks, or takes the answers from a file; lays the configuration and the secrets; has the node's
own user make the folders; enables and starts the service; and has the doctor look. Whatever is
there already is said and left, what a run before could not finish is finished.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.adapters.instances import Instance
    from edge_node.adapters.local_users import Owner
    from edge_node.cli.instance_setup import Setup
    from edge_node.cli.questions import Given
    from edge_node.cli.seat import Seat

_ETC: Final = Path("/etc/edge-node")


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(
        help=here("Set up an instance: configuration, secret, folders, service."),
        epilog=here(
            "exit status 0: it is set up, whatever the doctor finds; 1: it is not, or not ready"
        ),
    )(setup)


def setup(
    ctx: typer.Context,
    *,
    answers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=here("Take the answers from a file (YAML); without it you are asked."),
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=here("What the instance is called; by default after the agency's code."),
        ),
    ] = None,
    start: Annotated[
        bool,
        typer.Option(
            "--start/--no-start", help=here("Enable and start the service where systemd runs.")
        ),
    ] = True,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help=here("Put another configuration in place of one; a copy is kept.")
        ),
    ] = False,
    user: Annotated[
        str, typer.Option(metavar="USER", help=here("The user the node works as."))
    ] = "edge-node",
    etc: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help=here("Where configurations lie; the service looks in the usual place alone."),
        ),
    ] = _ETC,
) -> None:
    """Set up an instance; a second run finishes what is lacking, and asks nothing twice."""
    from edge_node.cli.ending import leaving_nothing  # noqa: PLC0415
    from edge_node.cli.instance_setup import Setup  # noqa: PLC0415 - only for work

    seat: Seat = ctx.obj
    work = Setup(etc=etc.absolute(), owner=_owner(user), command=tuple(seat.command), wanted=start)
    try:
        with leaving_nothing():  # the secret lies in folders of the moment now and then
            _set_up(work, answers, _checked(name), force=force)
    except (KeyboardInterrupt, typer.Abort):
        raise NotAllowed(
            say("it was broken off; what was not finished is taken up by the same command"),
            hint=say("where there is nobody to ask: edge-node setup --answers FILE"),
        ) from None


def _set_up(work: Setup, answers: Path | None, name: str | None, *, force: bool) -> None:
    if answers is not None:
        from edge_node.cli.answers_file import (  # noqa: PLC0415 - only here
            given_by,
            secret_again,
            secrets_of,
        )

        read = given_by(answers)
        instance = work.called(name or read.instance)
        if instance.is_there and not force:
            work.compare(instance, read, secret_again(read))
            work.finish(instance, software_user=read.software_user)
        else:
            work.lay(instance, secrets_of(read))
        return
    there = [work.called(name)] if name else work.all()
    there = [each for each in there if each.is_there and not force]
    for instance in there:
        work.finish(instance)
    if there and (name or not _another_wanted()):
        return
    work.lay(*_asked(work, name, force=force))


def _asked(work: Setup, name: str | None, *, force: bool) -> tuple[Instance, Given]:
    from edge_node.cli.questions import agreed, ask_all  # noqa: PLC0415 - only here

    if not sys.stdin.isatty():
        raise NotAllowed(
            say("there is nobody to ask: this is not a terminal"),
            hint=say("give the answers in a file: edge-node setup --answers FILE"),
        )
    given = ask_all(work.called, work.taken, name=name, force=force)
    instance = work.called(given.answers.instance)
    work.preview(instance, given)
    if not agreed(here("Set it up so?"), usual=True):
        raise typer.Abort
    return instance, given


def _another_wanted() -> bool:
    from edge_node.cli.questions import agreed  # noqa: PLC0415 - only here

    if not sys.stdin.isatty():
        return False
    typer.echo("", err=True)
    return agreed(here("Set up another agency on this machine?"), usual=False)


def _checked(name: str | None) -> str | None:
    """Return the name of an instance as it may be; NotAllowed."""
    from edge_node.config.answers import NotTaken, instance, read_answer  # noqa: PLC0415 - only here

    if name is None:
        return None
    try:
        return str(read_answer(instance, name))
    except NotTaken as error:
        raise NotAllowed(
            say("an instance cannot be called {name}", name=name),
            hint=say("expected {expected}", expected=error.expected),
        ) from None


def _owner(name: str) -> Owner:
    """Return the user the node works as; NotAllowed for somebody who cannot act for it."""
    from edge_node.adapters.local_users import own_name, owner_called  # noqa: PLC0415 - only here

    if os.geteuid() != 0 and name != own_name():
        raise NotAllowed(say("only root can set up an instance"), hint=say("sudo edge-node setup"))
    return owner_called(name)
