#!/usr/bin/env python3
"""
Give documents to edge-node and take documents from it: an example to copy from.

    exchange.py EXCHANGE send KEY NUMBER NOTATION DATE TYPE SUBJECT TO FILE...
    exchange.py EXCHANGE status KEY
    exchange.py EXCHANGE receipts
    exchange.py EXCHANGE receive STORE

EXCHANGE is the folder shared with the node. KEY is your own key of the document: it names the
drop and comes back in receipts. TO is codes of agencies with commas between them. STORE is a
folder that stands for your database. Each may be cut off at any moment and called again: nothing
is lost, nothing is sent or stored twice. Standard library only. Exit status 0, or 1 where a
document failed or is nowhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path


def send(exchange: Path, key: str, order: dict[str, object], files: list[Path]) -> None:
    """Give a document to the node: build it aside, make it durable, rename it last."""
    outbox = exchange / "outbox"
    if (outbox / key).exists():  # given before, and not taken yet
        return
    building = outbox / f".{key}"
    shutil.rmtree(building, ignore_errors=True)  # what a power cut left of an earlier try
    building.mkdir()
    for file in files:
        write(building / file.name, file.read_bytes())
    order = order | {"attachments": [file.name for file in files], "ref": key}
    write(building / "document.json", json.dumps(order, ensure_ascii=False).encode())
    sync_folder(building)
    building.rename(outbox / key)
    sync_folder(outbox)


def status(exchange: Path, key: str) -> tuple[bool, list[str]]:
    """
    Tell whether all is well with a document, and what there is to say of it.

    Looked for in the order in which a drop travels, so that one which moves is met again.
    """
    outbox = exchange / "outbox"
    if told := read(outbox / f"{key}.error.json"):  # a state secret: it stays where it is
        return False, [failure(told)]
    if (outbox / key).exists():
        return True, ["waits in outbox"]
    for place in ("queued", "sent/*/*/*"):
        for folder in drops(exchange, place, key):
            if told := read(folder / "status.json"):
                return True, [standing(receiver) for receiver in told["receivers"]]
    papers = [read(folder / "error.json") for folder in drops(exchange, "failed/*/*/*", key)]
    failed = [told for told in papers if told and told["error"] != "duplicate"]
    if failed:  # of two in one second the later is the one with a number
        return False, [failure(max(reversed(failed), key=lambda told: told["at"]))]
    return False, ["nowhere: being taken just now, or never given"]


def receipts(exchange: Path) -> None:
    """Tell of each thing that happened, in order; it goes once you have it in your database."""
    for path in sorted((exchange / "receipts").glob("[!.]*.json")):
        if told := read(path):
            what = told.get("event") or f"{told['status']} {told['meaning']}"
            other = told.get("to") or told.get("from", "")
            print(told["ref"] or told["document_id"], other, what, told["note"], flush=True)
            path.unlink()


def receive(exchange: Path, store: Path) -> None:
    """Take incoming documents, oldest first: store one, and only then remove it."""
    for folder in sorted((exchange / "inbox").glob("[!.]*")):
        document = read(folder / "document.json")
        if document is None:
            continue
        identity = document["id"]
        if not (store / identity).exists():  # or it was stored before we were cut off
            building = store / f".{identity}"
            shutil.rmtree(building, ignore_errors=True)
            building.mkdir()
            for file in folder.iterdir():
                write(building / file.name, file.read_bytes())
            for file in document["attachments"]:
                stored = (building / file["file"]).read_bytes()
                if hashlib.sha256(stored).hexdigest() != file["sha256"]:
                    raise OSError(f"{folder / file['file']}: read with errors, left where it is")
            sync_folder(building)
            building.rename(store / identity)
            sync_folder(store)
            code = f"{document.get('number', '')}/{document.get('notation', '')}"
            said = (document["business"]["kind"], document["from"]["code"], code)
            print(identity, *said, document.get("subject", ""), flush=True)
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder, document.json last: one that is half removed is met again."""
    for file in folder.iterdir():
        if file.name != "document.json":
            file.unlink()
    (folder / "document.json").unlink()
    folder.rmdir()


def write(path: Path, content: bytes) -> None:
    """Write a file and have the disk say that it holds it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the disk say that it holds the names in a folder; Windows does that by itself."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def read(path: Path) -> dict | None:
    """Return what a JSON file says; None where it is not there, or no more."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def drops(exchange: Path, place: str, key: str) -> list[Path]:
    """Return where drops of this key lie; the second of one day is called `KEY (2)`."""
    name = re.compile(re.escape(key) + r"( \(\d+\))?")
    return [path for path in sorted(exchange.glob(f"{place}/*")) if name.fullmatch(path.name)]


def standing(receiver: dict) -> str:
    """Say how it stands at one receiver."""
    keys = ("code", "state", "status", "meaning", "reason")
    return " ".join(receiver[key] for key in keys if receiver[key])


def failure(told: dict) -> str:
    """Say what an error.json says, for the clerk who is to mend it."""
    sentences = [told["message"], *told["problems"], told["hint"]]
    return f"failed, {told['error']}: " + "; ".join(sentences)


def main(exchange: str, verb: str, *words: str) -> int:
    """Do what was asked for; return the exit status."""
    os.umask(0o007)  # files and folders are shared with the node by way of their group
    if verb == "send":
        key, number, notation, date, kind, subject, to, *files = words
        order = {"schema": 1, "number": number, "notation": notation, "date": date, "type": kind}
        order |= {"subject": subject, "to": to.split(",")}
        send(Path(exchange), key, order, [Path(file) for file in files])
    elif verb == "status":
        well, lines = status(Path(exchange), words[0])
        print(*lines, sep="\n")
        return 0 if well else 1
    elif verb == "receipts":
        receipts(Path(exchange))
    elif verb == "receive":
        receive(Path(exchange), Path(words[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
