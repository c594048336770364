"""
Whether the exchange folder is there and known, looked into apart from the pages.

A share that is away may keep whoever looks for minutes: a thread of its own looks, and a page
waits for it no longer than a moment.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import disk_errors
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_node.node import Node

PATIENCE: Final = 0.3  # seconds a page waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of the folder: ``error`` where it is missing, ``unread`` what nobody knows."""

    answers: bool = True  # False: who looks has not come back yet
    error: EdgeNodeError | None = None
    unread: tuple[str, ...] = ()


class Places:
    """One look at a time, whoever asks."""

    def __init__(self, node: Node) -> None:
        """Look at the exchange folder of a node."""
        self._node = node
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._seen = Seen()

    def look(self) -> Seen:
        """Return how the folder is now, or that it does not answer."""
        unread = self._node.queue.learning.unread()
        with self._lock:
            thread = self._thread
            if thread is None:
                thread = threading.Thread(
                    target=self._look, args=(unread,), name="places", daemon=True
                )
                self._thread = thread
                thread.start()
        thread.join(PATIENCE)
        return Seen(answers=False) if thread.is_alive() else self._seen

    def _look(self, unread: Sequence[str]) -> None:
        seen = Seen(answers=False)
        try:
            seen = self._seen_now(unread)
        finally:
            with self._lock:
                self._seen, self._thread = seen, None

    def _seen_now(self, unread: Sequence[str]) -> Seen:
        exchange = self._node.exchange
        try:
            with disk_errors(exchange.root):
                exchange.check(self._node.config.agency.code)
                lying = tuple(folder for folder in unread if self._node.shelves.lies(folder))
        except EdgeNodeError as error:
            return Seen(error=error)
        return Seen(unread=lying)
