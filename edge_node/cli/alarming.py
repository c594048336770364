"""What is not done in time, in sentences for whoever asks how the node fares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.domain.called_events import UNDONE
from edge_node.domain.message import say
from edge_node.node.attention import clock_time

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.alarms import Raised
    from edge_node.domain.message import Message


def alarming(raised: Raised, now: datetime) -> Message:
    """Say what is not done in time: how much of it, since when, and which command names it."""
    return say(
        "{what}: {count}, the first since {since}: {command}",
        what=UNDONE.get(raised.what, raised.what),
        count=raised.count,
        since=clock_time(raised.since, now),
        command="edge-node deadlines --late",
    )
