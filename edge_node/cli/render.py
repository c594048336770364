"""How a document looks to a person: as a sheet, and as a story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.catalogue import here
from edge_node.cli.columns import print_after, print_facts
from edge_node.cli.requesting import end_of, facts_of, kind_word
from edge_node.cli.values import told
from edge_node.cli.words import event_word, outcome_word, state_word
from edge_node.cli.written import second
from edge_node.domain import signing
from edge_node.domain.called_events import QUOTED, named_doer
from edge_node.domain.lifecycle import Receiving
from edge_node.domain.message import thaw
from edge_node.domain.receipt import MEANINGS
from edge_node.domain.standing import named
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from edge_node.adapters.ledger import Attempt
    from edge_node.domain.fate import Fate
    from edge_node.domain.record import Happening

_FROM, _TO = "←", "→"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing of a story, as words and as values."""

    at: datetime
    text: str
    values: Mapping[str, object]


# ── sheets ───────────────────────────────────────────────────────────────────────────────────────


def sheet_of(item: Outbound | Inbound) -> None:
    """Print everything about one document, a line a fact."""
    if isinstance(item, Outbound):
        print_facts(_outbound_facts(item))
        typer.echo("")
        for fate in item.fates:
            _fate(fate)
    else:
        print_facts(_inbound_facts(item))


def _outbound_facts(item: Outbound) -> Iterable[tuple[str, str]]:
    yield here("id"), f"{item.id} {_TO}"
    yield "DocumentId", item.document_id
    yield here("number"), item.code
    yield here("date"), item.promulgated
    yield here("type"), item.type
    yield here("subject"), item.subject
    yield here("kind"), kind_word(item.kind)
    yield here("ref"), item.ref
    yield here("drop"), item.name
    yield here("folder"), "" if item.removed else item.folder or here("being filed")
    yield here("taken in"), second(item.created)
    yield from facts_of(item)
    yield from end_of(item)
    title = here("signed")
    for act in item.signatures:
        yield title, f"{second(act.at)} {told(signing.told(act))}"
        title = ""


def _inbound_facts(item: Inbound) -> Iterable[tuple[str, str]]:
    yield here("id"), f"{item.id} {_FROM}"
    yield "DocumentId", item.document_id
    yield here("axis id"), item.axis_id
    yield here("from"), item.sender
    yield here("number"), item.code
    yield here("date"), item.promulgated
    yield here("type"), item.type
    yield here("subject"), item.subject
    yield here("state"), state_word(item.state)
    yield here("reason"), told(item.reason) if item.reason else ""
    if item.status and item.status_at:
        yield here("our status"), f"{named(item.status)}, {second(item.status_at)}"
    entry = (item.arrival_number, item.arrival_date, item.arrival_unit)
    yield here("arrival number"), ", ".join(filter(None, entry))
    # Destroyed then, or about to be.
    there = bool(item.folder) and item.state != Receiving.RECALLED and not item.removed
    yield here("folder"), f"inbox/{item.folder}" if there else ""
    yield here("received on"), second(item.created)
    yield here("kind"), kind_word(item.kind)
    yield from facts_of(item)
    yield from end_of(item)


def _fate(fate: Fate) -> None:
    status = f", {fate.status} {MEANINGS.get(fate.status, '')}".rstrip() if fate.status else ""
    at = f" ({second(fate.at)})" if fate.at else ""
    name = f" {fate.name}" if fate.name else ""
    print_after(f"{_TO} ", f"{fate.receiver}{name}: {state_word(fate.state)}{status}{at}")
    why = thaw(fate.reason)
    if why:
        print_after("    ", told(why))


# ── stories ──────────────────────────────────────────────────────────────────────────────────────


def story(happenings: Sequence[Happening], attempts: Sequence[Attempt]) -> list[Line]:
    """Return events and attempts as one story, oldest first, an attempt before what it led to."""
    told = [(each.at, 1, _event(each)) for each in happenings]
    told += [(each.at, 0, _attempt(each)) for each in attempts]
    return [line for _, _, line in sorted(told, key=lambda entry: entry[:2])]


def tell_story(lines: Sequence[Line]) -> None:
    """Print a story, when and what."""
    for line in lines:
        print_after(f"{second(line.at)}  ", line.text)


def _event(happening: Happening) -> Line:
    words = happening.text
    if happening.event not in QUOTED:
        why = thaw(happening.text)
        words = told(named_doer(why)) if why else ""
    status = happening.status
    shown = f"{status} {MEANINGS.get(status, '')}".strip()
    who = ": ".join(filter(None, (happening.actor, happening.why)))
    parts = [event_word(happening.event), shown, happening.agency, words, who and f"({who})"]
    values = {
        "at": iso(happening.at),
        "event": happening.event,
        "agency": happening.agency,
        "status": status,
        "text": words,
        "actor": happening.actor,
        "why": happening.why,
    }
    return Line(at=happening.at, text="  ".join(filter(None, parts)), values=values)


def _attempt(attempt: Attempt) -> Line:
    why = told(attempt.reason) if attempt.reason else ""
    words = here("attempt {number}: {outcome}").format(
        number=attempt.number, outcome=outcome_word(attempt.outcome)
    )
    values = {
        "at": iso(attempt.at),
        "event": "attempt",
        "number": attempt.number,
        "outcome": attempt.outcome,
        "envelope": attempt.envelope,
        "text": why,
    }
    return Line(at=attempt.at, text="  ".join(filter(None, [words, why])), values=values)
