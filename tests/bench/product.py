"""
What the bench does to the product: bursts, single documents, one huge one, and nothing at all.

Node A's document software drops folders, node B's looks into its inbox; the test axis is between
them. Everything is counted and compared from the files in the two exchange folders.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from letters import letter, letters
from nodes import Axis, Running, a_node, an_axis
from procfs import Memory, cpu_seconds, memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from letters import Letter

SENDER: Final = "H99.01"
RECEIVER: Final = "H99.02"
IDLER: Final = "H99.03"

# Nothing waits for a clock here that would only measure the clock.
HURRY: Final = """
intake: {quiet: 0s, scan_every: 1s}
pull: {every: 200ms}
report: {every: 1s}
"""
_HUGE: Final = """
intake: {quiet: 0s, scan_every: 1s}
pull: {every: 200ms}
limits: {attachment: 2GB, package: 3GB, unpacked: 3GB}
"""
_POLLED: Final = 0.2  # seconds: pull.every, above
_BLINK: Final = 0.002
_GIVE_UP: Final = 600.0
_SETTLING: Final = 5.0  # seconds a daemon has to come to rest before it is watched at rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The three processes of a run."""

    home: Path
    axis: Axis
    sender: Running
    receiver: Running

    @property
    def processes(self) -> Mapping[str, int]:
        """The process ids by what the processes are."""
        return {
            "node A": self.sender.pid,
            "node B": self.receiver.pid,
            "sandbox": self.axis.pid,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """One burst: seconds to the last inbox folder and to the last 01, CPU seconds by process."""

    documents: int
    delivered: float
    answered: float
    cpu: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Huge:
    """One huge attachment: how large, how it was fetched, how long, peak memory by process."""

    size: int
    fetch: str
    seconds: float
    peak: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A daemon with nothing to do, on the default configuration."""

    seconds: float
    cpu: float
    memory: Memory


class Lost(Exception):
    """A document did not arrive, or not as it was sent."""


@contextmanager
def staged(
    home: Path,
    *,
    settings: str = HURRY,
    fetch: str = "downloadEdoc",
    max_package: int = 100 << 20,
) -> Iterator[Stage]:
    """Run the axis and both nodes for as long as the block lasts."""
    codes = (SENDER, RECEIVER, IDLER)
    with (
        an_axis(home / "axis", codes, max_package=max_package) as axis,
        a_node(home / "A", axis, SENDER, settings=settings, fetch=fetch) as sender,
        a_node(home / "B", axis, RECEIVER, settings=settings, fetch=fetch) as receiver,
    ):
        _until(lambda: all(_runs(node) for node in (sender, receiver)), "the nodes did not start")
        yield Stage(home=home, axis=axis, sender=sender, receiver=receiver)


def burst(stage: Stage, count: int, *, series: str, seed: int) -> Burst:
    """Drop ``count`` documents at once; see them all delivered, and all answered with 01."""
    sent = letters(stage.home / "desk", count, to=RECEIVER, series=series, seed=seed)
    before = {name: cpu_seconds(pid) for name, pid in stage.processes.items()}
    begun = time.monotonic()
    for one in sent:
        _drop(stage, one)
    _until(lambda: len(_inbox(stage)) >= count, "not everything arrived")
    delivered = time.monotonic() - begun
    _until(lambda: _answers(stage) >= count, "not everything was answered")
    answered = time.monotonic() - begun
    cpu = {name: cpu_seconds(pid) - before[name] for name, pid in stage.processes.items()}
    _compare(stage, sent)
    _clear(stage)
    return Burst(documents=count, delivered=delivered, answered=answered, cpu=cpu)


def singles(stage: Stage, count: int, *, series: str, seed: int) -> list[float]:
    """Send documents one after the other; return the seconds from each drop to its folder."""
    dice = random.Random(seed)  # noqa: S311 - the same pauses every time
    waits = []
    for one in letters(stage.home / "desk", count, to=RECEIVER, series=series, seed=seed):
        begun = time.monotonic()
        _drop(stage, one)
        _until(lambda: bool(_inbox(stage)), "a document did not arrive")
        waits.append(time.monotonic() - begun)
        _until(lambda: _answers(stage) > 0, "a document was not answered")
        _compare(stage, [one])
        _clear(stage)
        time.sleep(dice.uniform(0, _POLLED))  # or every drop would come at the same moment of it
    return waits


def huge(home: Path, size: int, *, fetch: str, seed: int) -> Huge:
    """Send one attachment of ``size`` bytes through a stage of its own."""
    with staged(home, settings=_HUGE, fetch=fetch, max_package=3 << 30) as stage:
        one = letter(home / "desk", 1, to=RECEIVER, series="LON", size=size, seed=seed)
        begun = time.monotonic()
        _drop(stage, one)
        _until(lambda: bool(_inbox(stage)), "the document did not arrive", blink=0.05)
        seconds = time.monotonic() - begun
        _until(lambda: _answers(stage) > 0, "the document was not answered", blink=0.05)
        _compare(stage, [one])
        peak = peaks(stage)
    return Huge(size=size, fetch=fetch, seconds=seconds, peak=peak)


def idle(stage: Stage, seconds: float) -> Idle:
    """Run one more node on the default configuration and watch it do nothing."""
    with a_node(stage.home / "idle", stage.axis, IDLER) as node:
        _until(lambda: _runs(node), "the idle node did not start")
        time.sleep(_SETTLING)
        cpu, begun = cpu_seconds(node.pid), time.monotonic()
        time.sleep(seconds)
        used, spent = cpu_seconds(node.pid) - cpu, time.monotonic() - begun
        return Idle(seconds=spent, cpu=used, memory=memory(node.pid))


def peaks(stage: Stage) -> dict[str, int]:
    """Return the most memory each process ever held, in bytes."""
    return {name: memory(pid).peak for name, pid in stage.processes.items()}


# -- the two document softwares ----------------------------------------------------------------


def _drop(stage: Stage, one: Letter) -> None:
    one.folder.rename(stage.sender.exchange / "outbox" / one.folder.name)


def _inbox(stage: Stage) -> list[Path]:
    inbox = stage.receiver.exchange / "inbox"
    return [path for path in inbox.iterdir() if not path.name.startswith(".")]


def _answers(stage: Stage) -> int:
    receipts = (stage.sender.exchange / "receipts").iterdir()
    return sum(1 for path in receipts if path.name.endswith("_status-01.json"))


def _compare(stage: Stage, sent: Sequence[Letter]) -> None:
    """Make sure that every document arrived once, byte for byte."""
    arrived = sorted(_digest(file) for folder in _inbox(stage) for file in folder.glob("*.pdf"))
    if arrived != sorted(one.sha256 for one in sent):
        raise Lost(f"sent {len(sent)} documents, got {len(arrived)}, or not the same")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clear(stage: Stage) -> None:
    """Take everything away, as document software does that has read it."""
    for folder in _inbox(stage):
        shutil.rmtree(folder)
    for path in (stage.sender.exchange / "receipts").iterdir():
        path.unlink()


def _runs(node: Running) -> bool:
    return " running " in node.log.read_text(encoding="utf-8")


def _until(done: Callable[[], bool], complaint: str, *, blink: float = _BLINK) -> None:
    deadline = time.monotonic() + _GIVE_UP
    while not done():
        if time.monotonic() > deadline:
            raise Lost(complaint)
        time.sleep(blink)
