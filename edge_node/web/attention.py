"""What somebody should see to, in sentences: rests, alarms, certificates, terms."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.deadlines import Duty, Stage
from edge_node.domain.message import say
from edge_node.domain.record import hint_in
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge_node.adapters.alarms import Raised
    from edge_node.adapters.expiring import RunningOut
    from edge_node.adapters.pauses import Pause
    from edge_node.adapters.sends import Held
    from edge_node.domain.deadlines import Open, Term
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
DUTIES: Final[Mapping[Duty, Message]] = MappingProxyType(
    {
        Duty.DISPATCH: say("send it"),
        Duty.RECEIPT: say("give its receipt"),
        Duty.UNHEARD: say("its receipt comes"),
        Duty.DUE: say("finish it"),
        Duty.UNTAKEN: say("take it"),
        Duty.ANSWER: say("answer"),
        Duty.DESTROY: say("destroy it"),
        Duty.REPLY: say("they finish it"),
    }
)
STAGES: Final[Mapping[Stage, Message]] = MappingProxyType(
    {Stage.AHEAD: say("ahead"), Stage.SOON: say("soon"), Stage.LATE: say("late")}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to see to; ``grave`` is more than a warning, ``to`` a page about it."""

    words: Message
    why: Message | None = None
    cure: Message | None = None
    grave: bool = False
    to: str = ""


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


def sending_paused(held: Held, now: datetime) -> Notice:
    """Say that nothing leaves, and what it takes to let it go on."""
    return Notice(
        words=say("sending is paused since {since}", since=_clock_time(held.since, now)),
        why=say(
            "this data folder is a copy or an older state: it counts {counted} documents sent, its"
            " witness {witnessed}",
            counted=held.counted,
            witnessed="?" if held.witnessed is None else held.witnessed,
        ),
        cure=say("stop any other copy, then let sending go on from here: edge-node adopt"),
        grave=True,
    )


def resting(pause: Pause, safe: int, now: datetime) -> Notice:
    """Say what rests, since when, and why; ``safe`` documents wait."""
    since = _clock_time(pause.since, now)
    until = _clock_time(pause.until, now) if pause.until else "?"
    hint = hint_in(pause.reason)
    if pause.what == "clock":
        return Notice(words=pause.reason, cure=hint, grave=True)
    words = (
        say(
            "axis unreachable since {since}, {count} documents safe on disk, next probe {until}",
            since=since,
            count=safe,
            until=until,
        )
        if pause.what == "axis"
        else say(
            "{flow} paused since {since}, tried again {until}",
            flow=pause.what,
            since=since,
            until=until,
        )
    )
    return Notice(words=words, why=pause.reason, cure=hint, grave=True)


def alarm(raised: Raised, now: datetime) -> Notice:
    """Say what is not done in time: how much of it, and since when."""
    return Notice(
        words=say(
            "{what}: {count}, the first since {since}",
            what=_INCIDENTS.get(raised.what, raised.what),
            count=raised.count,
            since=_clock_time(raised.since, now),
        ),
        grave=raised.is_late,
        to="/deadlines?late=1",
    )


def running_out(one: RunningOut, now: datetime) -> Notice:
    """Say that a certificate ends soon, or has."""
    gone = one.ends <= now
    values = {"name": one.name, "day": f"{in_vietnam(one.ends):%d/%m/%Y}"}
    if gone:
        words = say("the certificate {name} ran out on {day}", **values)
    else:
        days = (one.ends - now).days
        words = say(
            "the certificate {name} runs out on {day}, in {days} days", days=days, **values
        )
    return Notice(words=words, grave=gone, to="/doctor")


def _clock_time(moment: datetime, now: datetime) -> str:
    """Return a moment as a clock on a wall here shows it, with its day if that is not today."""
    here, today = in_vietnam(moment), in_vietnam(now).date()
    return f"{here:%H:%M}" if here.date() == today else f"{here:%d/%m/%Y %H:%M}"
