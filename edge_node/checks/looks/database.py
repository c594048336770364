"""The queue's file as others and the disk treat it: who locks it, how long an fsync takes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from edge_node.adapters.file_locks import writers
from edge_node.adapters.mounts import filesystem
from edge_node.adapters.schema_standing import (
    newer_hint,
    newer_words,
    older_words,
    release_of,
    standing,
    to_bring_up,
)
from edge_node.adapters.soundness import read_only
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, good, warn
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.adapters.file_locks import Holder
    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

# Longer than any transaction of ours; whoever holds the file in all of these looks does not end.
_LOOKS: Final = 8
_BETWEEN: Final = 0.25  # seconds
_BUSY: Final = 2.0  # seconds; whoever holds the file longer is found by `_locked`
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
# The quickest disks that keep their word take some tens of microseconds.
_IMPOSSIBLE: Final = 10e-6  # seconds
_SLOW: Final = 0.5
_PIECE: Final = 4096  # bytes


def _look(situation: Situation) -> Iterator[Finding]:
    folders = situation.config.folders
    yield from _flushing(folders.data, situation)
    if not folders.queue.exists():
        return
    yield from _schema(folders.queue)
    yield _locked(folders.queue, situation)


def _locked(queue: Path, situation: Situation) -> Finding:
    left = _others(queue, situation)
    for _ in range(_LOOKS - 1):
        if not left:
            break
        time.sleep(_BETWEEN)
        left &= _others(queue, situation)
    if not left:
        return good("queue.lock", say("nobody else keeps the queue from being written"))
    one = min(left, key=lambda holder: holder.process)
    return bad(
        "queue.lock",
        say(
            "the process {process} ({program}) keeps the queue locked: nothing can be written",
            process=one.process,
            program=one.program or "?",
        ),
        say(
            "let it end what it does with {path}, or: kill {process}",
            path=str(queue),
            process=one.process,
        ),
        about=str(queue),
        process=one.process,
    )


def _others(queue: Path, situation: Situation) -> frozenset[Holder]:
    ours = {situation.process, os.getpid()}
    return frozenset(holder for holder in writers(queue) if holder.process not in ours)


def _schema(queue: Path) -> Iterator[Finding]:
    try:
        with read_only(queue, busy=_BUSY) as connection:
            found = standing(connection)
            written_by = release_of(connection)
    except EdgeNodeError:
        return  # the look into the queue says why
    if found.unknown:
        words, cure = newer_words(str(queue), written_by), newer_hint(written_by)
        yield bad("queue.schema", words, cure, about=str(queue))
    elif found.applied and found.missing:
        cure = to_bring_up(queue.parent)
        yield warn("queue.schema", older_words(str(queue)), cure, about=str(queue))
    elif found.applied:
        yield good(
            "queue.schema",
            say("the tables of the queue are known here"),
            migrations=found.number,
        )


def _flushing(data: Path, situation: Situation) -> Iterator[Finding]:
    """Time one fsync of a file that has no name: nothing is seen of it."""
    kind = filesystem(data, mountinfo=situation.mountinfo) or "?"
    if kind in _IN_MEMORY:
        yield bad(
            "disk.fsync",
            say(
                "{path} lies in memory ({kind}): a power cut takes all of it",
                path=str(data),
                kind=kind,
            ),
            say("put folders.data on a disk of this machine"),
            about=str(data),
        )
        return
    took = _timed(data)
    if took is not None:
        yield _pace(data, took)


def _pace(data: Path, took: float) -> Finding:
    """Return what so many seconds for one fsync say of a disk."""
    shown = round(took * 1000, 3)
    if took < _IMPOSSIBLE:
        return warn(
            "disk.fsync",
            say(
                "the disk of {path} confirms a write in {ms} ms: it cannot have made it",
                path=str(data),
                ms=shown,
            ),
            say(
                "see that nothing switches flushing off: mount options (nobarrier), eatmydata,"
                " the cache mode of a virtual disk"
            ),
            about=str(data),
            milliseconds=shown,
        )
    if took > _SLOW:
        return warn(
            "disk.fsync",
            say("the disk of {path} takes {ms} ms to confirm a write", path=str(data), ms=shown),
            say("see what else uses it: iostat -x 1; look into the kernel's log for disk errors"),
            about=str(data),
            milliseconds=shown,
        )
    return good(
        "disk.fsync", say("the disk confirms a write in {ms} ms", ms=shown), milliseconds=shown
    )


def _timed(folder: Path) -> float | None:
    """Return the seconds one fsync takes; None where that cannot be tried."""
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError:  # a file system without nameless files, or one we may not write to
        return None
    try:
        os.write(handle, os.urandom(_PIECE))
        begun = time.perf_counter()
        os.fsync(handle)
        return time.perf_counter() - begun
    except OSError:
        return None
    finally:
        os.close(handle)


CHECK: Final = Check(id="database", rank=52, look=_look)
