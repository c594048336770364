"""How results look to a person: tables that fit 80 columns, sheets, stories."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer

from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.catalogue import here
from edge_node.cli.values import told
from edge_node.domain.errors import NotAllowed
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.message import say, thaw
from edge_node.domain.receipt import MEANINGS
from edge_node.domain.time import in_vietnam, iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edge_node.adapters.ledger import Attempt
    from edge_node.cli.values import Standing
    from edge_node.domain.envelope import Fate
    from edge_node.domain.record import Happening

_STATES: Final = tuple(dict.fromkeys([*Sending, *Receiving]))
_FROM, _TO = "←", "→"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a story, as words and as values."""

    text: str
    values: Mapping[str, object]


# ── tables ───────────────────────────────────────────────────────────────────────────────────────


def known_state(state: str) -> None:
    """Demand that a state named on the command line is one; NotAllowed."""
    if state and state not in _STATES:
        raise NotAllowed(
            say("no state is called {state}", state=state),
            hint=say("states: {states}", states=", ".join(_STATES)),
        )


def table_of(items: Sequence[Outbound | Inbound]) -> None:
    """Print a line a document, or that there is none."""
    if not items:
        typer.echo(here("no documents"), err=True)
        return
    rows = [_row(item) for item in items]
    head = [here(word) for word in ("ID", "WHEN", "", "PARTNER", "NUMBER", "STATE")]
    _print_columns([head, *rows])


def _row(item: Outbound | Inbound) -> list[str]:
    when = f"{in_vietnam(item.created):%d/%m %H:%M}"
    if isinstance(item, Outbound):
        first, *others = [fate.receiver for fate in item.fates]
        partner = f"{first} +{len(others)}" if others else first
        return [item.id, when, _TO, partner, item.code, _summary(item.fates)]
    return [item.id, when, _FROM, item.sender, item.code or "?", here(item.state)]


def _summary(fates: Sequence[Fate]) -> str:
    """Say how a document stands at its receivers in as few words as will do."""
    words: dict[str, int] = {}
    for fate in fates:
        word = here(fate.state) + (f" {fate.status}" if fate.status else "")
        words[word] = words.get(word, 0) + 1
    if len(words) == 1:
        return next(iter(words))
    return ", ".join(f"{count} {word}" for word, count in words.items())


def _print_columns(rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as they need to be, the last two cut to what the screen leaves."""
    screen = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 200
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    spare = screen - sum(widths[:-2]) - 2 * (len(widths) - 1)
    widths[-1] = min(widths[-1], max(12, spare - widths[-2]))
    widths[-2] = min(widths[-2], max(10, spare - widths[-1]))
    for row in rows:
        cells = [_fit(cell, width) for cell, width in zip(row, widths, strict=True)]
        typer.echo("  ".join(cells).rstrip())


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"


# ── sheets ───────────────────────────────────────────────────────────────────────────────────────


def sheet_of(item: Outbound | Inbound) -> None:
    """Print everything about one document, a line a fact."""
    if isinstance(item, Outbound):
        _facts(_outbound_facts(item))
        typer.echo("")
        for fate in item.fates:
            _fate(fate)
    else:
        _facts(_inbound_facts(item))


def _outbound_facts(item: Outbound) -> Iterable[tuple[str, str]]:
    yield here("id"), f"{item.id} {_TO}"
    yield "DocumentId", item.document_id
    yield here("number"), item.code
    yield here("date"), item.promulgated
    yield here("type"), item.type
    yield here("subject"), item.subject
    yield here("kind"), item.kind if item.kind != "new" else ""
    yield here("ref"), item.ref
    yield here("drop"), item.name
    yield here("folder"), item.folder or here("being filed")
    yield here("taken in"), iso(item.created)


def _inbound_facts(item: Inbound) -> Iterable[tuple[str, str]]:
    yield here("id"), f"{item.id} {_FROM}"
    yield "DocumentId", item.document_id
    yield here("axis id"), item.axis_id
    yield here("from"), item.sender
    yield here("number"), item.code
    yield here("date"), item.promulgated
    yield here("type"), item.type
    yield here("subject"), item.subject
    yield here("state"), here(item.state)
    yield here("reason"), told(item.reason) if item.reason else ""
    yield here("folder"), f"inbox/{item.folder}" if item.folder else ""
    yield here("received"), iso(item.created)


def _facts(facts: Iterable[tuple[str, str]]) -> None:
    known = [(name, value) for name, value in facts if value]
    width = max(len(name) for name, _ in known)
    for name, value in known:
        typer.echo(f"{name.ljust(width)}  {value}")


def _fate(fate: Fate) -> None:
    status = f", {fate.status} {MEANINGS.get(fate.status, '')}".rstrip() if fate.status else ""
    at = f" ({iso(fate.at)})" if fate.at else ""
    name = f" {fate.name}" if fate.name else ""
    typer.echo(f"{_TO} {fate.receiver}{name}: {here(fate.state)}{status}{at}")
    why = thaw(fate.reason)
    if why:
        typer.echo(f"    {told(why)}")


def standing_sheet(standing: Standing) -> None:
    """Print how the node fares."""
    process = standing.process
    running = here("running (process {pid})").format(pid=process) if process else here("stopped")
    waiting = str(standing.waiting)
    if standing.since and standing.waiting:
        since = here("the oldest since {when}").format(when=iso(standing.since))
        waiting += f" ({since})"
    titles = {
        "out": here("outgoing"),
        "in": here("incoming"),
        "reports": here("statuses sent"),
        "statuses": here("statuses received"),
    }
    facts = [
        (here("agency"), f"{standing.agency} {standing.name}"),
        (here("axis"), standing.axis),
        (here("node"), running),
        (here("to be done"), waiting),
    ]
    facts += [(title, _counted(standing.counts[name])) for name, title in titles.items()]
    _facts(facts)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{here(state)} {count}" for state, count in counts.items()) or "-"


# ── stories ──────────────────────────────────────────────────────────────────────────────────────


def story(happenings: Sequence[Happening], attempts: Sequence[Attempt]) -> list[Line]:
    """Return events and attempts as one story, oldest first."""
    told = [(each.at, 0, _event(each)) for each in happenings]
    told += [(each.at, 1, _attempt(each)) for each in attempts]
    return [line for _, _, line in sorted(told, key=lambda entry: entry[:2])]


def _event(happening: Happening) -> Line:
    words = happening.text
    if happening.event != "status":
        why = thaw(happening.text)
        words = told(why) if why else ""
    status = happening.status
    shown = f"{status} {MEANINGS.get(status, '')}".strip()
    parts = [here(happening.event), shown, happening.agency, words]
    values = {
        "at": iso(happening.at),
        "event": happening.event,
        "agency": happening.agency,
        "status": status,
        "text": words,
    }
    return Line(text=f"{iso(happening.at)}  {'  '.join(filter(None, parts))}", values=values)


def _attempt(attempt: Attempt) -> Line:
    why = told(attempt.reason) if attempt.reason else ""
    words = here("attempt {number}: {outcome}").format(
        number=attempt.number, outcome=here(attempt.outcome)
    )
    values = {
        "at": iso(attempt.at),
        "event": "attempt",
        "number": attempt.number,
        "outcome": attempt.outcome,
        "envelope": attempt.envelope,
        "text": why,
    }
    return Line(text=f"{iso(attempt.at)}  {words}{'  ' + why if why else ''}", values=values)
