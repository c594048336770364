"""How long a flow may sleep, whether it is time to look again, and what stops it altogether."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import DiskTrouble, FolderMissing, QueueHeld

if TYPE_CHECKING:
    from datetime import datetime


# These keep a flow from all work; other errors of a folder are one item's own.
STOPS_ALL: Final = (DiskTrouble, FolderMissing, QueueHeld)


@dataclass(slots=True)
class Look:
    """When a folder is to be looked through: after the bell, or when time alone may tell more."""

    _rung: bool = field(default=True, init=False)
    _next: float | None = field(default=None, init=False)

    def ring(self) -> None:
        """Something may have changed."""
        self._rung = True

    def is_due(self, now: float) -> bool:
        """Tell whether it is time (by the same monotonic clock as all of these)."""
        return self._rung or (self._next is not None and now >= self._next)

    def done(self, next_look: float | None) -> None:
        """Note that it was looked through, and when that may be worth while again."""
        self._rung = False
        self._next = next_look

    def rest(self, now: float) -> timedelta | None:
        """Return how long there is nothing to look for; None: until the bell."""
        if self._rung:
            return timedelta()
        return None if self._next is None else timedelta(seconds=max(0.0, self._next - now))


def until_due(due: datetime | None, now: datetime) -> timedelta | None:
    """Return the time until something is due; None where nothing is."""
    return None if due is None else max(due - now, timedelta())
