"""
Fetches what a verdict still lacks: OCSP answers, CRLs, certificates of issuers.

An answer is kept and not asked for again before its time; while nobody answers, one that is past
its time is handed on for as long as is allowed. Whether a piece is signed by whom it should be is
judged where it is used; that it is of its kind is seen to by `edge_node.adapters.pieces`.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.calls import Calls
from edge_node.adapters.pieces import read_piece
from edge_node.adapters.web import NoAnswer, Question, ask, authority
from edge_node.domain.message import say
from edge_node.notary.trust import Evidence, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from edge_node.adapters.pieces import Piece
    from edge_node.adapters.statements import Statements
    from edge_node.adapters.web import Reach
    from edge_node.domain.message import Message
    from edge_node.notary.trust import Wanted

_KB: Final = 1024
# The largest CRLs of Vietnamese authorities had some megabytes in 2026.
LARGEST: Final = MappingProxyType(
    {Kind.OCSP: 128 * _KB, Kind.ISSUER: 256 * _KB, Kind.CRL: 32 * _KB * _KB}
)
PATIENCE: Final = timedelta(minutes=3)  # what all questions about one file may take together
# A server that took so long to fail is not asked for a while, whatever file is looked into: one
# that swallows what is sent to it would hold up every document by `trust.timeout`.
SLOW, REST = timedelta(seconds=2), timedelta(minutes=10)
_REMEMBERED: Final = 500  # servers: strangers name as many as they like
_OCSP_HEADERS: Final = MappingProxyType({"Content-Type": "application/ocsp-request"})
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(slots=True, kw_only=True)
class Allowance:
    """What may still be spent on one file: strangers name as many places as they like."""

    questions: int = 24
    room: int = 64 * _KB * _KB  # bytes of all pieces together
    ends: float = field(default_factory=lambda: time.monotonic() + PATIENCE.total_seconds())

    @classmethod
    def within(cls, left: timedelta) -> Allowance:
        """Return what may be spent in the time that is left, and is there for one file."""
        return cls(ends=time.monotonic() + min(left, PATIENCE).total_seconds())

    def ask(self) -> timedelta:
        """Spend a question; return how long it may take. `NoAnswer` where nothing is left."""
        left = self.ends - time.monotonic()
        if self.questions <= 0 or self.room <= 0 or left <= 0:
            raise NoAnswer(say("too much would have to be asked about this file"), final=True)
        self.questions -= 1
        return timedelta(seconds=left)

    def take(self, content: bytes) -> None:
        """Spend room on a piece; `NoAnswer` where there is not enough, and none from then on."""
        if len(content) > self.room:
            self.room = 0
            raise NoAnswer(say("too much would have to be asked about this file"), final=True)
        self.room -= len(content)


@dataclass(slots=True)
class Silence:
    """Which servers were waited for in vain lately, by our monotonic clock (seconds)."""

    clock: Callable[[], float] = time.monotonic
    _lately: dict[str, tuple[float, Message]] = field(default_factory=dict)

    @contextmanager
    def asking(self, host: str) -> Iterator[None]:
        """Ask a server in the block; `NoAnswer`, in the words it failed by, where that is vain."""
        begun = self.clock()
        until, why = self._lately.get(host, (begun, None))
        if why is not None and begun < until:
            raise NoAnswer(why)
        try:
            yield
        except NoAnswer as failure:
            if not failure.final and self.clock() >= begun + SLOW.total_seconds():
                self._remember(host, failure.message)
            raise
        self._lately.pop(host, None)

    def _remember(self, host: str, why: Message) -> None:
        """Note that a server failed; of too many, the one that was noted first is forgotten."""
        self._lately[host] = self.clock() + REST.total_seconds(), why
        while len(self._lately) > _REMEMBERED:
            del self._lately[next(iter(self._lately))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A place that was asked in vain, and why; ``aged`` says that an older answer serves."""

    wanted: Wanted
    why: Message
    hint: Message | None = None  # what a person can do about it
    aged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was got, which of that was here already, and what could not be had."""

    evidence: Mapping[Wanted, Evidence]
    kept: frozenset[Wanted] = frozenset()
    missed: tuple[Missed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """
    Asks the places that certificates name.

    ``timeout`` bounds one question; ``grace`` is for how long past its time an answer is handed
    on while nobody gives a newer one; ``silence`` knows who is not worth asking at present.
    """

    statements: Statements
    reach: Reach
    timeout: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta()
    silence: Silence = field(default_factory=Silence)
    calls: Calls = field(default_factory=Calls)

    def fetch(
        self,
        wanted: Iterable[Wanted],
        *,
        now: datetime,
        anew: bool = False,
        allowance: Allowance | None = None,
    ) -> Fetched:
        """
        Return what can be had of ``wanted``; what a server does is never raised, but `Missed`.

        No CRL is asked for where an OCSP responder or an issuer was found: it may be a thousand
        times as large, and whoever still lacks it asks again. ``anew`` passes over what is kept,
        where that was no help; ``allowance`` is what all fetches for one file share. Raises what
        `disk_errors` raises, and `HungUp` once it is closed.
        """
        allowance = allowance or Allowance()
        errand = _Errand(fetcher=self, now=now, anew=anew, allowance=allowance)
        for one in sorted(dict.fromkeys(wanted), key=lambda one: one.kind is Kind.CRL):
            errand.do(one)
        return Fetched(
            evidence=MappingProxyType(errand.got),
            kept=frozenset(errand.kept),
            missed=tuple(errand.missed),
        )

    def held(self, wanted: Iterable[Wanted], *, now: datetime) -> dict[Wanted, Evidence]:
        """Return what is kept here of ``wanted`` and need not be asked for again yet."""
        found = ((one, self.statements.answer(one)) for one in wanted)
        return {
            one: Evidence(kind=one.kind, content=piece.content)
            for one, piece in found
            if piece is not None and now < piece.fresh_until
        }

    def ask(self, wanted: Wanted, *, now: datetime, allowance: Allowance) -> bytes:
        """
        Ask for one piece over the network and keep it (DER); `NoAnswer` says why not.

        What the allowance has no room for is not kept: strangers do not fill the disk.
        """
        question = Question(
            url=wanted.url,
            body=wanted.request,
            headers=_OCSP_HEADERS if wanted.request else _NO_HEADERS,
            largest=LARGEST[wanted.kind],
            within=min(self.timeout, allowance.ask()),
        )
        answer = ask(question, self.reach, self.calls)
        allowance.take(answer)
        piece = read_piece(wanted, answer, now=now)
        self.statements.keep(wanted, piece)
        return piece.content

    def close(self) -> None:
        """Ask nobody any more, from whatever thread: whoever waits for an answer is let go."""
        self.calls.hang_up()


@dataclass(slots=True, kw_only=True)
class _Errand:
    """One fetch while it lasts."""

    fetcher: Fetcher
    now: datetime
    anew: bool
    allowance: Allowance
    got: dict[Wanted, Evidence] = field(default_factory=dict)
    kept: set[Wanted] = field(default_factory=set)
    missed: list[Missed] = field(default_factory=list)
    silent: dict[str, NoAnswer] = field(default_factory=dict)  # hosts that are not tried twice

    def do(self, one: Wanted) -> None:
        held = self.fetcher.statements.answer(one)
        try:
            if held is not None and not self.anew and self.now < held.fresh_until:
                self._take(one, held.content)
            elif one.kind is not Kind.CRL or not self._answered():
                self.got[one] = Evidence(kind=one.kind, content=self._asked(one))
        except NoAnswer as error:
            self._fall_back(one, held, error)

    def _fall_back(self, one: Wanted, held: Piece | None, failure: NoAnswer) -> None:
        """Take what is kept where nobody answered, as long as that may serve."""
        aged = held is not None and self.now >= held.speaks_until
        # Subtracted: an answer may speak until the end of time (RFC 5280, 4.1.2.5).
        if held is None or self.now - self.fetcher.grace >= held.speaks_until:
            self.missed.append(Missed(wanted=one, why=failure.message, hint=failure.hint))
            return
        try:
            self._take(one, held.content)
        except NoAnswer as error:
            self.missed.append(Missed(wanted=one, why=error.message, hint=error.hint))
            return
        if aged:
            self.missed.append(
                Missed(wanted=one, why=failure.message, hint=failure.hint, aged=True)
            )

    def _answered(self) -> bool:
        """Tell whether anybody but a list has told something."""
        return any(one.kind is not Kind.CRL for one in self.got)

    def _asked(self, one: Wanted) -> bytes:
        host = authority(one.url)
        if host in self.silent:
            raise self.silent[host]
        try:
            with self.fetcher.silence.asking(host):
                return self.fetcher.ask(one, now=self.now, allowance=self.allowance)
        except NoAnswer as error:
            if not error.final:
                self.silent[host] = error
            raise

    def _take(self, one: Wanted, content: bytes) -> None:
        """Hand on what is kept."""
        self.allowance.take(content)
        self.got[one] = Evidence(kind=one.kind, content=content)
        self.kept.add(one)
