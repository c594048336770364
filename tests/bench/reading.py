"""
How long whoever looks into a large queue waits: the whole command, its start included.

    python tests/bench/reading.py [--documents 500000] [--waiting 20000] [--folder DIR] [--keep]
                                  [--uncompiled]

Makes a queue with so many documents out and so many in (`registers`), some of them waiting, one
refused, one quarantined, and runs each reading command as a process of its own, with `--json` and
as people see it. Says of some runs the best and the middle by the clock, and the best in seconds
of the processor (which does not tell of the disk, and little of whoever else is at work); ends
with status 1 where the best of any takes longer than a quarter of a second. The modules are
compiled before, as by whoever installs a package; ``--uncompiled`` tells what a clone takes in
which Python may not keep what it compiled.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from registers import US, fill, tell

from edge_node.config import load, starter
from edge_node.domain.message import freeze, say

LIMIT = 0.25  # seconds
RUNS = 7
BUSY = freeze(say("the axis is busy: {code}", code="21"))
NO = freeze(say("the axis refused it: {code}", code="12"))
NEWEST = "select id from documents order by created desc limit ?"
REFUSED, QUARANTINED = "000300000", "000300001"
COMMANDS = (
    "list",
    "list --state delivered",
    "list --state queued",
    "list --state quarantined",
    "list --state delivered --older 200d",
    "list --state queued --older 200d",
    "list --state delivered --newer 1d --partner H37.03",
    "list --older 30d",
    "list --newer 1d",
    "list --partner H37.03",
    "list --partner H37.03 --state queued",
    "list --partner H37.03 --older 200d",
    "list --urgency express",
    "list --reason busy",
    "list --text chuyen",
    "list --text 123456",
    "list --text huong --partner H37.99",
    "list --text huong --state refused",
    "show o000400000",
    "log o000400000",
    "explain o000400000",  # delivered
    "explain o000500000",  # queued
    f"explain o{REFUSED}",
    f"explain i{QUARANTINED}",
    "explain i000400000",  # taken
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


def set_aside(path):
    """Have one document refused by the axis, and one kept in quarantine."""
    out, into = f"o{REFUSED}", f"i{QUARANTINED}"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update fates set state = 'refused', reason = ? where item = ?", (NO, out))
        db.execute("update envelopes set state = 'refused', reason = ? where item = ?", (NO, out))
        db.execute("update incoming set state = 'quarantined' where id = ?", (into,))


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
        set_aside(queue)
        tell(f"a queue of 2 x {documents} documents: {queue.stat().st_size / 1e9:.1f} GB")
    return file


def surroundings(folder, *, compiled):
    """Return what a command is run with: what Python compiles is kept, or never is."""
    environ = dict(os.environ) | {"PYTHONDONTWRITEBYTECODE": "" if compiled else "1"}
    return environ | {"PYTHONPYCACHEPREFIX": str(folder / ("compiled" if compiled else "none"))}


def timed(command, environ):
    """Run a command; return the seconds it took by the clock, and of the processor."""
    began = time.monotonic()
    with Path(os.devnull).open("w") as nowhere:
        actions = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
        child = os.posix_spawn(command[0], command, environ, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def told(times, of_processor, what):
    """Print the best and the middle by the clock, and the best of the processor, in ms."""
    best, middle, busy = (1000 * f for f in (min(times), statistics.median(times), of_processor))
    tell(f"{best:6.0f} {middle:6.0f} {busy:6.0f}  {what}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=500_000)
    parser.add_argument("--waiting", type=int, default=20_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--uncompiled", action="store_true")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="reading-"))
    file = prepared(folder, options.documents, options.waiting)
    environ = surroundings(folder, compiled=not options.uncompiled)
    slow = 0
    tell("  best middle    cpu  ms")
    for command in COMMANDS:
        for more in ([], ["--json"]):
            words = [*command.split(), *more]
            line = [sys.executable, "-m", "edge_node", "-c", str(file), *words]
            timed(line, environ)  # compiles what is not yet
            took, busy = zip(*(timed(line, environ) for _ in range(RUNS)), strict=True)
            slow += min(took) > LIMIT
            told(took, min(busy), " ".join(words))
    if not options.keep:
        shutil.rmtree(folder)
    raise SystemExit(slow > 0)


if __name__ == "__main__":
    main()
