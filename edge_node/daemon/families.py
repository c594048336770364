"""
What is measured, in the names, units and labels of Prometheus.

No label names a partner or a document: what there is of a label is known beforehand, or is written
in the configuration. A family without a sample is shown all the same, so that whoever writes a
rule finds its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

from edge_node import __version__
from edge_node.daemon.health import is_well
from edge_node.domain.expiry import Holder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from prometheus_client.core import Metric

    from edge_node.adapters.measuring import Snapshot
    from edge_node.adapters.watcher import Watcher
    from edge_node.daemon.lanes import Lane
    from edge_node.daemon.surroundings import Surroundings
    from edge_node.node import Node
    from edge_node.node.expiries import Holdings

_Labels = TypeVar("_Labels", bound=tuple[str, ...])

# What the ledger calls them, and what they are called here.
_COUNTED: Final = {
    "out": ("documents", "out"),
    "in": ("documents", "in"),
    "reports": ("statuses", "out"),
    "statuses": ("statuses", "in"),
}


def of_build(node: Node) -> Iterator[Metric]:
    """Yield which program works, and for whom."""
    agency = {"version": __version__, "agency": node.config.agency.code}
    yield InfoMetricFamily("edge_node_build", "Which program works for whom.", value=agency)


def of_queue(snapshot: Snapshot | None, now: datetime) -> Iterator[Metric]:
    """Yield what stands where; without a snapshot, only that the queue cannot be read."""
    yield _one("queue_readable", "Whether the queue can be read.", int(snapshot is not None))
    if snapshot is None:
        return
    kinds: dict[str, dict[tuple[str, ...], float]] = {"documents": {}, "statuses": {}}
    for what, states in snapshot.counts.items():
        if what in _COUNTED:
            kind, direction = _COUNTED[what]
            kinds[kind] |= {(direction, state): count for state, count in states.items()}
    words = "Documents by state; going out, one for each receiver."
    yield _many("documents", words, ["direction", "state"], kinds["documents"])
    yield _many("statuses", "Statuses by state.", ["direction", "state"], kinds["statuses"])
    words = "Documents that something is still to be done about, by state and age."
    labels = ["direction", "state", "age"]
    yield _many("documents_waiting", words, labels, snapshot.ages)
    backlog = snapshot.backlog.items()
    count = {(lane,): one.count for lane, one in backlog}
    yield _many("work", "What is to be done, by lane.", ["lane"], count)
    ages = {(lane,): max(0.0, (now - one.due).total_seconds()) for lane, one in backlog}
    words = "For how long the oldest has been due."
    yield _many("work_oldest_due_age_seconds", words, ["lane"], ages)
    rests = {(one.what,): one.since.timestamp() for one in snapshot.pauses}
    yield _many("paused_since_timestamp_seconds", "What rests, and since when.", ["what"], rests)
    words = "Whether nothing is sent because the data folder may be an older state."
    yield _one("sending_held", words, int(snapshot.held_since is not None))
    yield from _of_alarms(snapshot)


def _of_alarms(snapshot: Snapshot) -> Iterator[Metric]:
    late = {(what,): count for what, count in snapshot.deadlines.items()}
    words = "What is not done in time, or nearly, by duty and stage."
    yield _many("deadlines_open", words, ["what"], late)
    alarms = {(rule,): count for rule, count in snapshot.alarms.items()}
    words = "Incidents people were told of and that are not over, by rule."
    yield _many("alarms_open", words, ["rule"], alarms)
    canary = snapshot.canary
    when, took = {}, {}
    if canary is not None and canary.back is not None and canary.round_trip is not None:
        when = {(): canary.back.timestamp()}
        took = {(): canary.round_trip.total_seconds()}
    words = "When a document to this agency itself last came back through the axis."
    yield _many("canary_last_timestamp_seconds", words, [], when)
    yield _many("canary_latency_seconds", "How long that one was under way.", [], took)


def of_surroundings(around: Surroundings | None, node: Node) -> Iterator[Metric]:
    """Yield room and watch; what does not answer is left out."""
    left = {} if around is None else around.left
    words = "Whether the node's folders answer."
    yield _one("folders_answer", words, int(around is not None))
    free = {(name,): one.space for name, one in left.items()}
    yield _many("disk_free_bytes", "Left on the file system of a folder.", ["folder"], free)
    size = {(name,): one.size for name, one in left.items()}
    yield _many("disk_size_bytes", "What that file system holds in all.", ["folder"], size)
    inodes = {(name,): one.inodes for name, one in left.items() if one.inodes is not None}
    yield _many("disk_free_inodes", "Files that can still be made there.", ["folder"], inodes)
    words = "Below how much nothing new is taken in."
    yield _one("disk_mark_bytes", words, node.config.limits.free_space)
    yield from _of_watcher(node.watcher, hears=None if around is None else around.hears)


def _of_watcher(watcher: Watcher | None, *, hears: bool | None) -> Iterator[Metric]:
    modes: dict[tuple[str], float] = {}
    if watcher is not None:
        modes = {("polling",): int(watcher.polls), ("events",): int(not watcher.polls)}
    yield _many("watcher_mode", "How the folders are watched.", ["mode"], modes)
    heard = {} if hears is None else {(): int(hears)}
    words = (
        "Whether what is dropped is noticed at once, from every folder, or by the clock as set."
    )
    yield _many("watcher_up", words, [], heard)
    rang = watcher.rang if watcher is not None else None
    words = "When something was last heard from a folder; never where it is polled."
    last = {} if rang is None else {(): rang}
    yield _many("watcher_last_event_timestamp_seconds", words, [], last)


def of_flows(lanes: Mapping[str, Lane]) -> Iterator[Metric]:
    """Yield what each lane does."""
    last = {
        (lane.name, flow): at.timestamp()
        for lane in lanes.values()
        for flow, at in lane.succeeded.copy().items()
    }
    name, words = "flow_last_success_timestamp_seconds", "When a flow last met no obstacle."
    yield _many(name, words, ["lane", "flow"], last)
    well = {(lane.name,): int(is_well(lane)) for lane in lanes.values()}
    words = "Whether a lane lives and has turned within its time."
    yield _many("lane_up", words, ["lane"], well)


def of_axis(node: Node) -> Iterator[Metric]:
    """Yield whether the axis can be called, and how far our clock is off its own."""
    down, circuit = node.upstream.down(), node.upstream.circuit
    yield _one("axis_up", "Whether calls to the axis get through.", int(down is None))
    state = "closed" if not circuit.is_open else "probing" if circuit.probing else "open"
    states = {(each,): int(each == state) for each in ("closed", "open", "probing")}
    words = "The breaker: closed, calls go; open, none does; probing, one tries."
    yield _many("axis_breaker", words, ["state"], states)
    since = {} if down is None else {(): down.since.timestamp()}
    yield _many("axis_down_since_timestamp_seconds", "Since when it is down.", [], since)
    offset = node.clock_watch.offset
    words = "How far our clock is ahead of the axis's."
    ahead = {} if offset is None else {(): offset.total_seconds()}
    yield _many("clock_offset_seconds", words, [], ahead)


def of_directory(synced: datetime | None) -> Iterator[Metric]:
    """Yield when the directory of agencies was last read."""
    words = "When a list of agencies was last read whole."
    when = {} if synced is None else {(): synced.timestamp()}
    yield _many("directory_read_timestamp_seconds", words, [], when)


def of_certificates(held: Holdings) -> Iterator[Metric]:
    """Yield until when what is signed and believed by holds."""
    keys = {(one.name,): one.ends.timestamp() for one in held.of(Holder.KEY)}
    words = "When the certificate of a key to sign with runs out."
    yield _many("certificate_expiry_timestamp_seconds", words, ["key"], keys)
    unread = {(name,): 1 for name in held.unread}
    yield _many("certificate_unreadable", "Certificates nobody could read.", ["name"], unread)
    anchors = [one.ends.timestamp() for one in held.of(Holder.ANCHOR)]
    yield _one("trust_anchors", "Authorities that are believed.", len(anchors))
    first = {(): min(anchors)} if anchors else {}
    words = "When the first of them runs out."
    yield _many("trust_anchor_expiry_timestamp_seconds", words, [], first)


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"edge_node_{name}", words, value=value)


def _many(name: str, words: str, labels: Sequence[str], values: Mapping[_Labels, float]) -> Metric:
    family = GaugeMetricFamily(f"edge_node_{name}", words, labels=labels)
    for told, value in values.items():
        family.add_metric(told, value)
    return family
