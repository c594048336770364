"""
How notices are worded: several in one letter, each with what can be done about it.

Whoever reads it may be on a telephone on a bus, and the letter went through strangers' servers:
so it has ids, codes and numbers, and neither subjects nor names.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.incidents import DIGEST, OVER
from edge_node.domain.alarms import Letter, Severity, Watched
from edge_node.domain.message import say
from edge_node.domain.time import VIETNAM, in_vietnam

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from edge_node.adapters.day_numbers import DayNumbers
    from edge_node.adapters.tellings import Telling
    from edge_node.domain.incidents import Incident
    from edge_node.domain.message import Message

_AT_ONCE: Final = 5  # sentences of one rule in one letter
_DAY: Final = timedelta(days=1)
_LONGEST_REST: Final = timedelta(days=15)  # Tết, and the weekends around it
_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}

# What a person can do, by what is watched.
CURES: Final[Mapping[str, Message]] = MappingProxyType(
    {
        Watched.DISPATCH: say("see why: edge-node explain {id}", id="ID"),
        Watched.RECEIPT: say("see why: edge-node explain {id}", id="ID"),
        Watched.UNHEARD: say("ask the receiver whether it came"),
        Watched.DUE: say("see to it, and set its status"),
        Watched.UNTAKEN: say("see whether the document software runs and takes from inbox/"),
        Watched.ANSWER: say("answer with status 15 or 16, or ask the receiver to"),
        Watched.DESTROY: say("see what keeps it: edge-node explain {id}", id="ID"),
        Watched.AXIS: say(
            "nothing is lost and it goes on by itself; see the network: edge-node doctor"
        ),
        Watched.STATE: say("see why: edge-node explain {id}", id="ID"),
        Watched.CERTIFICATE: say("have a new one issued; then: edge-node cert check"),
        Watched.DISK: say("free space there; nothing new is taken in once it is used up"),
        Watched.INODES: say("remove files there that nobody needs"),
        Watched.CLOCK: say("set the clock; `timedatectl` tells whether anybody keeps it"),
        Watched.QUARANTINE: say(
            "look at it: edge-node show {id}; let it in: edge-node release {id}", id="ID"
        ),
        Watched.DUPLICATE: say("ask its sender which of them is meant"),
        Watched.REFUSED: say("see why: edge-node explain {id}; then resend it", id="ID"),
        Watched.FLOW: say("see what is wrong: edge-node doctor"),
        Watched.DIRECTORY: say("see: edge-node agencies sync"),
        Watched.BACKUP: say("see what is wrong: edge-node doctor"),
        Watched.CANARY: say("ask who runs the axis; see: edge-node alarms canary"),
    }
)


def letter(tellings: Sequence[Telling], *, agency: str, tell: Callable[[Message], str]) -> Letter:
    """Return one letter that says all of it, in the language ``tell`` speaks."""
    digests = [each for each in tellings if each.event == DIGEST]
    over = [each for each in tellings if each.event == OVER]
    raised = [each for each in tellings if each.event not in {DIGEST, OVER}]
    lines = [*_told(raised, tell), *_over(over, tell)]
    for digest in digests:
        lines += ["", *map(tell, digest.lines)] if lines else list(map(tell, digest.lines))
    worst = min((each.severity for each in raised), key=_rank, default="")
    kind = worst or (OVER if over else str(Severity.NOTICE))
    head = tell(_title(agency, len(raised), len(over)))
    urgent = tell(say("URGENT"))
    title = f"[{urgent}] {head}" if worst == Severity.URGENT else head
    return Letter(title=title, body="\n".join(lines), kind=kind)


def _rank(severity: str) -> int:
    return _RANKS[Severity(severity)]


def _title(agency: str, raised: int, over: int) -> Message:
    if raised and over:
        return say(
            "edge-node {agency}: {new} new, {over} over", agency=agency, new=raised, over=over
        )
    if raised:
        return say("edge-node {agency}: alarms: {new}", agency=agency, new=raised)
    if over:
        return say("edge-node {agency}: over: {over}", agency=agency, over=over)
    return say("edge-node {agency}: digest of the day", agency=agency)


def _told(raised: Sequence[Telling], tell: Callable[[Message], str]) -> Iterator[str]:
    """Yield the sentences, those of one rule together, the most pressing first."""
    for rule, some in _by_rule(sorted(raised, key=lambda each: _rank(each.severity))).items():
        yield from _some(some, tell)
        cure = CURES.get(some[0].watch)
        yield f"    → {tell(cure)}" if cure else f"    ({rule})"


def _over(over: Sequence[Telling], tell: Callable[[Message], str]) -> Iterator[str]:
    for some in _by_rule(over).values():
        yield from _some(some, lambda words: tell(say("over: {what}", what=words)))


def _some(some: Sequence[Telling], tell: Callable[[Message], str]) -> Iterator[str]:
    for each in some[:_AT_ONCE]:
        for line in each.lines:
            yield f"• {tell(line)}"
    if len(some) > _AT_ONCE:
        more = say("and {count} more: edge-node alarms list", count=len(some) - _AT_ONCE)
        yield f"• {tell(more)}"


def _by_rule(tellings: Sequence[Telling]) -> dict[str, list[Telling]]:
    groups: dict[str, list[Telling]] = {}
    for each in tellings:
        groups.setdefault(each.rule, []).append(each)
    return groups


# ── the digest ───────────────────────────────────────────────────────────────────────────────────


def since(last: str, now: datetime) -> tuple[datetime, datetime]:
    """
    Return when what a digest tells of began and ended, by Vietnamese clocks: whole days.

    ``last`` is the day of the digest before, as a date: over days off there was none. Without one,
    and where that was long ago, it is the day before.
    """
    end = datetime.combine(in_vietnam(now).date(), time(), VIETNAM)
    start = datetime.combine(date.fromisoformat(last), time(), VIETNAM) if last else end - _DAY
    return start if end - _LONGEST_REST <= start < end else end - _DAY, end


def digest(
    open_: Sequence[Incident],
    once: Counter[str],
    numbers: DayNumbers,
    days: tuple[datetime, datetime],
) -> list[Message]:
    """
    Return the lines of a digest: what is open, and what the days since the last one brought.

    ``once`` is what happened within these and is over by itself, by rule.
    """
    begin, end = f"{days[0]:%d/%m/%Y}", f"{days[1] - _DAY:%d/%m/%Y}"
    lines = [
        say("on {day}:", day=begin)
        if begin == end
        else say("from {first} to {last}:", first=begin, last=end),
        say("documents taken in: {count}", count=numbers.taken_in),
        say("documents the axis took: {count}", count=numbers.sent),
        say("documents received: {count}", count=numbers.received),
        say("waiting to be sent now: {count}", count=numbers.waiting),
        say("set aside for a person now: {count}", count=numbers.aside),
    ]
    lines += [say("{rule}: {count} times", rule=rule, count=count) for rule, count in once.items()]
    if not open_:
        return [*lines, say("nothing is wrong")]
    lines.append(say("open: {count}", count=len(open_)))
    by_rule: dict[str, list[Incident]] = {}
    for each in open_:
        by_rule.setdefault(each.rule, []).append(each)
    for rule, some in by_rule.items():
        first = some[0]
        if len(some) == 1:
            lines.append(first.words)
        else:
            words = say(
                "{rule}: {count}; first: {what}", rule=rule, count=len(some), what=first.words
            )
            lines.append(words)
    return lines
