"""What is not done in time, in sentences for whoever asks how the node fares."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.cli.resting import clock_time
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge_node.adapters.alarms import Raised
    from edge_node.domain.message import Message

_INCIDENTS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "dispatch late": say("documents that were not sent in time"),
        "dispatch soon": say("documents that have to be sent soon"),
        "receipt late": say("receipts (01) that were not given the same day"),
        "receipt soon": say("receipts (01) that have to be given today"),
        "unheard late": say("receipts (01) that did not come from receivers"),
        "unheard soon": say("receipts (01) that should come from receivers today"),
        "due late": say("incoming documents that were not finished in time"),
        "due soon": say("incoming documents that have to be finished soon"),
        "untaken late": say("documents nobody took out of the inbox"),
        "untaken soon": say("documents that have to be taken out of the inbox"),
        "answer late": say("requests to recall or change that nobody answered"),
        "answer soon": say("requests to recall or change that have to be answered"),
        "destroy late": say("recalled documents that could not be destroyed"),
        "destroy soon": say("recalled documents that are still to be destroyed"),
    }
)


def alarming(raised: Raised, now: datetime) -> Message:
    """Say what is not done in time: how much of it, since when, and which command names it."""
    return say(
        "{what}: {count}, the first since {since}: {command}",
        what=_INCIDENTS.get(raised.what, raised.what),
        count=raised.count,
        since=clock_time(raised.since, now),
        command="edge-node deadlines --late",
    )
