"""The filters of `list`, which the commands that act take too where `ALL` is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.domain.wanted import Wanted

State = Annotated[str, typer.Option(metavar="STATE", help=here("Only those in this state."))]
Older = Annotated[
    str, typer.Option(metavar="AGE", help=here("Only those older than that: 30m, 2d, 3w."))
]
Newer = Annotated[
    str, typer.Option(metavar="AGE", help=here("Only those younger than that: 30m, 2d, 3w."))
]
Partner = Annotated[
    str, typer.Option(metavar="CODE", help=here("Only those to or from this agency."))
]
Urgency = Annotated[
    str,
    typer.Option(metavar="URGENCY", help=here("Only those of this urgency: 0 to 4, or its name.")),
]
Reason = Annotated[
    str, typer.Option(metavar="TEXT", help=here("Only those with these words in their reason."))
]
Text = Annotated[
    str,
    typer.Option(
        metavar="TEXT",
        help=here("Only those with these words in subject, number or DocumentId."),
    ),
]


def wanted(
    *,
    outgoing: bool = True,
    incoming: bool = True,
    state: str = "",
    older: str = "",
    newer: str = "",
    partner: str = "",
    urgency: str = "",
    reason: str = "",
    text: str = "",
) -> Wanted:
    """Return what the filters ask for, as words were typed; NotAllowed where one is none."""
    from edge_node.cli.words import state_word, states  # noqa: PLC0415 - they load the tables
    from edge_node.domain import wanted as asked  # noqa: PLC0415 - likewise

    if state and state not in states():
        named = ((each, state_word(each)) for each in states())
        known = ", ".join(each if each == word else f"{each} ({word})" for each, word in named)
        raise NotAllowed(
            say("no state is called {state}", state=state),
            hint=say("states: {states}", states=known),
        )
    now = datetime.now(UTC)
    return asked.Wanted(
        outgoing=outgoing,
        incoming=incoming,
        state=state,
        since=now - asked.age(newer, option="--newer") if newer else None,
        until=now - asked.age(older, option="--older") if older else None,
        partner=partner.strip().upper(),
        urgency=asked.urgency(urgency) if urgency else None,
        reason=reason,
        text=text,
    )
