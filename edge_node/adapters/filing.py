"""
Where a drop lies once it was taken in: under `queued/`, `sent/` or `failed/`, with our papers.

What a paper says is not known here, only whose it is: a status.json names the item in its `id`,
and by that a folder is found again when a crash cut us off between moving it and entering where
to. Every call may be repeated; nothing of a drop is ever overwritten. People may take folders
away: what is gone stays gone and hinders nobody.
"""

from __future__ import annotations

import json
import logging
import re
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.domain.errors import FolderMissing
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from edge_node.adapters.exchange import Exchange
    from edge_node.domain.item import ItemId

log = logging.getLogger(__name__)

STATUS: Final = "status.json"
ERRORS: Final = ("error.json", "error.txt")
_PAPER_MODE: Final = 0o640  # people read them
# Bytes: with hundreds of attachments signed, what is said of each of them is more than a megabyte.
LARGEST_PAPER: Final = 16 << 20
_NUMBER: Final = re.compile(r" \(\d+\)\Z")
_FOREVER_BUT: Final = 100_000  # as many drops of one name a day are somebody's mistake


@dataclass(frozen=True, slots=True)
class Filing:
    """
    The folders in which drops rest, and the one they come from: `claims/<item>/<name>/`.

    A ``folder`` is written as it is below the exchange folder (`queued/12-UBND`), "" while the
    drop is still claimed; ``name`` is what the drop was called in the outbox. Each method returns
    where the drop lies now, or ``folder`` as it was given when the drop is nowhere any more.
    """

    exchange: Exchange
    claims: Path
    # What people took away: looked for through all the days once, not at each later status.
    _gone: set[ItemId] = field(default_factory=set, init=False, compare=False)
    # Where what a node before us left unfinished is removed: it is done again in the same place.
    _swept: set[Path] = field(default_factory=set, init=False, compare=False)

    def sweep(self) -> None:
        """
        Remove what is left in the claims of copies, and of drops that were moved elsewhere.

        Only before anybody works: what is being moved away is told by nothing from what was.
        """
        if not is_there(self.claims):
            return
        with durable.disk_errors(self.claims):
            durable.sweep(self.claims)
            for home in [path for path in self.claims.iterdir() if _is_folder(path)]:
                durable.sweep(home)
                durable.sweep(home, kind="moved")
                _forget(home)

    def to_queued(self, item: ItemId, folder: str, name: str, status: bytes) -> str:
        """Put a drop where it waits for the axis, or put a failed one back there."""
        return self._file(item, folder, name, self.exchange.queued, {STATUS: status})

    def to_sent(self, item: ItemId, folder: str, name: str, day: date, status: bytes) -> str:
        """Put a drop among those sent on ``day``; one that lies there keeps its day."""
        place = _of_day(self.exchange.sent, day)
        return self._file(item, folder, name, place, {STATUS: status})

    def to_failed(
        self,
        item: ItemId,
        folder: str,
        name: str,
        day: date,
        papers: Mapping[str, bytes],
        status: bytes | None,
    ) -> str:
        """
        Put a drop among those that failed on ``day``, with ``papers`` that say why.

        The papers are called as in `ERRORS`; ``status`` is None for what was never queued.
        """
        place = _of_day(self.exchange.failed, day)
        told = dict(papers) if status is None else {**papers, STATUS: status}
        return self._file(item, folder, name, place, told)

    def leave_no_claim(self, item: ItemId) -> None:
        """Remove what an older state of the spool still holds of a drop that is filed."""
        claim = self.claims / item
        with durable.disk_errors(claim):
            if is_there(claim):
                durable.remove_aside(claim)

    def _file(
        self, item: ItemId, folder: str, name: str, place: Path, papers: Mapping[str, bytes]
    ) -> str:
        if name in {"", ".", ".."} or "/" in name:
            raise ValueError(f"not the name of a drop: {name!r}")
        with durable.disk_errors(self.exchange.root):
            here = self._find(item, folder, name)
            if here is None:
                return folder
            self._write(here, papers)
            if not self._lies_under(here, place):
                here = self._move(item, here, place, name)
                _forget(self.claims / item)
            return str(here.relative_to(self.exchange.root))

    def _lies_under(self, folder: Path, place: Path) -> bool:
        """Tell whether a folder is under queued, sent or failed already, as ``place`` is."""
        root = self.exchange.root
        kind = place.relative_to(root).parts[0]
        return root / kind in folder.parents

    # ── the papers ───────────────────────────────────────────────────────────────────────────

    def _write(self, folder: Path, papers: Mapping[str, bytes]) -> None:
        """Write the papers, take away those of ours that are not true any more."""
        durable.sweep(folder)
        failed = self.exchange.failed in folder.parents
        for name, paper in papers.items():
            known = failed and name in ERRORS  # what we wrote, whatever we wrote
            if not known and not _may_replace(folder / name, paper):
                _set_aside(folder / name)
            durable.write(folder / name, paper, mode=_PAPER_MODE)
        if failed:
            for name in set(ERRORS) - set(papers):
                (folder / name).unlink(missing_ok=True)
            durable.sync_folder(folder)

    # ── the folders ──────────────────────────────────────────────────────────────────────────

    def _find(self, item: ItemId, folder: str, name: str) -> Path | None:
        """Return where the drop lies: where it was entered, else where a crash left it."""
        entered = self.exchange.root / folder if folder else self.claims / item / name
        if _is_folder(entered) and (not folder or _holder(entered) in {item, ""}):
            self._gone.discard(item)
            return entered if folder else self._copied(item, entered) or entered
        if item in self._gone:
            return None
        for root in (self.exchange.queued, self.exchange.sent, self.exchange.failed):
            for candidate in _called(name, root):
                if _holder(candidate) == item:
                    return candidate
        log.warning("the folder of a drop is gone", extra={"item": item})
        self._gone.add(item)
        return None

    def _copied(self, item: ItemId, claimed: Path) -> Path | None:
        """
        Return the copy in queued/ of a drop that a crash left in its claim as well; drop that.

        By now it may belong elsewhere, and what lies in queued/ would say so for ever.
        """
        for free in _numbered(claimed.name):
            copy = self.exchange.queued / free
            if not is_there(copy):
                return None
            if _holder(copy) == item:
                durable.remove_aside(claimed)
                _forget(claimed.parent)
                return copy
        return None

    def _move(self, item: ItemId, here: Path, place: Path, name: str) -> Path:
        """Move the folder to a place under the first name that is free there."""
        _make_days(self.exchange.root, place)
        if place not in self._swept:
            durable.sweep(place)
            self._swept.add(place)
        for free in _numbered(name):
            target = place / free
            if not is_there(target):
                durable.move(here, target)
                return target
            if _holder(target) == item:  # copied from another mount, and cut off before the end
                durable.write(target / STATUS, (here / STATUS).read_bytes(), mode=_PAPER_MODE)
                durable.remove_aside(here)
                return target
        raise durable.NameTaken(
            say("no name is left for {name} in {path}", name=durable.shown(name), path=str(place)),
            hint=say("give drops names of their own, such as the number and notation"),
        )


def is_there(path: Path) -> bool:
    """Tell whether something is there; only a clear no is a no, trouble with the disk is not."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def read_paper(path: Path) -> dict[str, object] | None:
    """Return the object a small JSON file holds; None where there is no such thing."""
    if not _is_file(path) or path.stat().st_size > LARGEST_PAPER:
        return None
    return _plain(path.read_bytes())


def _of_day(root: Path, day: date) -> Path:
    return root / f"{day:%Y}" / f"{day:%m}" / f"{day:%d}"


def _make_days(root: Path, place: Path) -> None:
    """Make the missing folders of a day, durably; their rights are those of the folder above."""
    kind, *days = place.relative_to(root).parts
    folder = root / kind
    require(folder)
    for day in days:
        above, folder = folder, folder / day
        if not is_there(folder):
            folder.mkdir(exist_ok=True)
            folder.chmod(stat.S_IMODE(above.stat().st_mode))
            durable.sync_folder(above)


def require(folder: Path) -> None:
    """Do nothing if the folder is there; FolderMissing if it is not (an unmounted share)."""
    if not is_there(folder):
        raise FolderMissing(
            say("the folder {path} is not there", path=str(folder)),
            hint=say("see whether the share is mounted, or create the folder again"),
        )


def _forget(claim: Path) -> None:
    """Remove the folder of a claim whose drop was moved away, where nothing is left in it."""
    with suppress(OSError):  # it never was a claim, or holds more: both are well
        claim.rmdir()


def _numbered(name: str) -> Iterator[str]:
    """Yield `N`, `N (2)`, `N (3)` and so on, each short enough for the file system."""
    yield name
    stem = _NUMBER.sub("", name)
    for number in range(2, _FOREVER_BUT):
        yield durable.fitted(stem, f" ({number})")


def _called(name: str, root: Path) -> Iterator[Path]:
    """Yield what goes by the name or a numbered form of it in root and its days, newest first."""
    require(root)
    for folder in [root] if root.name == "queued" else days_of(root):
        there = {entry.name for entry in folder.iterdir()}
        for wanted, _ in zip(_numbered(name), range(len(there) + 2), strict=False):
            if wanted in there:
                yield folder / wanted


def days_of(root: Path) -> Iterator[Path]:
    """Yield the folders of the days below one of ours, newest first."""
    for year in _newest(root):
        for month in _newest(year):
            yield from _newest(month)


def _newest(folder: Path) -> Iterable[Path]:
    found = (entry for entry in folder.iterdir() if entry.name.isdecimal() and entry.is_dir())
    return sorted(found, reverse=True)


def _holder(folder: Path) -> str:
    paper = read_paper(folder / STATUS)
    return str(paper.get("id", "")) if paper else ""


def _may_replace(path: Path, paper: bytes) -> bool:
    """
    Tell whether what lies there is an older state of the paper we are about to write.

    A clerk who drops a folder from `sent/` or `failed/` again brings the old papers along: they
    are part of that drop, and are kept.
    """
    if not is_there(path):
        return True
    old, new = read_paper(path), _plain(paper)
    if old is None or new is None:
        return _is_file(path) and path.stat().st_size == len(paper) and path.read_bytes() == paper
    if "id" in new:
        return old.get("id") == new["id"]
    return _but_time(old) == _but_time(new)


def _but_time(paper: Mapping[str, object]) -> Mapping[str, object]:
    return {key: value for key, value in paper.items() if key != "at"}


def _set_aside(path: Path) -> None:
    """Give what lies in the way of a paper of ours a number: `status (2).json`."""
    for number in range(2, _FOREVER_BUT):
        aside = path.with_name(f"{path.stem} ({number}){path.suffix}")
        if not is_there(aside):
            durable.move(path, aside)
            return


def _plain(paper: bytes) -> dict[str, object] | None:
    try:
        values = json.loads(paper)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _is_folder(path: Path) -> bool:
    return is_there(path) and stat.S_ISDIR(path.lstat().st_mode)


def _is_file(path: Path) -> bool:
    return is_there(path) and stat.S_ISREG(path.lstat().st_mode)
