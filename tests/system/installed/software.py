"""
The document software of one agency, run on the booted machine by a user of its own.

It drops a document every quarter of a second, takes every incoming one away, and writes down what
it dropped and what it took. It knows nothing of the node but the exchange folder, and stops at
SIGTERM between two steps, as whoever shuts a machine down expects.

    python3 software.py EXCHANGE RECEIVER HOME        until SIGTERM
    python3 software.py EXCHANGE RECEIVER HOME 50     drops fifty, takes what is there, and ends
    python3 software.py EXCHANGE RECEIVER HOME again  drops again what lies in no folder, and ends
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

PAUSE = 0.25  # seconds between two drops
PAGE = "%PDF-1.7\n{number}\n" + "x" * 20_000 + "\n%%EOF\n"


def drop(outbox: Path, number: int, receiver: str) -> None:
    """Write a document aside, and show it by one rename."""
    hidden = outbox / f".{number}"
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir()
    (hidden / f"{number}.pdf").write_text(PAGE.format(number=number))
    sheet = {
        "number": str(number),
        "notation": "UBND-VP",
        "date": "2026-11-21",
        "type": "Công văn",
        "subject": f"V/v thử nghiệm số {number}",
        "to": [receiver],
        "attachments": [{"file": f"{number}.pdf"}],
    }
    (hidden / "document.json").write_text(json.dumps(sheet, ensure_ascii=False))
    for part in hidden.iterdir():
        part.chmod(0o660)
    hidden.rename(outbox / str(number))


def take(inbox: Path, taken: Path, log: Path) -> None:
    """Take whatever lies in the inbox, and write down its number and whether it is whole."""
    for folder in sorted(inbox.iterdir()):
        if folder.name.startswith("."):
            continue
        document = json.loads((folder / "document.json").read_text())
        number = document["number"]
        text = (folder / f"{number}.pdf").read_text()
        whole = "whole" if text == PAGE.format(number=number) else "broken"
        for copy in itertools.count():
            kept = taken / f"{number}.{copy}"
            if not kept.exists():
                shutil.move(folder, kept)
                break
        note(log, f"{number} {whole}")


def again(exchange: Path, dropped: list[str], receiver: str) -> None:
    """Drop what was dropped and is nowhere: a node that was lost had just taken it."""
    places = (exchange / name for name in ("outbox", "queued", "sent", "failed"))
    seen = {folder.name for place in places for folder in place.rglob("*") if folder.is_dir()}
    for number in dropped:
        if number not in seen:
            drop(exchange / "outbox", int(number), receiver)
            sys.stdout.write(f"{number} is nowhere: dropped again\n")


def note(log: Path, line: str) -> None:
    """Add a line to a log, on the disk before anything else happens."""
    with log.open("a") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())


def main() -> None:
    """Drop and take, until told to stop."""
    exchange, receiver, home = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    verb = sys.argv[4] if len(sys.argv) > 4 else None
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    os.umask(0o007)
    taken, dropped = home / "taken", home / "dropped"
    taken.mkdir(parents=True, exist_ok=True)
    dropped.touch()
    numbers = dropped.read_text().splitlines()
    if verb == "again":
        again(exchange, numbers, receiver)
        return
    number, many = len(numbers), int(verb) if verb else None
    for _ in range(many) if many is not None else itertools.count():
        with suppress(OSError):  # a full disk: the same one again
            drop(exchange / "outbox", number + 1, receiver)
            number += 1
            note(dropped, str(number))
        take(exchange / "inbox", taken, home / "log")
        if stop.wait(0 if many else PAUSE):
            return
    take(exchange / "inbox", taken, home / "log")


if __name__ == "__main__":
    main()
