"""
The daemon's life: take the lock, start the lanes, ring them by schedule, reload, and stop.

SIGTERM and SIGINT let each lane finish the step in hand; SIGHUP reads the configuration again and
keeps the old one where the new one has problems.
"""

from __future__ import annotations

import faulthandler
import logging
import math
import os
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_node.adapters import safekeeping
from edge_node.adapters.disk import disk_errors
from edge_node.adapters.lock import locked
from edge_node.adapters.pauses import Pauses
from edge_node.adapters.pulse import felt_by
from edge_node.adapters.sd_notify import notify, reloading
from edge_node.adapters.service_unit import to_restart, unit_of
from edge_node.adapters.witness import Witness
from edge_node.config import load
from edge_node.daemon.alarms import alarms_of, demand_alarms, note_dead
from edge_node.daemon.anchoring import Anchoring
from edge_node.daemon.archives import archive
from edge_node.daemon.board import Board
from edge_node.daemon.certificates import look_at_certificates
from edge_node.daemon.feeding import Feeding, Hanging, tell_how_it_ended
from edge_node.daemon.lanes import GRACE, LONGEST_STEP, place_of
from edge_node.daemon.monthly import report_month
from edge_node.daemon.orders import Order, Orders
from edge_node.daemon.retention import LOOK as RETAINING
from edge_node.daemon.retention import Retaining
from edge_node.daemon.silent import Silent
from edge_node.daemon.steady_clock import SteadyClock
from edge_node.daemon.turning import lanes_of, stop_all
from edge_node.domain.errors import EdgeNodeError, NotAllowed, QueueDamaged, WithProblems
from edge_node.domain.message import say
from edge_node.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from edge_node.config import Config
    from edge_node.daemon.alarms import AlarmsAtWork
    from edge_node.daemon.lanes import Lane
    from edge_node.daemon.schedule import Schedule

log = logging.getLogger(__name__)

# A lane in the middle of a request is given this long before its connection is cut.
_PATIENCE: Final = timedelta(seconds=4)
# How often leases are swept and the lanes look for what a command put into the queue.
_UPKEEP: Final = timedelta(seconds=30)
_DAY: Final = timedelta(days=1)
# How often it is seen whether the certificates have been looked at today.
_HOUR: Final = timedelta(hours=1)
# How often it is seen whether the report of a month is due.
_REPORTS: Final = timedelta(minutes=10)


class LaneDead(EdgeNodeError):
    """The thread of a lane has ended though nobody told it to: a mistake of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turning:
    """A node whose lanes turn, and what rings them."""

    node: Node
    lanes: Mapping[str, Lane]
    schedule: Schedule
    silent: Silent
    hanging: Hanging


@dataclass(slots=True, kw_only=True)
class Daemon:
    """One agency's node, kept turning."""

    config_file: Path
    set_up_log: Callable[[Config], None]
    # What starts this program; the child an item is tried in is started so.
    command: Sequence[str] = (sys.executable, "-m", "edge_node")
    patience: timedelta = _PATIENCE
    upkeep: timedelta = _UPKEEP
    longest_step: timedelta = timedelta(seconds=LONGEST_STEP)
    grace: timedelta = timedelta(seconds=GRACE)
    wall: Callable[[], float] = time.time
    _orders: Orders = field(default_factory=Orders, init=False)
    _ended_by: EdgeNodeError | None = field(default=None, init=False)
    _clock: SteadyClock = field(default_factory=SteadyClock, init=False)
    _said: dict[str, float] = field(default_factory=dict, init=False)  # what is wrong, and when
    _feeding: Feeding = field(default_factory=Feeding, init=False)

    def run(self, config: Config) -> None:
        """Turn until a signal says to stop; AlreadyRunning if somebody else does."""
        self._orders.heed_signals()
        faulthandler.enable()  # whoever ends us for hanging (SIGABRT) leaves word where we hung
        self.serve(config)

    def order(self, order: Order) -> None:
        """Ask for something, from whatever thread or signal handler."""
        self._orders.give(order)

    def serve(self, config: Config) -> None:
        """Turn until told to stop; AlreadyRunning if somebody else does."""
        with (
            felt_by(self._feeding.beat),
            locked(config.folders.data),
            Witness(config.folders.witness).locked(),
        ):
            self._clock = SteadyClock(wall=self.wall)
            serving: Config | None = config
            before: Config | None = None
            while serving is not None:
                node = self._prepared(serving, before)
                before = node.config
                serving = self._serve(node)
        log.info("stopped")
        if self._ended_by is not None:
            raise self._ended_by

    def _prepared(self, config: Config, before: Config | None) -> Node:
        """Return a node ready for work, on the configuration there was before where need be."""
        command = (*self.command, "-c", str(self.config_file))
        node = Node(config=config, command=command, clock=self._clock)
        try:
            node.prepare()
        except BaseException as error:
            node.close()
            if before is None or not isinstance(error, EdgeNodeError):
                raise
            seen = {"error": str(error), "hint": str(error.hint or "")}
            log.error("the new configuration does not work, the old one goes on", extra=seen)  # noqa: TRY400 - the error says it all
            self.set_up_log(before)
            return self._prepared(before, None)
        return node

    def _serve(self, node: Node) -> Config | None:
        """Run on one configuration until another replaces it; None when it is time to end."""
        config = node.config
        with self._turning(node) as turning:
            self._feeding.turns(turning.lanes, turning.silent.excuses)
            notify("READY=1", f"STATUS={config.agency.code}")
            log.info("running", extra={"agency": config.agency.code})
            fresh = self._until_ordered(turning)
            if fresh is None:
                self._stopping()
        if fresh is not None and not self._outlast(turning):
            self._stopping()
            return None
        return fresh

    def _stopping(self) -> None:
        self._feeding.ends()
        notify("STOPPING=1")

    def _until_ordered(self, turning: _Turning) -> Config | None:
        """Wait for another configuration that can be used; None when it is time to end."""
        while self._next_order(turning) is Order.RELOAD:
            reloading()
            fresh = self._read(turning.node.config)
            if fresh is not None:
                return fresh
            notify("READY=1")
        return None

    def _next_order(self, turning: _Turning) -> Order:
        """Wait for an order, and see to the node meanwhile; to end comes before to reload."""
        orders: set[Order] = set()
        due = self._next_upkeep()
        while not orders:
            left = min(due - time.monotonic(), self._feeding.every)
            orders.update(self._orders.wait(timedelta(seconds=max(0.0, left))))
            self._feed(turning)
            if not orders and time.monotonic() >= due:
                self._see_to(turning)
                due = self._next_upkeep()
        return Order.END if Order.END in orders else Order.RELOAD

    def _next_upkeep(self) -> float:
        return time.monotonic() + self.upkeep.total_seconds()

    def _feed(self, turning: _Turning) -> None:
        """Tell the service manager that all is well, or people what is not."""
        self._feeding.feed()
        turning.hanging.look()
        turning.silent.look()

    def _outlast(self, turning: _Turning) -> bool:
        """
        Wait until every lane has ended, however long that takes: nobody else may have its folders.

        False when it is time to end meanwhile; the end of the process ends them all.
        """
        again = False
        while any(not lane.join(timedelta()) for lane in turning.lanes.values()):
            turning.node.hang_up()
            orders = self._orders.wait(self.patience)
            self._feed(turning)
            if Order.END in orders:
                return False
            again = again or bool(orders)
        if again:
            self.order(Order.RELOAD)
        return True

    def _see_to(self, turning: _Turning) -> None:
        """Free what nobody came back for, and let the lanes look for what a command queued."""
        dead = [name for name, lane in turning.lanes.items() if lane.is_dead]
        if dead:
            # What it had in hand nobody knows; whoever is started anew frees it.
            self._end_by(LaneDead(say("the lane {names} has died", names=", ".join(dead))))
            note_dead(turning.node, dead)
        with self._clock.jump() as jump:
            if jump:
                log.warning("the clock was set", extra={"by": jump})
                turning.node.clock_watch.forget()
            try:
                turning.node.upkeep(clock_set_by=jump, follow=self._clock.follow)
            except QueueDamaged:
                raise  # nothing may be written any more: the next start says what to do
            except EdgeNodeError as error:
                self._say_once("the queue cannot be seen to", error)
        if jump:
            for lane in turning.lanes.values():
                lane.clock_was_set(jump)
            turning.node.clock_watch.forget()  # an answer may have come by the clock as it was
            turning.schedule.begin_anew()
        for name in ("push", "deliver", "report", "trial"):
            turning.lanes[name].ring()

    def _end_by(self, error: EdgeNodeError) -> None:
        """End in good order, and with an error."""
        self._ended_by = error
        self.order(Order.END)

    @contextmanager
    def _turning(self, node: Node) -> Iterator[_Turning]:
        """Turn the node's lanes for as long as the block lasts."""
        from edge_node.daemon.schedule import Schedule  # noqa: PLC0415 - 78 ms

        with ExitStack() as ending:
            ending.callback(node.close)
            tell_how_it_ended(node)
            board = Board(Pauses(node.queue.file), clock=node.clock)
            lanes = lanes_of(node, board, longest_step=self.longest_step, grace=self.grace)
            ended = self._feeding.within is not None
            silent = Silent(node=node, lanes=lanes, board=board)
            hanging = Hanging(
                node=node, lanes=lanes, board=board, ended=ended, excuses=silent.excuses
            )
            ending.callback(stop_all, node, lanes, self.patience)
            if node.config.metrics.place is not None:
                from edge_node.daemon.metrics import measured  # noqa: PLC0415 - where asked for

                ending.enter_context(measured(node, lanes))
            for lane in lanes.values():
                lane.start()
            schedule = Schedule()
            schedule.every(node.config.pull.every, lanes["pull"].ring)
            schedule.every(node.scan_interval(), lanes["intake"].ring)
            schedule.every(node.config.report.every, lanes["report"].ring)
            keeping = partial(self._keep_safe, node)
            schedule.every(min(node.config.backup.every, safekeeping.LOOK), keeping)
            if node.config.backup.archives.folder is not None:
                every = min(node.config.backup.archives.every, safekeeping.LOOK)
                schedule.every(every, partial(self._archive, node))
            schedule.every(_DAY, partial(self._look_over, node))
            schedule.every(_HOUR, partial(self._look_at_certificates, node))
            anchoring = Anchoring(node=node)
            schedule.every(_HOUR, partial(self._anchor, anchoring))
            ending.callback(anchoring.close)
            alarms = alarms_of(node, lanes)
            schedule.every(node.config.alarms.every, partial(self._alarm, alarms))
            if node.config.reports.monthly:
                schedule.every(_REPORTS, partial(self._report, node))
            if node.config.retention.periods:
                retaining = Retaining(node=node)
                schedule.every(RETAINING, partial(self._retain, retaining))
                ending.callback(retaining.stop)
            schedule.start()
            ending.callback(schedule.stop)
            keeping()  # a copy that was due while nobody ran is made now
            ending.enter_context(node.watching(lambda name: lanes[name].ring()))
            yield _Turning(
                node=node, lanes=lanes, schedule=schedule, silent=silent, hanging=hanging
            )

    def _keep_safe(self, node: Node) -> None:
        """Make a copy of the queue if one is due."""
        with self._ended_by_damage(), closing(node.queue):
            node.safekeeping.back_up(node.clock())

    def _archive(self, node: Node) -> None:
        """Have an archive of the whole node made, if one is due."""
        with self._ended_by_damage(), closing(node.queue):
            archive(node)

    def _look_over(self, node: Node) -> None:
        """Look through the whole queue for damage, and throw out what nobody needs any more."""
        with self._ended_by_damage(), closing(node.queue):
            node.safekeeping.check()
            node.safekeeping.sweep(node.clock())
            node.forget_statements()

    def _look_at_certificates(self, node: Node) -> None:
        """Say, once a day, which certificates run out."""
        with self._ended_by_damage(), closing(node.queue):
            look_at_certificates(node)

    def _anchor(self, anchoring: Anchoring) -> None:
        """Say, once a day, how far the journal reaches."""
        with self._ended_by_damage(), closing(anchoring.node.queue):
            anchoring.look()

    def _alarm(self, alarms: AlarmsAtWork) -> None:
        """Look for what is wrong, and have it told."""
        with self._ended_by_damage(), closing(alarms.node.queue):
            alarms.look()

    def _retain(self, retaining: Retaining) -> None:
        """Remove what has been kept for long enough."""
        with self._ended_by_damage(), closing(retaining.node.queue):
            retaining.look()

    def _report(self, node: Node) -> None:
        """Have the report of a month made that is over."""
        with self._ended_by_damage(), closing(node.queue):
            report_month(node)

    @contextmanager
    def _ended_by_damage(self) -> Iterator[None]:
        """End the daemon where the queue is damaged; what else goes wrong here can wait."""
        try:
            with disk_errors():
                yield
        except QueueDamaged as error:
            self._end_by(error)
        except EdgeNodeError as error:
            self._say_once("the queue cannot be looked after", error)
        except Exception as error:
            if self._is_news(place_of(error)):  # met with every try, it is one mistake
                log.exception("something unforeseen keeps the node from looking after itself")

    def _say_once(self, words: str, error: EdgeNodeError) -> None:
        """Say what cannot be done, once a day for each reason: it is tried again and again."""
        if self._is_news(error.message.template):
            log.warning(words, extra={"error": str(error)})

    def _is_news(self, reason: str) -> bool:
        """Tell whether this was not said within a day, and take it for said."""
        now = time.monotonic()
        if now < self._said.get(reason, -math.inf) + _DAY.total_seconds():
            return False
        self._said[reason] = now
        return True

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
    for name in ("data", "witness"):
        if getattr(config.folders, name) != getattr(instead_of.folders, name):
            raise NotAllowed(
                say("folders.{name} cannot change while the node runs", name=name),
                hint=to_restart(unit_of(os.getpid())),
            )
    with closing(Node(config=config)) as node:
        node.exchange.check(config.agency.code)
        node.lanes()  # which reads the secret
        demand_alarms(node)
