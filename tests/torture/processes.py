"""The processes of a bench: nodes whose lives are counted, and the axis; begun and ended."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from system_world import EDGE_NODE, environment, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WITNESSED = Path(__file__).with_name("witnessed.py")
PLAN_SIZE = 512  # bytes, as witnessed.py reads them
NEVER = ""  # a strike that does not come
_ENDS_WITHIN = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Passed:
    """One line of a trace: when (nanoseconds), what passed, and what it was about."""

    at: int
    step: str  # "lane: name phase"; "BEGIN" and "STRUCK" stand for themselves
    digest: str
    axis_id: str
    what: str


class Lives:
    """One command of a node, lived again and again, every life witnessed."""

    def __init__(
        self,
        home: Path,
        arguments: Sequence[object],
        *,
        environ: Mapping[str, str] | None = None,
        upkeep: float | None = None,
    ):
        """
        Keep what every life is started with; nothing lives yet.

        ``upkeep`` is how often the daemon sees to its queue, in seconds, where that is not to be
        as ever.
        """
        home.mkdir(exist_ok=True)
        self.home = home
        self.count = 0
        self.status = 0  # what the last life ended with, as os.waitpid tells it
        self._arguments = [str(argument) for argument in arguments]
        self._environ = environ or {}
        self._upkeep = upkeep
        self._pid: int | None = None
        self._heard = b""
        self._armed = 0

    @cached_property
    def _zygote(self) -> subprocess.Popen:
        zygote = subprocess.Popen(
            [sys.executable, _WITNESSED],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment() | self._environ,
        )
        os.set_blocking(zygote.stdout.fileno(), False)
        return zygote

    @property
    def log(self) -> Path:
        """Where its words go, those of all its lives."""
        return self.home / "node.log"

    @property
    def _plan(self) -> Path:
        return self.home / "plan"

    @property
    def trace(self) -> Path:
        """What the life at hand, or the last one, has passed."""
        return self.home / "traces" / f"{self.count:05}"

    def begin(
        self,
        strike: str = NEVER,
        *,
        after: int = 0,
        hold: Path | None = None,
        upkeep: float | None = None,
        words: Sequence[object] = (),
    ) -> None:
        """
        Begin a life that is struck at this step, the ``after``-th time it passes there.

        ``words`` are said beside the usual arguments.
        """
        self.count += 1
        self.trace.parent.mkdir(exist_ok=True)
        self.arm(strike, after=after, hold=hold)
        arguments = [*self._arguments, *map(str, words)]
        order = {"arguments": arguments, "log": str(self.log), "trace": str(self.trace)}
        order["upkeep"] = upkeep or self._upkeep
        order["plan"] = str(self._plan)
        self._zygote.stdin.write(json.dumps(order).encode() + b"\n")
        self._zygote.stdin.flush()
        self._pid = until(lambda: self._answer("pid"))

    def arm(self, strike: str = NEVER, *, after: int = 0, hold: Path | None = None) -> None:
        """Have the life at hand struck at this step; what it was to be struck at is forgotten."""
        self._armed += 1
        line = f"{self._armed}\t{strike}\t{after}\t{hold or ''}\n".encode()
        with self._plan.open("r+b" if self._plan.exists() else "wb") as file:
            file.write(line.ljust(PLAN_SIZE))  # in one write, so that no half of it is read

    @property
    def pid(self) -> int | None:
        """The process that lives now; None if none does."""
        if self._pid is not None and (status := self._answer("status")) is not None:
            self._pid, self.status = None, status
        return self._pid

    def send(self, number: int) -> None:
        """Send the life at hand a signal, if there is one."""
        if (pid := self.pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def end(self, number: int = signal.SIGKILL) -> None:
        """End the life at hand and wait for that."""
        self.send(number)
        until(lambda: self.pid is None, within=_ENDS_WITHIN)

    def struck(self) -> str | None:
        """Return the step this life was struck at, by its own trace; None if it was not."""
        for line in reversed(self.passed()):
            if line.step == "STRUCK":
                return line.digest
        return None

    def passed(self) -> list[Passed]:
        """Return what the life at hand, or the last one, has passed so far."""
        return _read(self.trace)

    def ended(self) -> Iterator[list[Passed]]:
        """Yield what each life passed that has ended, in order; each is read once."""
        traces = sorted(self.trace.parent.iterdir())
        for trace in traces if self.pid is None else traces[:-1]:
            yield _read(trace)
            trace.unlink()

    def close(self) -> None:
        """End what lives, and what gives life."""
        if "_zygote" not in self.__dict__:
            return
        with suppress(AssertionError):
            self.end()
        self._zygote.kill()
        self._zygote.wait()
        self._zygote.stdin.close()
        self._zygote.stdout.close()

    def _answer(self, word: str) -> int | None:
        with suppress(BlockingIOError, TypeError):
            self._heard += os.read(self._zygote.stdout.fileno(), 4096)
        line, end, rest = self._heard.partition(b"\n")
        if not end:
            return None
        answer = json.loads(line)
        if word not in answer:
            return None
        self._heard = rest
        return answer[word]


def _read(trace: Path) -> list[Passed]:
    if not trace.exists():  # the life has only just begun
        return []
    text = trace.read_text(encoding="utf-8", errors="surrogateescape")
    # A life may end within a line; what it wrote so far is nothing.
    return [_passed(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _passed(line: str) -> Passed:
    at, step, digest, *rest = [*line.split("\t"), "", "", ""]
    return Passed(int(at), step, digest, rest[0], rest[1])


@dataclass
class Served:
    """A test axis that is served on one port, and may be killed and served again."""

    folder: Path
    port: int = 0
    process: subprocess.Popen | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it is reached without a line between."""
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Serve it; returns once it listens."""
        log = self.folder / "axis.log"
        log.unlink(missing_ok=True)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*EDGE_NODE, "sandbox", self.folder, "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(),
            )
        said = until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()))
        self.port = int(said[1])

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve a test axis that is there for as long as the block lasts."""
    axis = Served(folder)
    axis.begin()
    try:
        yield axis
    finally:
        axis.kill()


def patiently(found, *, within: float, look=lambda: None) -> bool:
    """Go on looking until something is found; False if it was not in time."""
    deadline = time.monotonic() + within
    while not found():
        if time.monotonic() > deadline:
            return False
        look()
        time.sleep(0.005)
    return True
