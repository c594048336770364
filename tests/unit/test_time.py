"""Vietnam's time: also for moments its clocks cannot show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from edge_node.domain.time import in_vietnam, iso

FAR_EAST = timezone(timedelta(hours=14))


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 21, 7, 3, 5, tzinfo=UTC), "2026-11-21T14:03:05+07:00"),
        (datetime(9999, 12, 31, 16, 59, 59, tzinfo=UTC), "9999-12-31T23:59:59+07:00"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "9999-12-31T23:59:59+07:00"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T07:00:00+07:00"),
        (datetime(1, 1, 1, tzinfo=FAR_EAST), "0001-01-01T00:00:00+07:00"),
    ],
)
def test_every_moment_can_be_written(moment, written):
    """A certificate without an end names the last second there is (RFC 5280, 4.1.2.5)."""
    assert iso(moment) == written


@pytest.mark.parametrize(
    "edge", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
def test_what_our_clocks_cannot_show_stands_at_their_edge(edge):
    """The first and the last moment in any zone are moments still, and can be shown."""
    for hours in (-12, 0, 14):
        here = in_vietnam(edge.replace(tzinfo=timezone(timedelta(hours=hours))))

        assert here.year == edge.year
        assert here.utcoffset() == timedelta(hours=7)
