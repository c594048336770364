"""The keys about deadlines: when people are warned of what is not done in time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta

from edge_node.config import kinds
from edge_node.config.calendar import clock_time
from edge_node.config.shapes import key as _key


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinesSection:
    """What is watched, and how long before its time."""

    # How often all that is open is looked at.
    every: timedelta = field(default=timedelta(minutes=5), metadata=_key(kinds.duration))
    # So long before the end of the next working morning a document has to be on its way.
    warn_before: timedelta = field(default=timedelta(hours=2), metadata=_key(kinds.wait))
    # What is urgent leaves at once: nobody is warned while it is younger than half of this.
    urgent_within: timedelta = field(default=timedelta(minutes=30), metadata=_key(kinds.duration))
    # At this hour the receipts (01) of the day are there, ours and those of others.
    receipts_by: time = field(default=time(16, 30), metadata=_key(clock_time))
    # So many working days before its due date an incoming document that is not finished is told.
    due_warning: int = field(default=1, metadata=_key(kinds.whole(1, 30)))
    # What ended badly, or waits for others, for longer than this is history and no alarm.
    forget_after: timedelta = field(default=timedelta(days=30), metadata=_key(kinds.duration))
