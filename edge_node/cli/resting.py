"""What rests at present, in sentences for whoever asks how the node fares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.domain.message import say
from edge_node.node import attention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge_node.adapters.pauses import Pause
    from edge_node.adapters.sends import Held
    from edge_node.domain.message import Message


def sentences(pause: Pause, *, safe: int, now: datetime) -> tuple[Message, ...]:
    """Say what rests and since when, then why, and what can be done; ``safe`` documents wait."""
    notice = attention.resting(
        pause, safe=safe, written=lambda moment: attention.clock_time(moment, now)
    )
    return notice.sentences


def sending_paused(held: Held, unasked: int, now: datetime) -> tuple[Message, ...]:
    """Say that nothing leaves, since when and why, and what it takes to let it go on."""
    notice = attention.sending_paused(
        held, unasked=unasked, written=lambda moment: attention.clock_time(moment, now)
    )
    return notice.sentences


def for_a_person(held: int, unread: int) -> Iterator[Message]:
    """Say how much waits for somebody's decision, and which command names it."""
    if held:
        yield say(
            "documents that may have been sent, and wait for a person: {count}: {command}",
            count=held,
            command="edge-node list --out --state held",
        )
    if unread:
        yield say(
            "folders of the exchange folder that are not known here, and whose papers cannot be"
            " read: {count}: {command}",
            count=unread,
            command="edge-node status --json",
        )
