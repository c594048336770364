"""
The daily look at the certificates: what runs out is said in the log, each threshold once.

Days are counted by when the last look was and not by how long the daemon runs: one that is
restarted every night looks, too. With neither keys nor authorities there is nothing to look at.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.expiring import Expiring
from edge_node.domain.expiry import PAST, days_left
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from edge_node.adapters.expiring import RunningOut
    from edge_node.node import Node

log = logging.getLogger(__name__)

_DAY: Final = timedelta(days=1)
_NOW: Final = 7  # days: from here on it is for somebody to see to now


def look_at_certificates(node: Node) -> None:
    """Look whether a certificate runs out, if nobody has today, and say what is new."""
    expiring, now = Expiring(node.queue.marks), node.clock()
    looked = expiring.looked()
    if not node.config.signing.keys and not node.config.trusted.is_dir():
        if looked is not None:
            expiring.forget()
        return
    if looked is not None and looked <= now < looked + _DAY:
        return
    from edge_node.node.expiries import holdings  # noqa: PLC0415 - once a day, where there are any

    held = holdings(node.config, now=now)
    for name, why in held.unread.items():
        log.warning("a certificate cannot be read", extra={"certificate": name, "error": str(why)})
    for one in expiring.note(held.found, now=now):
        _say(one, days_left(one.ends, now))


def _say(one: RunningOut, days: int) -> None:
    words = "a certificate has run out" if one.said == PAST else "a certificate runs out"
    seen = {"of": one.holder.value, "certificate": one.name, "days": days}
    level = logging.ERROR if one.said <= _NOW else logging.WARNING
    log.log(level, words, extra=seen | {"until": f"{in_vietnam(one.ends):%Y-%m-%d}"})
