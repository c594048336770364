"""
The page of measurements, and what is counted for it while the node works.

How things stand is read when somebody asks: from the queue (kept for some seconds), the lanes, the
folders and the certificates (kept for an hour). What happens is followed in the queue's own
records, from the moment the lanes begin. Loaded only where `metrics.listen` is set.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import prometheus_client
from prometheus_client import Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from edge_node.adapters.apart import Apart
from edge_node.adapters.following import Following, Span
from edge_node.adapters.measuring import Measuring
from edge_node.daemon import families
from edge_node.daemon.health import Health
from edge_node.daemon.page import Answer, Page, served
from edge_node.daemon.surroundings import surroundings_of
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.lifecycle import SendingEvent
from edge_node.node.expiries import Holdings, holdings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from prometheus_client.core import Metric

    from edge_node.adapters.measuring import Snapshot
    from edge_node.daemon.lanes import Lane
    from edge_node.node import Node

_HOUR: Final = 3600.0  # seconds
_PATIENCE: Final = 5.0  # seconds the first to ask waits for the certificates
_FOLDERS: Final = 3.0  # seconds whoever asks waits for the folders
# From a second to three days: a long weekend.
_BUCKETS: Final = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200)
_SPANS: Final = {
    Span.TO_AXIS: ("taken_to_accepted", "From a drop taken in until the axis has it."),
    Span.TO_ARRIVAL: ("accepted_to_arrived", "From there until its receiver says 01."),
    Span.WHOLE: ("taken_to_arrived", "From a drop taken in until its receiver says 01."),
}
# How a try to send ends; shown from the beginning, so that the first of a kind is seen as a rise.
_OUTCOMES: Final = (
    SendingEvent.ACCEPTED.value,
    SendingEvent.REFUSED.value,
    SendingEvent.EXHAUSTED.value,
    SendingEvent.SILENCE.value,
    "unclear",
    "deferred",
)


@contextmanager
def measured(node: Node, lanes: Mapping[str, Lane]) -> Iterator[None]:
    """Serve the page for as long as the block lasts; where that cannot be, say so and go on."""
    place = node.config.metrics.place
    if place is None:
        yield
        return
    measures = Measures(node, lanes)
    answers = {
        "/metrics": measures.text,
        "/healthz": measures.health.healthy,
        "/readyz": measures.health.ready,
    }
    with served(Page(place, answers)):
        yield


class Measures(Collector):
    """Everything there is to measure of one node at work."""

    def __init__(self, node: Node, lanes: Mapping[str, Lane]) -> None:
        """Begin to count; raises what `QueueFile` does."""
        # When counting began is no news. (Their function has no types.)
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._node = node
        self._lanes = lanes
        self._measuring = Measuring(node.queue, clock=node.clock)
        self._surroundings = Apart(
            name="folders", read=partial(surroundings_of, node), patience=_FOLDERS
        )
        self._certificates = Apart(
            name="certificates",
            read=lambda: holdings(node.config, now=node.clock()),
            every=_HOUR,
            patience=_PATIENCE,
        )
        self.health = Health(
            node, lanes, measuring=self._measuring, surroundings=self._surroundings
        )
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._happened = _Happened(node, self._registry)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def text(self) -> Answer:
        """Return the whole page."""
        self._happened.follow()
        return Answer(200, generate_latest(self._registry), CONTENT_TYPE_LATEST)

    def collect(self) -> Iterator[Metric]:
        """Yield how everything stands; what cannot be read now is left out."""
        node = self._node
        yield from families.of_build(node)
        yield from families.of_queue(self._snapshot(), node.clock())
        yield from families.of_surroundings(self._surroundings.fresh(), node)
        yield from families.of_flows(self._lanes)
        yield from families.of_axis(node)
        yield from families.of_directory(self._synced())
        yield from families.of_certificates(self._certificates.known() or Holdings())

    def _snapshot(self) -> Snapshot | None:
        try:
            return self._measuring.snapshot()
        except EdgeNodeError:
            return None

    def _synced(self) -> datetime | None:
        try:
            return self._node.directory.synced()
        except EdgeNodeError:
            return None
        finally:
            self._node.directory.close()  # of this thread, which may never come again


class _Happened:
    """What has happened since the node began, counted when somebody asks."""

    def __init__(self, node: Node, registry: CollectorRegistry) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._following = Following(node.queue.file)
        self._tries = Counter(
            "edge_node_send_attempts",
            "Tries to send a document or a status, by how they ended.",
            ["outcome"],
            registry=registry,
        )
        for outcome in _OUTCOMES:
            self._tries.labels(outcome)
        self._spans = {
            span: Histogram(
                f"edge_node_{name}_seconds", words, registry=registry, buckets=_BUCKETS
            )
            for span, (name, words) in _SPANS.items()
        }

    def follow(self) -> None:
        """Count what is new; what cannot be read now is counted the next time."""
        with self._lock:
            try:
                for outcome in self._following.outcomes():
                    self._tries.labels(outcome).inc()
                for took in self._following.took():
                    self._spans[took.span].observe(took.seconds)
            except EdgeNodeError:
                return
            finally:
                self._node.queue.close()  # of this thread, which may never come again
