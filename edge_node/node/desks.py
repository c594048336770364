"""
Whoever looks into files for a lane, and whoever signs for it, made with the first file.

Until then nothing of them is loaded: a node that has nothing to look into is as small as ever.
What they are made of is `trusting`'s affair.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, timedelta
    from pathlib import Path

    from edge_node.adapters.examining import Finding
    from edge_node.adapters.notary import Opener
    from edge_node.config import Config
    from edge_node.domain.envelope import Digest
    from edge_node.domain.secrecy import Look
    from edge_node.domain.signing import Act, SigningWish
    from edge_node.node import trusting
    from edge_node.protocol import edxml


class _Staffed(Protocol):
    def tidy(self) -> None: ...
    def close(self) -> None: ...


_Staff = TypeVar("_Staff", bound=_Staffed)


@dataclass(slots=True)
class _Desk(Generic[_Staff]):
    """Somebody who is called when there is something to do, and can be sent home at any time."""

    _call: Callable[[], _Staff]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _there: _Staff | None = None
    _closed: bool = False

    def at_work(self) -> _Staff:
        """Return them; whoever comes after `close` does nothing any more, and says so."""
        with self._lock:
            if self._there is None:
                self._there = self._call()
                if self._closed:
                    self._there.close()
            return self._there

    def tidy(self) -> None:
        if self._there is not None:
            self._there.tidy()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            there = self._there
        if there is not None:
            there.close()


class Looking:
    """Whoever looks into files for one lane."""

    def __init__(
        self,
        config: Config,
        *,
        briefed: Callable[[trusting.Looking], trusting.Looking] = lambda there: there,
    ) -> None:
        """Make nothing yet; ``briefed`` is what whoever comes is told before anything else."""

        def call() -> trusting.Looking:
            from edge_node.node.trusting import Looking as AtWork  # noqa: PLC0415 - for a file

            return briefed(AtWork.of(config))

        self._desk = _Desk(call)

    @property
    def opener(self) -> Opener:
        """Who opens the files."""
        return self._desk.at_work().opener

    def look(self, path: Path, *, now: datetime, within: timedelta) -> Finding:
        """Return what is found in a file, as `Examiner.look` does."""
        return self._desk.at_work().look(path, now=now, within=within)

    def grades(
        self, path: Path, *, limits: edxml.Limits, by_machine: bool = False
    ) -> tuple[Look, ...]:
        """Return what looks at a file for a grade of secrecy came to, as `Grading.grades` does."""
        return self._desk.at_work().grades(path, limits=limits, by_machine=by_machine)

    def rely_on(self, evidence: Iterable[str]) -> None:
        """Keep for good what verdicts relied on, by its digests."""
        self._desk.at_work().rely_on(evidence)

    def tidy(self) -> None:
        """Take note of a child that has gone for want of work; costs nothing without one."""
        self._desk.tidy()

    def close(self) -> None:
        """End the child and all calls, from whatever thread; nothing is looked into any more."""
        self._desk.close()


class Sealing:
    """Whoever signs for one lane."""

    def __init__(
        self,
        config: Config,
        looking: Looking,
        *,
        clock: Callable[[], datetime],
        briefed: Callable[[trusting.Sealing], trusting.Sealing] = lambda there: there,
    ) -> None:
        """Make nothing yet; ``looking`` checks what is signed, ``briefed`` as for it."""

        def call() -> trusting.Sealing:
            from edge_node.node.trusting import Sealing as AtWork  # noqa: PLC0415 - for a file

            return briefed(AtWork.of(config, looking.opener, clock=clock))

        self._desk = _Desk(call)

    def sign(
        self, source: Path, target: Path, wish: SigningWish, *, digest: Digest | None = None
    ) -> Act:
        """Sign a file into another, as `Signatory.sign` does."""
        return self._desk.at_work().sign(source, target, wish, digest=digest)

    def own_certificates(self) -> frozenset[str]:
        """Return the fingerprints of all certificates that keys of this node are known to have."""
        return self._desk.at_work().own_certificates()

    def tidy(self) -> None:
        """Take note of children that have gone for want of work."""
        self._desk.tidy()

    def close(self) -> None:
        """End the children and all calls, from whatever thread; nothing is signed any more."""
        self._desk.close()
