"""
Finds out what the signatures in a file are worth: look, fetch what is lacking, look again.

Who looks has no network, and who fetches never opens the file. What is done with a verdict is
policy, and not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from edge_node.adapters.durable import disk_errors
from edge_node.adapters.fetching import Allowance
from edge_node.domain.message import say
from edge_node.notary.trust import Checking, Trust

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.anchors import Anchors
    from edge_node.adapters.fetching import Fetched, Fetcher, Missed
    from edge_node.domain.message import Message
    from edge_node.domain.signature import FileVerdict
    from edge_node.notary.trust import Evidence, Examined, Wanted

# The issuer's certificate, that one's issuer, OCSP, lists; and once more what was no help.
MOST_LOOKS: Final = 6


class Examine(Protocol):
    """What looks into a file; it never raises for what the file holds."""

    def __call__(self, path: Path, trust: Trust, *, now: datetime) -> Examined:
        """Return the verdict by this trust alone, and what would make it surer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked of a signature before it holds."""

    checking: Checking = Checking.REQUIRED
    legacy_sha1: bool = False
    minimum_rsa: int = 2048
    grace: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on a file, what was fetched for it, and what could not be had."""

    verdict: FileVerdict
    evidence: tuple[Evidence, ...] = ()  # all that was handed in; the verdict names what counted
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Joins who looks, whom to believe and who fetches."""

    examine: Examine
    anchors: Anchors
    fetcher: Fetcher
    terms: Terms = field(default_factory=Terms)

    def look(self, path: Path, *, now: datetime) -> Finding:
        """
        Return what is found in a file, which must not change meanwhile.

        Raises AnchorsUnsound where nobody knows whom to believe, what `disk_errors` raises, and
        what ``examine`` does; what servers do is a note.
        """
        search = _Search()
        examined = self._examined(path, search, now)
        for _ in range(MOST_LOOKS - 1):
            fetched = search.next(self.fetcher, examined.wanted, now)
            if not fetched:
                break
            examined = self._examined(path, search, now)
        if examined.wanted and self.terms.grace:
            # Only now that nobody could be asked: a stranger's file may bring old answers along.
            examined = self._examined(path, search, now, grace=self.terms.grace)
        return Finding(
            verdict=examined.verdict,
            evidence=tuple(search.got.values()),
            notes=tuple(search.notes(examined.wanted)),
        )

    def _examined(
        self, path: Path, search: _Search, now: datetime, *, grace: timedelta = timedelta()
    ) -> Examined:
        pinned = self.anchors.pinned()
        trust = Trust(
            roots=pinned.roots,
            intermediates=pinned.intermediates,
            evidence=tuple(search.got.values()),
            checking=self.terms.checking,
            legacy_sha1=self.terms.legacy_sha1,
            minimum_rsa=self.terms.minimum_rsa,
            grace=grace,
        )
        with disk_errors(path):
            return self.examine(path, trust, now=now)


@dataclass(slots=True)
class _Search:
    """What has been fetched for one file so far, and what was tried."""

    got: dict[Wanted, Evidence] = field(default_factory=dict)
    kept: set[Wanted] = field(default_factory=set)  # from an earlier day, and not asked anew yet
    missed: dict[Wanted, Missed] = field(default_factory=dict)
    allowance: Allowance = field(default_factory=Allowance)

    def next(self, fetcher: Fetcher, wanted: tuple[Wanted, ...], now: datetime) -> bool:
        """Fetch what was not tried yet, else anew what was kept; False where nothing came."""
        untried = [one for one in wanted if one not in self.got and one not in self.missed]
        if untried:
            fetched = fetcher.fetch(untried, now=now, allowance=self.allowance)
            if self._take(fetched):
                return True
        while again := [one for one in wanted if one in self.kept]:  # fewer each time
            fetched = fetcher.fetch(again, now=now, anew=True, allowance=self.allowance)
            if self._take(fetched, anew=True):
                return True
        return False

    def notes(self, wanted: tuple[Wanted, ...]) -> list[Message]:
        """Return what could not be had of what is lacking, and what is past its time."""
        told = [
            say("only an answer past its time could be had: {why}", why=one.why)
            for one in self.missed.values()
            if one.aged
        ]
        told += [one.why for one in self.missed.values() if not one.aged and one.wanted in wanted]
        return list({str(message): message for message in told}.values())

    def _take(self, fetched: Fetched, *, anew: bool = False) -> bool:
        before = dict(self.got)
        self.got |= fetched.evidence
        if anew:
            self.kept -= {*fetched.evidence, *(one.wanted for one in fetched.missed)}
        else:
            self.kept |= fetched.kept
        self.missed |= {one.wanted: one for one in fetched.missed}
        return self.got != before
