"""
Measure the directory of agencies: how long a sync takes, what memory it needs, how fast it finds.

`python tests/bench/directory.py [UNITS]`: a test axis with so many made-up units (120 000 where
nothing is said), `edge-node agencies sync` as a process of its own, twice with a hundredth of the
units changed in between, and once for a small directory to compare the memory with; then searches
of many kinds, the file warm. Ends with exit status 1 where a promise is not kept.
"""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from system_world import EDGE_NODE, environment, serving

from edge_node.adapters.directory import Directory
from edge_node.config import starter
from edge_node.domain.spelling import plain_letters
from edge_node.sandbox.census import census
from edge_node.sandbox.settings import Options, init_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS: Final = 120_000
FEW: Final = 3_000
US: Final = "H99.01"
PROVINCE: Final = "Ủy ban nhân dân tỉnh Lạng Sơn"
# What the product promises.
SYNC: Final = 60.0  # seconds
SEARCH: Final = 0.020  # seconds
GROWTH: Final = 40  # MB that a hundred thousand units may add to the peak


def main(units: int) -> int:
    """Measure, print, and return the exit status."""
    with tempfile.TemporaryDirectory() as home:
        few = measured(Path(home) / "few", FEW)
        many = measured(Path(home) / "many", units)
        growth = many["peak"] - few["peak"]
        tell(f"peak memory: {few['peak']} MB for {FEW}, {many['peak']} MB for {units}")
        slow, worst = searches(Path(home) / "many", units)
    kept = max(many["first"], many["again"]) < SYNC and growth < GROWTH and slow < SEARCH
    return 0 if kept and worst else 1


def measured(home: Path, units: int) -> dict[str, float]:
    """Sync a new directory of so many units, and again with a hundredth of them changed."""
    init_sandbox(home / "axis", [(US, "Đơn vị")], options=Options(directory=units))
    with serving(home / "axis") as url:
        config = configured(home, url)
        first, cpu, peak = synced(config)
        tell(f"{units} units: first {first:.1f} s ({cpu:.1f} s of them our CPU)")
        change(home / "axis" / "sandbox.db")
        again, cpu, peak_again = synced(config)
        tell(f"1 % changed: again {again:.1f} s ({cpu:.1f} s of them our CPU)")
    return {"first": first, "again": again, "peak": max(peak, peak_again)}


def configured(home: Path, url: str) -> Path:
    """Write the configuration of an agency, and make its data folder."""
    config = home / "config.yaml"
    config.write_text(
        starter(
            code=US,
            name="Đơn vị",
            url=url,
            secret_file=str(home / "axis" / "secrets" / US),
            data=home / "data",
            exchange=home / "exchange",
        )
    )
    (home / "data").mkdir()
    return config


def synced(config: Path) -> tuple[float, float, int]:
    """Run the command; return its seconds, those of CPU, and the most memory it had, in MB."""
    began = time.monotonic()
    command = subprocess.Popen(
        [*EDGE_NODE, "-c", str(config), "agencies", "sync"],
        env=environment(),
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    assert command.returncode == 0, "the sync failed"
    cpu = usage.ru_utime + usage.ru_stime
    return time.monotonic() - began, cpu, usage.ru_maxrss // 1024


def change(database: Path) -> None:
    """Give a hundredth of the units another name, as a reform would."""
    with closing(sqlite3.connect(database, timeout=30)) as db, db:
        db.execute(
            "update agencies set name = name || ' (mới)', version = version + 1"
            " where registered_by = 'census' and id % 100 = 7"
        )


def searches(home: Path, units: int) -> tuple[float, bool]:
    """Search for many things; return the slower of median and p95, and whether all was found."""
    with closing(Directory(home / "data" / "directory.db")) as directory:
        found = directory.search("uy ban nhan dan tinh lang son")
        right = bool(found) and found[0].name.removesuffix(" (mới)") == PROVINCE
        tell(f"uy ban nhan dan tinh lang son: {found[0].name if found else 'nothing'}")
        clocks = {"wall": time.perf_counter, "CPU": time.thread_time}
        times: dict[str, list[float]] = {name: [] for name in clocks}
        for text in queries(units):
            began = {name: clock() for name, clock in clocks.items()}
            directory.search(text)
            for name, clock in clocks.items():
                times[name].append(clock() - began[name])
    for name, taken in times.items():
        taken.sort()
        tell(
            f"{len(taken)} searches, {name}: median {statistics.median(taken) * 1000:.1f} ms,"
            f" p95 {percentile(taken, 95) * 1000:.1f} ms, slowest {taken[-1] * 1000:.1f} ms"
        )
    return percentile(times["wall"], 95), right


def tell(words: str) -> None:
    """Write a line of the result at once."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def percentile(ordered: list[float], percent: int) -> float:
    """Return the value so many percent are below."""
    return ordered[len(ordered) * percent // 100]


def queries(units: int) -> Iterator[str]:
    """Yield what people type: whole names, parts, beginnings, codes, half of the marks, slips."""
    dice = random.Random(20)  # noqa: S311 - the same names every time
    everybody = list(census(units))
    for unit in dice.sample(everybody, 400):
        words = unit.name.split()
        plain = plain_letters(unit.name).split()
        yield unit.name
        yield " ".join(plain)
        yield " ".join(dice.choice(pair) for pair in zip(words, plain, strict=False))
        yield " ".join(plain[-3:])
        yield " ".join(plain[:3])
        yield " ".join([*plain[-4:-1], plain[-1][:2]])
        yield " ".join(word[:3] for word in plain[-3:])
        yield unit.code
        yield unit.old_code
        yield unit.code[:5]
        yield " ".join([*plain, "qqq"]) if dice.random() < 0.1 else plain[-1]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else UNITS))
