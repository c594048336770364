"""
Asks about certificates until the answer is sure: ask, fetch what is lacking, ask again.

Who answers has no network, and who fetches opens nothing that strangers wrote. What the answer is
about, a file or a certificate, is the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from edge_node.adapters.fetching import PATIENCE, Allowance
from edge_node.domain.message import say
from edge_node.notary.trust import Checking, Trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from edge_node.adapters.anchors import Anchors
    from edge_node.adapters.fetching import Fetched, Fetcher, Missed
    from edge_node.domain.message import Message
    from edge_node.notary.trust import Evidence, Wanted

# The issuer's certificate, that one's issuer, OCSP, lists; and once more what was no help.
MOST_LOOKS: Final = 6
_NOTHING: Final[Mapping[Wanted, Evidence]] = MappingProxyType({})


class Answer(Protocol):
    """An answer by some trust alone, and what would make it surer."""

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """What to fetch before asking again."""


_Answer = TypeVar("_Answer", bound=Answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked of a signature before it holds."""

    checking: Checking = Checking.REQUIRED
    legacy_sha1: bool = False
    minimum_rsa: int = 2048
    grace: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled(Generic[_Answer]):
    """The surest answer, what was fetched for it, and what could not be had."""

    answer: _Answer
    evidence: Mapping[Wanted, Evidence] = field(default_factory=lambda: _NOTHING)
    notes: tuple[Message, ...] = ()
    hints: tuple[Message, ...] = ()  # what can be done about the notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Joins whom to believe and who fetches."""

    anchors: Anchors
    fetcher: Fetcher
    terms: Terms = field(default_factory=Terms)

    def settle(
        self,
        ask: Callable[[Trust], _Answer],
        *,
        now: datetime,
        within: timedelta = PATIENCE,
        likely: Iterable[Wanted] = (),
    ) -> Settled[_Answer]:
        """
        Return the surest answer ``ask`` gives, by a trust that grows with what is fetched.

        After ``within`` no server is asked any more. What is ``likely`` to be wanted is handed in
        from the start, as far as it is kept here and fresh.
        Raises AnchorsUnsound where nobody knows whom to believe, what fetching and ``ask`` raise;
        what servers do is a note.
        """
        known = self.fetcher.held(likely, now=now)
        search = _Search(got=known, kept=set(known), allowance=Allowance.within(within))
        answer = ask(self._trust(search))
        for _ in range(MOST_LOOKS - 1):
            fetched = search.next(self.fetcher, answer.wanted, now)
            if not fetched:
                break
            answer = ask(self._trust(search))
        if answer.wanted and self.terms.grace:
            # Only now that nobody could be asked: a stranger's file may bring old answers along.
            answer = ask(self._trust(search, grace=self.terms.grace))
        return Settled(
            answer=answer,
            evidence=MappingProxyType(search.got),
            notes=tuple(search.notes(answer.wanted)),
            hints=tuple(search.hints(answer.wanted)),
        )

    def _trust(self, search: _Search, *, grace: timedelta = timedelta()) -> Trust:
        pinned = self.anchors.pinned()
        return Trust(
            roots=pinned.roots,
            intermediates=pinned.intermediates,
            evidence=tuple(search.got.values()),
            checking=self.terms.checking,
            legacy_sha1=self.terms.legacy_sha1,
            minimum_rsa=self.terms.minimum_rsa,
            grace=grace,
        )


@dataclass(slots=True)
class _Search:
    """What has been fetched for one answer so far, and what was tried."""

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

    def hints(self, wanted: tuple[Wanted, ...]) -> list[Message]:
        """Return what can be done about what `notes` tells."""
        failed = [one for one in self.missed.values() if one.aged or one.wanted in wanted]
        return list({str(one.hint): one.hint for one in failed if one.hint}.values())

    def _take(self, fetched: Fetched, *, anew: bool = False) -> bool:
        before = dict(self.got)
        self.got |= fetched.evidence
        if anew:
            self.kept -= {*fetched.evidence, *(one.wanted for one in fetched.missed)}
        else:
            self.kept |= fetched.kept
        self.missed |= {one.wanted: one for one in fetched.missed}
        return self.got != before
