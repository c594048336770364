"""
What an agency says of a document we sent: a status message, entered where it belongs.

These functions run inside the caller's transaction; what may happen when is `arriving`'s affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.envelopes import find_about, reported
from edge_node.adapters.history import note
from edge_node.adapters.incoming import move
from edge_node.domain.lifecycle import ReceivingEvent
from edge_node.domain.message import say

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import Row, Transaction
    from edge_node.domain.document import StatusMessage

_YEARS: Final = range(1900, 2200)  # dd/MM/yyyy read as yyyy/MM/dd gives the year 21


def enter(transaction: Transaction, row: Row, message: StatusMessage, *, now: datetime) -> bool:
    """Enter a status, which arrived as ``row``; False if we never sent what it is about."""
    about = message.about
    found = find_about(
        transaction,
        document_id=about.document_id,
        organ=about.organ,
        code=about.code,
        reporter=message.sender.code,
    )
    if found is None:
        reason = say("we never sent the document this status is about")
        move(transaction, row, ReceivingEvent.REJECTED, now=now, reason=reason)
        return False
    item, receiver = found
    at = _believable(message.at, now)
    reported(transaction, item, receiver, message.status, at=at, now=now)
    note(
        transaction,
        item,
        "status",
        now=now,
        said=at,
        agency=message.sender.code,
        status=message.status,
        text=message.note,
        tell=True,
    )
    move(transaction, row, ReceivingEvent.HANDED_OVER, now=now)
    return True


def _believable(moment: datetime | None, now: datetime) -> datetime:
    """Return when a peer says something happened; ``now`` where no clock can have shown that."""
    return moment if moment and moment.year in _YEARS else now
