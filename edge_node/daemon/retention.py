"""
Payloads whose time is over, removed once a day, a few at a time and off the lanes.

A look removes some and comes back; when nothing is left, the day is done. Days are counted by when
that was and not by how long the daemon runs. A clock that is years ahead would have everything
go: nobody's word is taken for the time but that of a clock the axis's agrees with.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotAllowed
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from edge_node.flows.retain import Retain
    from edge_node.node import Node

log = logging.getLogger(__name__)

# How often it is seen whether something is left to be done today.
LOOK: Final = timedelta(minutes=5)
# Documents a look: some seconds of it on a slow share.
_AT_ONCE: Final = 200
_DONE: Final = "retention"  # among the marks: the last day on which nothing was left


@dataclass(slots=True, kw_only=True)
class Retaining:
    """Looks now and then, for as long as the daemon lives."""

    node: Node
    _flow: Retain | None = field(default=None, init=False)
    _ending: threading.Event = field(default_factory=threading.Event, init=False)

    def look(self) -> None:
        """Remove some of what is to go today, where any is."""
        now, marks = self.node.clock(), self.node.queue.marks
        today = in_vietnam(now).date().isoformat()
        if marks.get(_DONE) == today or not self._clock_is_right:
            return
        if self._flow is None:
            from edge_node.node.retaining import retain  # noqa: PLC0415 - once, where it is asked for

            self._flow = retain(self.node, ending=self._ending.is_set)
        try:
            turned = self._flow.turn(now, limit=_AT_ONCE)
        except NotAllowed:  # sending is paused: that is said where it is
            return
        if not turned.more:
            marks.put(_DONE, today)

    def stop(self) -> None:
        """Have a look that is under way end after the payload it is at."""
        self._ending.set()

    @property
    def _clock_is_right(self) -> bool:
        watch = self.node.clock_watch
        return watch.offset is not None and watch.complaint is None
