"""When to try again, and when to stop."""

from __future__ import annotations

from datetime import timedelta

from builders import MINUTE, SECOND, T0
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.retry import RetryPolicy

POLICY = RetryPolicy(first=10 * SECOND, ceiling=5 * MINUTE, attempts=8)


def test_waits_double_up_to_the_ceiling():
    """10 s, 20 s, 40 s … and never more than five minutes."""
    waits = [POLICY.next_due(attempt, now=T0) - T0 for attempt in range(1, 8)]
    assert waits == [
        10 * SECOND,
        20 * SECOND,
        40 * SECOND,
        80 * SECOND,
        160 * SECOND,
        5 * MINUTE,
        5 * MINUTE,
    ]


def test_after_the_last_attempt_there_is_no_next():
    """Eight attempts are eight, not nine."""
    assert POLICY.next_due(7, now=T0) is not None
    assert POLICY.next_due(8, now=T0) is None


@given(st.integers(1, 149), st.floats(0, 1, exclude_max=True))
def test_spread_only_ever_shortens_a_wait_and_by_a_quarter_at_most(attempt, spread):
    """What failed together comes back apart, and nothing waits longer than the policy says."""
    policy = RetryPolicy()
    full = policy.wait(attempt)
    due = policy.next_due(attempt, now=T0, spread=spread)
    assert full * 0.75 - SECOND <= due - T0 <= full


def test_the_defaults_outlast_a_long_weekend():
    """From Friday evening to Tuesday morning nothing is given up."""
    policy = RetryPolicy()
    total = sum((policy.wait(attempt) for attempt in range(1, policy.attempts)), timedelta())
    assert total * 0.75 > timedelta(days=2, hours=4)
    assert total > timedelta(days=2, hours=20)


def test_a_wait_that_would_go_past_the_deadline_ends_there():
    """One more try in time; once the deadline is past, the waits are what they always were."""
    plain = POLICY.next_due(3, now=T0)
    assert POLICY.next_due(3, now=T0, deadline=T0 + 5 * SECOND) == T0 + 5 * SECOND
    assert POLICY.next_due(3, now=T0, deadline=T0 + 5 * MINUTE) == plain
    assert POLICY.next_due(3, now=T0, deadline=T0) == plain
    assert POLICY.next_due(8, now=T0, deadline=T0 + SECOND) is None
