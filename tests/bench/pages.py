"""
How long somebody at the web page waits who looks into a large queue.

    python tests/bench/pages.py [--documents 500000] [--waiting 20000] [--folder DIR] [--keep]

Makes the queue of `reading` (or takes the one in that folder), starts `edge-node web` on a port of
this machine, comes in, and asks for each page: says how long the first hit of it took, and of some
more the best and the middle. Ends with status 1 where the best of any takes longer than a quarter
of a second.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
from reading import LIMIT, QUARANTINED, REFUSED, RUNS, prepared, surroundings
from registers import tell

PAGES = (
    "/",
    "/documents",
    "/documents?state=delivered",
    "/documents?state=queued",
    "/documents?state=quarantined",
    "/documents?text=chuyen",
    "/documents?text=123456",
    "/documents?partner=H37.03",
    "/documents/o000400000",  # delivered
    "/documents/o000500000",  # queued
    f"/documents/o{REFUSED}",
    f"/documents/i{QUARANTINED}",
    "/documents/i000400000",  # taken
    "/deadlines",
    "/papers",
    "/agencies",
    "/doctor",
)


@contextmanager
def served(file, environ):
    """Serve the page as a process of its own; give somebody who is in."""
    command = [sys.executable, "-m", "edge_node", "-c", str(file)]
    made = subprocess.run(
        [*command, "web", "token", "--new"],
        check=True,
        env=environ,
        capture_output=True,
        text=True,
    )
    page = subprocess.Popen([*command, "web"], env=environ, stdout=subprocess.PIPE, text=True)
    try:
        url = page.stdout.readline().strip().rstrip("/")
        with httpx.Client(base_url=url, timeout=60) as client:
            came = client.post(
                "/enter",
                data={"token": made.stdout.strip(), "name": "Nguyễn Thị Hoa"},
                headers={"Origin": url},
            )
            assert came.status_code < 400, came.text
            yield client
    finally:
        page.send_signal(signal.SIGTERM)
        page.wait()


def seconds(client, path):
    """Ask for a page; return how long that took."""
    began = time.monotonic()
    client.get(path).raise_for_status()
    return time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=500_000)
    parser.add_argument("--waiting", type=int, default=20_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="pages-"))
    text = prepared(folder, options.documents, options.waiting).read_text("utf-8")
    file = folder / "with-page.yaml"
    file.write_text(f'{text}\nweb:\n  enabled: true\n  listen: "127.0.0.1:0"\n', "utf-8")
    slow = 0
    with served(file, surroundings(folder, compiled=True)) as client:
        tell(" first   best middle  ms")
        for path in PAGES:
            first = seconds(client, path)
            took = [seconds(client, path) for _ in range(RUNS)]
            slow += min(took) > LIMIT
            figures = (1000 * each for each in (first, min(took), statistics.median(took)))
            tell(" ".join(f"{each:6.0f}" for each in figures) + f"  {path}")
    if not options.keep:
        shutil.rmtree(folder)
    raise SystemExit(slow > 0)


if __name__ == "__main__":
    main()
