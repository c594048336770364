"""
The filters of `list`, which the commands that act take too where `ALL` is said.

typer knows no group of options. A command takes all of them as one value, `Filters`, and
`with_filters` has typer see an option for each of its fields instead.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_node.domain.wanted import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What was typed behind each filter, in the order of the help."""

    state: Annotated[
        str, typer.Option(metavar="STATE", help=here("Only those in this state."))
    ] = ""
    older: Annotated[
        str, typer.Option(metavar="AGE", help=here("Only those older than that: 30m, 2d, 3w."))
    ] = ""
    newer: Annotated[
        str, typer.Option(metavar="AGE", help=here("Only those younger than that: 30m, 2d, 3w."))
    ] = ""
    partner: Annotated[
        str, typer.Option(metavar="CODE", help=here("Only those to or from this agency."))
    ] = ""
    urgency: Annotated[
        str,
        typer.Option(
            metavar="URGENCY", help=here("Only those of this urgency: 0 to 4, or its name.")
        ),
    ] = ""
    reason: Annotated[
        str,
        typer.Option(metavar="TEXT", help=here("Only those with these words in their reason.")),
    ] = ""
    text: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=here("Only those with these words in subject, number or DocumentId."),
        ),
    ] = ""

    def wanted(self, *, outgoing: bool = True, incoming: bool = True) -> Wanted:
        """Return what they ask for, as of now; NotAllowed where a word is none of theirs."""
        from edge_node.domain import wanted as asked  # noqa: PLC0415 - only where it is asked

        if self.state:
            _demand_state(self.state)
        now = datetime.now(UTC)
        return asked.Wanted(
            outgoing=outgoing,
            incoming=incoming,
            state=self.state,
            since=now - asked.age(self.newer, option="--newer") if self.newer else None,
            until=now - asked.age(self.older, option="--older") if self.older else None,
            partner=self.partner.strip().upper(),
            urgency=asked.urgency(self.urgency) if self.urgency else None,
            reason=self.reason,
            text=self.text,
        )


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Let the filters of a command be typed, one by one, where it takes ``filters``."""
    own = inspect.signature(command, eval_str=True)
    options = inspect.signature(Filters, eval_str=True).parameters

    @wraps(command)
    def called(**typed: object) -> None:
        filters = Filters(**{name: str(typed.pop(name)) for name in options})
        command(filters=filters, **typed)

    shown = (
        option
        for name, each in own.parameters.items()
        for option in (options.values() if name == "filters" else (each,))
    )
    # What typer asks of a function by `inspect.signature`, which looks here first (PEP 362).
    called.__signature__ = own.replace(parameters=tuple(shown))  # type: ignore[attr-defined]
    return called


def _demand_state(state: str) -> None:
    """Make sure that a state is called so; NotAllowed."""
    from edge_node.domain.lifecycle import Receiving, Sending  # noqa: PLC0415 - only with --state

    if state in {*Sending, *Receiving}:
        return
    from edge_node.cli.words import state_word, states  # noqa: PLC0415 - it loads the tables

    named = ((each, state_word(each)) for each in states())
    known = ", ".join(each if each == word else f"{each} ({word})" for each, word in named)
    raise NotAllowed(
        say("no state is called {state}", state=state),
        hint=say("states: {states}", states=known),
    )
