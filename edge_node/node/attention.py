"""
What somebody should see to, in sentences: what rests, what is paused, what runs out.

For whoever shows how the node fares; ``written`` writes a moment as its reader is used to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.domain.expiry import Holder, days_left, threshold
from edge_node.domain.message import say
from edge_node.domain.record import hint_in
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge_node.adapters.expiring import RunningOut
    from edge_node.adapters.pauses import Pause
    from edge_node.adapters.sends import Held
    from edge_node.domain.message import Message

    Written = Callable[[datetime], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to see to; ``grave`` is more than a warning."""

    words: Message
    why: Message | None = None
    cure: Message | None = None
    grave: bool = True

    @property
    def sentences(self) -> tuple[Message, ...]:
        """All that is said of it, in order."""
        return tuple(each for each in (self.words, self.why, self.cure) if each is not None)


def clock_time(moment: datetime, now: datetime, *, day: str = "%Y-%m-%d") -> str:
    """Return a moment as a clock on a wall here shows it, with its ``day`` if not today."""
    here, today = in_vietnam(moment), in_vietnam(now).date()
    return f"{here:%H:%M}" if here.date() == today else f"{here:{day} %H:%M}"


def resting(pause: Pause, *, safe: int, written: Written) -> Notice:
    """Say what rests and since when, why, and what can be done; ``safe`` documents wait."""
    hint = hint_in(pause.reason)
    if pause.what == "clock":
        return Notice(words=pause.reason, cure=hint)
    since = written(pause.since)
    until = written(pause.until) if pause.until else "?"
    if pause.what == "axis":
        words = say(
            "axis unreachable since {since}, {count} documents safe on disk, next probe {until}",
            since=since,
            count=safe,
            until=until,
        )
    elif pause.until is None:
        words = say("{flow} hangs since {since}", flow=pause.what, since=since)
    else:
        words = say(
            "{flow} paused since {since}, tried again {until}",
            flow=pause.what,
            since=since,
            until=until,
        )
    return Notice(words=words, why=pause.reason, cure=hint)


def sending_paused(held: Held, *, unasked: int, written: Written) -> Notice:
    """
    Say that nothing leaves, since when and why, and what it takes to let it go on.

    As long as the axis was not asked about ``unasked`` that wait, nothing but that.
    """
    return Notice(
        words=say("sending is paused since {since}", since=written(held.since)),
        why=say(
            "this data folder is a copy or an older state: it counts {counted} documents sent, its"
            " witness {witnessed}",
            counted=held.counted,
            witnessed="?" if held.witnessed is None else held.witnessed,
        ),
        cure=say("of {count} that wait the axis has still to be asked", count=unasked)
        if unasked
        else say("stop any other copy, then let sending go on from here: edge-node adopt"),
    )


def running_out(one: RunningOut, now: datetime, *, written: Written) -> Notice | None:
    """Say until when a certificate is valid, and what is to be done; None where there is time."""
    if threshold(one.ends, now) is None:
        return None  # the clock was set, or it is another look's
    cure = (
        say("have a new one issued, then: edge-node cert check {name}", name=one.name)
        if one.holder is Holder.KEY
        else say("add its next generation: edge-node trust add FILE")
    )
    return Notice(words=_until(one, now, written(one.ends)), cure=cure, grave=one.ends < now)


def _until(one: RunningOut, now: datetime, date: str) -> Message:
    whose = (
        say("the certificate of the key {name}", name=one.name)
        if one.holder is Holder.KEY
        else say("the authority {subject}", subject=one.name)
    )
    days = days_left(one.ends, now)
    if now > one.ends:
        return say(
            "{whose} ran out on {date}, {days} days ago", whose=whose, date=date, days=-days
        )
    return say("{whose} runs out on {date}, in {days} days", whose=whose, date=date, days=days)
