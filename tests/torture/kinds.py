"""
How a fault strikes, how it is seen to have struck, and how it is taken away: one class a kind.

A kind sets a bench up as it needs it, and strikes once each time it is asked to, with a letter on
its way. SIGKILL at every step has an engine of its own (`storm`).
"""

from __future__ import annotations

import errno
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torture.bench import a_bench
from torture.clock import ClockSet
from torture.commands import AdoptKilled, ReleaseKilled, ResendKilled
from torture.disks import Failing, Mounted, failing, mounted
from torture.faulty import AxisFaulty, AxisForgets
from torture.kind import HELD, Kind, alive, look_for
from torture.line import Trouble
from torture.older import OlderPutBack
from torture.processes import patiently

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torture.bench import Agency, Bench
    from torture.storm import Run

_COMES_PAST = 6.0  # seconds for a letter to come past a step
_TWO_LEASES = 11.0  # seconds; `push.lease` is five
_A_WHILE = 0.5  # seconds a fault goes on after what it struck was let go
_SPREAD = 0.35  # seconds within which a letter goes its whole way


class KilledAnytime(Kind):
    """SIGKILL at any moment, between steps too."""

    name = "SIGKILL at any moment"

    def strike(self, bench: Bench) -> Run | None:
        """Let a letter go for a moment, and kill one of the nodes."""
        letter = bench.software.letter()
        look_for(bench, self.dice.uniform(0, _SPREAD))
        node = self.dice.choice(("sender", "receiver"))
        if letter.final_at is not None:
            return None
        bench.agencies[node].lives.end()
        bench.agencies[node].lives.begin()
        return self.ran(node, "any moment", letter)


class Stopped(Kind):
    """SIGSTOP for longer than two leases, then SIGCONT."""

    name = "SIGSTOP for two leases"

    def strike(self, bench: Bench) -> Run | None:
        """Stop a node at a step, and have it go on when its leases are long over."""
        struck = self.held(bench, lambda agency: agency.lives.send(signal.SIGSTOP))
        if struck is None:
            return None
        look_for(bench, _TWO_LEASES)
        bench.agencies[struck[0]].lives.send(signal.SIGCONT)
        return self.ran(*struck)


class AxisKilled(Kind):
    """The axis is killed at any moment, and served again."""

    name = "axis killed and restarted"

    def strike(self, bench: Bench) -> Run | None:
        """Kill it with a letter on its way."""
        letter = bench.software.letter()
        look_for(bench, self.dice.uniform(0, _SPREAD))
        if letter.final_at is not None:
            return None
        bench.axis.kill()  # what it answered for it keeps
        look_for(bench, _A_WHILE)
        bench.axis.begin()
        return self.ran("axis", "any moment", letter)


@dataclass(kw_only=True)
class LineTroubled(Kind):
    """The line between a node and the axis fails in one way or another."""

    name = "line troubled"
    calls: ClassVar = {
        "sender": ("sendEdoc", "getReceivedEdocList", "updateStatus"),
        "receiver": ("sendEdoc", "getReceivedEdocList", "downloadEdoc", "updateStatus"),
    }
    trouble: Trouble | None = None

    def strike(self, bench: Bench) -> Run | None:
        """Trouble one call of one node."""
        trouble = self.trouble or self.dice.choice(tuple(Trouble))
        node = self.dice.choice(tuple(self.calls))
        call = self.dice.choice(self.calls[node])
        line = bench.agencies[node].line
        line.arm(trouble, call)
        letter = bench.software.letter()
        struck = patiently(lambda: line.struck, within=_COMES_PAST, look=bench.software.look)
        line.arm(None)
        return self.ran(node, f"{trouble}: {call}", letter) if struck else None


class LinkDown(Kind):
    """The link is down, in a network namespace of the bench's own."""

    name = "link down"
    root = True

    def strike(self, bench: Bench) -> Run | None:
        """Take the link down with a letter on its way, and up again."""
        struck = self.held(bench, lambda _: _link("down"))
        if struck:
            look_for(bench, _A_WHILE)
            _link("up")
        return self.ran(*struck) if struck else None


@dataclass(kw_only=True)
class DiskFull(Kind):
    """ENOSPC: a small disk that holds everything of the nodes is filled."""

    name = "ENOSPC"
    root = True
    _disk: Mounted | None = None

    @contextmanager
    def bench(self, home: Path) -> Iterator[Bench]:
        """Set a bench up whose nodes have a small disk."""
        with mounted(home / "disk", size="48m") as self._disk:
            folder = self._disk.root
            with a_bench(home / "bench", data=folder, exchange=folder) as bench:
                yield alive(bench)

    def strike(self, bench: Bench) -> Run | None:
        """Fill the disk at a step, and free it again."""
        struck = self.held(bench, lambda _: self._disk.fill())
        if struck:
            look_for(bench, _A_WHILE)
            self._disk.empty()
        return self.ran(*struck) if struck else None


@dataclass(kw_only=True)
class ReadOnly(Kind):
    """EROFS: the exchange folder's disk is mounted read-only, as after an error of its own."""

    name = "EROFS"
    root = True
    _disk: Mounted | None = None

    @contextmanager
    def bench(self, home: Path) -> Iterator[Bench]:
        """Set a bench up whose exchange folders are a disk of their own."""
        with (
            mounted(home / "disk", size="48m") as self._disk,
            a_bench(home / "bench", exchange=self._disk.root) as bench,
        ):
            yield alive(bench)

    def holds(self) -> tuple[tuple[str, str], ...]:
        """Hold it where nothing is open for writing on that disk."""
        return tuple((node, step) for node, step in HELD if " sync " not in step)

    def strike(self, bench: Bench) -> Run | None:
        """Make it read-only at a step, and writable again."""
        try:
            struck = self.held(bench, lambda _: self._disk.read_only())
        except subprocess.CalledProcessError:  # somebody had just opened a file for writing
            return None
        if struck:
            time.sleep(_A_WHILE)
            self._disk.writable()
        return self.ran(*struck) if struck else None


@dataclass(kw_only=True)
class CallsFail(Kind):
    """EIO from fsync, write and rename, SQLite's too."""

    name = "EIO"
    number: int = errno.EIO
    _failing: Failing | None = None

    @contextmanager
    def bench(self, home: Path) -> Iterator[Bench]:
        """Set a bench up whose nodes' calls can be made to fail."""
        home.mkdir(parents=True, exist_ok=True)
        self._failing = failing(home)
        with a_bench(home / "bench", **self._failing.environ) as bench:
            yield alive(bench)

    def strike(self, bench: Bench) -> Run | None:
        """Have the calls of a node fail from a step on, in one of its two folders."""

        def fail(agency: Agency) -> None:
            below = self.dice.choice((agency.data, agency.exchange))
            self._failing.fail(below, self.number)

        struck = self.held(bench, fail)
        if struck:
            look_for(bench, _A_WHILE)
            self._failing.heal()
        return self.ran(*struck) if struck else None


KINDS: dict[str, Callable[[random.Random], Kind]] = {
    "anytime": lambda dice: KilledAnytime(dice=dice),
    "stop": lambda dice: Stopped(dice=dice),
    "axis": lambda dice: AxisKilled(dice=dice),
    "forgets": lambda dice: AxisForgets(dice=dice),
    "line": lambda dice: LineTroubled(dice=dice),
    "faults": lambda dice: AxisFaulty(dice=dice),
    "faults-ask": lambda dice: AxisFaulty(dice=dice, unsure="ask"),
    "resend": lambda dice: ResendKilled(dice=dice),
    "release": lambda dice: ReleaseKilled(dice=dice),
    "adopt": lambda dice: AdoptKilled(dice=dice),
    "clock": lambda dice: ClockSet(dice=dice),
    "older": lambda dice: OlderPutBack(dice=dice),
    "link": lambda dice: LinkDown(dice=dice),
    "full": lambda dice: DiskFull(dice=dice),
    "readonly": lambda dice: ReadOnly(dice=dice),
    "io": lambda dice: CallsFail(dice=dice),
}


def _link(way: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", way], check=True)
