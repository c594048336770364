"""
Measurements in the words of Prometheus, and whether the node lives and works.

Nothing is counted while the node works: all of it is read when somebody asks, from the queue (kept
for some seconds), the lanes, and the certificates (kept for an hour). Loaded only where
`metrics.listen` is set.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from prometheus_client import PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from edge_node import __version__
from edge_node.adapters.measuring import Measuring, left_on
from edge_node.daemon.board import CLOCK
from edge_node.daemon.page import Answer, Page, served
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.expiry import Holder
from edge_node.node.expiries import Holdings, holdings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from prometheus_client.core import Metric

    from edge_node.adapters.measuring import Snapshot
    from edge_node.daemon.lanes import Lane
    from edge_node.node import Node

log = logging.getLogger(__name__)

_Labels = TypeVar("_Labels", bound=tuple[str, ...])

_HOUR: Final = 3600.0  # seconds
_PATIENCE: Final = 5.0  # seconds the first to ask waits for the certificates
# What the ledger calls them, and what they are called here.
_COUNTED: Final = {
    "out": ("documents", "out"),
    "in": ("documents", "in"),
    "reports": ("statuses", "out"),
    "statuses": ("statuses", "in"),
}


@contextmanager
def measured(node: Node, lanes: Mapping[str, Lane]) -> Iterator[None]:
    """Serve the page for as long as the block lasts; where that cannot be, say so and go on."""
    place = node.config.metrics.place
    if place is None:
        yield
        return
    measures = Measures(node, lanes)
    page = Page(
        place,
        {
            "/metrics": measures.text,
            "/healthz": measures.healthy,
            "/readyz": measures.ready,
        },
    )
    with served(page):
        yield


class Measures(Collector):
    """Everything there is to measure of one node at work."""

    def __init__(self, node: Node, lanes: Mapping[str, Lane]) -> None:
        """Read nothing yet."""
        self._node = node
        self._lanes = lanes
        self._measuring = Measuring(node.queue)
        self._certificates = _Certificates(lambda: holdings(node.config, now=node.clock()))
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def text(self) -> Answer:
        """Return the whole page."""
        return Answer(200, generate_latest(self._registry), CONTENT_TYPE_LATEST)

    def healthy(self) -> Answer:
        """Say whether the node lives: every lane that was started is there."""
        dead = sorted(name for name, lane in self._lanes.items() if lane.is_dead)
        return _said([f"ended: {name}" for name in dead], "alive")

    def ready(self) -> Answer:
        """Say whether all of its work can be done now, and what rests where not."""
        healthy = self.healthy()
        if healthy.status != 200:  # noqa: PLR2004 - HTTP's own
            return healthy
        try:
            self._node.queue.file.demand_unharmed()
            pauses = self._measuring.snapshot().pauses
        except EdgeNodeError:
            return _said(["the queue cannot be read"], "ready")
        return _said([f"rests: {one.what}" for one in pauses if one.what != CLOCK], "ready")

    def collect(self) -> Iterator[Metric]:
        """Yield every measurement; what cannot be read now is left out."""
        node = self._node
        agency = {"version": __version__, "agency": node.config.agency.code}
        yield InfoMetricFamily("edge_node_build", "Which program works for whom.", value=agency)
        try:
            snapshot = self._measuring.snapshot()
        except EdgeNodeError:
            yield _one("queue_readable", "Whether the queue can be read.", 0)
        else:
            yield _one("queue_readable", "Whether the queue can be read.", 1)
            yield from _of_queue(snapshot, node.clock())
        yield from self._of_disks()
        yield from self._of_flows()
        yield from self._of_axis()
        yield from _of_certificates(self._certificates.known())

    def _of_disks(self) -> Iterator[Metric]:
        folders = self._node.config.folders
        left = left_on({"data": folders.data, "exchange": folders.exchange})
        space = {(name,): one.space for name, one in left.items()}
        inodes = {(name,): one.inodes for name, one in left.items() if one.inodes is not None}
        yield _many("disk_free_bytes", "Left on the file system of a folder.", ["folder"], space)
        yield _many("disk_free_inodes", "Files that can still be made there.", ["folder"], inodes)

    def _of_flows(self) -> Iterator[Metric]:
        last = {
            (lane.name, flow): at.timestamp()
            for lane in self._lanes.values()
            for flow, at in lane.succeeded.copy().items()
        }
        name, words = "flow_last_success_timestamp_seconds", "When a flow last met no obstacle."
        yield _many(name, words, ["lane", "flow"], last)

    def _of_axis(self) -> Iterator[Metric]:
        up = self._node.upstream.down() is None
        yield _one("axis_up", "Whether calls to the axis get through.", int(up))
        offset = self._node.clock_watch.offset
        if offset is not None:
            words = "How far our clock is ahead of the axis's."
            yield _one("clock_offset_seconds", words, offset.total_seconds())


def _of_queue(snapshot: Snapshot, now: datetime) -> Iterator[Metric]:
    kinds: dict[str, dict[tuple[str, ...], float]] = {"documents": {}, "statuses": {}}
    for what, states in snapshot.counts.items():
        if what in _COUNTED:
            kind, direction = _COUNTED[what]
            kinds[kind] |= {(direction, state): count for state, count in states.items()}
    words = "Documents by state; going out, one for each receiver."
    yield _many("documents", words, ["direction", "state"], kinds["documents"])
    yield _many("statuses", "Statuses by state.", ["direction", "state"], kinds["statuses"])
    backlog = snapshot.backlog.items()
    count = {(lane,): one.count for lane, one in backlog}
    yield _many("work", "What is to be done, by lane.", ["lane"], count)
    ages = {(lane,): max(0.0, (now - one.due).total_seconds()) for lane, one in backlog}
    words = "For how long the oldest has been due."
    yield _many("work_oldest_due_age_seconds", words, ["lane"], ages)
    rests = {(one.what,): one.since.timestamp() for one in snapshot.pauses}
    yield _many("paused_since_timestamp_seconds", "What rests, and since when.", ["what"], rests)


def _of_certificates(held: Holdings) -> Iterator[Metric]:
    keys = {(one.name,): one.ends.timestamp() for one in held.of(Holder.KEY)}
    words = "When the certificate of a key to sign with runs out."
    yield _many("certificate_expiry_timestamp_seconds", words, ["key"], keys)
    unread = {(name,): 1 for name in held.unread}
    yield _many("certificate_unreadable", "Certificates nobody could read.", ["name"], unread)
    anchors = [one.ends.timestamp() for one in held.of(Holder.ANCHOR)]
    yield _one("trust_anchors", "Authorities that are believed.", len(anchors))
    if anchors:
        words = "When the first of them runs out."
        yield _one("trust_anchor_expiry_timestamp_seconds", words, min(anchors))


@dataclass(slots=True)
class _Certificates:
    """The certificates, read apart from whoever asks: a child is started for it."""

    read: Callable[[], Holdings]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _read_once: threading.Event = field(default_factory=threading.Event)
    _reading: bool = False
    _last: Holdings = field(default_factory=Holdings)
    _at: float = -_HOUR

    def known(self) -> Holdings:
        """Return what they said within the last hour, or at the last look while another begins."""
        with self._lock:
            if not self._reading and time.monotonic() >= self._at + _HOUR:
                self._reading = True
                threading.Thread(target=self._look, name="certificates", daemon=True).start()
        self._read_once.wait(_PATIENCE)
        return self._last

    def _look(self) -> None:
        try:
            self._last = self.read()
        except Exception:
            log.exception("the certificates cannot be looked at")
        finally:
            with self._lock:
                self._at, self._reading = time.monotonic(), False
            self._read_once.set()


def _said(wrong: Sequence[str], right: str) -> Answer:
    text = "\n".join(wrong or [right]) + "\n"
    return Answer(503 if wrong else 200, text.encode(), "text/plain; charset=utf-8")


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"edge_node_{name}", words, value=value)


def _many(name: str, words: str, labels: Sequence[str], values: Mapping[_Labels, float]) -> Metric:
    family = GaugeMetricFamily(f"edge_node_{name}", words, labels=labels)
    for told, value in values.items():
        family.add_metric(told, value)
    return family
