"""
To which documents something can be done, as they stand: of what ALL means, only these are shown.

It is looked at and not promised: whoever acts finds out in the transaction that acts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from edge_node.adapters.halting import Halting
from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.adapters.waybills import Waybills
from edge_node.domain.errors import NotAllowed
from edge_node.domain.lifecycle import OUTBOUND, Receiving, Sending, SendingEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_node.cli.seat import Seat
    from edge_node.domain.halting import Halt
    from edge_node.domain.item import ItemId

_HAVE_IT: Final = frozenset({Sending.ACCEPTED, Sending.DELIVERED, Sending.RECALLED})
_ANEW: Final = frozenset({Sending.REFUSED, Sending.DEAD})


def can_be_halted(
    seat: Seat, item: Outbound | Inbound, halt: Halt, receivers: Sequence[str]
) -> bool:
    """Tell whether a document can be held, withdrawn or given up for these receivers, or any."""
    if not isinstance(item, Outbound) or all(fate.state in _HAVE_IT for fate in item.fates):
        return False  # of a million nearly all end here, and nothing more is read
    try:
        Halting(seat.reading, Waybills()).plan(item.id, halt, receivers)
    except NotAllowed:
        return False
    return True


def tried_later(seat: Seat) -> Callable[[ItemId, str], bool]:
    """Return what tells whether anything of a document to a receiver, or any, waits for a try."""
    waiting = cache(Halting(seat.reading, Waybills()).waiting)  # once for all of a million
    return lambda item, code: item in waiting(code)


def can_be_sent(item: Outbound | Inbound, receivers: Sequence[str], *, as_new: bool) -> bool:
    """Tell whether a document can be sent again to these receivers, or any."""
    if not isinstance(item, Outbound) or item.removed:
        return False
    wanted = {code.upper() for code in receivers}
    states = [fate.state for fate in item.fates if not wanted or fate.receiver in wanted]
    if as_new:
        allowed = [state in _ANEW for state in states]
    else:
        allowed = [(state, SendingEvent.RESENT) in OUTBOUND for state in states]
    return bool(allowed) and (all(allowed) if wanted else any(allowed))


def can_be_released(
    seat: Seat, item: Outbound | Inbound, receivers: Sequence[str], *, returned: bool
) -> bool:
    """Tell whether a document can be let go; ``returned``: also what went back to its sender."""
    if isinstance(item, Inbound):
        also = {Receiving.RETURNED} if returned else set()
        return item.state in {Receiving.QUARANTINED} | also and not item.removed
    if not any(fate.state is Sending.HELD for fate in item.fates):
        return False
    kept = Halting(seat.reading, Waybills()).kept(item.id)
    return any(not receivers or code in receivers for code in kept)
