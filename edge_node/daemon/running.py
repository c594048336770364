"""
The daemon's life: take the lock, start the lanes, ring them by schedule, reload, and stop.

SIGTERM and SIGINT let each lane finish the step in hand; SIGHUP reads the configuration again and
keeps the old one where the new one has problems.
"""

from __future__ import annotations

import logging
import math
import signal
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import disk_errors
from edge_node.adapters.lock import locked
from edge_node.config import load
from edge_node.daemon import systemd
from edge_node.daemon.lanes import Lane
from edge_node.domain.errors import EdgeNodeError, NotAllowed, WithProblems
from edge_node.domain.message import say
from edge_node.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.config import Config
    from edge_node.daemon.schedule import Schedule
    from edge_node.flows.ports import Flow

log = logging.getLogger(__name__)

# Who has something to do after whom. (That the axis is told `fail` of what `deliver` cannot read
# waits for the schedule: it is rare, and every step of `deliver` would make `pull` look.)
_AFTER: Final[Mapping[str, tuple[str, ...]]] = {
    "intake": ("push", "deliver"),
    "push": ("deliver",),
    "pull": ("deliver",),
    "deliver": ("report",),
    "report": ("deliver",),
}
# How long one call waits, beside the quiet period, for a drop to settle; and the shortest wait.
_MOMENT: Final = timedelta(seconds=1)
_BLINK: Final = 0.02  # seconds
# A lane in the middle of a request is given this long before its connection is cut.
_PATIENCE: Final = timedelta(seconds=4)
# How often leases are swept and the lanes look for what a command put into the queue.
_UPKEEP: Final = timedelta(seconds=30)


class Order(Enum):
    """What a signal asks of the daemon."""

    END = auto()
    RELOAD = auto()


_SIGNALS: Final[Mapping[int, Order]] = {
    signal.SIGTERM: Order.END,
    signal.SIGINT: Order.END,
    signal.SIGHUP: Order.RELOAD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turning:
    """A node whose lanes turn, and what rings them."""

    node: Node
    lanes: Mapping[str, Lane]
    schedule: Schedule


@dataclass(slots=True, kw_only=True)
class Daemon:
    """One agency's node, kept turning."""

    config_file: Path
    set_up_log: Callable[[Config], None]
    patience: timedelta = _PATIENCE
    upkeep: timedelta = _UPKEEP
    wall: Callable[[], float] = time.time
    # The one queue of the standard library that a signal handler may put into at any moment.
    _orders: SimpleQueue[Order] = field(default_factory=SimpleQueue, init=False)

    def run(self, config: Config) -> None:
        """Turn until a signal says to stop; AlreadyRunning if somebody else does."""
        for number in _SIGNALS:
            signal.signal(number, lambda number, _frame: self.order(_SIGNALS[number]))
        self.serve(config)

    def order(self, order: Order) -> None:
        """Ask for something, from whatever thread or signal handler."""
        self._orders.put(order)

    def serve(self, config: Config) -> None:
        """Turn until told to stop; AlreadyRunning if somebody else does."""
        with locked(config.folders.data):
            serving: Config | None = config
            while serving is not None:
                serving = self._serve(serving)
        log.info("stopped")

    def _serve(self, config: Config) -> Config | None:
        """Run on one configuration until another replaces it; None when it is time to end."""
        node = Node(config=config)
        with self._turning(node) as turning:
            systemd.notify("READY=1", f"STATUS={config.agency.code}")
            log.info("running", extra={"agency": config.agency.code})
            fresh = self._until_ordered(turning)
            if fresh is None:
                systemd.notify("STOPPING=1")
        if fresh is not None and not self._outlast(turning):
            systemd.notify("STOPPING=1")
            return None
        return fresh

    def _until_ordered(self, turning: _Turning) -> Config | None:
        """Wait for another configuration that can be used; None when it is time to end."""
        while self._next_order(turning) is Order.RELOAD:
            systemd.reloading()
            fresh = self._read(turning.node.config)
            if fresh is not None:
                return fresh
            systemd.notify("READY=1")
        return None

    def _next_order(self, turning: _Turning) -> Order:
        """Wait for an order, and see to the node meanwhile; to end comes before to reload."""
        orders: set[Order] = set()
        while not orders:
            with suppress(Empty):
                orders.add(self._orders.get(timeout=self.upkeep.total_seconds()))
                while True:
                    orders.add(self._orders.get_nowait())
            if not orders:
                _see_to(turning)
        return Order.END if Order.END in orders else Order.RELOAD

    def _outlast(self, turning: _Turning) -> bool:
        """
        Wait until every lane has ended, however long that takes: nobody else may have its folders.

        False when it is time to end meanwhile; the end of the process ends them all.
        """
        again = False
        while any(not lane.join(timedelta()) for lane in turning.lanes.values()):
            turning.node.hang_up()
            with suppress(Empty):
                if self._orders.get(timeout=self.patience.total_seconds()) is Order.END:
                    return False
                again = True
        if again:
            self.order(Order.RELOAD)
        return True

    @contextmanager
    def _turning(self, node: Node) -> Iterator[_Turning]:
        """Turn the node's lanes for as long as the block lasts."""
        from edge_node.daemon.schedule import Schedule  # noqa: PLC0415 - 78 ms

        with ExitStack() as ending:
            node.prepare()
            ending.callback(node.close)
            lanes = _lanes(node)
            ending.callback(_stop, node, lanes, self.patience)
            for lane in lanes.values():
                lane.start()
            schedule = Schedule(wall=self.wall)
            schedule.every(node.config.pull.every, lanes["pull"].ring)
            schedule.every(node.scan_interval(), lanes["intake"].ring)
            schedule.every(node.config.report.every, lanes["report"].ring)
            schedule.start()
            ending.callback(schedule.stop)
            ending.enter_context(node.watching(lambda name: lanes[name].ring()))
            yield _Turning(node=node, lanes=lanes, schedule=schedule)

    def _read(self, config: Config) -> Config | None:
        """Read the configuration again; None, and the reasons in the log, if it cannot be used."""
        try:
            fresh = load(self.config_file)
            _demand_usable(fresh, instead_of=config)
        except EdgeNodeError as error:
            problems = error.problems if isinstance(error, WithProblems) else ()
            log.error(  # noqa: TRY400 - the problems are the story, not the traceback
                "the new configuration is refused, the old one kept",
                extra={"error": str(error), "problems": [str(problem) for problem in problems]},
            )
            return None
        self.set_up_log(fresh)
        return fresh


def _demand_usable(config: Config, *, instead_of: Config) -> None:
    """Make sure that a node can work on it before the one that works is stopped."""
    if config.folders.data != instead_of.folders.data:
        raise NotAllowed(
            say("folders.data cannot change while the node runs"),
            hint=say("restart it: systemctl restart edge-node@…"),
        )
    with closing(Node(config=config)) as node:
        node.exchange.check(config.agency.code)
        node.lanes()  # which reads the secret


def _see_to(turning: _Turning) -> None:
    """Free what nobody came back for, and let the lanes look for what a command has queued."""
    try:
        turning.node.upkeep()
    except EdgeNodeError as error:
        log.warning("the queue cannot be seen to", extra={"error": str(error)})
    turning.schedule.mend()
    for name in ("push", "deliver", "report"):
        turning.lanes[name].ring()


def turn_once(node: Node) -> list[EdgeNodeError]:
    """
    Let every flow do what there is to do now, and return what kept one from it.

    A document taken in, sent, and told of needs a single call, also when it has only just been
    dropped: what is still settling is waited for.
    """
    outages: list[EdgeNodeError] = []
    with locked(node.config.folders.data), closing(node):
        node.prepare()
        flows = [flow for plan in node.lanes().values() for flow in plan.flows]
        deadline = time.monotonic() + (node.config.intake.quiet + _MOMENT).total_seconds()
        while True:
            flows = _turned_out(flows, node, outages)
            wait = min((_rest(flow, node.clock()) for flow in flows), default=math.inf)
            if time.monotonic() + wait > deadline:
                return outages
            time.sleep(max(wait, _BLINK))


def _rest(flow: Flow, now: datetime) -> float:
    rest = flow.rest(now)
    return math.inf if rest is None else rest.total_seconds()


def _turned_out(flows: Sequence[Flow], node: Node, outages: list[EdgeNodeError]) -> list[Flow]:
    """Turn the flows until none has anything to do; return those that no outage has stopped."""
    turning = list(flows)
    for flow in turning:
        flow.wake()
    busy = True
    while busy:
        busy = False
        for flow in tuple(turning):
            try:
                with disk_errors():
                    while flow.turn(node.clock()):
                        busy = True
            except EdgeNodeError as error:
                outages.append(error)
                turning.remove(flow)
    return turning


def _lanes(node: Node) -> Mapping[str, Lane]:
    lanes: dict[str, Lane] = {}
    for name, plan in node.lanes().items():
        lanes[name] = Lane(
            name=name,
            flows=plan.flows,
            clock=node.clock,
            worked=_nudger(lanes, _AFTER[name]),
            closing=plan.close,
        )
    return lanes


def _nudger(lanes: Mapping[str, Lane], names: tuple[str, ...]) -> Callable[[], None]:
    def nudge() -> None:
        for name in names:
            lanes[name].nudge()

    return nudge


def _stop(node: Node, lanes: Mapping[str, Lane], patience: timedelta) -> None:
    for lane in lanes.values():
        lane.stop()
    deadline = time.monotonic() + patience.total_seconds()
    waiting = [lane for lane in lanes.values() if not lane.join(_until(deadline))]
    if waiting:
        # Whoever waits for an answer is cut off; what that leaves open is found out next time.
        node.hang_up()
        deadline = time.monotonic() + patience.total_seconds()
        for lane in waiting:
            if not lane.join(_until(deadline)):
                log.warning("a lane did not end in time", extra={"lane": lane.name})


def _until(deadline: float) -> timedelta:
    return timedelta(seconds=max(0.0, deadline - time.monotonic()))
