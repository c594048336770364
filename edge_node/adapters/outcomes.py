"""
Enter what came of offering an envelope to the axis, in the caller's transaction.

What is still to be offered afterwards stays on the list; anything else is off it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters import work
from edge_node.adapters.envelopes import envelope_row, is_canary, move, note_attempt
from edge_node.adapters.offering import SETTLED
from edge_node.domain.envelope import MessageType
from edge_node.domain.lifecycle import SendingEvent

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import Transaction
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.envelope import AxisId, Claim

_TAKEN_AS: Final = """
update envelopes set axis_id = coalesce(axis_id, :axis_id) where id = :id
"""


def enter(
    transaction: Transaction,
    waybills: Waybills,
    claim: Claim,
    event: SendingEvent,
    *,
    now: datetime,
    words: str,
    due: datetime,
    outcome: str,
    axis_id: AxisId | None = None,
) -> None:
    """
    Move a claimed envelope and, through it, its receivers; LeaseLost.

    ``outcome`` is what the try is called where it is not as the event; what is still to be
    offered is not claimed before ``due``.
    """
    work.demand(transaction, claim)
    row = envelope_row(transaction, claim.item)
    if row["state"] in SETTLED:  # a receiver was quicker than the axis
        transaction.execute(_TAKEN_AS, {"id": claim.item, "axis_id": axis_id})
        note_attempt(transaction, claim, outcome or event, now=now, reason=words)
        work.finish(transaction, claim)
        return
    state = move(transaction, row, event, now=now, reason=words, axis_id=axis_id)
    note_attempt(transaction, claim, outcome or event, now=now, reason=words)
    if state in SETTLED:
        work.finish(transaction, claim)
        if row["message"] == MessageType.DOCUMENT and not is_canary(row["item"]):
            waybills.add(transaction, row["item"], now=now, wait=False)
    else:
        work.defer(transaction, claim, until=due, reason=words)
        if event is SendingEvent.MISSING:
            work.unspend(transaction, claim)
