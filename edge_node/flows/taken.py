"""Notice that the document software took documents out of the inbox, and what it says of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import StatusRefused
from edge_node.flows.rest import Look
from edge_node.protocol import handoff

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge_node.domain.item import ItemId
    from edge_node.domain.order import Arrival
    from edge_node.flows.folders import Inbox
    from edge_node.flows.ports import Arriving

log = logging.getLogger(__name__)

# What the other flows of this thread have to wait for: a `stat` each, on a share a millisecond.
_AT_ONCE: Final = 100


@dataclass(slots=True, kw_only=True)
class NoteTaken:
    """
    Look after the documents in the inbox.

    A look costs a `stat` for each document on offer, so it is not made at every bell.
    """

    queue: Arriving
    inbox: Inbox
    clock: Callable[[], float]
    every: timedelta
    _look: Look = field(default_factory=Look, init=False)
    _offered: list[tuple[ItemId, str]] = field(default_factory=list, init=False)

    def wake(self) -> None:
        """Nothing that rings has to do with the inbox: time alone does."""

    def turn(self, now: datetime) -> bool:
        """Look after some of what is on offer, if it is time; False once all was looked after."""
        if not self._offered and self._look.is_due(self.clock()):
            self._offered = self.queue.offered()
            self._look.done(self.clock() + self.every.total_seconds())
        if not self._offered:
            return False
        self.inbox.check()  # at every turn: where no share is mounted, everything looks taken
        some = self._offered[:_AT_ONCE]
        taken = [(item, folder) for item, folder in some if self.inbox.is_taken(folder)]
        if taken:
            self.queue.taken({item: self._entry(item, at) for item, at in taken}, now=now)
            seen = {"items": [item for item, _ in taken]}
            log.info("taken by the document software", extra=seen)
        del self._offered[: len(some)]
        return bool(self._offered)

    def _entry(self, item: ItemId, folder: str) -> Arrival | None:
        """Return what the software's register says of a document; None where it does not tell."""
        told = self.inbox.taken_note(folder)
        if not told.strip():
            return None
        try:
            return handoff.read_taken(told)
        except StatusRefused as error:  # it took the document, whatever it wrote
            problems = [problem.template for problem in error.problems]
            log.warning("its .taken cannot be read", extra={"item": item, "problems": problems})
            return None

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - a monotonic matter
        """Return how long until the next look."""
        return timedelta() if self._offered else self._look.rest(self.clock())
