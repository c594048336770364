"""One bench after the other for one kind of fault: batches of runs, an audit after each."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import time
import traceback
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from torture.audit import audited
from torture.bench import a_bench
from torture.kinds import KINDS
from torture.plan import plans_for
from torture.processes import patiently
from torture.storm import storm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torture.audit import Found
    from torture.bench import Bench
    from torture.kind import Kind
    from torture.storm import Run

# The kinds with an engine of their own (`storm`): SIGKILL at every step.
STORMS = {
    "kill": "SIGKILL at every step",
    "mounts": "SIGKILL at every step, exchange folder on another disk",
}
_BATCH = dict.fromkeys(STORMS, 50)
_SMALL_BATCH = 10
_CALLED = Path(__file__).with_name("torture.py")
_FALLS = 3  # benches that may break before a worker gives up
_BATCHES = 8  # on one bench; what has been handed over and told piles up
_FINAL_WITHIN = 60.0
ROOMY = Path("/dev/shm")  # noqa: S108 - SIGKILL asks nothing of a disk, and this one is quick
OTHER_DISK = Path("/var/tmp")  # noqa: S108 - another file system than that


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What one worker is to do: so many runs of a kind, or until a moment (time.time())."""

    kind: str
    seed: int
    runs: int
    until: float


def command(ask: Ask) -> list[str]:
    """Return how a worker is called; one that takes the link down gets a link of its own."""
    called = [sys.executable, str(_CALLED), "--worker", json.dumps(vars(ask))]
    if ask.kind != "link":
        return called
    return ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *called]


def work(ask: Ask, tell: Callable[[dict], None]) -> None:
    """Strike until there are enough runs, or it is time; tell of each run and each audit."""
    left, number, fallen = ask.runs, 0, 0
    while left > 0 and time.time() < ask.until and fallen < _FALLS:
        home = _home(ask, number)
        number += 1
        kept, begun = False, time.time()
        try:
            for runs, found, unmet in _batches(home, ask, number, left):
                left -= len(runs)
                for run in runs:
                    tell(_told(ask.kind, run))
                took, begun = time.time() - begun, time.time()
                audit = {"audit": asdict(found), "wrong": bool(found), "unmet": unmet}
                tell({"kind": ask.kind, "ended": begun, "took": took} | audit)
                kept = kept or bool(found)
        except Exception:  # noqa: BLE001 - a node that fell by itself, or a fault of the bench
            tell({"kind": ask.kind, "fell": traceback.format_exc(), "wrong": True})
            kept, fallen = True, fallen + 1
        if kept:
            tell({"kind": ask.kind, "kept": str(home)})
        else:
            shutil.rmtree(home, ignore_errors=True)


def _batches(
    home: Path, ask: Ask, number: int, left: int
) -> Iterator[tuple[list[Run], Found, list[str]]]:
    """Yield batches on one bench until one goes wrong, or the bench is old."""
    seed = ask.seed * 1000 + number
    kind = None if ask.kind in STORMS else KINDS[ask.kind](_dice(seed))
    with kind.bench(home) if kind else _stormy(home, ask.kind) as bench:
        across = ask.kind == "mounts"
        plans = {node: plans_for(node, seed=seed, across=across) for node in bench.agencies}
        for _ in range(_BATCHES):
            size = min(left, _BATCH.get(ask.kind, _SMALL_BATCH))
            if kind is None:
                runs, missed = storm(bench, plans, runs=size)
                unmet = [plan.name for plan in missed]
            else:
                runs, unmet = _one_by_one(bench, kind, size, ask.until), []
            found = audited(bench)
            yield runs, found, unmet
            left -= len(runs)
            if found or left <= 0 or time.time() > ask.until:
                return
            if kind is not None:
                for agency in bench.agencies.values():
                    agency.lives.begin()


@contextmanager
def _stormy(home: Path, kind: str) -> Iterator[Bench]:
    if kind != "mounts":
        with a_bench(home) as bench:
            yield bench
        return
    with TemporaryDirectory(dir=OTHER_DISK) as exchange:
        with a_bench(home, exchange=Path(exchange)) as bench:
            yield bench
        # Where the bench is kept, so is that.
        shutil.copytree(exchange, home / "exchange", dirs_exist_ok=True)


def _one_by_one(bench: Bench, kind: Kind, size: int, until: float) -> list[Run]:
    runs: list[Run] = []
    tries = 3 * size  # a plan nothing came past is no run
    while len(runs) < size and tries and time.time() < until:
        tries -= 1
        run = kind.strike(bench)
        if run is None:
            continue
        runs.append(run)
        look = bench.software.look
        over = partial(kind.over, bench, run.letter)
        if not patiently(over, within=_FINAL_WITHIN, look=look):
            break  # the audit says what is lost
    return runs


def _told(kind: str, run: Run) -> dict:
    return {
        "kind": kind,
        "node": run.plan.node,
        "at": run.plan.strike,
        "errand": run.plan.errand,
        "seconds": run.seconds,
    }


def _home(ask: Ask, number: int) -> Path:
    base = ROOMY if os.access(ROOMY, os.W_OK) else OTHER_DISK
    home = base / f"edge-node-torture-{os.getpid()}" / f"{ask.kind}-{ask.seed}-{number}"
    home.mkdir(parents=True)
    return home


def _dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same faults every time
