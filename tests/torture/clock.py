"""
The wall clock of one node is set, and set right again, with documents on their way.

What a node is shown is shifted by `skewed.c`, compiled with gcc and loaded before libc; the axis,
the other node and the kernel's stamps stay as they are.
"""

from __future__ import annotations

import signal
import struct
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from torture.bench import RECEIVER, SENDER, a_bench
from torture.faulty import Tended
from torture.kind import alive, look_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torture.bench import Agency, Bench
    from torture.software import Letter
    from torture.storm import Run

_SOURCE = Path(__file__).with_name("skewed.c")
_SPREAD = 0.35  # seconds within which a letter goes its whole way
_LONGER = 1.5  # seconds; it sees to its queue twice within
_UPKEEP = 0.5  # seconds; what it would do every half minute
_HOURS = (-26.0, -2.0, -0.1, 0.1, 2.0, 26.0)


@dataclass(kw_only=True)
class ClockSet(Tended):
    """A clock that is off by up to 26 hours, set while the node runs or while it does not."""

    name = "clock set, and set right"  # type: ignore[assignment]
    _home: Path | None = None
    _open: list[Letter] = field(default_factory=list)

    @contextmanager
    def bench(self, home: Path) -> Iterator[Bench]:
        """Set a bench up whose nodes can be shown a clock that is off."""
        home.mkdir(parents=True, exist_ok=True)
        self._home = home
        shim = home / "skewed.so"
        compiled = ["gcc", "-shared", "-fPIC", "-O1", "-o", shim, _SOURCE, "-ldl"]
        subprocess.run(compiled, check=True, capture_output=True)
        for code in (SENDER, RECEIVER):
            self._clock(code).write_bytes(bytes(8))
        said = {"LD_PRELOAD": str(shim), "SKEWED_BY": str(self._clock("{code}"))}
        with a_bench(home / "bench", upkeep=_UPKEEP, **said) as bench:
            yield alive(bench)

    def strike(self, bench: Bench) -> Run | None:
        """Set the clock with one letter on its way, and right again with another."""
        node = self.dice.choice(tuple(bench.agencies))
        hours = self.dice.choice(_HOURS) * self.dice.uniform(0.5, 1)
        self._open = [bench.software.letter()]
        look_for(bench, self.dice.uniform(0, _SPREAD))
        begun = self._set(bench.agencies[node], hours)
        look_for(bench, self.dice.uniform(0, _LONGER))
        self._open.append(bench.software.letter())
        look_for(bench, self.dice.uniform(0, _SPREAD))
        ended = self._set(bench.agencies[node], 0)
        return self.ran(node, f"by {hours:+.1f} h {begun}, right {ended}", self._open[-1])

    def over(self, bench: Bench, letter: Letter) -> bool:
        """See both letters through."""
        over = [Tended.over(self, bench, each) for each in (*self._open, letter)]
        return all(over)

    def _set(self, agency: Agency, hours: float) -> str:
        """Show a node a clock that is so much ahead; return how."""
        nanoseconds = round(hours * 3600) * 1_000_000_000
        number = self.dice.choice((None, signal.SIGKILL, signal.SIGTERM))
        if number is not None:
            agency.lives.end(number)
        with self._clock(agency.code).open("r+b") as file:
            file.write(struct.pack("=q", nanoseconds))
        if number is None:
            return "while it ran"
        agency.lives.begin()
        return f"after {number.name}"

    def _clock(self, code: str) -> Path:
        return self._home / f"clock-{code}"
