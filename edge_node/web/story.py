"""What happened to one document, told in order: events and attempts, who acted and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.domain.called import OUTCOMES
from edge_node.domain.called_events import QUOTED, named_doer
from edge_node.domain.message import say, thaw
from edge_node.web.words import event_word, status_word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge_node.adapters.ledger import Attempt
    from edge_node.domain.message import Message
    from edge_node.domain.record import Happening


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One thing that happened."""

    at: datetime
    what: Message | str
    kind: str  # the event's own name, for the style sheet
    status: str = ""
    agency: str = ""
    words: Message | str = ""
    actor: str = ""
    why: str = ""


def told(happenings: Sequence[Happening], attempts: Sequence[Attempt]) -> list[Scene]:
    """Return events and attempts as one story, oldest first, an attempt before what it led to."""
    scenes = [(each.at, 1, _event(each)) for each in happenings]
    scenes += [(each.at, 0, _attempt(each)) for each in attempts]
    return [scene for _, _, scene in sorted(scenes, key=lambda each: each[:2])]


def _event(happening: Happening) -> Scene:
    words: Message | str = happening.text
    if happening.event not in QUOTED:
        why = thaw(happening.text)
        words = "" if why is None else named_doer(why)
    return Scene(
        at=happening.at,
        what=event_word(happening.event),
        kind=happening.event.replace(" ", "-"),
        status=status_word(happening.status) if happening.status else "",
        agency=happening.agency,
        words=words,
        actor=happening.actor,
        why=happening.why,
    )


def _attempt(attempt: Attempt) -> Scene:
    outcome = OUTCOMES.get(attempt.outcome, attempt.outcome)
    return Scene(
        at=attempt.at,
        what=say("attempt {number}: {outcome}", number=attempt.number, outcome=outcome),
        kind="attempt",
        words=attempt.reason or "",
    )
