"""
What waybills know, entered into the tables of a queue that is being rebuilt.

A waybill that is younger than the backup replaces what the backup says of its item; an older one
says nothing. Afterwards the list of what is to be done agrees with the states.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from edge_node.adapters import heard
from edge_node.adapters.database import stamp
from edge_node.adapters.waybills import REVISION
from edge_node.domain.envelope import Digest
from edge_node.domain.lifecycle import Receiving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from edge_node.adapters.database import Transaction
    from edge_node.adapters.waybills import Waybill

_HOLDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "documents": "select 1 from documents where id = :id",
        "incoming": "select 1 from incoming where id = :id",
    }
)
_BY_AXIS_ID: Final = "select id from incoming where axis_id = :axis_id"
_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "documents": "pragma table_info(documents)",
        "envelopes": "pragma table_info(envelopes)",
        "fates": "pragma table_info(fates)",
        "incoming": "pragma table_info(incoming)",
        "particulars": "pragma table_info(particulars)",
        "links": "pragma table_info(links)",
        "changes": "pragma table_info(changes)",
        "tombstones": "pragma table_info(tombstones)",
    }
)
# What is written from now on is younger than all that was read.
_GO_ON_FROM: Final = """
insert into marks (name, value) values (:name, cast(:newest as text))
    on conflict (name) do update
   set value = cast(max(cast(value as integer), :newest) as text)
"""
_FATES_GONE: Final = "delete from fates where item = :item"
# Unleased, and as many as the states ask for: what was done since the backup is not done again.
_PUT_RIGHT: Final = (
    "update work set leased = null, token = null",
    """
    delete from work
     where lane in ('push', 'report')
       and item not in (select id from envelopes where state in ('queued', 'unsure'))
    """,
    """
    insert or ignore into work (lane, item, urgency, due)
    select case message when 'edoc' then 'push' else 'report' end, id, urgency, :now
      from envelopes where state in ('queued', 'unsure')
    """,
    # The tries are lost: of what was given up or is held in doubt nobody knows that it never left.
    """
    insert into attempts (envelope, attempt, at, outcome)
    select id, 0, created, 'silence' from envelopes
     where message = 'edoc' and not exists (select 1 from attempts where envelope = envelopes.id)
       and exists (select 1 from fates where envelope = envelopes.id and kept = 0
                                         and state in ('dead', 'held'))
    """,
    """
    delete from work
     where lane in ('deliver', 'apply')
       and item not in (select id from incoming where state in ('received', 'acknowledged'))
    """,
    """
    insert or ignore into work (lane, item, due)
    select case message when 'edoc' then 'deliver' else 'apply' end, id, :now
      from incoming where state = 'acknowledged'
    """,
    """
    insert or ignore into work (lane, item, due)
    select 'acknowledge', id, :now from incoming where state = 'received'
    """,
    """
    delete from work
     where lane = 'destroy' and exists (select 1 from tombstones where item = work.item)
    """,
    """
    insert or ignore into work (lane, item, due)
    select 'destroy', id, :now from incoming
     where state = 'recalled' and not exists (select 1 from tombstones where item = incoming.id)
    """,
)


class Relaying:
    """One reading of all waybills, and what it came to."""

    def __init__(self, since: int, has_package: Callable[[Digest], bool]) -> None:
        """Count as news what is younger than ``since``: the backup's revision, 0 without one."""
        self._since = since
        self._has_package = has_package
        self.documents = 0
        self.arrivals = 0
        self.left = 0

    def enter(self, transaction: Transaction, bills: Iterable[Waybill], *, now: datetime) -> None:
        """Enter what they know, and put the list of what is to be done right."""
        transaction.execute("pragma defer_foreign_keys = on", {})
        newest = 0
        for bill in sorted(bills, key=_furthest_first):
            newest = max(newest, bill.revision)
            if "documents" in bill.rows:
                self.documents += self._document(transaction, bill)
            else:
                self.arrivals += self._arrival(transaction, bill)
        for statement in _PUT_RIGHT:
            transaction.execute(statement, {"now": stamp(now)})
        heard.link_all(transaction, now=now)
        transaction.execute(_GO_ON_FROM, {"name": REVISION, "newest": newest})

    def _is_news(self, transaction: Transaction, bill: Waybill, table: str) -> bool:
        if bill.revision > self._since:
            return True
        return transaction.row(_HOLDS[table], {"id": bill.item}) is None

    def _document(self, transaction: Transaction, bill: Waybill) -> bool:
        if not self._is_news(transaction, bill, "documents"):
            return False
        transaction.execute(_FATES_GONE, {"item": bill.item})
        for row in bill.rows["documents"]:
            _put(transaction, "documents", row | {"untold": 1})
        for table in ("envelopes", "fates", "particulars", "links"):
            for row in bill.rows.get(table, ()):
                _put(transaction, table, row)
        self._requests(transaction, bill)
        return True

    def _requests(self, transaction: Transaction, bill: Waybill) -> None:
        """Enter requests; two waybills tell of one, and the one written last of its answer."""
        for row in bill.rows.get("changes", ()):
            known = transaction.row("select at from changes where id = :id", {"id": row["id"]})
            if known is None or known["at"] <= row["at"]:
                _put(transaction, "changes", row)

    def _arrival(self, transaction: Transaction, bill: Waybill) -> bool:
        (row,) = bill.rows["incoming"]
        known = transaction.row(_BY_AXIS_ID, {"axis_id": row["axis_id"]})
        if known is not None and known["id"] != bill.item:
            return False  # what was written for a row that was never committed
        if not self._is_news(transaction, bill, "incoming"):
            return False
        if _to_be_opened(row) and not self._has_package(Digest(row["digest"])):
            self.left += 1
            return False
        _put(transaction, "incoming", row)
        for table in ("particulars", "links", "tombstones"):
            for told in bill.rows.get(table, ()):
                _put(transaction, table, told)
        self._requests(transaction, bill)
        for envelope in bill.rows["envelopes"]:
            if envelope["body"] is not None:
                _put(transaction, "envelopes", envelope)
        return True


def _furthest_first(bill: Waybill) -> tuple[bool, int]:
    """Sort what is known to lie in the inbox first: of two for one delivery that one counts."""
    folder = any(row.get("folder") for row in bill.rows.get("incoming", ()))
    return not folder, -bill.revision


def _to_be_opened(row: Mapping[str, Any]) -> bool:
    """Tell whether the package of an item has still to be read."""
    waiting = row["state"] in {Receiving.RECEIVED, Receiving.ACKNOWLEDGED}
    return waiting and not row["folder"]


def _put(transaction: Transaction, table: str, row: Mapping[str, object]) -> None:
    """Insert a row, in place of one with the same key; what the table has no column for stays."""
    columns = {found["name"] for found in transaction.rows(_COLUMNS[table], {})}
    known = {name: value for name, value in row.items() if name in columns}
    transaction.replace(table, known)
