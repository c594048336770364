"""The tries to hand something to the axis, told: what came of each, and when the next one is."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.explanation import Part, Sentence, once, some
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say
from edge_node.node.explaining.around import hindrance

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from edge_node.adapters.circumstances import Due, Try
    from edge_node.domain.explanation import Cure
    from edge_node.domain.message import Message
    from edge_node.node.explaining.around import Around

# What a try came to, and of which kind that is: done, for later, for nobody to know, for good.
_OUTCOMES: Final[Mapping[str, tuple[str, Message]]] = MappingProxyType(
    {
        SendingEvent.ACCEPTED: ("done", say("it was sent, and the axis took it")),
        SendingEvent.SILENCE: (
            "silence",
            say("it was sent and no answer came: the axis may or may not have it"),
        ),
        SendingEvent.FOUND: ("done", say("the axis was asked, and has it")),
        SendingEvent.MISSING: (
            "later",
            say("the axis was asked and does not have it: it is sent again"),
        ),
        SendingEvent.REFUSED: ("refused", say("it was sent, and the axis said no for good")),
        SendingEvent.EXHAUSTED: ("refused", say("it was given up after the last attempt")),
        SendingEvent.UNDECIDED: (
            "person",
            say("the axis was asked and cannot tell whether it has it: a person decides"),
        ),
        "deferred": ("later", say("it could not be done just then and was put off")),
        "cut off": ("silence", say("the node was cut off while it was being sent")),
        "unclear": ("silence", say("the axis answered with a code nobody here knows")),
    }
)
_ELSE: Final = ("later", say("the axis was turned to"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What something still to be done waits for: sentences, cures, and facts for software."""

    sentences: tuple[Sentence, ...]
    cures: tuple[Cure, ...] = ()


def tries_told(
    around: Around, tries: Sequence[Try], *, below: Collection[str] = ()
) -> Iterator[Sentence]:
    """
    Yield a sentence for each try; those that came to the same in a row are one.

    Reasons that stand ``below``, where it is told how things are now, are left out.
    """
    for group in _alike(tries):
        first, last = group[0], group[-1]
        kind, what = _OUTCOMES.get(first.outcome, _ELSE)
        words = (
            what
            if last.reason is None or str(last.reason) in below
            else say("{what}: {reason}", what=what, reason=last.reason)
        )
        if first.status:
            words = say("our status {status}: {what}", status=first.status, what=words)
        if len(group) > 1:
            words = say(
                "{count} times until {when}: {what}",
                count=len(group),
                when=around.time(last.at),
                what=words,
            )
        elif first.outcome in {SendingEvent.ACCEPTED, SendingEvent.REFUSED}:
            words = say("{what} ({receivers})", what=words, receivers=some(first.receivers))
        yield Sentence(fact=f"try-{kind}", words=words, part=Part.PAST, at=first.at)


def _alike(tries: Sequence[Try]) -> Iterator[list[Try]]:
    group: list[Try] = []
    for each in tries:
        if group and _mark(group[-1]) != _mark(each):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _mark(one: Try) -> tuple[str, str, tuple[str, ...], str]:
    return (one.outcome, one.reason.template if one.reason else "", one.receivers, one.status)


def all_waits(around: Around, dues: Sequence[Due]) -> Wait:
    """Return what all that is still to be done waits for, each thing said once."""
    found = [_waits(around, due) for due in dues]
    return Wait(
        sentences=once(each for wait in found for each in wait.sentences),
        cures=once(each for wait in found for each in wait.cures),
    )


def _waits(around: Around, due: Due) -> Wait:
    if due.alone:
        return Wait(sentences=(_alone(due),))
    kept = hindrance(around, due.lane)
    if kept is not None:
        return Wait(sentences=kept.sentences, cures=kept.cures)
    if due.leased is not None:
        return Wait(sentences=(_in_hand(around, due),))
    if due.due > around.now:
        return Wait(sentences=_put_off(around, due))
    return Wait(sentences=(_its_turn(around, due),))


def _alone(due: Due) -> Sentence:
    words = say(
        "the node ended {count} times while it was at work on this: it is tried by itself now, in"
        " a process of its own, and set aside if that ends, too",
        count=due.crashes,
    )
    return Sentence(fact="tried-alone", words=words)


def _in_hand(around: Around, due: Due) -> Sentence:
    assert due.leased is not None  # noqa: S101 - whoever calls has looked
    if due.leased > around.now:
        return Sentence(fact="in-hand", words=say("the node is at work on it right now"))
    words = say("whoever was at work on it did not come back; it is taken up again in a minute")
    return Sentence(fact="lease-lapsed", words=words)


def _put_off(around: Around, due: Due) -> tuple[Sentence, ...]:
    limit = around.config.push.attempts
    why = due.reason
    now = say("it was put off: {reason}", reason=why) if why else say("it was put off for a while")
    words = say("it is tried again by itself {when}", when=around.time(due.due))
    if due.lane in {"push", "report"}:
        words = say(
            "it is tried again by itself {when} (attempt {number} of {limit} at most)",
            when=around.time(due.due),
            number=min(due.attempt + 1, limit),
            limit=limit,
        )
    ahead = Sentence(fact="tried-again", words=words, part=Part.AHEAD, at=due.due)
    return (Sentence(fact="put-off", words=now), ahead)


def _its_turn(around: Around, due: Due) -> Sentence:
    count = around.queue.in_front(due, now=around.now)
    if not count:
        return Sentence(fact="its-turn", words=say("its turn is next: it goes within a minute"))
    words = say("it goes as soon as its turn comes: {count} go before it", count=count)
    return Sentence(fact="its-turn", words=words)
