"""Measurements are read seldom enough that nobody who asks can be a burden to the queue."""

from __future__ import annotations

from builders import T0, a_new_document

from edge_node.adapters.measuring import Measuring, left_on


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
    measuring = Measuring(queue, monotonic=watch)
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

    measuring = Measuring(queue, monotonic=slow)
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
