"""Who sits at the command line, and why they do what they do: it stands in the journal."""

from __future__ import annotations

import os
import pwd
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.cli.seat import Seat
    from edge_node.domain.actor import Actor
    from edge_node.node import Node

Why = Annotated[
    str, typer.Option("--why", metavar="TEXT", help=here("Why you do it; the journal keeps it."))
]


@contextmanager
def acting(seat: Seat, why: str = "") -> Iterator[Node]:
    """Let what is done to the node in the block bear the operator's name and reason."""
    actor, node = actor_at(seat, why), seat.node
    with node.queue.file.acting(actor):
        yield node


def actor_at(seat: Seat, why: str = "") -> Actor:
    """Return who is about to act, and why; NotAllowed where he may not."""
    from edge_node.domain.actor import Actor  # noqa: PLC0415 - reading commands act on nothing

    _demand_right(seat)
    return Actor(name=operator(), why=why.strip())


def _demand_right(seat: Seat) -> None:
    """Make sure that whoever acts may write where the node does; NotAllowed."""
    from edge_node.domain.errors import NotAllowed  # noqa: PLC0415 - reading commands act on nothing
    from edge_node.domain.message import say  # noqa: PLC0415 - likewise

    data = seat.config.folders.data
    if data.exists() and not os.access(data, os.W_OK):
        raise NotAllowed(
            say("you may look here, but not act: {path} is not yours", path=str(data)),
            hint=say(
                "sudo -u edge-node edge-node …, for which you have to be in the group"
                " edge-node-operators"
            ),
        )


def operator() -> str:
    """Return who sits there, as far as the machine knows: through sudo, who called it."""
    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may know no name
        return str(os.getuid())
