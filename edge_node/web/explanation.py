"""The tale of a document in sentences, and what a person can do, as the node tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.adapters.lock import holder
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.explanation import Tale
from edge_node.node.explaining import Around, tale_of

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.item import ItemId
    from edge_node.web.desk import Desk


def explained(desk: Desk, item: ItemId, *, now: datetime) -> Tale:
    """Return the tale of one document; where something of it cannot be read, what that is."""
    process = holder(desk.config.folders.data)
    around = Around(
        settings=lambda: desk.config,
        shared=desk.config.folders.exchange,
        file=desk.node.queue.file,
        now=now,
        age=now.timestamp(),
        running=process is not None,
        process=process,
    )
    try:
        return tale_of(around, item)
    except EdgeNodeError as error:  # a share that is away takes no page away
        return Tale(about=error.message)
