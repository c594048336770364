"""
What a report says, as values: how many, of which kind, how quickly, with whom.

What is not known of a document is counted as not known, under None or ''. What a document is, and
what was heard of it, is told by whoever counts (`tally`); how it looks on paper is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.receipt import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge_node.domain.durations import Took
    from edge_node.domain.period import Period
    from edge_node.domain.signature import Bears

# The statuses that are timed.
TIMED: Final = (Status.ARRIVED, Status.REGISTERED, Status.FINISHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How often something was in time."""

    on_time: int = 0
    late: int = 0
    open: int = 0  # not done yet, and not due yet
    unknown: int = 0  # nobody knows when it was due

    @property
    def due(self) -> int:
        """How many could have been late."""
        return self.on_time + self.late


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Documents returned with status 02, by the reason code; '' where none of ours was given."""

    count: int = 0
    reasons: Mapping[str, int]  # most frequent first


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """The documents that went one way."""

    total: int
    paper: Mapping[bool | None, int]  # whether a paper copy follows
    signed: Mapping[Bears, int]
    types: Mapping[str, int]  # most frequent first, '' at the end
    urgency: Mapping[int | None, int]  # as the axis numbers it, most urgent first
    days: tuple[int, ...]  # for each day of the period
    times: Mapping[Status, Took]  # of TIMED: until a receiver said so, or until we did
    due: Kept  # documents with a date until which they are to be dealt with
    refusals: Refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What went out beside the documents themselves."""

    units: int  # documents times receivers: what had to arrive
    dispatch: Kept  # against the working morning after the document's date
    handed_over_late: int  # of those that were late: too late already when they were handed over
    not_sent: int  # handed over in the period, and the axis has not taken them
    recalls: int  # requests to return a document, which are none themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """What came in, and what became of it; those handed over are the documents counted."""

    arrived: int
    handed_over: int
    returned: int  # not let in, and its sender told
    held: int  # waits for a person
    repeated: int  # the very same as another
    recalled: int  # given back to its sender before it was handed over
    waiting: int  # on its way to the inbox
    recalls: int
    notice: Kept  # 01 on the day of arrival


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """An agency that documents were exchanged with; ``sent`` and ``received`` by us."""

    code: str
    name: str
    sent: int
    received: int
    refused_by_them: int
    refused_by_us: int

    @property
    def total(self) -> int:
        """How many went either way."""
        return self.sent + self.received


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """An agency documents were exchanged with in the twelve months before, and not any more."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many units could be reached, and how many were."""

    connected: int | None  # units in the directory; None where there is none
    active: int
    silent: tuple[Silent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A whole report; all of it follows from the record of what happened up to ``as_of``."""

    agency: str
    agency_name: str
    period: Period
    as_of: datetime
    sent: Direction
    received: Direction
    sending: Sending
    receiving: Receiving
    partners: tuple[Partner, ...]  # all of them, the busiest first
    coverage: Coverage
