"""
Finds out what the signatures in a file are worth: look, fetch what is lacking, look again.

Who looks has no network, and who fetches never opens the file. What is done with a verdict is
policy, and not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from edge_node.adapters.durable import disk_errors
from edge_node.adapters.fetching import PATIENCE
from edge_node.adapters.inquiring import Inquiry, Terms

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from edge_node.adapters.anchors import Anchors
    from edge_node.adapters.fetching import Fetcher
    from edge_node.domain.message import Message
    from edge_node.domain.signature import FileVerdict
    from edge_node.notary.trust import Evidence, Examined, Trust


class Examine(Protocol):
    """What looks into a file; it never raises for what the file holds."""

    def __call__(self, path: Path, trust: Trust, *, now: datetime) -> Examined:
        """Return the verdict by this trust alone, and what would make it surer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on a file, what was fetched for it, and what could not be had."""

    verdict: FileVerdict
    evidence: tuple[Evidence, ...] = ()  # all that was handed in; the verdict names what counted
    notes: tuple[Message, ...] = ()
    hints: tuple[Message, ...] = ()  # what can be done about the notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Joins who looks, whom to believe and who fetches."""

    examine: Examine
    anchors: Anchors
    fetcher: Fetcher
    terms: Terms = field(default_factory=Terms)

    def look(self, path: Path, *, now: datetime, within: timedelta = PATIENCE) -> Finding:
        """
        Return what is found in a file, which must not change meanwhile.

        After ``within`` nobody is asked any more; the look that is just made comes to its end.
        Raises AnchorsUnsound where nobody knows whom to believe, what `disk_errors` raises, and
        what ``examine`` does; what servers do is a note.
        """

        def look(trust: Trust) -> Examined:
            with disk_errors(path):
                return self.examine(path, trust, now=now)

        inquiry = Inquiry(anchors=self.anchors, fetcher=self.fetcher, terms=self.terms)
        settled = inquiry.settle(look, now=now, within=within)
        return Finding(
            verdict=settled.answer.verdict,
            evidence=settled.evidence,
            notes=settled.notes,
            hints=settled.hints,
        )
