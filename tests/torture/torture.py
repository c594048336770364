"""
`make torture`: ends, stops, cuts and fills whatever can be, and counts what is lost or doubled.

Real nodes, real test axes, each a process of its own; see `worker.py` for one bench. What has been
run is kept in `.torture/`, by commit, so that a run that was interrupted goes on where it was; at
the end, and with --report, `docs/reliability.md` is written from it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

sys.path[0] = str(Path(__file__).resolve().parents[1])  # `torture` is the folder, not this file

from torture import report  # noqa: E402 - see above
from torture.bench import a_bench  # noqa: E402
from torture.kinds import KINDS  # noqa: E402
from torture.plan import reached  # noqa: E402
from torture.steps import REACHED  # noqa: E402
from torture.worker import OTHER_DISK, ROOMY, Ask, command, work  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".torture"
# Runs of each kind in the long form; those that wait for leases and pauses are fewer.
GOALS = {
    "kill": 2000,
    "mounts": 200,
    "anytime": 200,
    "line": 200,
    "axis": 200,
    "forgets": 200,
    "faults": 200,
    "faults-ask": 200,
    "resend": 200,
    "release": 200,
    "adopt": 200,
    "clock": 200,
    "older": 200,
    "readonly": 200,
    "io": 200,
    "link": 200,
    "full": 30,
    "stop": 30,
}
# These never wait: one bench at a time. Of the others, which wait for leases and pauses, three.
_BUSY = ("kill", "mounts", "anytime")
_AT_ONCE = 3
# Seconds for a run of those that take longest; they begin first, so that none is left at the end.
_LONG = {"stop": 13, "io": 6, "full": 7, "readonly": 8, "axis": 6, "older": 7, "adopt": 4}
_SHARES = 4  # of the kind with the most runs


class Progress:
    """The state file, and one line on the terminal."""

    def __init__(self, path: Path, goals: dict[str, int]) -> None:
        """Go on where an earlier run ended."""
        self._path, self._goals, self._lock = path, goals, Lock()
        path.parent.mkdir(exist_ok=True)
        self.begun = time.monotonic()
        self.entries = [json.loads(line) for line in path.open()] if path.exists() else []

    def runs(self, kind: str) -> int:
        """Return how many runs of a kind there are."""
        return sum(1 for each in self.entries if each["kind"] == kind and "at" in each)

    def tell(self, entry: dict) -> None:
        """Keep an entry, and show how it goes."""
        with self._lock:
            self.entries.append(entry)
            with self._path.open("a") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        if "audit" in entry or "kept" in entry:
            done = " ".join(
                f"{kind} {self.runs(kind)}/{goal}" for kind, goal in self._goals.items()
            )
            wrong = sum(1 for each in self.entries if each.get("wrong"))
            minutes = (time.monotonic() - self.begun) / 60
            sys.stderr.write(f"\r{minutes:4.0f} min  {done}  audits with findings: {wrong} ")
            sys.stderr.flush()
        if "kept" in entry:
            sys.stderr.write(f"\nkept: {entry['kept']}\n")


def main() -> None:
    """Do what the command line asks."""
    wanted = _wanted()
    if wanted.worker:
        ask = Ask(**json.loads(wanted.worker))
        work(ask, lambda entry: print(json.dumps(entry), flush=True))  # noqa: T201 - to its starter
        return
    if wanted.steps:
        _print_steps(across=wanted.steps == "across")
        return
    goals = {kind: wanted.runs or GOALS[kind] for kind in wanted.kinds.split(",")}
    progress = Progress(STATE / f"{commit()}.jsonl", goals)
    if not wanted.report:
        _torture(goals, progress, until=time.time() + wanted.minutes * 60)
    report.write(ROOT / "docs/reliability.md", _best())
    sys.exit(1 if any(each.get("wrong") for each in progress.entries) else 0)


def _best() -> list[dict]:
    """Return what was run of each kind on the commit it was run most on, the latest of those."""
    files = sorted(STATE.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    ran = {path.stem: Progress(path, {}) for path in files}
    best: list[dict] = []
    for kind, goal in GOALS.items():
        runs = {name: min(each.runs(kind), goal) for name, each in ran.items()}
        most = max(runs.values(), default=0)
        for name in [name for name, count in runs.items() if count == most][-1:]:
            ours = [entry for entry in ran[name].entries if entry["kind"] == kind]
            best += [entry | {"commit": name} for entry in ours]
    return best


def _torture(goals: dict[str, int], progress: Progress, *, until: float) -> None:
    asks = []
    for kind, goal in goals.items():
        done = progress.runs(kind)
        shares = _SHARES if goal >= max(GOALS.values()) else 1
        for share in range(shares):
            runs = (max(0, goal - done) + shares - 1 - share) // shares
            asks.append(Ask(kind=kind, seed=done * 10 + share, runs=runs, until=until))
    asks.sort(key=lambda ask: -ask.runs * _LONG.get(ask.kind, 1))
    with ThreadPoolExecutor(1) as busy, ThreadPoolExecutor(_AT_ONCE) as waiting:
        pools = [(busy if ask.kind in _BUSY else waiting, ask) for ask in asks if ask.runs]
        for ended in [pool.submit(_hired, ask, progress) for pool, ask in pools]:
            ended.result()


def _hired(ask: Ask, progress: Progress) -> None:
    """Have a process of its own do the work, in a network namespace of its own where asked."""
    kind = KINDS.get(ask.kind)
    needs_root = kind is not None and kind(None).root
    if needs_root and os.geteuid() != 0:
        progress.tell({"kind": ask.kind, "skipped": "needs root"})
        return
    with subprocess.Popen(command(ask), stdout=subprocess.PIPE, text=True) as worker:
        for line in worker.stdout:
            progress.tell(json.loads(line))
    if worker.returncode:
        progress.tell({"kind": ask.kind, "fell": f"exit {worker.returncode}", "wrong": True})


def _print_steps(*, across: bool) -> None:
    with (
        TemporaryDirectory(dir=ROOMY) as home,
        TemporaryDirectory(dir=OTHER_DISK if across else ROOMY) as exchange,
        a_bench(Path(home) / "bench", exchange=Path(exchange)) as bench,
    ):
        for (node, errand), steps in reached(bench).items():
            known = {step for (at, _), some in REACHED.items() if at == node for step in some}
            news = [step for step in steps if not across or step not in known]
            lines = "".join(f'        "{step}",\n' for step in news)
            sys.stdout.write(f'    ("{node}", "{errand}"): (\n{lines}    ),\n' if news else "")


def commit() -> str:
    """Return the commit the product was last changed by, marked where it has been since."""
    last = _git("log", "-1", "--format=%h", "--abbrev=10", "--", "edge_node")
    return f"{last}-dirty" if _git("status", "--porcelain", "--", "edge_node") else last


def _git(*arguments: str) -> str:
    said = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return said.stdout.strip()


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture.py", description=__doc__)
    add = parser.add_argument
    add("--kinds", default=",".join(GOALS), help="of faults, with commas between; all")
    add("--minutes", type=float, default=120, help="after which it ends (120)")
    add("--runs", type=int, default=0, help="of each kind, instead of the usual")
    add("--report", action="store_true", help="only write docs/reliability.md from what has run")
    add(
        "--steps",
        choices=("all", "across"),
        help="only print the steps there are, or those of two disks besides, as steps.py has them",
    )
    add("--worker", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
