"""
How far this machine's clock is off the axis's, by the `Date` every answer has (RFC 9110, 6.6.1).

A clock that is off lets an axis deny what is signed with its time, and puts wrong days on
documents. It is said once when it is found and once when it is over; nothing is ever set here.
"""

from __future__ import annotations

import logging
import math
import threading
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.explanation import lasting
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge_node.domain.message import Message

log = logging.getLogger(__name__)


class ClockOff(EdgeNodeError):
    """This machine's clock and the axis's do not agree; a warning, raised by nobody."""


class ClockWatch:
    """What all lines to one axis hear of its clock; from whatever thread."""

    def __init__(self, tolerance: timedelta) -> None:
        """Say nothing of an offset up to ``tolerance``: an answer takes its time, too."""
        self._tolerance = tolerance
        self._lock = threading.Lock()
        self.complaint: ClockOff | None = None  # how far it is off, where it is
        self.offset: timedelta | None = None  # ours less theirs, by the last answer there was
        self.changed: Callable[[], None] = lambda: None

    @property
    def hint(self) -> Message | None:
        """What a person can do where the axis denies us, and the clock is off."""
        if self.complaint is None:
            return None
        return say("{complaint}: set the clock first", complaint=self.complaint.message)

    def heard(self, date: str | None, ours: datetime) -> None:
        """Take note of an answer's `Date` that came when our own clock showed ``ours``."""
        offset = offset_of(date, ours)
        if offset is None:
            return
        with self._lock:
            self.offset = offset
            # Around the very limit it would be found and over with every other answer.
            limit = self._tolerance / 2 if self.complaint else self._tolerance
            off = abs(offset) > limit
            if off is (self.complaint is not None):
                return
            self.complaint = complaint = clock_off(offset) if off else None
        if complaint is not None:
            seen = {"error": str(complaint), "hint": str(complaint.hint)}
            log.warning("the clock is off", extra=seen)
        else:
            log.info("the clock is right again")
        self.changed()

    def forget(self) -> None:
        """Know nothing of the offset until the next answer: our clock was set."""
        with self._lock:
            self.offset = None


def offset_of(date: str | None, ours: datetime) -> timedelta | None:
    """Return how far ``ours`` is ahead of an answer's `Date`; None where that is none."""
    theirs = _moment(date)
    return None if theirs is None else ours - theirs


def _moment(date: str | None) -> datetime | None:
    """Read a `Date`; None where there is none, or none a clock can show."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except (ValueError, OverflowError):
        return None
    return theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)


def clock_off(offset: timedelta) -> ClockOff:
    """Return what is said of a clock that is so far ahead of the axis's."""
    # A `Date` has no fractions.
    span = lasting(timedelta(seconds=math.ceil(abs(offset).total_seconds())))
    if offset < timedelta():
        words = say("this machine's clock is {span} behind the axis's", span=span)
    else:
        words = say("this machine's clock is {span} ahead of the axis's", span=span)
    return ClockOff(
        words,
        hint=say("set the clock: timedatectl set-ntp true; then see: timedatectl"),
    )
