"""From when on it is said that a certificate runs out."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_node.domain.expiry import PAST, days_left, threshold

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "reached"),
    [
        (400, None),
        (61, None),
        (60, 60),
        (31, 60),
        (30, 30),
        (14, 14),
        (7, 7),
        (2, 7),
        (1, 1),
        (0, 1),
    ],
)
def test_each_threshold_is_reached_at_its_day_and_below(days, reached):
    """Whole days count: with six hours more it is still that day."""
    ends = NOW + timedelta(days=days, hours=6)

    assert days_left(ends, NOW) == days
    assert threshold(ends, NOW) == reached


def test_after_the_end_it_is_past():
    """Not before the last second of it."""
    assert threshold(NOW, NOW) == 1
    assert threshold(NOW, NOW + timedelta(seconds=1)) == PAST
    assert days_left(NOW, NOW + timedelta(seconds=1)) == -1
