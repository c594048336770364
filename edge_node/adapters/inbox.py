"""
The inbox: incoming documents as folders, seen by the document software whole or not at all.

A folder is filled under a passing hidden name, made durable under the hidden name of its item
(`.<item>.ready`), and then, once the queue knows what it will be called, renamed into sight. From
that entry on it is only ever renamed, so that one which is hidden no more has been handed over,
even if the software took it before a crash kept us from entering that.

Rights: folders 2770 and files 0660 whatever the umask, for the group that the set-group-id bit of
`inbox/` hands down: the software reads and moves, others see nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.filing import is_there, require
from edge_node.domain.message import say
from edge_node.domain.names import safe_name
from edge_node.domain.time import in_vietnam
from edge_node.protocol.handoff.files import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from edge_node.adapters.exchange import Exchange
    from edge_node.domain.document import AgencyCode
    from edge_node.domain.item import ItemId

TAKEN: Final = ".taken"
LONGEST: Final = 80  # characters of a folder's name: Windows counts whole paths, 260 at most
_MARK: Final = 9  # a dash and eight digits
_FOLDER_MODE: Final = 0o2770
_FILE_MODE: Final = 0o660


@dataclass(frozen=True, slots=True)
class Inbox:
    """The inbox of one exchange folder, which must be that of ``agency``."""

    exchange: Exchange
    agency: AgencyCode

    def check(self) -> None:
        """Do nothing if it is our exchange folder that is there; FolderMissing if not."""
        self.exchange.check(self.agency)

    def folder_name(self, received_at: datetime, sender: str, number: str, notation: str) -> str:
        """
        Return `YYYYMMDD-HHMMSS_<from>_<number>-<notation>`, safe for Linux and for Windows.

        At most 80 characters, with a short hash where it had to be cut; what is missing is left
        out. The time is that of Vietnam.
        """
        stamp = f"{in_vietnam(received_at):%Y%m%d-%H%M%S}"
        code = "-".join(part for part in (number, notation) if part)
        name = "_".join(part for part in (stamp, sender, code) if part)
        return safe_name(name.replace("/", "-").replace("\\", "-"), limit=LONGEST)

    def sweep(self) -> None:
        """Remove what was being prepared when a node before us was cut off."""
        durable.sweep(self.exchange.inbox)

    @contextmanager
    def preparing(self, item: ItemId) -> Iterator[Path]:
        """
        Give an empty hidden folder for as long as the block lasts; what is not kept is removed.

        Not for an item whose folder the queue knows already: what was kept of it goes.
        """
        with durable.disk_errors(self.exchange.inbox), suppress(FileNotFoundError):
            shutil.rmtree(self._ready(item))
        with durable.room(self.exchange.inbox) as prepared:
            yield prepared

    def keep(self, item: ItemId, prepared: Path, name: str, files: Mapping[str, bytes]) -> str:
        """
        Add ``files`` (document.json among them) to a prepared folder and make it durable, hidden.

        Returns what it is to be called: ``name``, or the name with a mark of the item where
        another document has that name. NameTaken when an attachment has the name of one of
        ``files``.
        """
        if name != safe_name(name, limit=LONGEST):
            raise ValueError(f"not a safe name: {name!r}")
        with durable.disk_errors(prepared):
            for file, content in files.items():
                _add(prepared / file, content)
            _open_to_group(prepared)
            durable.sync_tree(prepared)
            durable.move(prepared, self._ready(item))
            if not is_there(self.exchange.inbox / name):
                return name
        mark = hashlib.sha256(item.encode()).hexdigest()[: _MARK - 1]
        return durable.fitted(name[: LONGEST - _MARK], f"-{mark}")

    def is_kept(self, item: ItemId) -> bool:
        """Tell whether a folder that was kept has never been in sight."""
        ready = self._ready(item)
        with durable.disk_errors(ready):
            return is_there(ready)

    def show(self, item: ItemId, folder: str) -> None:
        """Put a folder that was kept into sight; where it is hidden no more, that was done."""
        ready = self._ready(item)
        with durable.disk_errors(ready):
            if is_there(ready):
                durable.move(ready, self.exchange.inbox / folder)
                return
        self.check()  # a share that is not mounted says nothing about what was done
        durable.sync_folder(self.exchange.inbox)

    def is_taken(self, folder: str) -> bool:
        """Tell whether the software took a document: its folder is gone, or holds `.taken`."""
        require(self.exchange.inbox)
        path = self.exchange.inbox / folder
        with durable.disk_errors(path):
            return not is_there(path) or is_there(path / TAKEN)

    def taken_note(self, folder: str) -> bytes:
        """
        Return what the software wrote into the mark by which it took a document.

        Nothing where the folder is gone, or the mark is empty, as it may well be, or is no plain
        file. Never more than a little over MAX_BYTES.
        """
        mark = self.exchange.inbox / folder / TAKEN
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with suppress(OSError), os.fdopen(os.open(mark, flags), "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return file.read(MAX_BYTES + 1)
        return b""

    def destroy(self, item: ItemId, folder: str) -> bool:
        """
        Remove the folder of an item, hidden or in sight, with all that is in it.

        Tells whether there was one. What an earlier call began to remove, and what was being
        prepared when a node was cut off, goes as well.
        """
        inbox = self.exchange.inbox
        require(inbox)
        durable.sweep(inbox, kind="moved")
        durable.sweep(inbox)
        places = [self._ready(item), *([inbox / folder] if folder else [])]
        there = [place for place in places if is_there(place)]
        for place in there:
            durable.remove_aside(place)
        durable.sync_folder(inbox)
        return bool(there)

    def _ready(self, item: ItemId) -> Path:
        return self.exchange.inbox / f".{item}.ready"


def _add(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise durable.NameTaken(
            say("an attachment is called {name}, like a file of ours", name=path.name),
            hint=say("give the attachment another name before it is handed over"),
        ) from error


def _open_to_group(folder: Path) -> None:
    """Give the software's group all rights to the folder and what is in it."""
    for root, _, names in os.walk(folder):
        here = Path(root)
        here.chmod(_FOLDER_MODE)
        for name in names:
            (here / name).chmod(_FILE_MODE)
