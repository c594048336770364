"""
The board: what rests at present, written where `status` reads it, and said once in the log.

Lanes, the axis's upstream and the watch over the clock report here. That something cannot be
written on the board stops nobody.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.pauses import Pause
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.record import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from edge_node.adapters.clock_watch import ClockWatch
    from edge_node.adapters.line import Upstream
    from edge_node.adapters.pauses import Pauses
    from edge_node.domain.breaker import AxisDown
    from edge_node.domain.message import Message

log = logging.getLogger(__name__)

AXIS: Final = "axis"
CLOCK: Final = "clock"


class Board:
    """One node's board; from whatever thread."""

    def __init__(self, pauses: Pauses, *, clock: Callable[[], datetime]) -> None:
        """Write to the table of pauses, and wipe what a daemon that is no more has left."""
        self._pauses = pauses
        self._clock = clock
        self._lock = threading.Lock()
        self._since: dict[str, datetime] = {}
        with _unless_it_fails():
            pauses.clear_all()

    def watch(self, upstream: Upstream, clock: ClockWatch, *, resume: Callable[[], None]) -> None:
        """Be told of the axis and of its clock; ``resume`` lets every lane go on at once."""
        upstream.changed = lambda: self._axis(upstream, resume)
        clock.changed = lambda: self._clock_is(clock)

    def paused(self, what: str, error: EdgeNodeError, seconds: float) -> None:
        """Enter that a flow rests for so many seconds, and why."""
        self._put(what, reason_of(error), seconds)

    def hangs(self, what: str, why: Message) -> None:
        """Enter that something does not come back; nobody knows until when."""
        self._put(what, why, None)

    def goes_on(self, what: str) -> None:
        """Enter that it works again."""
        with self._lock:
            self._clear(what)

    def _axis(self, upstream: Upstream, resume: Callable[[], None]) -> None:
        with self._lock:
            down = upstream.down()  # asked only now: whoever reports may be late
            known = AXIS in self._since
            if down is not None:
                self._enter(AXIS, reason_of(down), down.remaining, since=down.since)
            else:
                self._clear(AXIS)
            if down is not None and not known:
                self._say_down(down)
            elif down is None and known:
                log.warning("the axis answers again")
        if down is None:
            resume()

    def _say_down(self, down: AxisDown) -> None:
        seen: dict[str, object] = {"since": down.since.isoformat(timespec="seconds")}
        with _unless_it_fails():
            seen["documents_safe"] = self._pauses.safe()
        seen |= {"next_probe_in": f"{down.remaining:.0f}s"}
        seen |= {"error": str(down), "hint": str(down.hint or "")}
        log.warning("axis unreachable", extra=seen)

    def _clock_is(self, watch: ClockWatch) -> None:
        complaint = watch.complaint
        if complaint is None:
            self.goes_on(CLOCK)
        else:
            self._put(CLOCK, reason_of(complaint), None)

    def _put(self, what: str, reason: Message, seconds: float | None) -> None:
        with self._lock:
            self._enter(what, reason, seconds, since=self._since.get(what) or self._clock())

    def _enter(
        self, what: str, reason: Message, seconds: float | None, *, since: datetime
    ) -> None:
        self._since[what] = since
        until = None if seconds is None else self._clock() + timedelta(seconds=seconds)
        with _unless_it_fails():
            self._pauses.put(Pause(what=what, since=since, until=until, reason=reason))

    def _clear(self, what: str) -> None:
        if self._since.pop(what, None) is not None:
            with _unless_it_fails():
                self._pauses.clear(what)


@contextmanager
def _unless_it_fails() -> Iterator[None]:
    try:
        yield
    except EdgeNodeError as error:
        log.debug("the board cannot be written", extra={"error": str(error)})
