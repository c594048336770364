"""
A lane: one thread that turns its flows whenever its bell rings, and sleeps in between.

What a flow cannot help (an `Outage`, or an axis that will not even list) pauses that flow alone,
is said once, and is over when a turn succeeds again; the first one after a pause tries in
earnest. Anything unforeseen is logged with its traceback and pauses the flow likewise: a mistake
in one flow must not stop the others.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from edge_node.adapters.disk import disk_errors
from edge_node.domain.errors import EdgeNodeError, LeaseLost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from edge_node.flows.ports import Flow

log = logging.getLogger(__name__)

_T = TypeVar("_T")

# An outage is probed soon at first and then more and more rarely.
_FIRST_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 300.0
# Due times are on the wall clock, which may jump; nobody sleeps longer on the word of it.
_LONGEST_REST: Final = 60.0


@dataclass(slots=True)
class Turned:
    """One flow, and whether it is paused (by our monotonic clock, seconds)."""

    flow: Flow
    paused_until: float = 0.0
    pause: float = 0.0
    _said: str = ""  # the outage the log has been told of

    @property
    def name(self) -> str:
        """What the log calls it."""
        return type(self.flow).__name__.lower()

    def turn(self, now: datetime, at: float) -> bool:
        """Turn the flow once unless it is paused; False if there is nothing to do now."""
        if at < self.paused_until:
            return False
        worked = self._attempt(lambda: self._turn(now), at)
        if worked is None:
            return False
        if self.pause:
            log.info("goes on", extra={"flow": self.name})
            self.pause, self._said = 0.0, ""
        return worked

    def rest(self, now: datetime, at: float) -> float:
        """Return how many seconds this flow certainly needs no turn unless the bell rings."""
        if at < self.paused_until:
            return self.paused_until - at
        rest = self._attempt(lambda: self._rest(now), at)
        return self.pause if rest is None else rest

    def _turn(self, now: datetime) -> bool:
        if self.pause:
            self.flow.wake()  # so that it tries in earnest what it could not do
        try:
            return self.flow.turn(now)
        except LeaseLost as error:
            log.warning("lease lost", extra={"flow": self.name, "error": str(error)})
            return True

    def _rest(self, now: datetime) -> float:
        rest = self.flow.rest(now)
        return _LONGEST_REST if rest is None else min(rest.total_seconds(), _LONGEST_REST)

    def _attempt(self, step: Callable[[], _T], at: float) -> _T | None:
        """Take a step; None, and a pause, where something keeps the flow from it."""
        try:
            with disk_errors():
                return step()
        except EdgeNodeError as error:
            self._rest_a_while(at)
            if str(error) != self._said:
                self._said = str(error)
                seen = {"flow": self.name, "error": str(error), "hint": str(error.hint or "")}
                log.error("paused", extra=seen)  # noqa: TRY400 - an outage has no traceback
        except Exception:
            self._rest_a_while(at)
            log.exception("paused by something unforeseen", extra={"flow": self.name})
        return None

    def _rest_a_while(self, at: float) -> None:
        self.pause = min(self.pause * 2 or _FIRST_PAUSE, _LONGEST_PAUSE)
        self.paused_until = at + self.pause


@dataclass(slots=True, kw_only=True)
class Lane:
    """A thread of its own for flows that may wait for each other, but for no others."""

    name: str
    flows: Sequence[Flow]
    clock: Callable[[], datetime]
    worked: Callable[[], None] = lambda: None  # nudges the lanes that have more to do now
    closing: Callable[[], None] = lambda: None  # lets go of what belongs to the thread
    _bell: threading.Event = field(default_factory=threading.Event, init=False)
    _woken: threading.Event = field(default_factory=threading.Event, init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin to turn."""
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.ring()
        self._thread.start()

    def ring(self) -> None:
        """Let the flows look for something new, in the folders and at the axis too."""
        self._woken.set()
        self._bell.set()

    def nudge(self) -> None:
        """Let the flows take up what another lane has put into the queue, and look no further."""
        self._bell.set()

    def stop(self) -> None:
        """Ask the lane to end once the step in hand is done."""
        self._stop.set()
        self._bell.set()

    def join(self, within: timedelta) -> bool:
        """Wait for the lane to end; False if it has not ended in time."""
        if self._thread is not None:
            self._thread.join(within.total_seconds())
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        turned = [Turned(flow) for flow in self.flows]
        try:
            while not self._stop.is_set():
                rest = min(each.rest(self.clock(), time.monotonic()) for each in turned)
                self._bell.wait(rest)
                self._bell.clear()
                woken = self._woken.is_set()
                self._woken.clear()
                self._turn(turned, woken=woken)
        finally:
            self.closing()

    def _turn(self, turned: Sequence[Turned], *, woken: bool) -> None:
        if woken:
            for each in turned:
                each.flow.wake()
        busy = True
        while busy and not self._stop.is_set():
            # One step of each in turn, so that a long backlog of one starves no other.
            busy = False
            for each in turned:
                if not self._stop.is_set() and each.turn(self.clock(), time.monotonic()):
                    busy = True
                    self.worked()
