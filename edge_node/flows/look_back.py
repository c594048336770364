"""
Look back over what the axis had for us, so that nothing it no longer offers is missed.

The ordinary look asks what waits, as every client in the field does. An axis that takes reading
for acknowledging, loses a list on its way, or skips a day never offers that again. So it is asked
from time to time, with dates, for everything since a mark and a little before it: whatever we do
not know is fetched, whether or not the axis thinks that we have it. A kind's mark moves only when
all of that kind that was unknown is safe here; after an outage, however long, it is where it was.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import AxisDenied, AxisUnreachable, Permanent, Transient
from edge_node.domain.recovery import ASIDE_BEFORE
from edge_node.domain.time import iso, read_stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.domain.envelope import AxisId, Listed
    from edge_node.flows.ports import Arriving, Axis, Marks

log = logging.getLogger(__name__)

# What the axis says of an item it has been told of, in this life of the node or in another.
SETTLED: Final = frozenset({"done", "fail"})
_REACHED: Final = "looked back to {kind}"  # a moment: all that came before it is safe here
_JOINED: Final = "joined"  # a moment: what the axis settled before it was never ours


@dataclass(slots=True)
class _Look:
    """What one look back found that is not safe here yet."""

    began: datetime
    unsafe: dict[AxisId, Listed]


@dataclass(slots=True, kw_only=True)
class LookBack:
    """One look after the other, each from where the last one that was completed began."""

    queue: Arriving
    marks: Marks
    axis: Axis
    every: timedelta
    overlap: timedelta
    _looked: datetime | None = field(default=None, init=False)
    _looks: dict[MessageType, _Look] = field(default_factory=dict, init=False)
    _failing: bool = field(default=False, init=False)

    def wanted(self, now: datetime) -> Mapping[AxisId, Listed]:
        """Return what looking back found and is still to be fetched; look anew if it is time."""
        # By distance, because a clock that was put back must not keep us from looking.
        if self._looked is None or abs(now - self._looked) >= self.every:
            self._look(now)
            self._looked = now
        return {key: item for look in self._looks.values() for key, item in look.unsafe.items()}

    def safe(self, axis_id: AxisId) -> None:
        """Note that an item is durable here; the last one of a look moves the mark."""
        for kind, look in list(self._looks.items()):
            if look.unsafe.pop(axis_id, None) is not None and not look.unsafe:
                self._complete(kind, look.began)

    def settled_elsewhere(self, listed: Listed) -> bool:
        """Tell whether another life of this node may have handed over what we do not know."""
        if listed.message is not MessageType.DOCUMENT or listed.status not in SETTLED:
            return False  # a status that is entered twice tells the same
        before = self.marks.get(ASIDE_BEFORE)
        if before is None:
            return False  # an axis that takes reading for acknowledging says `done` of anything
        created = read_stamp(listed.created)
        return created is None or created < datetime.fromisoformat(before)

    def _look(self, now: datetime) -> None:
        failed = False
        for kind in MessageType:
            try:
                listed = self.axis.list_received(kind, since=self._since(kind, now), until=now)
            except (Permanent, Transient, AxisDenied, AxisUnreachable) as error:
                # Not every axis may know dates, and it has just listed without them.
                level = logging.DEBUG if self._failing or failed else logging.WARNING
                failed = True
                log.log(level, "cannot look back", extra={"type": kind, "error": str(error)})
                continue
            self._found(kind, listed, now)
        self._failing = failed

    def _found(self, kind: MessageType, listed: list[Listed], now: datetime) -> None:
        joined = self._joined(now)
        ours = {item.axis_id: item for item in listed if not _is_older(item, joined)}
        unknown = self.queue.unknown(ours)
        unsafe = {key: item for key, item in ours.items() if key in unknown}
        if not unsafe:
            self._complete(kind, now)
            return
        log.info("found by looking back", extra={"type": kind, "items": len(unsafe)})
        self._looks[kind] = _Look(now, unsafe)

    def _complete(self, kind: MessageType, began: datetime) -> None:
        self._looks.pop(kind, None)
        self.marks.put(_REACHED.format(kind=kind), iso(began))

    def _since(self, kind: MessageType, now: datetime) -> datetime:
        reached = self.marks.get(_REACHED.format(kind=kind))
        if reached is None:
            return self._joined(now)
        # A clock that was ahead once must not hide what came meanwhile.
        return min(datetime.fromisoformat(reached), now) - self.overlap

    def _joined(self, now: datetime) -> datetime:
        """Return since when what the axis has for us is ours: the first look, less the overlap."""
        known = self.marks.get(_JOINED)
        if known is None:
            known = iso(now - self.overlap)
            self.marks.put(_JOINED, known)
        return min(datetime.fromisoformat(known), now - self.overlap)


def _is_older(listed: Listed, joined: datetime) -> bool:
    """Tell whether an axis that takes no notice of dates lists what was settled before us."""
    created = read_stamp(listed.created)
    return listed.status in SETTLED and created is not None and created < joined
