"""Recalls, updates and replacements: their flows, each joined with the parts it works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_node.adapters.inbox import Inbox
    from edge_node.flows.asked_back import AskedBack
    from edge_node.flows.destroy import Destroy
    from edge_node.flows.recall import RecallOrder
    from edge_node.flows.recalling import Recalling
    from edge_node.node.parts import Parts


def asked_back(parts: Parts, inbox: Inbox) -> AskedBack:
    """Return what hands a status 13 to the software."""
    from edge_node.flows.asked_back import AskedBack  # noqa: PLC0415 - only for work

    return AskedBack(
        queue=parts.queue.arriving,
        requests=parts.queue.requests,
        inbox=inbox,
        agency=parts.config.agency.organization,
        tell=parts.tell,
        retry=parts.retry,
    )


def destroy(parts: Parts, inbox: Inbox) -> Destroy:
    """Return what destroys what was given back."""
    from edge_node.flows.destroy import Destroy  # noqa: PLC0415 - only for work

    return Destroy(
        queue=parts.queue.arriving,
        tombstones=parts.queue.tombstones,
        due=parts.queue.next_due,
        spool=parts.spool,
        inbox=inbox,
        limits=parts.limits,
        retry=parts.retry,
    )


def recalling(parts: Parts) -> Recalling:
    """Return what recalls, changes and replacements come to."""
    from edge_node.config import RecallBy  # noqa: PLC0415 - only for work
    from edge_node.flows.recalling import Recalling  # noqa: PLC0415

    return Recalling(
        queue=parts.queue.requests,
        repacking=parts.repacking(),
        by_status=parts.config.recall.by is RecallBy.STATUS,
    )


def recall_order(parts: Parts) -> RecallOrder:
    """Return what has a document back for whoever asks for it at the node itself."""
    from edge_node.adapters.claims import Claims  # noqa: PLC0415 - only where it is used
    from edge_node.adapters.database import new_id  # noqa: PLC0415
    from edge_node.domain.item import ItemId  # noqa: PLC0415
    from edge_node.flows.recall import RecallOrder  # noqa: PLC0415

    return RecallOrder(
        queue=parts.queue.outgoing,
        asking=parts.queue.requests,
        drops=Claims(parts.exchange.outbox, parts.claims),
        packing=parts.packing(),
        tell=parts.tell,
        new_id=lambda: ItemId(new_id("o")),
    )
