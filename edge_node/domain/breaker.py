"""
When an axis that is down is asked again, and by whom: one circuit for all who call it.

Closed, every call goes. Open, none does, until one caller at a time may probe; what the probe
finds closes the circuit or makes the next wait twice as long. Which answer shows what of the
axis is told by its error alone. Time is monotonic seconds that are passed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import (
    AxisBusy,
    AxisDenied,
    AxisRefused,
    AxisSilent,
    AxisUnclear,
    AxisUnreachable,
)

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.message import Message

# A single package may choke the axis more than once; five calls in a row are no package's doing.
PATIENCE: Final = 5


class NoConnection(AxisUnreachable):
    """No connection stands at all: whatever is called next will fare alike."""


class AxisFailing(AxisBusy):
    """What came shows the axis itself out of order; nothing says that it took anything."""


class NoPackage(AxisFailing):
    """An answer came whole and is nothing a package can be; all of it has reached the sink."""


class AxisMute(AxisSilent):
    """Something was sent, and nothing came that an axis in order would say."""


class AxisDown(AxisUnreachable):
    """
    Nothing was tried, because the axis is known to be down; somebody probes it later.

    ``since`` is when that was found out; ``remaining`` the seconds until the next probe.
    """

    def __init__(
        self, message: Message, *, since: datetime, remaining: float, hint: Message | None = None
    ) -> None:
        """Say why it is down in the words of what showed it."""
        super().__init__(message, hint=hint)
        self.since = since
        self.remaining = remaining


class Sign(Enum):
    """What the end of a call shows of the axis as a whole."""

    ALIVE = auto()  # it answered in its own words, be they yes or no
    FAILING = auto()  # an answer, or none, that is not in its own words
    GONE = auto()  # no connection
    NONE = auto()  # nothing: the call failed on our side, or somebody else answered


def sign_of(error: BaseException | None) -> Sign:
    """Return what a call that ended so shows of the axis; None for a call that succeeded."""
    if isinstance(error, NoConnection):
        return Sign.GONE
    if isinstance(error, AxisFailing | AxisMute):
        return Sign.FAILING
    if error is None or isinstance(error, _IN_ITS_OWN_WORDS):
        return Sign.ALIVE
    return Sign.NONE


_IN_ITS_OWN_WORDS: Final = (AxisRefused, AxisDenied, AxisUnclear, AxisBusy, AxisSilent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """
    Whether calls may go; ``first`` and ``ceiling`` bound the wait between two probes.

    ``wait`` is the one that runs, 0 where the circuit is closed; the probe is due at ``due``.
    """

    first: float
    ceiling: float
    failures: int = 0  # in a row, whoever called
    wait: float = 0.0
    due: float = 0.0
    probing: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether calls are held back."""
        return self.wait > 0

    def may_probe(self, at: float) -> bool:
        """Tell whether it is time to probe and nobody is at it."""
        return self.is_open and not self.probing and at >= self.due

    def remaining(self, at: float) -> float:
        """Return the seconds until it is worth calling again."""
        return self.wait if self.probing else max(0.0, self.due - at)

    def probed(self) -> Circuit:
        """Return the circuit while somebody probes."""
        return replace(self, probing=True)

    def after(self, sign: Sign, at: float, *, spread: float, probe: bool = False) -> Circuit:
        """
        Return the circuit after a call that showed this sign of the axis at this moment.

        ``probe`` says that the call was the probe; then anything but a live axis keeps it open.
        ``spread`` in 0 ≤ spread < 1 shortens the wait by up to a quarter, so that nodes that
        went down together do not come back together.
        """
        if probe:
            return replace(self._after_probe(sign, at, spread), probing=False)
        if sign is Sign.ALIVE:
            return replace(self, failures=0, wait=0.0, due=0.0)
        if self.is_open or sign is Sign.NONE:
            return self  # a straggler from before; or nothing was learnt
        failures = self.failures + 1
        if sign is Sign.GONE or failures >= PATIENCE:
            return self._opened(self.first, at, spread)
        return replace(self, failures=failures)

    def _after_probe(self, sign: Sign, at: float, spread: float) -> Circuit:
        if sign is not Sign.ALIVE and self.is_open:
            return self._opened(self.wait * 2, at, spread)
        return self.after(sign, at, spread=spread)  # somebody else was quicker to have a success

    def _opened(self, wait: float, at: float, spread: float) -> Circuit:
        bounded = min(wait, self.ceiling)
        due = at + bounded * (1 - spread / 4)
        return replace(self, failures=0, wait=bounded, due=due)
