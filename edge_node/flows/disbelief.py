"""
How often one after the other the axis gave something for an item that is no package.

Such an answer may be the work of a proxy, and an item the axis hears `fail` of is gone: it is
believed only once it came so often. The count outlives the node. What becomes of the item is
`pull`'s affair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import AxisId
from edge_node.domain.retry import UNCLEAR_ANSWERS

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from edge_node.flows.ports import Marks

_COUNT: Final = "no package for "  # and the axis's id: how often running


@dataclass(slots=True, kw_only=True)
class Disbelief:
    """What was answered so of each item, in the marks; read once, and only written after that."""

    marks: Marks
    _times: dict[AxisId, int] | None = field(default=None, init=False)

    def times(self) -> Mapping[AxisId, int]:
        """Return how often it was answered, of each item of which it was."""
        return self._counts()

    def is_over(self, axis_id: AxisId) -> bool:
        """Count one more such answer, durably; True once it is to be believed."""
        times = self.marks.count(_COUNT + axis_id)
        self._counts()[axis_id] = times
        return times >= UNCLEAR_ANSWERS

    def begin_anew(self, axis_id: AxisId) -> None:
        """Note that the axis answered in another way: what it says so does not count any more."""
        self._forget([axis_id])

    def keep(self, wanted: Container[AxisId]) -> None:
        """Forget what nobody wants to fetch any more: it is here, or not listed."""
        self._forget([axis_id for axis_id in self._counts() if axis_id not in wanted])

    def _counts(self) -> dict[AxisId, int]:
        if self._times is None:
            counts = self.marks.counts(_COUNT)
            self._times = {AxisId(key): times for key, times in counts.items()}
        return self._times

    def _forget(self, axis_ids: list[AxisId]) -> None:
        counts = self._counts()
        known = [axis_id for axis_id in axis_ids if axis_id in counts]
        if not known:
            return
        self.marks.remove(*(_COUNT + axis_id for axis_id in known))
        for axis_id in known:
            del counts[axis_id]
