"""How long something is kept: the longest of several periods, and for ever where one has none."""

from __future__ import annotations

from datetime import timedelta

from edge_node.config.retention import RetentionSection
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.retention import IN, OUT, Kept, Periods

YEAR = timedelta(days=365)


def test_the_longest_period_counts_and_none_is_for_ever():
    """Of receivers that stand differently; what has not ended has no kind at all."""
    periods = Periods({Kept.SENT: YEAR, Kept.FAILED: 2 * YEAR})
    assert periods.longest({Kept.SENT}) is Kept.SENT
    assert periods.longest({Kept.SENT, Kept.FAILED}) is Kept.FAILED
    assert periods.longest({Kept.SENT, Kept.UNCONFIRMED}) is None
    assert periods.longest(()) is None


def test_what_is_not_finished_has_no_period_whoever_sets_one():
    """Nor has what was recalled; a new state of either life is never removed by mistake."""
    assert set(Sending) - set(OUT) == {
        Sending.QUEUED,
        Sending.UNSURE,
        Sending.HELD,
        Sending.RECALLED,
    }
    assert set(Receiving) - set(IN) == {
        Receiving.RECEIVED,
        Receiving.ACKNOWLEDGED,
        Receiving.DELIVERED,
        Receiving.PARKED,
        Receiving.RECALLED,
    }


def test_no_period_is_set_unless_somebody_sets_it():
    """Everything is kept for ever."""
    assert not RetentionSection().periods
    assert RetentionSection(sent=YEAR).periods.of == {Kept.SENT: YEAR}
