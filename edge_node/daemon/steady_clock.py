"""
The clock a running node goes by: the machine's, without its jumps.

Somebody sets the clock, and a document that was sent a second ago was sent an hour ago: it would
be believed lost and sent again. So the node goes by a clock that nobody can set, and follows the
machine's only together with the queue (`Queue.clock_was_set`), so that no decision sees the one
without the other. What time servers correct by themselves it follows in small steps.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What time servers correct by themselves in small steps delays nobody by more than this.
_A_JUMP: Final = timedelta(minutes=1)
# How far it follows at once what is no jump; nobody waits for less than a second.
_A_STEP: Final = timedelta(seconds=1)


def since_boot() -> float:
    """Return seconds that go on while the machine sleeps, unlike those of `time.monotonic`."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SteadyClock:
    """Tells the time to every thread; whoever sees a jump first keeps it right."""

    def __init__(
        self,
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = since_boot,
    ) -> None:
        """Go by two clocks, in seconds: the one that can be set, and the one that cannot."""
        self._wall = wall
        self._steady = steady
        self._lock = threading.Lock()
        self._seeing_to = threading.Lock()
        self._ahead = timedelta(seconds=wall() - steady())  # of the steady one

    def __call__(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=self._steady()) + self._ahead

    @contextmanager
    def jump(self) -> Iterator[timedelta]:
        """
        Tell by how much somebody set the machine's clock: forward if more than nought.

        It is for the block to `follow` then; whoever else wants to know waits until that is done,
        so that one jump is followed once. Where it is no jump a small step is made towards it.
        """
        with self._seeing_to:
            apart = timedelta(seconds=self._wall() - self._steady()) - self._ahead
            if abs(apart) > _A_JUMP:
                yield apart
                return
            self.follow(max(-_A_STEP, min(apart, _A_STEP)))
            yield timedelta()

    def follow(self, by: timedelta) -> None:
        """Show a time that is so much later."""
        with self._lock:
            self._ahead += by
