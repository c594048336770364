"""
A lane: one thread that turns its flows whenever its bell rings, and sleeps in between.

What a flow cannot help (an `Outage`, or an axis that will not even list) pauses that flow alone,
is said once, and is over when a turn succeeds again; the first one after a pause tries in
earnest. While the axis is down a flow that needs it sleeps until the next probe, or until
somebody says that it answers again. Anything unforeseen is logged with its traceback and pauses
the flow likewise: a mistake in one flow must not stop the others.

One item may be all that keeps a flow from its work (a package the axis denies). So that it cannot
hold up for long what comes after it, news from another lane cuts a long pause short.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from edge_node.adapters.disk import disk_errors
from edge_node.adapters.pulse import felt_by
from edge_node.domain.breaker import AxisDown
from edge_node.domain.discretion import told_in_log
from edge_node.domain.errors import EdgeNodeError, FolderMissing, LeaseLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta

    from edge_node.daemon.board import Board
    from edge_node.flows.ports import Flow


log = logging.getLogger(__name__)

_T = TypeVar("_T")

# An outage is probed soon at first and then more and more rarely.
_FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 300.0
# For what has only just come in nobody asks more often than this during an outage.
_NEWS_AFTER: Final = 30.0
# Due times are on the wall clock, which may jump; nobody sleeps longer on the word of it.
_LONGEST_REST: Final = 60.0
# What no step takes longer than without a sign of life (`pulse`), where nobody knows better.
LONGEST_STEP: Final = 900.0
# A machine that is busy lets everybody wait.
GRACE: Final = 60.0


@dataclass(slots=True)
class Turned:
    """One flow, and whether it is paused (by our monotonic clock, seconds)."""

    flow: Flow
    lane: str = ""
    board: Board | None = None
    let_go: Callable[[bool], None] | None = None  # what was in hand; True after a mistake of ours
    ending: threading.Event = field(default_factory=threading.Event)  # it is time to end
    paused_until: float = 0.0
    pause: float = 0.0
    _failed: float = 0.0  # when it was paused last
    _down: bool = False  # it waits for the axis
    _away: bool = False  # or for a folder
    _cut_off: bool = False  # in the middle of a turn, and what it had in hand is to be freed
    _unforeseen: bool = False  # by a mistake of ours
    longest: float = LONGEST_PAUSE  # seconds
    _said: set[str] = field(default_factory=set)  # the outages the log has been told of
    succeeded: dict[str, datetime] = field(default_factory=dict)  # when nothing kept it last

    @property
    def name(self) -> str:
        """What the log calls it."""
        return type(self.flow).__name__.lower()

    def resume(self) -> None:
        """Go on at once if it was the axis that this flow waited for."""
        if self._down:
            self.paused_until = 0.0

    def folder_is_back(self) -> None:
        """Go on at once if it was a folder that this flow waited for."""
        if self._away:
            self.paused_until = 0.0

    def news(self, at: float) -> None:
        """Try soon, because there is something new, what has been paused for long."""
        if self.pause and not self._down and at >= self._failed + _NEWS_AFTER:
            self.paused_until, self.pause = at, _FIRST_PAUSE / 2

    def turn(self, now: datetime, at: float) -> bool:
        """Turn the flow once unless it is paused; False if there is nothing to do now."""
        if at < self.paused_until:
            return False
        worked = self._attempt(lambda: self._turn(now), at)
        if worked is None:
            return False
        self._down = self._away = False
        self.succeeded[self.name] = now
        if self.pause:
            log.info("goes on", extra={"flow": self.name})
            self.pause = 0.0
            self._said.clear()
            if self.board is not None:
                self.board.goes_on(self._place)
        return worked

    def rest(self, now: datetime, at: float) -> float:
        """Return how many seconds this flow certainly needs no turn unless the bell rings."""
        if at < self.paused_until:
            return self.paused_until - at
        rest = self._attempt(lambda: self._rest(now), at)
        return self.pause if rest is None else rest

    def _turn(self, now: datetime) -> bool:
        if self.pause or self._down:
            self.flow.wake()  # so that it tries in earnest what it could not do
        if self._cut_off and self.let_go is not None:
            self.let_go(self._unforeseen)
        self._cut_off = self._unforeseen = False
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
        begun = time.monotonic()
        try:
            with disk_errors():
                return step()
        except AxisDown as error:
            # Said, and written on the board, by whoever watches the axis.
            self._down = True
            self.paused_until = at + (time.monotonic() - begun) + error.remaining
        except EdgeNodeError as error:
            self._cut_off = True
            self._rest_a_while(at)
            self._away = isinstance(error, FolderMissing)
            if self.ending.is_set():
                # Whoever waits at the end is cut off: what that looks like is no news.
                seen = {"flow": self.name} | told_in_log(error)
                log.info("cut off at the end", extra=seen)
                return None
            if self.board is not None:
                self.board.paused(self._place, error, self.pause)
            if error.message.template not in self._said:  # how many bytes there are now is no news
                self._said.add(error.message.template)
                seen = {"flow": self.name} | told_in_log(error)
                log.error("paused", extra=seen)  # noqa: TRY400 - an outage has no traceback
        except Exception as error:
            self._cut_off = self._unforeseen = True
            self._rest_a_while(at)
            mistake = place_of(error)
            if mistake not in self._said:  # met with every try, it is one mistake
                self._said.add(mistake)
                log.exception("paused by something unforeseen", extra={"flow": self.name})
        return None

    def _rest_a_while(self, at: float) -> None:
        self.pause = min(self.pause * 2 or _FIRST_PAUSE, self.longest)
        self.paused_until = at + self.pause
        self._failed = at
        self._down = self._away = False

    @property
    def _place(self) -> str:
        return self.name if self.lane in {"", self.name} else f"{self.lane} {self.name}"


def place_of(error: BaseException) -> str:
    """Return what tells one mistake of ours from another: its kind, and where it was made."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return f"{type(error).__qualname__} {where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """For how long nothing was heard of a lane, and whether that is longer than it may be."""

    seconds: float
    late: bool


@dataclass(slots=True, kw_only=True)
class Lane:
    """A thread of its own for flows that may wait for each other, but for no others."""

    name: str
    flows: Sequence[Flow]
    clock: Callable[[], datetime]
    worked: Callable[[], None] = lambda: None  # nudges the lanes that have more to do now
    let_go: Callable[[bool], None] | None = None  # frees what was in hand when a turn was cut off
    closing: Callable[[], None] = lambda: None  # lets go of what belongs to the thread
    board: Board | None = None
    longest: float = LONGEST_PAUSE  # how many seconds a flow is paused at most
    longest_step: float = LONGEST_STEP  # how many seconds a step may show no sign of life
    grace: float = GRACE  # how many seconds it may be late
    in_exchange: bool = False  # whether it works in the exchange folder, which may not answer
    at: str = ""  # the flow that takes a step; '' while it sleeps
    # When a turn of each flow last met no obstacle; whoever measures reads it.
    succeeded: dict[str, datetime] = field(default_factory=dict, init=False)
    _bell: threading.Event = field(default_factory=threading.Event, init=False)
    _woken: threading.Event = field(default_factory=threading.Event, init=False)
    _news: threading.Event = field(default_factory=threading.Event, init=False)
    _resumed: threading.Event = field(default_factory=threading.Event, init=False)
    _back: threading.Event = field(default_factory=threading.Event, init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    # When it was last heard of, and until when it may be silent (monotonic seconds).
    _beat: tuple[float, float] | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin to turn."""
        thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.ring()
        thread.start()
        self._thread = thread  # only now: what has not begun is not dead

    def ring(self) -> None:
        """Let the flows look for something new, in the folders and at the axis too."""
        self._woken.set()
        self._bell.set()

    def nudge(self) -> None:
        """Let the flows take up what another lane has put into the queue, and look no further."""
        self._news.set()
        self._bell.set()

    def resume(self) -> None:
        """Let the flows that wait for the axis go on: it answers again."""
        self._resumed.set()
        self._bell.set()

    def folder_is_back(self) -> None:
        """Let the flows that wait for a folder go on: it answers again."""
        self._back.set()
        self._bell.set()

    def stop(self) -> None:
        """Ask the lane to end once the step in hand is done."""
        self._stop.set()
        self._bell.set()

    @property
    def is_dead(self) -> bool:
        """Tell whether its thread has ended though nobody asked it to."""
        ended = self._thread is not None and not self._thread.is_alive()
        return ended and not self._stop.is_set()

    def clock_was_set(self, by: timedelta) -> None:
        """Bring along when each flow last met no obstacle: nobody has rested for so long."""
        for name, at in self.succeeded.copy().items():
            self.succeeded[name] = at + by

    def silence(self) -> Silence | None:
        """Return how long nothing was heard of it; None before it has begun."""
        beat = self._beat
        if beat is None:
            return None
        now = time.monotonic()
        return Silence(seconds=now - beat[0], late=now > beat[1] + self.grace)

    @property
    def hangs(self) -> bool:
        """Tell whether its thread lives, and nothing was heard of it for too long."""
        silence = self.silence()
        is_alive = self._thread is not None and self._thread.is_alive()
        return is_alive and silence is not None and silence.late

    def _may_be_silent(self, seconds: float) -> None:
        now = time.monotonic()
        self._beat = (now, now + seconds)

    def _gets_on(self) -> None:
        """Note a sign of life from within a step."""
        self._may_be_silent(self.longest_step)

    def join(self, within: timedelta) -> bool:
        """Wait for the lane to end; False if it has not ended in time."""
        if self._thread is not None:
            self._thread.join(within.total_seconds())
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        turned = [
            Turned(
                flow,
                lane=self.name,
                board=self.board,
                let_go=self.let_go,
                ending=self._stop,
                longest=self.longest,
                succeeded=self.succeeded,
            )
            for flow in self.flows
        ]
        try:
            with felt_by(self._gets_on):
                while not self._stop.is_set():
                    self._sleep(min(self._rests(turned)))
                    woken = self._woken.is_set()
                    self._woken.clear()
                    self._listen(turned)
                    self._turn(turned, woken=woken)
        finally:
            self.closing()

    def _rests(self, turned: Sequence[Turned]) -> Iterator[float]:
        """Ask each flow how long it needs no turn."""
        for each in turned:
            self._begins(each)
            yield each.rest(self.clock(), time.monotonic())

    def _begins(self, turned: Turned) -> None:
        self.at = turned.name
        self._gets_on()

    def _sleep(self, rest: float) -> None:
        self.at = ""
        self._may_be_silent(rest)
        self._bell.wait(rest)
        self._bell.clear()

    def _listen(self, turned: Sequence[Turned]) -> None:
        """Pass on what others had to say since the last time."""
        if self._resumed.is_set():
            self._resumed.clear()
            for each in turned:
                each.resume()
        if self._back.is_set():
            self._back.clear()
            for each in turned:
                each.folder_is_back()
        if self._news.is_set():
            self._news.clear()
            for each in turned:
                each.news(time.monotonic())

    def _turn(self, turned: Sequence[Turned], *, woken: bool) -> None:
        if woken:
            for each in turned:
                each.flow.wake()
        busy = True
        while busy and not self._stop.is_set():
            # One step of each in turn, so that a long backlog of one starves no other.
            busy = False
            for each in turned:
                self._begins(each)
                if not self._stop.is_set() and each.turn(self.clock(), time.monotonic()):
                    busy = True
                    self.worked()
