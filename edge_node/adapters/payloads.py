"""
Payloads on the disk: what they weigh, and their removal.

Nothing is removed but what is known to be that document's: a folder of `sent/` or `failed/` whose
papers name it, a folder of the inbox the software marked as taken, packages nobody else has. Every
call may be repeated, and finishes what a crash left of the one before. Files are removed, not
written over (`tombstones` says why).
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.filing import ERRORS, STATUS, days_of, is_there, read_paper
from edge_node.adapters.inbox import TAKEN
from edge_node.adapters.steps import Step, passing
from edge_node.domain.retention import Amount
from edge_node.domain.time import start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_node.adapters.inbox import Inbox
    from edge_node.adapters.spool import Spool
    from edge_node.domain.envelope import Digest
    from edge_node.domain.item import ItemId
    from edge_node.domain.retention import Payload

_RECEIPT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)-\d{6}-\d{3}_\d{7,}_.*\.json")
_HOUR: Final = timedelta(hours=1)  # what was stored since may not be entered anywhere yet


@dataclass(frozen=True, slots=True)
class Payloads:
    """The spool, and the exchange folder the inbox is in."""

    spool: Spool
    inbox: Inbox

    def check(self) -> None:
        """Do nothing if it is our exchange folder that is there; FolderMissing if not."""
        self.inbox.check()

    def weigh(self, payload: Payload) -> Amount:
        """Return what there is of it; what people took away weighs nothing."""
        amount = Amount()
        with durable.disk_errors(self.inbox.exchange.root):
            for digest in payload.digests:
                with suppress(FileNotFoundError):
                    amount += Amount(files=1, size=self.spool.path(digest).stat().st_size)
            folder = self._folder(payload)
            return amount if folder is None else amount + weight(folder)

    def remove(self, payload: Payload, wanted: Callable[[Digest], bool], now: datetime) -> bool:
        """
        Remove what is there of it, but packages that are ``wanted`` by somebody else.

        False where a package was stored again a moment ago: whose it is, is seen later.
        """
        with durable.disk_errors(self.inbox.exchange.root):
            folder = self._folder(payload)
            if folder is not None:
                with suppress(durable.FileGone):  # by somebody beside us, in this moment
                    durable.remove_aside(folder)
            self._finish(payload)
        left = [digest for digest in payload.digests if not wanted(digest)]
        young = [digest for digest in left if self._is_young(digest, now)]
        for digest in set(left) - set(young):
            self.spool.destroy(digest)
        return not young

    def _is_young(self, digest: Digest, now: datetime) -> bool:
        """Tell whether it was stored lately, or since the turn began."""
        path = self.spool.path(digest)
        with durable.disk_errors(path), suppress(FileNotFoundError):
            stored = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            return now - _HOUR < stored < now + _HOUR
        return False

    def _folder(self, payload: Payload) -> Path | None:
        """Return the folder that is ours to remove; None where there is none."""
        exchange = self.inbox.exchange
        if not payload.folder:
            return None
        if not payload.outgoing:
            folder = exchange.inbox / payload.folder
            return folder if is_there(folder / TAKEN) else None
        folder = exchange.root / payload.folder
        if not {exchange.sent, exchange.failed} & set(folder.parents):
            return None
        return folder if _holds(folder, payload.item) else None

    def _finish(self, payload: Payload) -> None:
        """Remove what a crash left half removed; and days in which nothing lies any more."""
        exchange = self.inbox.exchange
        if not payload.folder:
            return
        if not payload.outgoing:
            durable.sweep(exchange.inbox, kind="moved")
            return
        self._tidy_after(exchange.root / payload.folder)

    def _tidy_after(self, folder: Path) -> None:
        """Remove what is left of a folder of a day, and the day where it was the last."""
        exchange, day = self.inbox.exchange, folder.parent
        if not is_there(day):
            return
        # A drop stays its giver's, and nobody but us can write here.
        durable.sweep(day, kind="moved", of=(durable.moved_from(folder),), whose="anybody's")
        for place in (day, *day.parents):
            if place in {exchange.sent, exchange.failed, exchange.root, exchange.queued}:
                return
            try:
                place.rmdir()
            except OSError:
                return  # something lies in it

    # ── what the queue has no row of ─────────────────────────────────────────────────────────

    def refused(self, before: date) -> Iterator[tuple[Path, datetime, Amount]]:
        """Yield the drops in `failed/` that were never taken in, of days before ``before``."""
        failed = self.inbox.exchange.failed
        with durable.disk_errors(failed):
            for folder in sorted(days_of(failed)):
                day = _day_of(folder)
                if day is not None and day < before:
                    for drop in sorted(folder.iterdir()):
                        if durable.is_moved(drop.name) or _was_refused(drop):
                            yield drop, start_of(day), weight(drop)

    def remove_refused(self, folder: Path) -> None:
        """Remove a drop that was never taken in."""
        with durable.disk_errors(folder):
            if not durable.is_moved(folder.name):  # by a turn that was cut off, or hindered
                with suppress(durable.FileGone):
                    durable.remove_aside(folder)
            self._tidy_after(folder)

    def receipts(self, before: date) -> Iterator[tuple[Path, datetime, Amount]]:
        """Yield the receipts written before a day, in no order."""
        folder = self.inbox.exchange.receipts
        with durable.disk_errors(folder), os.scandir(folder) as entries:
            for entry in entries:
                found = _RECEIPT.fullmatch(entry.name)
                day = _day(*map(int, found.groups())) if found else None
                if day is not None and day < before:
                    with suppress(FileNotFoundError):
                        size = entry.stat(follow_symlinks=False).st_size
                        yield folder / entry.name, start_of(day), Amount(files=1, size=size)

    def remove_receipt(self, path: Path) -> None:
        """Remove a receipt; a power cut may bring it back."""
        with durable.disk_errors(path), passing(Step.REMOVE, path):
            path.unlink(missing_ok=True)


def weight(folder: Path) -> Amount:
    """Return what a folder weighs with all there is in it; no link is followed."""
    amount = Amount()
    for home, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # what may not be looked at is no size anybody knows
                found = os.lstat(os.path.join(home, name))  # noqa: PTH118 - of many, fast
                if stat.S_ISREG(found.st_mode):
                    amount += Amount(files=1, size=found.st_size)
    return amount


def _day_of(folder: Path) -> date | None:
    """Return the day of a folder such as `failed/2026/11/21`; None where it is none."""
    year, month, day = folder.parts[-3:]
    return _day(int(year), int(month), int(day))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _holds(folder: Path, item: ItemId) -> bool:
    paper = read_paper(folder / STATUS)
    return paper is not None and paper.get("id") == item


def _was_refused(folder: Path) -> bool:
    """Tell whether a drop failed without ever being queued."""
    hidden = folder.name.startswith(".")
    return not hidden and is_there(folder / ERRORS[0]) and not is_there(folder / STATUS)
