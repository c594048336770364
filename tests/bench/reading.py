"""
How long whoever looks into a large queue waits: the whole command, its start included.

    python tests/bench/reading.py [--documents 500000] [--waiting 20000] [--folder DIR] [--keep]

Makes a queue with so many documents out and so many in (`registers`), some of them waiting, and
runs each reading command as a process of its own; says the best and the middle of some runs, and
ends with status 1 where the best of any takes longer than a quarter of a second.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from registers import US, fill, measured, tell

from edge_node.config import load, starter
from edge_node.domain.message import freeze, say

LIMIT = 0.25  # seconds
RUNS = 7
BUSY = freeze(say("the axis is busy: {code}", code="21"))
NEWEST = "select id from documents order by created desc limit ?"
COMMANDS = (
    "list",
    "list --state delivered",
    "list --state queued",
    "list --state quarantined",
    "list --older 30d",
    "list --newer 1d",
    "list --partner H37.03",
    "list --partner H37.03 --state queued",
    "list --urgency express",
    "list --reason busy",
    "list --text chuyen",
    "list --text 123456",
    "list --text huong --partner H37.99",
    "list --text huong --state refused",
    "show o000400000",
    "log o000400000",
    "ages",
    "next",
)


def put_off(path, count):
    """Have the newest documents wait, one in five with a reason, as while the axis is away."""
    now = round(time.time() * 1000)
    with closing(sqlite3.connect(path)) as db, db:
        items = [row[0] for row in db.execute(NEWEST, (count,))]
        for place, item in enumerate(items):
            envelope, reason = f"e{item[1:]}", BUSY if place % 5 == 0 else ""
            created = (now - 60_000 * place, item)
            db.execute("update documents set created = ? where id = ?", created)
            db.execute("update envelopes set state = 'queued' where id = ?", (envelope,))
            db.execute(
                "update fates set state = 'queued', reason = ? where envelope = ?",
                (reason, envelope),
            )
            db.execute(
                "insert into work (lane, item, due, attempt) values ('push', ?, ?, ?)",
                (envelope, now + 1000 * place, place % 4),
            )


def prepared(folder, documents, waiting):
    """Return the configuration of a node whose queue is that full; made where it is not there."""
    file = folder / "config.yaml"
    if not file.exists():
        folder.mkdir(exist_ok=True)
        office = {"code": US, "name": "Ủy ban nhân dân tỉnh Lạng Sơn"}
        axis = {"url": "http://127.0.0.1:9", "secret_file": str(folder / "secret")}
        file.write_text(starter(**office, **axis, data=folder / "data"), "utf-8")
    queue = load(file).folders.queue
    if not queue.exists():
        queue.parent.mkdir(parents=True, exist_ok=True)
        fill(queue, documents)
        put_off(queue, waiting)
        tell(f"a queue of 2 x {documents} documents: {queue.stat().st_size / 1e9:.1f} GB")
    return file


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=500_000)
    parser.add_argument("--waiting", type=int, default=20_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="reading-"))
    file = prepared(folder, options.documents, options.waiting)
    slow = 0
    for command in COMMANDS:
        line = [sys.executable, "-m", "edge_node", "-c", str(file), *command.split(), "--json"]
        took = [measured(line)[0] for _ in range(RUNS)]
        slow += min(took) > LIMIT
        best, middle = 1000 * min(took), 1000 * statistics.median(took)
        print(f"{best:6.0f} ms {middle:6.0f} ms  {command}", file=sys.stderr)  # noqa: T201
    if not options.keep:
        shutil.rmtree(folder)
    raise SystemExit(slow > 0)


if __name__ == "__main__":
    main()
