"""In which order the drops that a look found ready are taken in: the most urgent first."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.flows.folders import Drop

# So many go to the most urgent but for one of them, as with claims: urgent ones starve nobody.
_ONE_IN: Final = 10
# While there are still some left the outbox is looked through again after so many seconds, because
# something urgent may have come; where a look takes long, only after so many times that.
_SOON: Final = 2.0
_TIMES: Final = 10


@dataclass(slots=True)
class Ready:
    """What is left of the last look."""

    _urgent: deque[Drop] = field(default_factory=deque, init=False)
    _usual: deque[Drop] = field(default_factory=deque, init=False)
    _taken: int = field(default=0, init=False)
    _stale: float = field(default=0.0, init=False)  # when to look again, by a monotonic clock

    def __len__(self) -> int:
        """Return how many are left."""
        return len(self._urgent) + len(self._usual)

    def fill(self, drops: Iterable[Drop], *, begun: float, ended: float) -> None:
        """Begin anew with what a look found, what has been ready longest first."""
        found = list(drops)
        urgent = sorted((drop for drop in found if drop.urgency), key=lambda drop: -drop.urgency)
        self._urgent = deque(urgent)
        self._usual = deque(drop for drop in found if not drop.urgency)
        self._stale = ended + max(_SOON, _TIMES * (ended - begun))

    def is_stale(self, now: float) -> bool:
        """Tell whether something more urgent than what is left may have come meanwhile."""
        return bool(self) and now >= self._stale

    def first(self) -> Drop:
        """Return the one whose turn it is; there must be one."""
        return self._line()[0]

    def pop(self) -> Drop:
        """Take it off the list."""
        line = self._line()
        self._taken += 1
        return line.popleft()

    def _line(self) -> deque[Drop]:
        others = (self._taken + 1) % _ONE_IN == 0
        first, then = (self._usual, self._urgent) if others else (self._urgent, self._usual)
        return first or then
