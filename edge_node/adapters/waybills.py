"""
The waybill of each item: a small file in the spool that says what the queue knows of it.

The queue is the truth. A waybill is read only where the queue is lost (`rebuilding`). It holds
the rows of one item as they stood when it was last written: `items/ab/<id>.json`, a line a state,
the last whole line counts. It is written inside the transaction that changes the rows, before
that is committed, so that no committed document is without one. Each line has the next number of
a count the queue keeps (`REVISION`): no clock tells which of a copy and a line is the younger.

What must not be lost is waited for: that a document was taken in, that one comes into sight in the
inbox, what a person or the document software asked for. What the axis can tell again is not: that
it accepted, that it has something for us. A line too few means one more question to the axis. The
statuses that arrive have none: the axis lists them again, and they change nothing twice.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edge_node.adapters import durable
from edge_node.adapters.database import moment, stamp
from edge_node.adapters.marks import count_up
from edge_node.adapters.steps import Step, passing
from edge_node.domain.item import ItemId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.database import Row, Transaction

REVISION: Final = "revision"  # among the marks: how many lines were written
_SCHEMA: Final = 1
_ENDING: Final = ".json"
_OUTGOING: Final = "o"  # what the ids of documents on their way out begin with
# A status of ours has a few hundred bytes; what is far larger is not worth a second copy.
_LARGEST_BODY: Final = 64 << 10

_LINKS: Final = "select * from links where item = :item"
# Those about the document, and those it carries itself.
_CHANGES: Final = """
select * from changes where item = :item union select * from changes where carrier = :item
"""

_OUT: Final = {
    "documents": "select * from documents where id = :item",
    "particulars": "select * from particulars where item = :item",
    "envelopes": "select * from envelopes where item = :item order by created, id",
    "fates": "select * from fates where item = :item",
    "links": _LINKS,
    "changes": _CHANGES,
}
_IN: Final = {
    "incoming": "select * from incoming where id = :item",
    "particulars": "select * from particulars where item = :item",
    "envelopes": "select * from envelopes where item = :item order by created, id",
    "links": _LINKS,
    "changes": _CHANGES,
    "tombstones": "select * from tombstones where item = :item",
}

Rows = dict[str, list[dict[str, Any]]]  # by table; what stands in a row is SQLite's


@dataclass(frozen=True, slots=True, kw_only=True)
class Waybill:
    """What the queue knew of an item when it last wrote it down: rows, by their table."""

    item: ItemId
    at: datetime
    revision: int  # greater than that of every line before it
    rows: Rows


@dataclass(frozen=True, slots=True)
class Waybills:
    """A private folder of waybills; without a ``root`` none are written, and there are none."""

    root: Path | None = None

    def create(self) -> None:
        """Make the folder where it is missing, readable to nobody else."""
        if self.root is not None:
            with durable.disk_errors(self.root):
                self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
                durable.sync_folder(self.root.parent)

    def write(self, tables: Transaction, item: ItemId, *, now: datetime) -> None:
        """Write down an item's rows, durably, in place of what was there."""
        if self.root is None:
            return
        path = self._path(item)
        with durable.disk_errors(path):
            self._open_folder(path)
            durable.write(path, _line(tables, item, now), mode=0o600)

    def add(self, tables: Transaction, item: ItemId, *, now: datetime, wait: bool) -> None:
        """Write an item's rows below what was there; a power cut may undo it, unless we wait."""
        if self.root is None:
            return
        path = self._path(item)
        with durable.disk_errors(path):
            self._open_folder(path)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, 0o600), "ab", buffering=0) as file:
                _write_whole(file.fileno(), _line(tables, item, now))
                if wait:
                    with passing(Step.SYNC, path):
                        os.fdatasync(file.fileno())

    def read(self) -> Iterator[Waybill | None]:
        """Yield every waybill, in no order; None for each that cannot be read."""
        for path in self._paths():
            with durable.disk_errors(path):
                yield _last_whole(path.read_bytes())

    def items(self) -> Iterator[ItemId]:
        """Yield whose waybills there are; none is read."""
        for path in self._paths():
            yield ItemId(path.name.removesuffix(_ENDING))

    def of(self, item: ItemId) -> Waybill | None:
        """Return an item's waybill; None where it has none that can be read."""
        if self.root is None:
            return None
        path = self._path(item)
        with durable.disk_errors(path):
            return _last_whole(path.read_bytes()) if path.exists() else None

    def exist(self) -> bool:
        """Tell whether there is any."""
        return next(self._paths(), None) is not None

    def sweep(self, gone: Callable[[ItemId], bool], *, before: datetime) -> int:
        """
        Remove what was last written before a moment of items that are gone; return how many.

        ``before`` is that of the oldest backup: a younger waybill knows what none of them knows.
        """
        removed = 0
        for path in self._paths():
            with durable.disk_errors(path):
                old = path.stat().st_mtime < before.timestamp()
                if old and gone(ItemId(path.name.removesuffix(_ENDING))):
                    with passing(Step.REMOVE, path):
                        path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def _paths(self) -> Iterator[Path]:
        if self.root is not None:
            yield from self.root.glob(f"??/[!.]*{_ENDING}")

    def _path(self, item: ItemId) -> Path:
        assert self.root is not None  # noqa: S101 - whoever calls has looked
        return self.root / item[1:3] / f"{item}{_ENDING}"

    def _open_folder(self, path: Path) -> None:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable.sync_folder(path.parent.parent)


def _line(tables: Transaction, item: ItemId, now: datetime) -> bytes:
    wanted = _OUT if item.startswith(_OUTGOING) else _IN
    rows = {table: _kept(tables.rows(sql, {"item": item})) for table, sql in wanted.items()}
    revision = count_up(tables, REVISION)
    values = {"schema": _SCHEMA, "id": item, "at": stamp(now), "revision": revision, "rows": rows}
    # The line before it may have been cut off: it begins anew.
    return b"\n" + json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _kept(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: object) -> object:
    if not isinstance(value, bytes):
        return value
    return {"base64": base64.b64encode(value).decode()} if len(value) <= _LARGEST_BODY else None


def _write_whole(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _last_whole(data: bytes) -> Waybill | None:
    """Return what the last line says that is whole and ours; None if none is."""
    for line in reversed(data.splitlines()):
        try:
            found = json.loads(line)
            if found["schema"] == _SCHEMA:
                return Waybill(
                    item=ItemId(found["id"]),
                    at=moment(found["at"]),
                    revision=int(found["revision"]),
                    rows={name: _read(rows) for name, rows in found["rows"].items()},
                )
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # cut off, or never a waybill
    return None


def _read(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: _unpacked(value) for name, value in row.items()} for row in rows]


def _unpacked(value: object) -> object:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value
