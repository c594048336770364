"""
The copies of a drop's files that bear the agency's signature: `<drop>/signed/`, beside the files.

They are what leaves; the drop stays as it was. They move with it, so that `queued/`, `sent/` and
`failed/` show what really went out. A hidden record in their folder says of each which file it
was made of, and by what act; it names the item, and by that a folder of this name that came with
the drop is told from ours: nobody outside knows an item's id before its drop is claimed.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from itertools import count
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.filing import LARGEST_PAPER, is_there, read_paper
from edge_node.domain.envelope import Digest, Stored
from edge_node.domain.errors import DropRefused
from edge_node.domain.message import say
from edge_node.domain.signing import SignedCopy
from edge_node.protocol.handoff.acts import act_values, read_act

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from edge_node.domain.signing import Act

FOLDER: Final = "signed"
_RECORD: Final = ".acts.json"  # no file of a drop may be called so
_FOLDER_MODE: Final = 0o2750  # what is filed, people are to read
_MODE: Final = 0o640


class SignedCopies:
    """What was signed of one drop, wherever that lies; for one turn, in which nobody moves it."""

    def __init__(self, item: str, drop: Path) -> None:
        """Look after the copies in the folder ``drop``, as far as they are the item's."""
        self._item = item
        self._folder = drop / FOLDER
        # Read once: a drop of a hundred large files is not hashed again with each one signed.
        self._known: dict[str, SignedCopy] | None = None

    def all(self) -> dict[str, SignedCopy]:
        """Return the copies by the names of the files, and whether each is whole."""
        with durable.disk_errors(self._folder):
            return self._recorded() or {}

    def prepare(self) -> dict[str, SignedCopy]:
        """
        Return the copies that are whole, and let nothing else lie in their place.

        What came with the drop steps aside (`signed (2)`); what a crash cut off is removed.
        """
        with durable.disk_errors(self._folder):
            self._known = self._cleared()
        return dict(self._known)

    def begin(self, name: str) -> Path:
        """Return where the copy of a file is to appear, durably; nothing lies there."""
        with durable.disk_errors(self._folder):
            self._known = self._cleared() if self._known is None else self._known
            if not is_there(self._folder):
                with durable.building(self._folder, mode=_FOLDER_MODE) as part:
                    durable.write(part / _RECORD, self._record(()), mode=_MODE)
            (self._folder / name).unlink(missing_ok=True)
        return self._folder / name

    def keep(self, name: str, source: Digest, act: Act) -> SignedCopy:
        """
        Enter, durably, that the copy of a file is there, and what it was made of.

        What was signed is what ``act`` says: not what may lie there by now. DropRefused where
        there would be more to enter than is ever read.
        """
        if self._known is None or act.stored is None:
            raise ValueError(name)  # it was not begun here, or not written
        copy = SignedCopy(act=act, source=source, path=self._folder / name, stored=act.stored)
        known = self._known | {name: copy}
        record = self._record(known.values())
        if len(record) > LARGEST_PAPER:
            raise DropRefused(
                say("there is more to be said of its signatures than can be entered"),
                hint=say("send fewer attachments, or say in fewer words on what basis"),
            )
        with durable.disk_errors(copy.path):
            durable.write(self._folder / _RECORD, record, mode=_MODE)
        self._known = known
        return copy

    def _cleared(self) -> dict[str, SignedCopy]:
        """Return the copies that are whole, once nothing else is left."""
        if not is_there(self._folder):
            return {}
        found = self._recorded()
        if found is None:
            _set_aside(self._folder)
            return {}
        durable.sweep(self._folder)
        whole = {name: copy for name, copy in found.items() if copy.whole}
        for path in self._folder.iterdir():
            if path.name != _RECORD and path.name not in whole:
                path.unlink()
        return whole

    def _record(self, copies: Iterable[SignedCopy]) -> bytes:
        files = [
            {
                "name": copy.path.name,
                "source": copy.source,
                "sha256": copy.stored.digest,
                "size": copy.stored.size,
                "act": act_values(copy.act),
            }
            for copy in copies
        ]
        values = {"schema": 1, "id": self._item, "files": files}
        return json.dumps(values, ensure_ascii=False).encode() + b"\n"

    def _recorded(self) -> dict[str, SignedCopy] | None:
        """Return the copies by the record of the folder; None where that is not the item's."""
        if not is_there(self._folder) or not stat.S_ISDIR(self._folder.lstat().st_mode):
            return None
        record = read_paper(self._folder / _RECORD)
        if record is None or record.get("id") != self._item:
            return None
        entries = record.get("files")
        files = entries if isinstance(entries, list) else []
        copies = [_copy(self._folder, entry) for entry in files if isinstance(entry, dict)]
        return {copy.path.name: copy for copy in copies if copy is not None}


def _copy(folder: Path, entry: Mapping[str, object]) -> SignedCopy | None:
    act = read_act(entry.get("act"))
    name, source, digest = (str(entry.get(key, "")) for key in ("name", "source", "sha256"))
    if act is None or not name or "/" in name:
        return None
    path = folder / name
    size = entry.get("size")
    stored = Stored(digest=Digest(digest), size=size if isinstance(size, int) else 0)
    whole = is_there(path) and stat.S_ISREG(path.lstat().st_mode) and _stored(path) == stored
    return SignedCopy(act=act, source=Digest(source), path=path, stored=stored, whole=whole)


def _stored(path: Path) -> Stored:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Stored(digest=Digest(digest), size=os.fstat(file.fileno()).st_size)


def _set_aside(path: Path) -> None:
    for number in count(2):
        aside = path.with_name(f"{path.name} ({number})")
        if not is_there(aside):
            durable.move(path, aside)
            return
