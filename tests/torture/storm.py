"""
SIGKILL at every step: each node is struck, begun again at once, and struck again.

Nothing comes to rest in between but for the audit after each batch. A run is one strike that a
node's own trace proves, with a document on its way; a plan nothing came past is not counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torture.bench import Agency, Bench
    from torture.plan import Plan
    from torture.software import Letter

_MOST = 10  # letters on their way, before the nodes are let alone for a while
_FEW = 3
_BLINK = 0.004
_STILL = 15.0  # seconds without a letter becoming final, while nothing strikes


class FellByItself(Exception):
    """A node ended that nobody had struck."""


@dataclass(eq=False, kw_only=True)
class Run:
    """One fault that struck; moments are of the monotonic clock."""

    kind: str
    plan: Plan
    letter: Letter
    cleared_at: float  # when the node lived again, or the fault was taken away

    @property
    def seconds(self) -> float | None:
        """How long until the letter had become what it must; None while it has not."""
        if self.letter.final_at is None:
            return None
        return max(0.0, self.letter.final_at - self.cleared_at)


@dataclass
class Struck:
    """One node under one plan after the other."""

    bench: Bench
    agency: Agency
    plans: Iterator[Plan]
    runs: list[Run] = field(default_factory=list)
    missed: list[Plan] = field(default_factory=list)
    _plan: Plan | None = None
    _second: bool = False  # it has been struck at the plan's first step
    _letter: Letter | None = None
    _until: float = 0.0
    _hit: tuple[Plan, Letter] | None = None
    _ended: bool = True  # by us, as before the first life

    def turn(self, *, calm: bool) -> None:
        """See whether it was struck; begin the next life, under a plan unless it is to be calm."""
        if self.agency.lives.pid is None:
            if not self._struck_first():
                self._struck()
                self._begin(calm=calm)
        elif self._plan is None and not calm:
            self._end()
        elif self._plan is not None and time.monotonic() > self._until:
            self.missed.append(self._plan)
            self._plan = None
            self._end()

    @property
    def at_rest(self) -> bool:
        """Tell whether it lives and nothing is to strike it."""
        return self._plan is None and self.agency.lives.pid is not None

    def _end(self) -> None:
        self.agency.lives.end()
        self._ended = True

    def _struck_first(self) -> bool:
        """Begin the life a plan is about, where that is the second one."""
        if not self._plan or not self._plan.first or self._second:
            return False
        if self.agency.lives.struck() != self._plan.first:
            return False
        self._second = True
        self.agency.lives.begin(self._plan.strike)
        return True

    def _struck(self) -> None:
        if self._plan is not None and self.agency.lives.struck() == self._plan.strike:
            self._hit = self._plan, self._letter
        elif not self._ended:
            raise FellByItself(f"{self.agency.code} ended by itself: see {self.agency.lives.log}")
        self._plan, self._ended = None, False

    def _begin(self, *, calm: bool) -> None:
        if not calm:
            self._plan = next(self.plans)
            self._letter = getattr(self.bench.software, self._plan.errand)()
            self._until = time.monotonic() + self._plan.patience
        self._second = False
        plan = self._plan
        strike = (plan.first or plan.strike) if plan else ""
        self.agency.lives.begin(strike, upkeep=plan.upkeep if plan else None)
        if self._hit is not None:
            plan, letter = self._hit
            now = time.monotonic()
            self.runs.append(Run(kind="SIGKILL", plan=plan, letter=letter, cleared_at=now))
            self._hit = None


def storm(bench: Bench, plans: dict[str, Iterator[Plan]], *, runs: int) -> tuple[list[Run], list]:
    """Strike both nodes of a bench so often in all; return the runs and the plans missed."""
    struck = [Struck(bench, bench.agencies[name], each) for name, each in plans.items()]
    for each in struck:
        each.agency.lives.end()
    drain, few, still = False, 0, time.monotonic()
    while sum(len(each.runs) for each in struck) < runs:
        waiting = len(bench.software.waiting())
        calm, drain = drain, waiting > _MOST or (drain and waiting > _FEW)
        if not (calm and drain) or waiting < few:
            few, still = waiting, time.monotonic()
        elif time.monotonic() > still + _STILL:
            break  # the audit says what is lost
        for each in struck:
            each.turn(calm=drain)
        bench.software.look()
        time.sleep(_BLINK)
    for each in struck:
        each.agency.lives.end()
    return [run for each in struck for run in each.runs], [
        plan for each in struck for plan in each.missed
    ]
