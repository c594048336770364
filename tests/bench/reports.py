"""
How long the report of a large office takes, and how much memory.

    python tests/bench/reports.py [--documents 420000] [--folder DIR] [--keep]

Makes the queue of `tests/bench/registers.py`, with so many documents out and so many in over a
year, each of them with the statuses a report times; then runs `edge-node report` for a month and
for the year, each as a process of its own, and says what it took.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import registers

from edge_node.config import load, starter

HOUR = 3_600_000


class Office(registers.Office):
    """The office of the registers, of whose documents more is said."""

    def tell(self, item, **fields):
        """Say of a document what a header says and a verdict finds."""
        chance = self.random
        fields |= {"urgency": chance.choice((0, 0, 0, 0, 1, 2)), "paper": chance.random() < 0.1}
        super().tell(item, signed=chance.choice(("stamped", "signed", "unsigned")), **fields)

    def event(self, item, at, event, agency="", status="", note=""):
        """Enter an event, and the statuses that come after one that is about statuses."""
        super().event(item, at, event, agency, status, note)
        word = "status" if event == "status" else "report accepted" if event == "given" else ""
        for number, said in enumerate(("01", "03", "06") if word else ()):
            later = at + int(HOUR * self.random.expovariate(1) * 10**number / 10)
            super().event(item, later, word, agency, said)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=420_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="reports-"))
    file = folder / "config.yaml"
    if not file.exists():
        folder.mkdir(exist_ok=True)
        office = {"code": registers.US, "name": "Ủy ban nhân dân tỉnh Lạng Sơn"}
        axis = {"url": "http://127.0.0.1:9", "secret_file": str(folder / "secret")}
        file.write_text(starter(**office, **axis, data=folder / "data"), "utf-8")
    queue = load(file).folders.queue
    if not queue.exists():
        began = time.monotonic()
        queue.parent.mkdir(parents=True, exist_ok=True)
        registers.fill(queue, options.documents, kind=Office)
        size = queue.stat().st_size / 1e9
        print(f"a queue of 2 x {options.documents} documents: {size:.1f} GB,", end=" ")  # noqa: T201 - what it is for
        print(f"{time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    for period in (f"{registers.YEAR}-11", f"{registers.YEAR}"):
        for form in ("json", "xlsx", "pdf", "html"):
            command = [sys.executable, "-m", "edge_node", "-c", str(file), "report", "--force"]
            command += ["--as-of", f"{registers.YEAR + 1}-01-02T07:00"]
            command += ["--period", period, "--output", str(folder / f"{period}.{form}")]
            seconds, memory = registers.measured(command)
            print(f"{period:8} {form:5} {seconds:6.1f} s {memory:6.0f} MB", flush=True)  # noqa: T201
    if not options.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
