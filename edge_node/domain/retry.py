"""When to try again, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# So often an answer nobody understands is taken for a passing trouble.
UNCLEAR_ANSWERS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Waits that grow by a factor up to a ceiling, until there have been enough attempts."""

    first: timedelta = timedelta(seconds=30)
    factor: float = 2.0
    ceiling: timedelta = timedelta(minutes=30)
    attempts: int = 150  # with the defaults about three days: a long weekend

    def next_due(
        self,
        attempt: int,
        *,
        now: datetime,
        spread: float = 0.0,
        deadline: datetime | None = None,
    ) -> datetime | None:
        """
        Return when to make the attempt after the ``attempt``-th (counted from 1); None to stop.

        ``spread`` in 0 ≤ spread < 1 shortens the wait by up to a quarter, so that what failed
        together does not come back together. A wait that would go past ``deadline`` ends there.
        """
        if attempt >= self.attempts:
            return None
        due = now + self.wait(attempt) * (1 - spread / 4)
        return deadline if deadline and now < deadline < due else due

    def wait(self, attempt: int) -> timedelta:
        """Return the full wait after the ``attempt``-th failure in a row."""
        doublings = min(attempt - 1, 60)  # beyond that every ceiling has long been reached
        grown = self.first.total_seconds() * self.factor**doublings
        return timedelta(seconds=min(grown, self.ceiling.total_seconds()))
