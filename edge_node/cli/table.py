"""How documents look to a person: a line each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import typer

from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.catalogue import here
from edge_node.cli.columns import print_table
from edge_node.cli.words import state_word
from edge_node.cli.written import minute
from edge_node.domain.called import WORST_FIRST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_node.domain.fate import Fate

_FROM, _TO = "←", "→"
# What agency, number and state are not cut below: `000.00.13.H53 +12`, `12345/UBND`, `accepted`.
_LEAST: Final = {3: 17, 4: 10, 5: 9}


def table_of(items: Sequence[Outbound | Inbound]) -> None:
    """Print a line a document, or that there is none."""
    if not items:
        typer.echo(here("no documents"), err=True)
        return
    head = [here("ID"), here("WHEN"), "", here("AGENCY"), here("NUMBER"), here("STATE")]
    print_table([head, *map(_row, items)], flexible=_LEAST)


def _row(item: Outbound | Inbound) -> list[str]:
    when = minute(item.created)
    if isinstance(item, Outbound):
        first, *others = [fate.receiver for fate in item.fates]
        agency = f"{first} +{len(others)}" if others else first
        state = f"{_summary(item.fates)} {_mark(item)}".rstrip()
        return [item.id, when, _TO, agency, item.code, state]
    parts = (state_word(item.state), item.status, _mark(item))
    state = " ".join(filter(None, parts))
    return [item.id, when, _FROM, item.sender, item.code or "?", state]


def _summary(fates: Sequence[Fate]) -> str:
    """Say how a document stands at its receivers in as few words as will do, the worst first."""
    worst_first = sorted(fates, key=lambda fate: WORST_FIRST.index(fate.state))
    words = Counter(f"{state_word(fate.state)} {fate.status}".rstrip() for fate in worst_first)
    if len(words) == 1:
        return next(iter(words))
    return ", ".join(f"{count} {word}" for word, count in words.items())


def _mark(item: Outbound | Inbound) -> str:
    """Return what is shown beside the state of a document a request is open about."""
    if not item.requests:
        return ""
    from edge_node.cli.requesting import mark_of  # noqa: PLC0415 - most documents have none

    return mark_of(item)
