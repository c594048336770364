"""
The keys about alarms and the canary: who is told what is wrong, when, and how it is tried out.

URLs to tell people by hold passwords: here only the place of the file with them is named. What is
told stands in a file of rules (`edge_node.config.alarm_rules`), or is built in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import TYPE_CHECKING

from edge_node.config import kinds
from edge_node.config.calendar import clock_time
from edge_node.config.shapes import key as _key

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsSection:
    """Who is told, and when he is left alone."""

    # A line for each: a name, and a URL of Apprise; None: nobody is told, `alarms list` shows all.
    urls_file: str | None = field(default=None, metadata=_key(kinds.secret_place))
    # What is told of; None: the rules built in.
    rules: Path | None = field(default=None, metadata=_key(kinds.path))
    # How often somebody looks.
    every: timedelta = field(default=timedelta(minutes=1), metadata=_key(kinds.duration))
    # What was wrong is over once it has not been seen for so long.
    calm: timedelta = field(default=timedelta(minutes=5), metadata=_key(kinds.wait))
    # Between these hours only what is urgent is told; the same twice: no such hours.
    quiet_from: time = field(default=time(19), metadata=_key(clock_time))
    quiet_until: time = field(default=time(7), metadata=_key(clock_time))
    # Likewise on days off.
    quiet_days_off: bool = field(default=True, metadata=_key(kinds.truth))
    # Whether what is open, and what yesterday brought, is told once a day, and when.
    digest: bool = field(default=True, metadata=_key(kinds.truth))
    digest_at: time = field(default=time(7, 45), metadata=_key(clock_time))
    # How long one URL may take.
    timeout: timedelta = field(default=timedelta(seconds=30), metadata=_key(kinds.duration))
    # A notice that could not be sent for so long is given up.
    give_up: timedelta = field(default=timedelta(days=3), metadata=_key(kinds.duration))
    # How long incidents that are over stay in the history.
    keep: timedelta = field(default=timedelta(days=400), metadata=_key(kinds.duration))


@dataclass(frozen=True, slots=True, kw_only=True)
class CanarySection:
    """A tiny document to ourselves, through the axis and back."""

    # How often one is sent; None: never.
    every: timedelta | None = field(default=None, metadata=_key(kinds.duration))
    # How long it may take to come back.
    expect_within: timedelta = field(default=timedelta(minutes=15), metadata=_key(kinds.duration))
