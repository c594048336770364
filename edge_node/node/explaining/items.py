"""The tale of what the queue knows, whichever way it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.adapters.ledger import Ledger, Outbound
from edge_node.node.explaining.incoming import incoming
from edge_node.node.explaining.outgoing import outgoing

if TYPE_CHECKING:
    from edge_node.domain.explanation import Tale
    from edge_node.node.explaining.around import Around


def tale_of(around: Around, prefix: str) -> Tale:
    """Return the tale of the one item whose id begins so; UnknownItem."""
    found = Ledger(around.file).find(prefix)
    return outgoing(around, found) if isinstance(found, Outbound) else incoming(around, found)
