"""
The daemon's life: take the lock, start the lanes, ring them by schedule, reload, and stop.

SIGTERM and SIGINT let each lane finish the step in hand; SIGHUP reads the configuration again and
keeps the old one where the new one has problems.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.lock import locked
from edge_node.config import load
from edge_node.daemon import systemd
from edge_node.daemon.lanes import Lane, Turned
from edge_node.domain.errors import EdgeNodeError, WithProblems
from edge_node.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import FrameType

    from apscheduler.schedulers.background import BackgroundScheduler

    from edge_node.config import Config

log = logging.getLogger(__name__)

# Who has something to do after whom.
_AFTER: Final[Mapping[str, tuple[str, ...]]] = {
    "intake": ("push", "deliver"),
    "push": ("deliver",),
    "pull": ("deliver",),
    "deliver": ("report", "pull"),
    "report": ("deliver",),
}
# A lane in the middle of a request is given this long before its connection is cut.
_PATIENCE: Final = timedelta(seconds=4)
# How often leases are swept and the lanes look for what a command put into the queue.
_UPKEEP: Final = timedelta(seconds=30)


@dataclass(slots=True, kw_only=True)
class Daemon:
    """One agency's node, kept turning."""

    config_file: Path
    set_up_log: Callable[[Config], None]
    _wanted: threading.Event = field(default_factory=threading.Event, init=False)
    _ending: bool = field(default=False, init=False)
    _reloading: bool = field(default=False, init=False)

    def run(self, config: Config) -> None:
        """Turn until told to stop; AlreadyRunning if somebody else does."""
        self._listen()
        with locked(config.folders.data):
            while not self._ending:
                config = self._serve(config)
            systemd.notify("STOPPING=1")
            log.info("stopped")

    def _serve(self, config: Config) -> Config:
        """Run on one configuration until it is to be ended or replaced; return the next one."""
        with _turning(Node(config=config)):
            systemd.notify("READY=1", f"STATUS={config.agency.code}")
            log.info("running", extra={"agency": config.agency.code})
            while True:
                self._wanted.wait()
                self._wanted.clear()
                if self._ending:
                    return config
                if self._reloading:
                    self._reloading = False
                    systemd.reloading()
                    fresh = self._read()
                    if fresh is not None:
                        return fresh
                    systemd.notify("READY=1")

    def _read(self) -> Config | None:
        """Read the configuration again; None, and the reasons in the log, if it cannot be used."""
        try:
            config = load(self.config_file)
        except EdgeNodeError as error:
            problems = error.problems if isinstance(error, WithProblems) else ()
            log.error(  # noqa: TRY400 - the problems are the story, not the traceback
                "the new configuration is refused, the old one kept",
                extra={"error": str(error), "problems": [str(problem) for problem in problems]},
            )
            return None
        self.set_up_log(config)
        return config

    def _listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGHUP, self._reload)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True
        self._wanted.set()

    def _reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reloading = True
        self._wanted.set()


def turn_once(node: Node) -> list[EdgeNodeError]:
    """
    Let every flow do what there is to do now, and return what kept one from it.

    The lanes turn one after the other, twice where the first round left something for an earlier
    one: a document taken in, sent, and told of needs a single call.
    """
    outages: dict[str, EdgeNodeError] = {}
    with locked(node.config.folders.data):
        node.prepare()
        flows = [flow for lane in node.lanes().values() for flow in lane.flows]
        for flow in flows:
            flow.wake()
        busy = True
        while busy:
            busy = False
            for flow in flows:
                name = Turned(flow).name
                try:
                    while name not in outages and flow.turn(node.clock()):
                        busy = True
                except EdgeNodeError as error:
                    outages[name] = error
        node.close()
    return list(outages.values())


@contextmanager
def _turning(node: Node) -> Iterator[None]:
    """Turn the node's lanes for as long as the block lasts."""
    with ExitStack() as ending:
        node.prepare()
        ending.callback(node.close)
        lanes: dict[str, Lane] = {}
        for name, plan in node.lanes().items():
            lanes[name] = Lane(
                name=name,
                flows=plan.flows,
                clock=node.clock,
                worked=_ringer(lanes, _AFTER[name]),
                closing=plan.close,
            )
        ending.callback(_stop, node, lanes)
        for lane in lanes.values():
            lane.start()
        scheduler = _schedule(node, lanes)
        ending.callback(scheduler.shutdown, wait=False)
        ending.enter_context(node.watching(lambda name: lanes[name].ring()))
        yield


def _ringer(lanes: Mapping[str, Lane], names: tuple[str, ...]) -> Callable[[], None]:
    def ring() -> None:
        for name in names:
            lanes[name].ring()

    return ring


def _stop(node: Node, lanes: Mapping[str, Lane]) -> None:
    for lane in lanes.values():
        lane.stop()
    deadline = time.monotonic() + _PATIENCE.total_seconds()
    waiting = [lane for lane in lanes.values() if not lane.join(_until(deadline))]
    if waiting:
        # Whoever waits for an answer is cut off; what that leaves open is found out next time.
        node.hang_up()
        deadline = time.monotonic() + _PATIENCE.total_seconds()
        for lane in waiting:
            if not lane.join(_until(deadline)):
                log.warning("a lane did not end in time", extra={"lane": lane.name})


def _until(deadline: float) -> timedelta:
    return timedelta(seconds=max(0.0, deadline - time.monotonic()))


def _schedule(node: Node, lanes: Mapping[str, Lane]) -> BackgroundScheduler:
    """Ring the lanes at their intervals."""
    from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415 - 78 ms

    config = node.config
    scheduler = BackgroundScheduler(
        timezone="Asia/Ho_Chi_Minh", job_defaults={"coalesce": True, "misfire_grace_time": None}
    )

    def every(interval: timedelta, job: Callable[[], None]) -> None:
        scheduler.add_job(job, "interval", seconds=interval.total_seconds(), max_instances=1)

    def upkeep() -> None:
        node.upkeep()
        for name in ("push", "deliver", "report"):
            lanes[name].ring()

    every(config.pull.every, lanes["pull"].ring)
    every(node.scan_interval(), lanes["intake"].ring)
    every(config.report.every, lanes["report"].ring)
    every(_UPKEEP, upkeep)
    scheduler.start()
    return scheduler
