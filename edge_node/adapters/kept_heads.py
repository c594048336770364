"""
Heads of the journal as they are kept beside the witness, outside of the data folder.

A data folder that is put back from a backup brings the journal of that day along, heads and all;
nothing in it tells. Here stands what was said since. A line is a moment and a head,
`2026-11-22T08:00:00+07:00 120:9f86d0…`; the newest are kept. What `note_restored` enters says from
where on the journal is that of an older state, and how far the state before had reached.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.history import note
from edge_node.adapters.marks import put_in
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.item import ItemId
from edge_node.domain.journal import NOBODY_KNOWS, RESTORED, KeptHead
from edge_node.domain.message import freeze, say
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge_node.adapters.database import QueueFile, Transaction
    from edge_node.domain.journal import Head

log = logging.getLogger(__name__)

SENDING: Final = ItemId("sending")  # what the journal has in the place of an item's id
_FILE: Final = "heads"
_LINE: Final = re.compile(r"(\S+) (\d{1,18}):([0-9a-f]{64})")
_MOST: Final = 4000  # ten years of days
# Heads kept up to that moment are of states of which the journal has said that they are lost.
_TOLD: Final = "restored"
_TOLD_AT: Final = "select value from marks where name = :name"
_END: Final = "select coalesce(max(id), 0) as given from events"


@dataclass(frozen=True, slots=True)
class KeptHeads:
    """The folder of the witness."""

    folder: Path

    def keep(self, head: Head) -> None:
        """Write a head down, durably; nothing where nobody ever witnessed here."""
        with durable.disk_errors(self.folder):
            if not self.folder.is_dir():
                return
        lines = [*self._lines(), f"{iso(head.at)} {head.event}:{head.chain.hex()}"]
        content = "".join(f"{line}\n" for line in lines[-_MOST:])
        durable.write(self.folder / _FILE, content.encode(), mode=0o600)

    def all(self) -> Iterator[KeptHead]:
        """Yield the heads as they were written down; what cannot be read is passed over."""
        return filter(None, map(_kept, self._lines()))

    @property
    def is_there(self) -> bool:
        """Whether any were ever written down here."""
        with durable.disk_errors(self.folder):
            return (self.folder / _FILE).exists()

    def _lines(self) -> list[str]:
        with durable.disk_errors(self.folder):
            try:
                return (self.folder / _FILE).read_text("ascii", "replace").splitlines()
            except FileNotFoundError:
                return []


def note_restored(transaction: Transaction, kept: KeptHeads, text: str, *, now: datetime) -> None:
    """Enter, beside the change it belongs to, that the journal is that of an older state."""
    heads = _known(kept)
    furthest = _furthest_lost(transaction, heads or ())
    status = "" if furthest is None else f"{furthest.event}:{furthest.chain.hex()}"
    if heads is None:
        status = NOBODY_KNOWS
    note(transaction, SENDING, RESTORED, now=now, status=status, text=text)
    put_in(transaction, _TOLD, iso(now))


def note_if_older(file: QueueFile, kept: KeptHeads, *, now: datetime) -> None:
    """Enter that the journal is that of an older state where a kept head lies beyond its end."""
    if _furthest_lost(file, _known(kept) or ()) is None:
        return
    text = freeze(say("the journal ends before what is kept outside of the data folder"))
    with file.transaction() as transaction:
        note_restored(transaction, kept, text, now=now)


def _known(kept: KeptHeads) -> list[KeptHead] | None:
    """Return what was kept; None where nothing ever was, or it cannot be read, which is said."""
    try:
        return list(kept.all()) if kept.is_there else None
    except EdgeNodeError as error:
        # The node works without: what it may send is the count's affair, which is another file.
        seen = {"error": str(error), "hint": str(error.hint or "")}
        log.warning("the journal is not compared with the heads kept outside", extra=seen)
        return None


def _kept(line: str) -> KeptHead | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(found[1])
    except ValueError:
        return None
    if at.tzinfo is None:  # nobody can tell whether that was before another moment
        return None
    return KeptHead(event=int(found[2]), chain=bytes.fromhex(found[3]), at=at)


def _furthest_lost(tables: QueueFile | Transaction, kept: Iterable[KeptHead]) -> KeptHead | None:
    """
    Return the furthest head beyond the end of the journal, of no state it told of before.

    One that lies before the end and is another was not lost: somebody changed something.
    """
    told = tables.row(_TOLD_AT, {"name": _TOLD})
    before = datetime.fromisoformat(told["value"]) if told else None
    end = (tables.row(_END, {}) or {"given": 0})["given"]
    lost = (
        head
        for head in kept
        if head.event > end and (before is None or head.at is None or head.at > before)
    )
    return max(lost, key=lambda head: head.event, default=None)
