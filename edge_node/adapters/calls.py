"""
The calls that somebody is making, and how all of them are ended at once, from another thread.

Whoever waits for an answer would else keep a node from ending, or from reading its configuration
anew, for as long as a server may take. What is asked, and of whom, is the callers' affair.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge_node.domain.errors import Outage
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.deadline import Deadline, DeadlineTransport


class HungUp(Outage):
    """Nobody is asked any more: what was being asked about stays undecided."""


class Calls:
    """Calls under way; for several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._ended = False
        self._open: dict[DeadlineTransport, Deadline] = {}

    def demand_going_on(self) -> None:
        """Raise `HungUp` where nobody is asked any more."""
        if self._ended:
            raise _ending()

    @contextmanager
    def calling(self, line: DeadlineTransport, deadline: Deadline) -> Iterator[None]:
        """Make a call in the block, over ``line``; `HungUp` where it is cut off, or never made."""
        with self._lock:
            self.demand_going_on()
            self._open[line] = deadline
        try:
            yield
        except Exception as error:
            if self._ended:  # what a line that is cut raises is no news of the server
                raise _ending() from error
            raise
        finally:
            with self._lock:
                self._open.pop(line, None)

    def hang_up(self) -> None:
        """
        End every call and have no other begin.

        One that is just connecting, or agreeing on its keys, ends within the time that may take.
        """
        with self._lock:
            self._ended = True
            under_way = dict(self._open)
        for line, deadline in under_way.items():
            deadline.cut()
            line.close()


def _ending() -> HungUp:
    return HungUp(say("the node is ending"), hint=say("it goes on when the node runs again"))
