"""
What every kind of fault is: a bench set up as it needs it, and one strike each time it is asked.

A kind strikes with a letter on its way; which kinds there are is known in `kinds`.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from torture.bench import a_bench
from torture.plan import Plan
from torture.processes import patiently
from torture.storm import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torture.bench import Agency, Bench
    from torture.software import Letter

_COMES_PAST = 6.0  # seconds for a letter to come past a step

# Where the main line can be held in both nodes, one step of each sort.
HELD = (
    ("sender", "intake: sync Spool._keep before"),
    ("sender", "intake: commit Outgoing.add before"),
    ("sender", "push: send edoc before"),
    ("sender", "push: send edoc after"),
    ("sender", "push: commit Outgoing.settle before"),
    ("sender", "deliver: rename Filing._move before"),
    ("sender", "deliver: sync Receipts.write before"),
    ("sender", "deliver: commit Arriving.applied before"),
    ("receiver", "pull: sync Spool._keep before"),
    ("receiver", "pull: commit Arriving.add before"),
    ("receiver", "pull: commit Arriving.acknowledged before"),
    ("receiver", "deliver: sync Inbox.keep before"),
    ("receiver", "deliver: rename Inbox.show before"),
    ("receiver", "deliver: commit Arriving.delivered before"),
    ("receiver", "report: send status before"),
    ("receiver", "report: rename StatusFolder.done before"),
)


@dataclass(kw_only=True)
class Kind:
    """One kind of fault; `strike` returns what it struck, or None where nothing came past."""

    name: ClassVar[str]
    root: ClassVar[bool] = False  # needs to be root
    dice: random.Random = field(default_factory=partial(random.Random, 1))

    @contextmanager
    def bench(self, home: Path) -> Iterator[Bench]:
        """Set a bench up, both nodes alive."""
        with a_bench(home) as bench:
            yield alive(bench)

    def strike(self, bench: Bench) -> Run | None:
        """Strike once."""
        raise NotImplementedError

    def ran(self, node: str, where: str, letter: Letter) -> Run:
        """Return a run that is over now."""
        plan = Plan(node=node, errand="letter", strike=where)
        return Run(kind=self.name, plan=plan, letter=letter, cleared_at=time.monotonic())

    def held(
        self, bench: Bench, fault: Callable[[Agency], None]
    ) -> tuple[str, str, Letter] | None:
        """Hold a node at some step of the main line, do that to it there, and let it go on."""
        node, where = self.dice.choice(self.holds())
        agency = bench.agencies[node]
        go = bench.home / f"go-{time.monotonic_ns()}"
        agency.lives.arm(where, hold=go)
        letter = bench.software.letter()
        struck = patiently(agency.lives.struck, within=_COMES_PAST, look=bench.software.look)
        agency.lives.arm()
        if struck:
            fault(agency)
        go.touch()
        return (node, where, letter) if struck else None

    def over(self, bench: Bench, letter: Letter) -> bool:  # noqa: ARG002 - others ask the bench
        """Do what a person would for a letter; tell whether nothing is to be waited for."""
        return letter.final_at is not None

    def holds(self) -> tuple[tuple[str, str], ...]:
        """Return where it may be held."""
        return HELD


def alive(bench: Bench) -> Bench:
    """Begin a life of both nodes."""
    for agency in bench.agencies.values():
        agency.lives.begin()
    return bench


def look_for(bench: Bench, seconds: float) -> None:
    """Have the software look about for so long."""
    patiently(lambda: False, within=seconds, look=bench.software.look)
