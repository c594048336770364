"""
The daily head of the journal: said in the log and to syslog, and stamped where that is configured.

It is kept beside the witness, too, where no copy of the data folder has it. A day without an event
has none. What an authority did not stamp is tried again with every look; that it fails is said
once, and that it works again. Nobody waits for it but its own thread.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from edge_node.adapters.dev_log import DevLog
from edge_node.adapters.heads import Heads
from edge_node.adapters.kept_heads import KeptHeads
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.journal import Witnesses

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_node.config import Config
    from edge_node.domain.journal import Head
    from edge_node.node import Node

log = logging.getLogger(__name__)


class Stamping(Protocol):
    """Who gets a time-stamp over a chain: `node.trusting.HeadStamps`."""

    def over(self, chain: bytes) -> bytes:
        """Return a token (DER); `Outage` where none can be had."""

    def close(self) -> None:
        """End its child and its calls, from whatever thread."""


def _stamps(config: Config) -> Stamping:
    from edge_node.node.trusting import HeadStamps  # noqa: PLC0415 - once a day, if ever

    return HeadStamps.of(config)


@dataclass(slots=True, kw_only=True)
class Anchoring:
    """Whoever looks after the heads of one node."""

    node: Node
    syslog: DevLog = field(default_factory=DevLog)
    stamps: Callable[[Config], Stamping] = _stamps
    _at_work: Stamping | None = field(default=None, init=False)
    _failing: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)

    def look(self) -> None:
        """Enter and say the head of this day, if nobody has; have the newest one stamped."""
        heads, now = Heads(self.node.queue.file), self.node.clock()
        if heads.is_due(now):
            heads.enter(now=now)
        newest = heads.newest()
        if newest is not None and not newest.how:  # or whoever entered it was cut off
            how = self._say(newest)
            self._keep(newest)
            heads.said(newest, *how)
            newest = heads.newest()
        if newest is None or newest.is_stamped or not self.node.config.stamps.servers:
            return
        self._stamp(heads, newest)

    def close(self) -> None:
        """Let go of whoever is being asked, from whatever thread; nobody is asked any more."""
        self._closed = True
        if self._at_work is not None:
            self._at_work.close()

    def _say(self, head: Head) -> tuple[Witnesses, ...]:
        place = f"{head.event}:{head.chain.hex()}"
        seen = {"head": place, "day": head.day.isoformat()}
        log.info("the journal is anchored", extra=seen)
        agency = self.node.config.agency.code
        if self.syslog.tell(f"the journal is anchored agency={agency} head={place}"):
            return Witnesses.LOG, Witnesses.SYSLOG
        return (Witnesses.LOG,)

    def _keep(self, head: Head) -> None:
        """Keep a head where no copy of the data folder has it; without it the day goes on."""
        try:
            KeptHeads(self.node.config.folders.witness).keep(head)
        except EdgeNodeError as error:
            seen = {"error": str(error), "hint": str(error.hint or "")}
            log.warning("the head of this day is not kept beside the witness", extra=seen)

    def _stamp(self, heads: Heads, head: Head) -> None:
        """Have a head stamped; a failure is said once."""
        self._at_work = self.stamps(self.node.config)
        try:
            if self._closed:
                return
            heads.stamped(head, self._at_work.over(head.chain))
        except EdgeNodeError as error:
            if not (self._failing or self._closed):
                seen = {"error": str(error), "hint": str(error.hint or "")}
                log.warning("the journal got no time-stamp, it is tried again", extra=seen)
            self._failing = True
        else:
            log.info("the journal is stamped", extra={"head": f"{head.event}:{head.chain.hex()}"})
            self._failing = False
        finally:
            self._at_work.close()
            self._at_work = None
