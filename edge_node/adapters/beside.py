"""
What the queue keeps beside the row of a document, for whoever only reads it.

Whoever lists documents asks this of each, and of most there is only what became of it at its
receivers: what the rest is made of is loaded where there is some. How any of it comes to be and
changes is the affair of `envelopes`, `changes`, `links`, `documents` and `tombstones`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment
from edge_node.domain.fate import Fate
from edge_node.domain.lifecycle import Sending

if TYPE_CHECKING:
    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.change import Change, Link, Tombstone
    from edge_node.domain.item import ItemId
    from edge_node.domain.signing import Act
    from edge_node.domain.standing import Standing

FATES: Final = "select * from fates where item = :item order by receiver"
_REQUESTS: Final = """
select * from changes where item = :item
union
select * from changes where carrier = :item
 order by created, id
"""
# Those about an incoming document.
OPEN_REQUESTS: Final = """
select * from changes where item = :item and asked_by_us = 0 and state = 'asked'
union
select * from changes where carrier = :item and asked_by_us = 0 and state = 'asked'
 order by created desc, id
"""
_LINKS: Final = """
select * from links where item = :item
union
select * from links where older = :item
 order by created, item
"""
_STONE: Final = "select * from tombstones where item = :item"
# What ended so never reached the axis, as far as anybody knows: it may be said again. But for 01,
# which the next status makes up for. (A plus keeps SQLite from the index of all statuses.)
_SAID: Final = """
select distinct status from envelopes
 where item = :item and +message = 'status'
   and (status = '01' or state not in ('refused', 'dead', 'held'))
"""


def fates_of(tables: QueueFile | Transaction, item: str) -> tuple[Fate, ...]:
    """Return what has become of a document at each of its receivers, by their codes."""
    return tuple(_to_fate(row) for row in tables.rows(FATES, {"item": item}))


def acts_in(row: Row) -> tuple[Act, ...]:
    """Return the agency's own signatures on the files of a document, in their order."""
    kept = json.loads(row["signatures"])
    if not kept:
        return ()
    from edge_node.protocol.handoff.acts import read_acts  # noqa: PLC0415 - not to list documents

    return read_acts(kept)


def requests_of(tables: QueueFile | Transaction, item: str) -> list[Change]:
    """Return every request about a document, or that it carries, oldest first."""
    rows = tables.rows(_REQUESTS, {"item": item})
    if not rows:
        return []
    from edge_node.adapters.changes import to_change  # noqa: PLC0415 - of few there are any

    return [to_change(row) for row in rows]


def standing_of(
    tables: QueueFile | Transaction, row: Row, *, asked: bool | None = None
) -> Standing:
    """
    Return how an incoming document stands by what we said of it.

    ``asked``: whether a request about it is open, where whoever calls has looked.
    """
    from edge_node.domain.standing import Standing  # noqa: PLC0415 - not to list documents

    said = frozenset(each["status"] for each in tables.rows(_SAID, {"item": row["id"]}))
    if asked is None:
        asked = tables.row(OPEN_REQUESTS, {"item": row["id"]}) is not None
    return Standing(status=row["status"], said=said, asked=asked)


def links_of(tables: QueueFile | Transaction, item: str) -> tuple[Link, ...]:
    """Return every link from and to a document, oldest first."""
    rows = tables.rows(_LINKS, {"item": item})
    if not rows:
        return ()
    from edge_node.adapters.links import to_link  # noqa: PLC0415 - of few there are any

    return tuple(to_link(row) for row in rows)


def stone_of(tables: QueueFile, item: ItemId) -> Tombstone | None:
    """Return what is known of the end of an item; None where it has not come to one."""
    row = tables.row(_STONE, {"item": item})
    if row is None:
        return None
    from edge_node.adapters.tombstones import to_tombstone  # noqa: PLC0415 - of few there is one

    return to_tombstone(row)


def _to_fate(row: Row) -> Fate:
    return Fate(
        receiver=row["receiver"],
        name=row["name"],
        state=Sending(row["state"]),
        status=row["status"],
        reason=row["reason"],
        at=moment(row["at"]),
    )
