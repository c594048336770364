"""
Give a status of a document we received: one way for files, commands, and whoever comes later.

What the life of the document allows is looked up where the status is queued, in one transaction.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import StatusRefused
from edge_node.domain.message import say
from edge_node.domain.receipt import Status
from edge_node.domain.standing import Given, arrived, named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge_node.domain.document import Organization
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.order import StatusOrder
    from edge_node.flows.ports import Sends, Speaking

log = logging.getLogger(__name__)

_NEEDS_REASON: Final = frozenset({Status.REFUSED})
_NEEDS_NOTE: Final = frozenset({Status.REFUSED, Status.CHANGE_REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """One call, one status."""

    queue: Speaking
    sends: Sends
    agency: Organization
    receipts: bool  # whether the node says 01 by itself

    def find(self, order: StatusOrder) -> ItemId:
        """Return the document an order names, of those that were handed over; StatusRefused."""
        found = self.queue.reference(item=order.id, document_id=order.document_id)
        if found is None:
            raise StatusRefused(
                say("no document goes by {id}", id=order.id or order.document_id),
                hint=say("give the id or document_id that stands in the inbox document.json"),
            )
        item, _ = found
        return item

    def status(
        self,
        item: ItemId,
        order: StatusOrder,
        *,
        who: str,
        now: datetime,
        source: str = "",
        force: bool = False,
    ) -> bool:
        """
        Queue what an order says of a document; False where that very file was taken already.

        ``who`` gives it: SOFTWARE, or a person's name; ``force``: he means what the life of the
        document does not allow by itself. OutOfTurn where it does not allow it at all (the hint
        names what it allows), StatusRefused where something is lacking.
        """
        problems = list(_lacking(order))
        if problems:
            raise StatusRefused(
                say("status {status} cannot be given so", status=named(order.status)), problems
            )
        given = Given(
            sender=self.agency,
            status=order.status,
            at=order.at or now,
            who=who,
            note=order.note,
            reason=order.reason,
            arrival=order.arrival,
            staff=order.staff,
            source=source,
            force=force,
        )
        first = arrived(self.agency, now=now) if self.receipts else None
        done = self.queue.give(item, given, first=first, now=now)
        if done and order.status == Status.REFUSED:
            self.sends.note()  # an older state of the queue must not tell the sender again
        log.info("status queued", extra={"item": item, "status": order.status})
        return done


def _lacking(order: StatusOrder) -> Iterator[Message]:
    if order.status not in set(Status):
        known = ", ".join(Status)
        yield say("status: expected one of {known}, got {found}", known=known, found=order.status)
    if order.status in _NEEDS_REASON and order.reason is None:
        yield say("a reason code is missing")
    if order.status in _NEEDS_NOTE and not order.note.strip():
        yield say("a note is missing: its sender has to know why")
