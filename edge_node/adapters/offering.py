"""
Which envelope is offered to the axis next, and which only looks as if it were to be.

Runs inside the caller's transaction, as the claims of `work` do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters import changes, recalling, work
from edge_node.adapters.database import moment, stamp
from edge_node.adapters.envelopes import envelope_row
from edge_node.domain.envelope import MessageType
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import Row, Transaction
    from edge_node.domain.envelope import Claim, Lane

# After these the axis need not be offered the envelope any more.
SETTLED: Final = frozenset(Sending) - {Sending.QUEUED, Sending.UNSURE}
# The statuses of one document leave in the order they were given.
_AHEAD: Final = """
select work.item, work.due, work.leased is null and work.alone = 0 as free
  from envelopes join work on work.lane = 'report' and work.item = envelopes.id
 where envelopes.item = :item and envelopes.message = 'status'
   and envelopes.rowid < (select rowid from envelopes where id = :envelope)
 order by envelopes.rowid limit 1
"""
_BEHIND: Final = timedelta(seconds=1)
# Whoever makes true what such a status says lets it leave at once (`tombstones`).
_HELD_BACK: Final = timedelta(minutes=1)


def choose(
    transaction: Transaction,
    lane: Lane,
    *,
    now: datetime,
    lease: timedelta,
    only: ItemId | None,
    oldest: bool,
) -> tuple[Claim, Row] | None:
    """Claim the envelope that is to be offered, or asked about, next; None if none is due."""
    wanted = only
    while claim := work.claim(transaction, lane, now=now, lease=lease, only=wanted, oldest=oldest):
        wanted = only
        row = envelope_row(transaction, claim.item)
        if row["state"] in SETTLED:
            # A receiver confirmed it while its own settling was cut off.
            work.finish(transaction, claim)
            continue
        if recalling.is_wanted_back(transaction, row):
            recalling.stop_envelope(transaction, row, now=now)
            work.finish(transaction, claim)
            continue
        if row["status"] and changes.held_back(transaction, row["item"], row["status"]):
            work.give_back(transaction, claim, due=now + _HELD_BACK)
            continue
        ahead = _ahead(transaction, row)
        if ahead is None:
            return claim, row
        if ahead["free"] and ahead["due"] <= stamp(now) and only is None:
            work.give_back(transaction, claim)
            wanted = ItemId(ahead["item"])
        else:
            behind = max(moment(ahead["due"]), now) + _BEHIND
            work.give_back(transaction, claim, due=behind)
    return None


def _ahead(transaction: Transaction, row: Row) -> Row | None:
    """
    Return what a status has to wait for: an earlier one about the same document.

    In the axis's list two of them look alike; only one at a time may be in doubt.
    """
    if row["message"] != MessageType.STATUS:
        return None
    return transaction.row(_AHEAD, {"item": row["item"], "envelope": row["id"]})
