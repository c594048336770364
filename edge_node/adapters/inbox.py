"""
The inbox: incoming documents as folders, seen by the document software whole or not at all.

A folder is filled under a hidden name, made durable, then renamed. What stands in document.json
is not known here but for its `id`, by which a folder is recognised when a hand-over is repeated
after a crash. (Taken away in the very moment between the rename and the queue's entry, a document
is offered again after the crash, under the same `id`: at least once is all a folder can promise.)

Rights: folders 2770 and files 0660 whatever the umask, for the group that the set-group-id bit of
`inbox/` hands down: the software reads and moves, others see nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.filing import is_there, read_paper, require
from edge_node.domain.message import say
from edge_node.domain.names import safe_name
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from edge_node.adapters.exchange import Exchange
    from edge_node.domain.document import AgencyCode
    from edge_node.domain.envelope import ItemId

SHEET: Final = "document.json"
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

    def prepare(self, item: ItemId) -> Path:
        """Return an empty hidden folder to decode attachments into; a crash's one is removed."""
        part = self.exchange.inbox / f".{item}.part"
        with durable.disk_errors(part):
            self.discard(part)
            part.mkdir(mode=0o700)
        return part

    def discard(self, prepared: Path) -> None:
        """Remove a prepared folder that is not to be handed over."""
        with durable.disk_errors(prepared), suppress(FileNotFoundError):
            shutil.rmtree(prepared)

    @contextmanager
    def preparing(self, item: ItemId) -> Iterator[Path]:
        """Give an empty hidden folder for as long as the block lasts; nothing of it remains."""
        prepared = self.prepare(item)
        with durable.disk_errors(prepared):
            try:
                yield prepared
            except BaseException:
                self.discard(prepared)
                raise

    def hand_over(self, prepared: Path, name: str, files: Mapping[str, bytes]) -> Path:
        """
        Add ``files`` (document.json among them) to a prepared folder and put it into sight.

        Returns where it lies: under ``name``, or under the name with a mark of the item where
        another document has that name. Where the item lies there already, that folder is returned
        and the prepared one removed. NameTaken when an attachment has the name of one of
        ``files``.
        """
        item = prepared.name.removeprefix(".").removesuffix(".part")
        there = self.find(item, name)
        if there is not None:
            self.discard(prepared)
            return there
        with durable.disk_errors(prepared):
            for file, content in files.items():
                _add(prepared / file, content)
            _open_to_group(prepared)
            durable.sync_tree(prepared)
            return self._show(prepared, item, name)

    def find(self, item: str, name: str) -> Path | None:
        """Return where the item lies in the inbox, if it lies there under this name."""
        for candidate in self._names(item, name):
            folder = self.exchange.inbox / candidate
            with durable.disk_errors(folder):
                sheet = read_paper(folder / SHEET)
            if sheet is not None and sheet.get("id") == item:
                return folder
        return None

    def is_taken(self, folder: str) -> bool:
        """Tell whether the software took a document: its folder is gone, or holds `.taken`."""
        require(self.exchange.inbox)
        path = self.exchange.inbox / folder
        with durable.disk_errors(path):
            return not is_there(path) or is_there(path / TAKEN)

    def _show(self, prepared: Path, item: str, name: str) -> Path:
        *most, last = self._names(item, name)
        for candidate in most:
            with suppress(durable.NameTaken):
                durable.move(prepared, self.exchange.inbox / candidate)
                return self.exchange.inbox / candidate
        durable.move(prepared, self.exchange.inbox / last)
        return self.exchange.inbox / last

    def _names(self, item: str, name: str) -> tuple[str, ...]:
        """Return the names an item may go by: the wanted one, and one nobody else wants."""
        if name != safe_name(name, limit=LONGEST):
            raise ValueError(f"not a safe name: {name!r}")
        mark = hashlib.sha256(item.encode()).hexdigest()[: _MARK - 1]
        return name, durable.fitted(name[: LONGEST - _MARK], f"-{mark}")


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
