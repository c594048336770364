"""
What lies here and the queue does not know, though it once did: it is an older state of itself.

A backup that was put back names nothing that was taken in or handed over since. What a waybill
still says of that is entered; a drop of which only the folder in `queued/` is left goes back to
the claims and is taken in anew, under its old id. Whether it was sent is for the axis to say:
whoever calls this pauses sending first.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.drops import SHEET_ENDINGS
from edge_node.adapters.filing import STATUS, is_there, read_paper
from edge_node.adapters.relaying import Relaying
from edge_node.adapters.waybills import REVISION
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.queue import Queue
    from edge_node.adapters.waybills import Waybill, Waybills
    from edge_node.domain.envelope import Digest

log = logging.getLogger(__name__)

_AT_ONCE: Final = 500
_NUMBER: Final = re.compile(r" \(\d+\)\Z")
_NO_ROW: Final = """
select value as id from json_each(:ids)
 where not exists (select 1 from documents where id = value)
   and not exists (select 1 from incoming where id = value)
"""
_KNOWN_TO_AXIS: Final = "select 1 from incoming where axis_id = :axis_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What no row knows: by its waybill, or by its folder in `queued/` alone."""

    bills: tuple[Waybill, ...]
    folders: tuple[tuple[ItemId, Path], ...]  # never offered to the axis, by their papers
    doubtful: tuple[Path, ...]  # by their papers these may have been sent: they stay

    def __bool__(self) -> bool:
        """Tell whether there is anything to be entered."""
        return bool(self.bills or self.folders)

    @property
    def newest_arrival(self) -> int:
        """When the last of those that came in did, as a stamp; 0 where none is among them."""
        rows = (row for bill in self.bills for row in bill.rows.get("incoming", ()))
        return max((int(row["created"]) for row in rows), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strays:
    """The queue, and what lies beside it."""

    queue: Queue
    waybills: Waybills
    queued: Path | None  # None where the exchange folder is away: the next start looks there
    claims: Path
    has_package: Callable[[Digest], bool]

    def find(self) -> Found:
        """Return what the queue should know; for the start, before anything is taken in."""
        papers = dict(self._papers())
        revision = int(self.queue.marks.get(REVISION) or 0)
        unknown = self._without_row(self.waybills.items())
        bills = tuple(
            bill
            for bill in map(self.waybills.of, unknown)
            if bill is not None and self._was_entered(bill, revision, bill.item in papers)
        )
        by_bill = {bill.item for bill in bills}
        bare = [item for item in self._without_row(papers) if item not in by_bill]
        left = [item for item in bare if not is_there(self.claims / item)]
        return Found(
            bills=bills,
            folders=tuple((item, papers[item][0]) for item in left if not papers[item][1]),
            doubtful=tuple(papers[item][0] for item in left if papers[item][1]),
        )

    def take_in(self, found: Found, *, now: datetime) -> None:
        """Enter what the waybills say, and claim the folders; may be repeated."""
        relaying = Relaying(sys.maxsize, self.has_package)  # what has a row keeps it
        if found.bills:
            with self.queue.file.transaction() as transaction:
                relaying.enter(transaction, found.bills, now=now)
        for item, folder in found.folders:
            home = self.claims / item
            with durable.disk_errors(home):
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                durable.sync_folder(self.claims)
            durable.move(folder, home / name_of(folder))
        seen = {
            "documents": relaying.documents,
            "arrivals": relaying.arrivals,
            "folders": len(found.folders),
        }
        log.error("the queue did not know what lies here: entered", extra=seen)

    def _was_entered(self, bill: Waybill, revision: int, filed: bool) -> bool:  # noqa: FBT001 - of three tests one
        """
        Tell whether its rows were committed once, and are not merely what a crash cut off.

        A transaction that is cut off leaves the number after the queue's own, at most; what goes
        out is then in the claims still, and what came in has no folder.
        """
        if "documents" in bill.rows:
            return filed or bill.revision > revision + 1
        (row,) = bill.rows["incoming"]
        if self.queue.file.row(_KNOWN_TO_AXIS, {"axis_id": row["axis_id"]}) is not None:
            return False
        return bool(row["folder"]) or bill.revision > revision + 1

    def _papers(self) -> Iterator[tuple[ItemId, tuple[Path, bool]]]:
        """Yield the items that lie in `queued/`, and whether their papers leave doubt."""
        if self.queued is None:
            return
        with durable.disk_errors(self.queued):
            for folder in sorted(self.queued.iterdir()):
                paper = read_paper(folder / STATUS)
                item = paper.get("id") if paper else None
                if paper and isinstance(item, str) and item.startswith("o"):
                    yield ItemId(item), (folder, _leaves_doubt(paper))

    def _without_row(self, items: Iterable[ItemId]) -> Iterator[ItemId]:
        left = iter(items)
        while some := list(islice(left, _AT_ONCE)):
            for row in self.queue.file.rows(_NO_ROW, {"ids": json.dumps(some)}):
                yield ItemId(row["id"])


def _leaves_doubt(paper: dict[str, object]) -> bool:
    receivers = paper.get("receivers")
    if not isinstance(receivers, list) or not receivers:
        return True
    states = {each.get("state") if isinstance(each, dict) else None for each in receivers}
    return states != {str(Sending.QUEUED)}


def name_of(folder: Path) -> str:
    """Return what a drop was called: filed, it may have got a number its sheet has not."""
    stem = _NUMBER.sub("", folder.name)
    if any(is_there(folder / f"{stem}{ending}") for ending in SHEET_ENDINGS):
        return stem
    return folder.name
