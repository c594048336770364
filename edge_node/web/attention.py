"""What somebody should see to, as the pages write it: notices with a page about them, terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.domain.called_events import DUTIES, STAGES, UNDONE
from edge_node.domain.explanation import some
from edge_node.domain.message import Message, say
from edge_node.domain.time import in_vietnam
from edge_node.node import attention
from edge_node.node.attention import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.alarms import Raised
    from edge_node.adapters.expiring import RunningOut
    from edge_node.adapters.pauses import Pause
    from edge_node.adapters.sends import Held
    from edge_node.domain.deadlines import Open, Stage, Term
    from edge_node.web.places import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTerm:
    """Something to be done, and until when."""

    end: datetime
    stage: Stage
    stage_word: Message
    what: Message
    item: str
    agency: str
    code: str


def told_term(term: Term, thing: Open, now: datetime) -> ToldTerm:
    """Say what is to be done until when."""
    stage = term.stage(now)
    return ToldTerm(
        end=term.end,
        stage=stage,
        stage_word=STAGES[stage],
        what=DUTIES[thing.duty],
        item=thing.item,
        agency=thing.agency,
        code=thing.code,
    )


def sending_paused(held: Held, unasked: int, now: datetime) -> Notice:
    """Say that nothing leaves, and what it takes to let it go on."""
    return attention.sending_paused(
        held, unasked=unasked, written=lambda moment: _clock_time(moment, now)
    )


def resting(pause: Pause, safe: int, now: datetime) -> Notice:
    """Say what rests, since when, and why; ``safe`` documents wait."""
    return attention.resting(pause, safe=safe, written=lambda moment: _clock_time(moment, now))


def places(seen: Seen, exchange: Path) -> Iterator[Notice]:
    """Yield what is amiss with the exchange folder: missing, silent, or with what nobody knows."""
    if not seen.answers:
        yield Notice(
            words=say("{path} does not answer", path=str(exchange)),
            cure=say("see whether the share is mounted, and its server runs"),
        )
    if seen.error is not None:
        yield Notice(words=seen.error.message, cure=seen.error.hint)
    if seen.unread:
        yield Notice(
            words=say(
                "folders that are not known here, and whose papers cannot be read: {count}",
                count=len(seen.unread),
            ),
            why=some(seen.unread),
            grave=False,
        )


def counted(words: Message, count: int, *, most: int) -> Notice:
    """Say how many of something wait for a person; of ``most`` and more only that."""
    told = f"{count}+" if count >= most else str(count)
    return Notice(words=Message("{what}: {count}", {"what": words, "count": told}), grave=False)


def alarm(raised: Raised, now: datetime) -> Notice:
    """Say what is not done in time: how much of it, and since when."""
    return Notice(
        words=say(
            "{what}: {count}, the first since {since}",
            what=UNDONE.get(raised.what, raised.what),
            count=raised.count,
            since=_clock_time(raised.since, now),
        ),
        grave=raised.is_late,
    )


def running_out(one: RunningOut, now: datetime) -> Notice | None:
    """Say that a certificate ends soon, or has; None where there is time."""
    return attention.running_out(one, now, written=lambda end: f"{in_vietnam(end):%d/%m/%Y}")


def _clock_time(moment: datetime, now: datetime) -> str:
    return attention.clock_time(moment, now, day="%d/%m/%Y")
