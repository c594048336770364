"""docs/reliability.md: what was run, what was lost or doubled, how long it took to recover."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from torture.kinds import KINDS
from torture.worker import OTHER_DISK, ROOMY, STORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BEGIN, _END = "<!-- guards: kept by hand -->", "<!-- end of guards -->"
_WHAT = ("lost", "axis_doubles", "inbox_doubles", "receipt_doubles")
_REST = ("wrong", "orphans", "unsound", "disorder")
_APART = ("apart_lost", "apart_doubles", "held")
_HEAD = """\
# Reliability

What became of documents while things were killed, stopped, cut, filled and made to fail. A run is
one fault that struck with a document on its way, by the record of what it struck. *Lost*: a
document or a receipt that never came. *Twice*: what the axis accepted twice (by its own table),
the inbox was handed twice, or the software was told twice. *Other*: left lying, unsound, relied on
before it was durable, or a bench that broke. *Seconds*: from the restart, or from when the fault
was taken away, until that document had become all it must; a person's part is done at once.

Counted apart, because no node can know better. *Forgotten*: the axis had answered for it and lost
it, or answered a fetch with something else, which the receiver keeps in quarantine. *Apart*: there
twice because the axis did not show in time that it had it (`push.unsure: resend`), or because a
person sent it again. *Held*: under `push.unsure: ask`, until a person decided.

| fault | runs | lost | axis twice | inbox twice | told twice | other | forgotten | apart | held \
| median s | p95 | max |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
"""


def write(path: Path, entries: Sequence[dict]) -> None:
    """Write the page from entries of one or several commits; what is kept by hand stays."""
    kinds = [*STORMS, *KINDS]
    text = _HEAD + "".join(_row(kind, [e for e in entries if e["kind"] == kind]) for kind in kinds)
    text += f"\n{_commits(entries)}; {_days(entries)}; {_machine()}; `make torture`.\n"
    text += "".join(_notes(entries))
    path.write_text(f"{text}\n{_guards(path)}", encoding="utf-8")


def _row(kind: str, ours: Sequence[dict]) -> str:
    name = STORMS[kind] if kind in STORMS else KINDS[kind](None).name
    runs = [each for each in ours if "at" in each]
    if not runs:
        skipped = next((each["skipped"] for each in ours if "skipped" in each), None)
        return f"| {name} | {skipped}{' |' * 12}\n" if skipped else ""
    audits = [each["audit"] for each in ours if "audit" in each]
    counts = [sum(len(audit[what]) for audit in audits) for what in _WHAT]
    fallen = sum(1 for each in ours if "fell" in each)
    counts.append(fallen + sum(len(audit[what]) for audit in audits for what in _REST))
    counts += [sum(len(audit[what]) for audit in audits) for what in _APART]
    seconds = sorted(run["seconds"] for run in runs if run["seconds"] is not None) or [0.0]
    times = (median(seconds), seconds[round(0.95 * (len(seconds) - 1))], seconds[-1])
    cells = [name, len(runs), *counts, *(f"{each:.1f}" for each in times)]
    return f"| {' | '.join(map(str, cells))} |\n"


def _notes(entries: Sequence[dict]) -> Iterator[str]:
    """Yield every finding, one a line, and how much of the list of steps was struck."""
    struck = {
        (each["node"], each["at"])
        for each in entries
        if each.get("kind") in STORMS and "at" in each
    }
    if struck:
        yield f"\nSIGKILL struck at {len(struck)} different moments.\n"
    steps = Counter(s for each in entries if "audit" in each for s in each["audit"]["unlisted"])
    for step in sorted(steps):
        yield f"* passed, but not struck at: {step}\n"
    for each in entries:
        for what in (*_WHAT, *_REST):
            for found in each.get("audit", {}).get(what, ()):
                yield f"* {each['kind']}: {what}: {found}\n"
        if "fell" in each:
            last = each["fell"].strip().splitlines()[-1]
            yield f"* {each['kind']}: a bench broke: {last}\n"


def _commits(entries: Sequence[dict]) -> str:
    """Say what was run on which commit of the product."""
    kinds: dict[str, dict[str, None]] = {}
    for each in entries:
        kinds.setdefault(each["commit"], {})[each["kind"]] = None
    first, *others = sorted(kinds.items(), key=lambda pair: -len(pair[1])) or [("none", {})]
    return "; ".join(
        [f"Commit {first[0]}", *(f"{', '.join(some)}: commit {name}" for name, some in others)]
    )


def _days(entries: Sequence[dict]) -> str:
    ended = sorted(each["ended"] for each in entries if "ended" in each)
    days = sorted(
        {time.strftime("%Y-%m-%d", time.gmtime(each)) for each in ended[:1] + ended[-1:]}
    )
    return " to ".join(days) or "nothing has run"


def _machine() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    memory = round(pages * size / (1 << 30))
    base = ROOMY if ROOMY.is_dir() else OTHER_DISK
    disks = f"benches on {_file_system(base)}, the other disk {_file_system(OTHER_DISK)}"
    return f"{os.cpu_count()} cores, {memory} GB, Linux {platform.release()}; {disks}"


def _file_system(folder: Path) -> str:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    over = [mount for mount in mounts if folder.is_relative_to(mount[1])]
    return max(over, key=lambda mount: len(mount[1]))[2]


def _guards(path: Path) -> str:
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    _, begun, rest = old.partition(_BEGIN)
    kept, ended, _ = rest.partition(_END)
    if begun and ended:
        return f"{_BEGIN}{kept}{_END}\n"
    return f"{_BEGIN}\n\n## Ten guards\n\n{_END}\n"
