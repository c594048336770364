"""What rests at present, in sentences for whoever asks how the node fares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.domain.message import say
from edge_node.domain.record import hint_in
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge_node.adapters.pauses import Pause
    from edge_node.adapters.sends import Held
    from edge_node.domain.message import Message


def sentences(pause: Pause, *, safe: int, now: datetime) -> Iterator[Message]:
    """Say what rests and since when, then why, and what can be done; ``safe`` documents wait."""
    since = clock_time(pause.since, now)
    until = clock_time(pause.until, now) if pause.until else "?"
    if pause.what == "axis":
        yield say(
            "axis unreachable since {since}, {count} documents safe on disk, next probe {until}",
            since=since,
            count=safe,
            until=until,
        )
        yield pause.reason
    elif pause.what == "clock":
        yield pause.reason
    else:
        yield say(
            "{flow} paused since {since}, tried again {until}",
            flow=pause.what,
            since=since,
            until=until,
        )
        yield pause.reason
    hint = hint_in(pause.reason)
    if hint is not None:
        yield hint


def sending_paused(held: Held, unasked: int, now: datetime) -> Iterator[Message]:
    """Say that nothing leaves, since when and why, and what it takes to let it go on."""
    since = clock_time(held.since, now)
    yield say("sending is paused since {since}", since=since)
    yield say(
        "this data folder is a copy or an older state: it counts {counted} documents sent, its"
        " witness {witnessed}",
        counted=held.counted,
        witnessed="?" if held.witnessed is None else held.witnessed,
    )
    if unasked:
        yield say("of {count} that wait the axis has still to be asked", count=unasked)
    else:
        yield say("stop any other copy, then let sending go on from here: edge-node adopt")


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


def clock_time(moment: datetime, now: datetime) -> str:
    """Return a moment as a clock on a wall here shows it, with its day if that is not today."""
    here, today = in_vietnam(moment), in_vietnam(now).date()
    return f"{here:%H:%M}" if here.date() == today else f"{here:%Y-%m-%d %H:%M}"
