"""
`statuses/`: what the agency reports of documents it received, one small file each.

Files are taken by the same rules of settling as drops. What they say is read by the flow that
takes them; here they are found, and filed in `statuses/done/` and `statuses/failed/` afterwards.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edge_node.adapters import durable
from edge_node.adapters.drops import SHEET_ENDINGS, Drop, Scan, Style, ending_of
from edge_node.adapters.ripeness import sight_of
from edge_node.adapters.settle import Sightings, signature_of
from edge_node.domain.errors import Permanent
from edge_node.domain.item import ItemId
from edge_node.domain.message import say
from edge_node.protocol.handoff import MAX_BYTES, peek

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from edge_node.adapters.drops import OutboxSettings
    from edge_node.adapters.exchange import Exchange
    from edge_node.adapters.ripeness import Ripeness
    from edge_node.adapters.settle import Sighting, Signature
    from edge_node.domain.message import Message

    Reading = Callable[[ItemId], AbstractContextManager[bool]]


class StatusFolder:
    """The folder the software writes statuses to, and the two they are filed in."""

    def __init__(
        self,
        exchange: Exchange,
        settings: OutboxSettings,
        *,
        sightings: Sightings | None = None,
    ) -> None:
        """Begin with nothing seen; of the settings quiet and settle_timeout matter here."""
        self._folder = exchange.statuses
        self._done = exchange.statuses_done
        self._failed = exchange.statuses_failed
        self._settings = settings
        self._sightings = sightings or Sightings(self._folder)

    def lying(self) -> dict[ItemId, Path]:
        """Return all files that lie there, by their ids; none of them is opened."""
        with durable.disk_errors(self._folder), os.scandir(self._folder) as entries:
            files = [Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False)]
        found = {}
        for path in files:
            with suppress(Permanent):  # it was taken away again
                found[self.id_of(path)] = path
        return found

    def id_of(self, path: Path) -> ItemId:
        """Return what tells a file from any other, as long as nobody writes to it; Permanent."""
        with durable.disk_errors(path):
            return _id_of(path.name, signature_of(path.lstat()))

    def scan(self, now: float, reading: Reading | None = None) -> Scan[Path]:
        """
        Look at all files once; ``now`` is our monotonic clock, in seconds.

        Each is read within a block of ``reading``, and passed over where that says False.

        What cannot be read as JSON or YAML is ready, too, once it has been so for the settle
        timeout: whoever reads it says what is wrong. FolderMissing, AccessDenied, DiskTrouble.
        """
        with sight_of(self._folder, self._settings, self._sightings, now=now) as sight:
            for file in sight.listing.files:
                self._judge(file, sight.ripeness, reading or _at_once)
        found = sight.ripeness.scan()
        ready = tuple(drop.members[0] for drop in found.ready)
        return Scan(ready=ready, waiting=found.waiting, next_look=found.next_look)

    def read(self, path: Path) -> tuple[bytes, str]:
        """
        Return a file's bytes and what tells this very file from any other, past or to come.

        The same file read again after a crash answers the same; one dropped later under the same
        name, even with the same words, does not. Never more than a little over MAX_BYTES.
        """
        with durable.disk_errors(path):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                status = os.fstat(file.fileno())
                data = file.read(MAX_BYTES + 1)
        digest = hashlib.sha256(data).hexdigest()
        return data, f"{path.name}:{status.st_ino}:{status.st_mtime_ns}:{digest[:16]}"

    def done(self, path: Path) -> Path:
        """File a status that was taken; return where it lies now."""
        target = _free(self._done, path.name, ())
        durable.move(path, target)
        return target

    def failed(self, path: Path, papers: Mapping[str, bytes]) -> Path:
        """
        File a status that was refused, `error.json` and `error.txt` beside it; return where.

        The papers are written first: whatever lies in the folder has its reason beside it.
        """
        target = _free(self._failed, path.name, tuple(papers))
        for paper, told in papers.items():
            durable.write(_paper(target, paper), told)
        durable.move(path, target)
        return target

    def whole(self, path: Path) -> bool:
        """Tell whether a file can be read as what its name says."""
        data, _ = self.read(path)
        return peek(data, path.name) is not None

    def _judge(self, file: Sighting, ripeness: Ripeness, reading: Reading) -> None:
        about = file.path
        if not ending_of(file.name, SHEET_ENDINGS):
            ripeness.wait(about, say("a status is a .json or .yaml file"), file.since)
            return
        if not ripeness.settled(about, [file]) or not ripeness.readable(about, [file]):
            return
        if file.note is None:
            with reading(_id_of(file.name, file.signature)) as ours:
                if not ours:
                    return
                file.note = self.whole(Path(about))
        drop = Drop(
            style=Style.SIDECAR, name=Path(file.name).stem, outbox=self._folder, files=(file.name,)
        )
        found = ripeness.ripe(drop, [file], about, trouble=_flaw(file))
        if found is not None:
            ripeness.take(found, [file])


def _flaw(file: Sighting) -> Message | None:
    if file.note:
        return None
    return say("{file} cannot be read: it is cut off or broken", file=file.name)


def _id_of(name: str, signature: Signature) -> ItemId:
    said = f"{name}\0{signature}".encode(errors="surrogateescape")
    return ItemId(f"f{hashlib.sha256(said).hexdigest()[:16]}")


def _at_once(_: ItemId) -> AbstractContextManager[bool]:
    return nullcontext(enter_result=True)


def _free(folder: Path, name: str, papers: tuple[str, ...]) -> Path:
    """Return a path in the folder that nothing goes by, nor any of its papers."""
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - Path.stem loses dots at the end
    marks = itertools.chain([""], (f".{count}" for count in itertools.count(2)))
    targets = (folder / durable.fitted(stem, mark + ending) for mark in marks)
    return next(target for target in targets if _is_free(target, papers))


def _is_free(target: Path, papers: tuple[str, ...]) -> bool:
    taken = (target, *(_paper(target, paper) for paper in papers))
    return not any(os.path.lexists(path) for path in taken)


def _paper(target: Path, paper: str) -> Path:
    return target.with_name(durable.fitted(target.stem, f".{paper}"))
