"""
Which documents a command acts on, and the acting: one at once, several only with `--yes`.

Ids are beginnings of ids; `-` reads them from stdin, the first word of each line, as a list has
them; `ALL` means every document the filters leave, at the receivers they leave. Several are shown
first, and nothing is done. What cannot be done to one is told and keeps nobody from the others.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli import completion
from edge_node.cli.complaint import complain
from edge_node.cli.progress import wipe, with_progress
from edge_node.domain.errors import EdgeNodeError, NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_node.adapters.ledger import Inbound, Outbound
    from edge_node.cli.seat import Seat
    from edge_node.domain.wanted import Wanted

EVERYTHING: Final = "ALL"
_STDIN: Final = "-"
_MOST: Final = 1_000_000

Ids = Annotated[
    list[str],
    typer.Argument(
        metavar="ID…",
        autocompletion=completion.ids,
        help=here(
            "Ids as `edge-node list` shows them, or their beginnings; - reads them from stdin;"
            " ALL means every document the filters leave."
        ),
    ),
]
To = Annotated[
    list[str] | None,
    typer.Option(metavar="CODE", help=here("Only to this receiver (may be repeated).")),
]
Yes = Annotated[
    bool, typer.Option("--yes", help=here("Do it to several, not only show what would be done."))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen, and what could not be."""

    items: Sequence[Outbound | Inbound]
    several: bool  # ALL, ids from stdin, or more than one id
    unknown: Sequence[EdgeNodeError] = field(default=())
    wanted: Wanted | None = None  # what ALL means

    def receivers(self, item: Outbound | Inbound) -> list[str]:
        """
        Return at which receivers of a document something is done; empty where that is all one.

        A filter that was met at one receiver says nothing of the others.
        """
        from edge_node.adapters.ledger import Outbound  # noqa: PLC0415 - it loads the queue
        from edge_node.domain.message import thaw  # noqa: PLC0415 - likewise

        wanted, tell = self.wanted, _told()
        if not isinstance(item, Outbound) or wanted is None:
            return []
        if not (wanted.state or wanted.partner or wanted.reason):
            return []
        return [
            fate.receiver
            for fate in item.fates
            if wanted.means(
                fate.receiver, fate.state, tell(why) if (why := thaw(fate.reason)) else ""
            )
        ]

    def only(self, may: Callable[[Outbound | Inbound], bool]) -> Chosen:
        """Return of what ALL means what it can be done to; whoever names ids is told of each."""
        if self.wanted is None:
            return self
        return replace(self, items=tuple(item for item in self.items if may(item)))


def choose(seat: Seat, ids: Sequence[str], wanted: Wanted) -> Chosen:
    """Return the documents that are meant; NotAllowed where that cannot be told."""
    if EVERYTHING in ids:
        if len(ids) > 1:
            raise NotAllowed(
                say("ALL stands alone"), hint=say("name ids, or ALL with filters, not both")
            )
        fitting = seat.ledger.search(wanted, limit=_MOST, tell=_told())
        return Chosen(items=fitting, several=True, wanted=wanted)
    if not wanted.everything:
        raise NotAllowed(
            say("filters go with ALL, not with ids"),
            hint=say(
                "`edge-node list` with the same filters shows which documents ALL would mean"
            ),
        )
    named = _named(ids)
    items: dict[str, Outbound | Inbound] = {}
    unknown: list[EdgeNodeError] = []
    for each in named:
        try:
            found = seat.ledger.find(each)
        except EdgeNodeError as error:
            unknown.append(error)
        else:
            items[found.id] = found
    several = _STDIN in ids or len(named) > 1
    return Chosen(items=tuple(items.values()), several=several, unknown=tuple(unknown))


def show_first(chosen: Chosen, *, yes: bool, as_json: bool) -> None:
    """Tell which ids are none; show several, and end with that unless ``yes``."""
    for error in chosen.unknown:
        complain(error)
    if chosen.several and not yes:
        _show(chosen.items, as_json=as_json)
        raise typer.Exit(1 if chosen.unknown else 0)
    if chosen.unknown and not chosen.items:
        raise typer.Exit(1)
    if chosen.several and not chosen.items:
        typer.echo(here("no documents"), err=True)


def act_on(
    chosen: Chosen,
    act: Callable[[Outbound | Inbound], Mapping[str, object]],
    *,
    say_done: Callable[[Mapping[str, object]], str],
    as_json: bool,
    done: Callable[[], None] = lambda: None,
) -> None:
    """
    Do it to each that `show_first` let through, then ``done``.

    ``act`` returns what there is to tell of one, as values. The exit status is 1 where anything
    could not be done.
    """
    failed = len(chosen.unknown)
    acted = False
    for item in with_progress(chosen.items):
        try:
            told = act(item)
        except EdgeNodeError as error:
            if not chosen.several:
                raise
            failed += 1
            wipe()
            complain(_about(item, error))
            continue
        acted = True
        wipe()
        typer.echo(json.dumps(told, ensure_ascii=False) if as_json else say_done(told))
    if acted:
        done()
    if failed:
        raise typer.Exit(1)


def codes_in(told: Mapping[str, object]) -> str:
    """Return for whom something was done, as a person reads it."""
    codes = told.get("to")
    return ", ".join(map(str, codes)) if isinstance(codes, list | tuple) else ""


def demand_outgoing(item: Outbound | Inbound) -> None:
    """Make sure that a document goes out; NotAllowed."""
    from edge_node.adapters.ledger import Outbound  # noqa: PLC0415 - it loads the queue

    if not isinstance(item, Outbound):
        raise NotAllowed(
            say("{id} came from outside: it does not leave", id=item.id),
            hint=say("`edge-node list --out` shows what does"),
        )


def _named(ids: Sequence[str]) -> list[str]:
    """Return the ids in their order, each once."""
    named: list[str] = []
    for each in ids:
        if each == _STDIN:
            typed = [line.split()[0] for line in sys.stdin if line.strip()]
            named += typed[1:] if typed[:1] == here("ID").split()[:1] else typed  # a table's head
        else:
            named.append(each)
    if not named:
        raise NotAllowed(say("no id was given"), hint=say("`edge-node list` shows the ids"))
    return list(dict.fromkeys(named))


def _show(items: Sequence[Outbound | Inbound], *, as_json: bool) -> None:
    from edge_node.cli.table import table_of  # noqa: PLC0415 - it loads the tables

    if as_json:
        for item in items:
            typer.echo(json.dumps({"id": item.id, "done": False}))
    else:
        table_of(items)
    if not items:
        return
    words = here("documents: {count}; nothing was done yet: --yes does it")
    typer.echo(words.format(count=len(items)), err=True)


def _about(item: Outbound | Inbound, error: EdgeNodeError) -> EdgeNodeError:
    words = say("{id}: {error}", id=item.id, error=error.message)
    return NotAllowed(words, hint=error.hint)


def _told() -> Callable[..., str]:
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the tables

    return told
