"""
Finds out what the signatures in a file are worth: look, fetch what is lacking, look again.

Who looks has no network, and who fetches never opens the file. What counted for the last files is
handed in with the first look at the next: whoever signs, signs often. What is done with a verdict
is policy, and not decided here.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from edge_node.adapters.durable import disk_errors
from edge_node.adapters.fetching import PATIENCE
from edge_node.adapters.inquiring import Inquiry, Terms
from edge_node.notary.trust import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta
    from pathlib import Path

    from edge_node.adapters.anchors import Anchors
    from edge_node.adapters.fetching import Fetcher
    from edge_node.domain.message import Message
    from edge_node.domain.signature import FileVerdict
    from edge_node.notary.trust import Evidence, Examined, Trust, Wanted

# What is handed in unasked costs every look its reading; 256 kB at most.
REMEMBERED: Final = 8
SMALL: Final = 32 << 10  # bytes; an OCSP answer has some 2 000


class Examine(Protocol):
    """What looks into a file; it never raises for what the file holds."""

    def __call__(self, path: Path, trust: Trust, *, now: datetime) -> Examined:
        """Return the verdict by this trust alone, and what would make it surer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on a file, what was fetched for it, and what could not be had."""

    verdict: FileVerdict
    evidence: tuple[Evidence, ...] = ()  # all that was asked for; the verdict names what counted
    notes: tuple[Message, ...] = ()
    hints: tuple[Message, ...] = ()  # what can be done about the notes


class Lately:
    """What was asked about the last files; for several threads."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._wanted: dict[Wanted, None] = {}
        self._lock = threading.Lock()

    def __call__(self) -> tuple[Wanted, ...]:
        """Return it, the latest last."""
        with self._lock:
            return tuple(self._wanted)

    def remember(self, wanted: Iterable[Wanted]) -> None:
        """Remember what counted; of too much, what did not for the longest time is forgotten."""
        with self._lock:
            for one in wanted:
                self._wanted.pop(one, None)
                self._wanted[one] = None
            while len(self._wanted) > REMEMBERED:
                del self._wanted[next(iter(self._wanted))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Joins who looks, whom to believe and who fetches."""

    examine: Examine
    anchors: Anchors
    fetcher: Fetcher
    terms: Terms = field(default_factory=Terms)
    _lately: Lately = field(default_factory=Lately, init=False, repr=False, compare=False)

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

        likely = self._lately()
        inquiry = Inquiry(anchors=self.anchors, fetcher=self.fetcher, terms=self.terms)
        settled = inquiry.settle(look, now=now, within=within, likely=likely)
        verdict = settled.answer.verdict
        relied_on = set(verdict.relied_on)
        self._lately.remember(
            one
            for one, piece in settled.evidence.items()
            if _is_small(one, piece) and _digest(piece) in relied_on
        )
        return Finding(
            verdict=verdict,
            # What was handed in unasked and is about others is nobody's business.
            evidence=tuple(
                piece
                for one, piece in settled.evidence.items()
                if one not in likely or _digest(piece) in relied_on
            ),
            notes=settled.notes,
            hints=settled.hints,
        )


def _digest(piece: Evidence) -> str:
    return hashlib.sha256(piece.content).hexdigest()


def _is_small(one: Wanted, piece: Evidence) -> bool:
    """Tell whether it may be handed in unasked; of an issuer nobody is told whether it counted."""
    return one.kind is not Kind.ISSUER and len(piece.content) <= SMALL
