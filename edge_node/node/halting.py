"""What people do about what waits, each flow joined with the parts it works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_node.flows.anew import SendAnew
    from edge_node.flows.halting import HaltOrder
    from edge_node.node.parts import Parts


def halt_order(parts: Parts) -> HaltOrder:
    """Return what keeps back, withdraws or gives up a document."""
    from edge_node.flows.halting import HaltOrder  # noqa: PLC0415 - only where it is used

    return HaltOrder(
        queue=parts.queue.halting,
        envelopes=parts.queue.requests,
        repacking=parts.repacking(),
    )


def send_anew(parts: Parts) -> SendAnew:
    """Return what sends a document under a new DocumentId."""
    from edge_node.adapters.claims import Claims  # noqa: PLC0415 - only where it is used
    from edge_node.adapters.database import new_id  # noqa: PLC0415
    from edge_node.domain.item import ItemId  # noqa: PLC0415
    from edge_node.flows.anew import SendAnew  # noqa: PLC0415

    return SendAnew(
        queue=parts.queue.outgoing,
        spool=parts.spool,
        repacking=parts.repacking(),
        drops=Claims(parts.exchange.outbox, parts.claims),
        links=parts.queue.halting,
        new_id=lambda: ItemId(new_id("o")),
    )
