"""How the node fares: what `status` shows, as a sheet and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from edge_node.adapters.pauses import Pause
from edge_node.catalogue import here
from edge_node.cli.alarming import alarming
from edge_node.cli.columns import print_facts
from edge_node.cli.resting import for_a_person, sending_paused, sentences
from edge_node.cli.running_out import certificates
from edge_node.cli.values import fields_of, plain, told
from edge_node.cli.words import state_word
from edge_node.domain.record import hint_in
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.adapters.alarms import Raised
    from edge_node.adapters.expiring import RunningOut
    from edge_node.adapters.sends import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a node fares."""

    agency: str
    name: str
    axis: str
    process: int | None
    counts: Mapping[str, Mapping[str, int]]
    waiting: int
    since: datetime | None
    safe: int  # documents that wait here for the axis to take them
    pauses: tuple[Pause, ...]
    sending_paused: Held | None  # nothing leaves until somebody adopts the data folder
    unasked: int  # of what waits meanwhile, the axis has not been asked about so many
    held: int  # documents a person has to decide about
    unread: tuple[str, ...]  # folders of the exchange folder nobody here knows, nor can read
    alarms: tuple[Raised, ...] = ()  # what is not done in time, or nearly
    certificates: tuple[RunningOut, ...] = ()  # that run out, by the daily look


# ── as values ────────────────────────────────────────────────────────────────────────────────────


def standing_values(standing: Standing) -> dict[str, object]:
    """Return how a node fares as plain values."""
    return {"running": standing.process is not None} | fields_of(standing)


@plain.register
def _(value: Pause) -> object:
    hint = hint_in(value.reason)
    return fields_of(value) | {"hint": told(hint) if hint else ""}


# ── on a screen ──────────────────────────────────────────────────────────────────────────────────


def standing_sheet(standing: Standing, *, now: datetime) -> None:
    """Print how the node fares."""
    process = standing.process
    running = here("running (process {pid})").format(pid=process) if process else here("stopped")
    waiting = str(standing.waiting)
    if standing.since and standing.waiting:
        when = f"{in_vietnam(standing.since):%Y-%m-%d %H:%M:%S}"
        since = here("the oldest since {when}").format(when=when)
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
        *_resting(standing, now),
    ]
    facts += [(title, _counted(standing.counts[name])) for name, title in titles.items()]
    print_facts(facts)


def _resting(standing: Standing, now: datetime) -> Iterable[tuple[str, str]]:
    title = here("attention")
    if standing.sending_paused:
        for sentence in sending_paused(standing.sending_paused, standing.unasked, now):
            yield title, told(sentence)
            title = ""
    for sentence in for_a_person(standing.held, len(standing.unread)):
        yield title, told(sentence)
        title = ""
    for raised in standing.alarms:
        yield title, told(alarming(raised, now))
        title = ""
    for sentence in certificates(standing.certificates, now):
        yield title, told(sentence)
        title = ""
    for pause in standing.pauses:
        for sentence in sentences(pause, safe=standing.safe, now=now):
            yield title, told(sentence)
            title = ""


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{state_word(state)} {count}" for state, count in counts.items()) or "-"
