"""
What lies in `queued/`, `sent/` and `failed/`, as the papers beside it say.

They are read where the queue does not know any more what was done. Only looked at: whatever lies
there stays as it is. A paper is read and forgotten before the next, and no attachment is opened.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.claims import recognise
from edge_node.adapters.filing import ERRORS, STATUS, days_of, is_there, read_paper, require
from edge_node.adapters.strays import name_of
from edge_node.protocol.handoff.papers import read_papers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge_node.adapters.drops import Claimed
    from edge_node.adapters.exchange import Exchange
    from edge_node.domain.item import ItemId
    from edge_node.domain.recovery import Papers


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A folder below the exchange folder (`sent/2026/11/21/12-UBND`), and what it is."""

    folder: str
    name: str  # what the drop was called in the outbox
    papers: Papers | None  # None where they cannot be read


@dataclass(frozen=True, slots=True)
class Shelves:
    """The places of the exchange folder where a drop lies with our papers."""

    exchange: Exchange

    def all(self) -> Iterator[Filed]:
        """Yield everything, newest day first; FolderMissing, DiskTrouble."""
        # Of two copies that a crash left, the one among those sent says more.
        yield from self._in(days_of(self.exchange.sent))
        yield from self._in([self.exchange.queued])
        for filed in self._in(days_of(self.exchange.failed)):
            # What was refused before it was queued has no papers of ours but the error.
            if filed.papers or not _was_refused(self.exchange.root / filed.folder):
                yield filed

    def newest(self) -> Iterator[Filed]:
        """Yield what was sent on the last day on which anything was; FolderMissing."""
        days = (day for day in days_of(self.exchange.sent) if any(day.iterdir()))
        with durable.disk_errors(self.exchange.sent):
            require(self.exchange.sent)
            last = next(days, None)
        yield from self._in([last] if last else [])

    def drop(self, item: ItemId, folder: str) -> Claimed | None:
        """Return what lies in a folder, as it was dropped; None where that is not the item's."""
        path = self.exchange.root / folder
        with durable.disk_errors(path), suppress(PermissionError):
            papers = _papers(path) if folder else None
            if papers is not None and papers.id == item:
                drop = recognise(item, path, name_of(path))
                return drop if drop and os.access(drop.sheet, os.R_OK) else None
        return None

    def lies(self, folder: str) -> bool:
        """Tell whether there is still such a folder."""
        return is_there(self.exchange.root / folder)

    def _in(self, places: Iterable[Path]) -> Iterator[Filed]:
        with durable.disk_errors(self.exchange.root):
            for kind in (self.exchange.queued, self.exchange.sent, self.exchange.failed):
                require(kind)
            for place in places:
                for path in sorted(place.iterdir()):
                    if path.is_dir() and not path.name.startswith("."):
                        yield self._filed(path)

    def _filed(self, path: Path) -> Filed:
        folder = str(path.relative_to(self.exchange.root))
        try:
            return Filed(folder=folder, name=name_of(path), papers=_papers(path))
        except PermissionError:  # somebody took it from us: that it lies there is all we know
            return Filed(folder=folder, name=path.name, papers=None)


def _papers(folder: Path) -> Papers | None:
    paper = read_paper(folder / STATUS)
    return read_papers(paper) if paper else None


_ERROR: Final = ERRORS[0]


def _was_refused(folder: Path) -> bool:
    """Tell whether a drop failed without ever being queued."""
    return is_there(folder / _ERROR) and not is_there(folder / STATUS)
