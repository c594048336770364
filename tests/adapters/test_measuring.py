"""Measurements are read seldom enough that nobody who asks can be a burden to the queue."""

from __future__ import annotations

from builders import HOUR, MINUTE, T0, THEM, a_document, a_new_document

from edge_node.adapters.database import stamp
from edge_node.adapters.measuring import UNHEARD, Measuring, left_on
from edge_node.domain.envelope import AxisId, MessageType
from edge_node.domain.lifecycle import SendingEvent


class Watch:
    """A clock for spans, moved by the test."""

    def __init__(self):
        """Begin somewhere."""
        self.at = 100.0

    def __call__(self):
        """Show it."""
        return self.at


def out(snapshot):
    return snapshot.counts["out"]


def test_whoever_asks_again_gets_what_was_read(queue):
    """For five seconds; then it is read once more."""
    watch = Watch()
    measuring = Measuring(queue, clock=lambda: T0, monotonic=watch)
    assert out(measuring.snapshot()) == {}
    queue.outgoing.add(a_new_document("o000000001"), now=T0)
    watch.at += 4.9
    assert out(measuring.snapshot()) == {}
    watch.at += 0.2
    snapshot = measuring.snapshot()

    assert out(snapshot) == {"queued": 1}
    assert {lane: one.count for lane, one in snapshot.backlog.items()} == {"push": 1}
    assert snapshot.backlog["push"].due == T0


def test_what_takes_long_to_read_is_read_rarely(queue):
    """Two seconds of reading are good for forty."""
    watch = Watch()

    def slow():
        watch.at += 1.0  # each time it is asked
        return watch.at

    measuring = Measuring(queue, clock=lambda: T0, monotonic=slow)
    measuring.snapshot()  # took a second
    queue.outgoing.add(a_new_document("o000000001"), now=T0)
    watch.at += 17
    assert out(measuring.snapshot()) == {}
    watch.at += 2
    assert out(measuring.snapshot()) == {"queued": 1}


def test_a_folder_that_is_away_is_left_out(tmp_path):
    """The others are measured all the same."""
    left = left_on({"data": tmp_path, "exchange": tmp_path / "unmounted"})

    assert list(left) == ["data"]
    assert left["data"].space > 0


def test_what_waits_is_counted_by_its_age(queue):
    """Each receiver in its state, and for how long; what is done is in no age."""
    new = a_new_document("o000000001", document=a_document("12", to=(THEM, "H99.09")))
    queue.outgoing.add(new, now=T0 - 2 * HOUR)
    queue.outgoing.add(a_new_document("o000000002", document=a_document("13")), now=T0)
    claim, _ = queue.outgoing.claim(MessageType.DOCUMENT, now=T0 - HOUR, lease=MINUTE)
    queue.outgoing.settle(
        claim, SendingEvent.ACCEPTED, now=T0 - 25 * HOUR, axis_id=AxisId("axis-1")
    )
    snapshot = Measuring(queue, clock=lambda: T0).snapshot()
    assert snapshot.ages == {
        ("out", "queued", "under 5m"): 1,
        ("out", UNHEARD, "1d to 7d"): 2,
    }


def test_alarms_are_counted_by_rule_and_deadlines_without_names(queue):
    """An agency stands in no name; what nobody was told of, and what is over, is not counted."""
    with queue.file.transaction() as transaction:
        for what in ("dispatch late", "merged:H99.01", "merged:H99.02"):
            row = {"item": "o1", "what": what, "at": 0}
            transaction.insert("alarms", row)
        for about, raised, over in (
            ("a", 1, None),
            ("b", 1, None),
            ("c", None, None),
            ("d", 1, 2),
        ):
            row = {"rule": "axis", "watch": "axis", "about": about, "stage": "", "words": ""}
            row |= {"severity": "warning", "seen": 0, "raised": raised, "over": over}
            transaction.insert("incidents", row)
    snapshot = Measuring(queue, clock=lambda: T0).snapshot()
    assert snapshot.deadlines == {"dispatch late": 1, "merged": 2}
    assert snapshot.alarms == {"axis": 2}


def test_the_last_canary_that_came_back_is_measured(queue):
    """How long it was under way, though a later one is still missing."""
    assert Measuring(queue, clock=lambda: T0).snapshot().canary is None
    with queue.file.transaction() as transaction:
        for number, back in ((1, T0 + MINUTE), (2, None)):
            row = {"id": f"c{number}", "document_id": f"d{number}", "envelope": "e"}
            row |= {"sent": stamp(T0), "back": stamp(back) if back else None}
            transaction.insert("canaries", row)
    canary = Measuring(queue, clock=lambda: T0).snapshot().canary
    assert canary.round_trip == MINUTE
