"""
Tells the service manager that the node is well, and that only while every lane turns.

A lane that sleeps turns: it said for how long. One that shows no sign of life for longer than any
step may take hangs; from then on nothing is said, and the service manager ends the node and starts
it anew. Before that the log names the lane, `status` and `doctor` show it, and the next life is
left word of it. A lane that comes back by itself is said likewise, and all is well again. One
that hangs where no other process would get on either (`silent`) is waited for.

What the main thread does beside (start, reload, end, upkeep) may take long as well: as long as it
gets on (`adapters.pulse`) it says so.
"""

from __future__ import annotations

import logging
import math
import os
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.deaths import hung_at_the_end, note_hanging
from edge_node.adapters.marks import Marks
from edge_node.adapters.sd_notify import alive, not_done_yet, watched
from edge_node.adapters.service_unit import to_restart, unit_of
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.domain.record import reason_of
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from edge_node.daemon.board import Board
    from edge_node.daemon.lanes import Lane
    from edge_node.domain.message import Message
    from edge_node.node import Node

log = logging.getLogger(__name__)

# How often whoever is starting or ending says that it gets on, and for how long that holds.
_A_WORD: Final = 10.0  # seconds
_HOLDS: Final = timedelta(minutes=2)
# A word may be late, and one may be lost.
_WORDS_IN_TIME: Final = 3
_MINUTE: Final = 60.0  # seconds


class LaneHangs(EdgeNodeError):
    """Nothing was heard of a lane for longer than any step of it may take."""


@dataclass(slots=True, kw_only=True)
class Feeding:
    """What one process tells its service manager; of one thread, the main one."""

    within: timedelta | None = field(default_factory=watched)  # None: nobody waits for a word
    monotonic: Callable[[], float] = time.monotonic
    _lanes: Mapping[str, Lane] = field(default_factory=dict, init=False)
    _excuses: Callable[[Lane], bool] = field(default=lambda _: False, init=False)
    _turns: bool = field(default=False, init=False)
    _last: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Begin the start; a short one is done without a word."""
        self._last = self.monotonic()

    @property
    def every(self) -> float:
        """How many seconds may pass between two words; for ever where nobody waits for one."""
        return math.inf if self.within is None else self.within.total_seconds() / _WORDS_IN_TIME

    def turns(
        self, lanes: Mapping[str, Lane], excuses: Callable[[Lane], bool] = lambda _: False
    ) -> None:
        """Go by these lanes from now on, and wait for those that ``excuses`` tells to."""
        self._lanes, self._excuses, self._turns = lanes, excuses, True
        self.feed()

    def ends(self) -> None:
        """Begin the end."""
        self._turns, self._last = False, self.monotonic()

    def feed(self) -> None:
        """Say that all is well, unless a lane hangs that another process could do better."""
        hang = (lane for lane in self._lanes.values() if lane.hangs)
        if self.within is not None and all(map(self._excuses, hang)):
            self._last = self.monotonic()
            alive()

    def beat(self) -> None:
        """Have the main thread get on with something that may take long."""
        now = self.monotonic()
        if self._turns and now >= self._last + self.every:
            self.feed()
        elif not self._turns and now >= self._last + _A_WORD:
            self._last = now
            not_done_yet(_HOLDS)


@dataclass(slots=True, kw_only=True)
class Hanging:
    """Whoever says which lanes of a node hang, and which have come back."""

    node: Node
    lanes: Mapping[str, Lane]
    board: Board
    ended: bool  # whether somebody ends a node that hangs
    excuses: Callable[[Lane], bool] = lambda _: False  # but not for a lane of which this is true
    _late: set[str] = field(default_factory=set, init=False)
    _said: dict[str, datetime] = field(default_factory=dict, init=False)

    def look(self) -> None:
        """
        Compare, and say what is new.

        What is late for the first time is not said yet: whoever was stopped, together with us,
        and goes on, together with us, is late for a moment.
        """
        late = {name for name, lane in self.lanes.items() if lane.hangs}
        news = (late & self._late) - set(self._said)
        over = set(self._said) - late
        self._late = late
        for name in sorted(news):
            self._say(self.lanes[name])
        for name in sorted(over):
            log.warning("a lane goes on", extra={"lane": name})
            del self._said[name]
            self.board.goes_on(_place(name))
        if news or over:
            self._leave_word()

    def _say(self, lane: Lane) -> None:
        error = _hangs(lane, hint=self._hint(lane))
        seen = {"lane": lane.name, "flow": lane.at, "error": str(error), "hint": str(error.hint)}
        log.error("a lane hangs", extra=seen)  # before the disk is asked for anything
        self._said[lane.name] = self.node.clock()
        self.board.hangs(_place(lane.name), reason_of(error))

    def _hint(self, lane: Lane) -> Message:
        if self.excuses(lane):
            return say("it waits for its folder, and goes on by itself when that answers")
        if self.ended:
            return say(
                "the node is ended and started anew by itself; see whether its disks answer"
            )
        return to_restart(unit_of(os.getpid()))

    def _leave_word(self) -> None:
        try:
            note_hanging(Marks(self.node.queue.file), self._said)
        except EdgeNodeError as error:  # it may be what they hang in
            log.warning("the next start will not know of it", extra={"error": str(error)})


def tell_how_it_ended(node: Node) -> None:
    """Say that the last life ended with a lane that hung, if it did; alarms tell it as well."""
    hung = hung_at_the_end(Marks(node.queue.file), now=node.clock())
    for name, since in hung.items():
        seen = {"lane": name, "since": iso(since)}
        log.error("the node was ended while a lane hung, and starts anew", extra=seen)


def _hangs(lane: Lane, *, hint: Message) -> LaneHangs:
    silence = lane.silence()
    seconds = silence.seconds if silence else 0.0
    return LaneHangs(
        say(
            "nothing was heard of {flow} for {minutes} minutes",
            flow=lane.at or lane.name,
            minutes=round(seconds / _MINUTE),
        ),
        hint=hint,
    )


def _place(name: str) -> str:
    """Return what the board calls a lane; its flows have names of their own there."""
    return f"lane {name}"
