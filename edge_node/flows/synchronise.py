"""
Keep the directory of agencies as the axis has it, one list a turn, when its time has come.

Axes have one, two or three lists; what one of them does wrong spoils no other. A list is believed
once it was read whole, and only where it does not lack half the country all of a sudden.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.breaker import AxisDown, NoConnection
from edge_node.domain.directory import AgencyList, ImplausibleLoss, ListStanding
from edge_node.domain.errors import AxisDenied, AxisUnreachable, Permanent, Transient

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge_node.domain.directory import Reading
    from edge_node.domain.errors import EdgeNodeError
    from edge_node.flows.directory_ports import AgencyLists, Keeping

log = logging.getLogger(__name__)

# A list that broke off is asked for again before its time.
_SOON: Final = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class Synchronise:
    """One turn reads one list."""

    keeping: Keeping
    axis: AgencyLists
    lists: Sequence[AgencyList]
    levels: int
    every: timedelta
    stale_after: timedelta
    _due: dict[AgencyList, datetime] | None = field(default=None, init=False)

    def wake(self) -> None:
        """Look again at what is known: a command may have brought it up to date."""
        self._due = None

    def turn(self, now: datetime) -> bool:
        """Read the list that has been due longest; False if none is due."""
        if self.rest(now) != timedelta():
            return False
        self._due = None  # a command may have been quicker
        due = self._when(now)
        which = min(due, key=due.__getitem__)
        if due[which] <= now:
            self.see_to(which, now=now)
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next list is due."""
        due = self._when(now)
        return max(min(due.values()) - now, timedelta()) if due else None

    def see_to(
        self, which: AgencyList, *, now: datetime, accept_loss: bool = False
    ) -> Reading | EdgeNodeError:
        """
        Read a list now; return what it brought, or what kept it from being believed.

        ``accept_loss``: a person says that what the list lacks is gone. Raises outages.
        """
        self._due = None
        try:
            return self._read(which, now=now, accept_loss=accept_loss)
        except (AxisDown, NoConnection):
            raise  # nothing can be asked: whoever owns the thread waits until the axis is there
        except (Permanent, Transient, AxisDenied, AxisUnreachable) as error:
            self._failed(which, error, now)
            return error

    def _read(self, which: AgencyList, *, now: datetime, accept_loss: bool) -> Reading:
        reader = self.keeping.read(which, now=now)
        levels = range(1, self.levels + 1) if which is AgencyList.QD20 else (1,)
        for level in levels:
            self.axis.list_agencies(which, reader.take, level=level)
        reading = reader.finish(
            again=now + self.every, fresh=now - self.stale_after, accept_loss=accept_loss
        )
        seen = {"list": str(which), "units": reading.units, "changed": reading.changed}
        log.info("directory read", extra=seen | {"gone": reading.gone})
        return reading

    def _failed(self, which: AgencyList, error: EdgeNodeError, now: datetime) -> None:
        soon = min(_SOON, self.every) if isinstance(error, Transient) else self.every
        known = self.keeping.standing().get(which)
        is_news = known is None or known.problem is None or known.problem != error.message
        self.keeping.failed(which, error.message, now=now, again=now + soon)
        seen = {"list": str(which), "error": str(error), "hint": str(error.hint or "")}
        if isinstance(error, ImplausibleLoss):
            log.error("a list of agencies is not believed", extra=seen)
        elif is_news:
            log.warning("a list of agencies cannot be read", extra=seen)

    def _when(self, now: datetime) -> dict[AgencyList, datetime]:
        if self._due is None:
            known = self.keeping.standing()
            self._due = {which: _due(known.get(which), now, self.every) for which in self.lists}
        return self._due


def _due(standing: ListStanding | None, now: datetime, every: timedelta) -> datetime:
    if standing is None or standing.again is None:
        return now
    # A clock that was ahead once must not keep us from asking.
    return min(standing.again, now + every)
