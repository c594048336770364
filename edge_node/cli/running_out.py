"""What runs out soon, in sentences for whoever asks how the node fares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.domain.expiry import Holder, days_left, threshold
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from edge_node.adapters.expiring import RunningOut
    from edge_node.domain.message import Message


def certificates(found: Iterable[RunningOut], now: datetime) -> Iterator[Message]:
    """Say of each certificate until when it is valid, and what is to be done."""
    for one in found:
        if threshold(one.ends, now) is None:
            continue  # the clock was set, or it is another look's
        yield _until(one, now)
        if one.holder is Holder.KEY:
            yield say("have a new one issued, then: edge-node cert check {name}", name=one.name)
        else:
            yield say("add its next generation: edge-node trust add FILE")


def _until(one: RunningOut, now: datetime) -> Message:
    whose = (
        say("the certificate of the key {name}", name=one.name)
        if one.holder is Holder.KEY
        else say("the authority {subject}", subject=one.name)
    )
    date, days = f"{in_vietnam(one.ends):%Y-%m-%d}", days_left(one.ends, now)
    if now > one.ends:
        return say(
            "{whose} ran out on {date}, {days} days ago", whose=whose, date=date, days=-days
        )
    return say("{whose} runs out on {date}, in {days} days", whose=whose, date=date, days=days)
