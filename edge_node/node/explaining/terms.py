"""Until when what is open has to be done, told: what is ahead, and what is late."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.deadlines import Duty, Stage
from edge_node.domain.explanation import Part, Sentence
from edge_node.domain.message import Message, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from edge_node.domain.deadlines import Open
    from edge_node.node.explaining.around import Around

OVER: Final = frozenset({"02", "06", "15"})  # statuses after which nobody works on it any more
# What is said of a duty as long as there is time, and once there is none.
_WORDS: Final[Mapping[Duty, tuple[Message, Message]]] = MappingProxyType(
    {
        Duty.DISPATCH: (
            say("by the regulations it has to have left by {when}"),
            say("by the regulations it had to have left by {when}"),
        ),
        Duty.UNHEARD: (
            say("its receiver should say by {when} that it came"),
            say("its receiver should have said by {when} that it came"),
        ),
        Duty.REPLY: (
            say("its receiver is to finish it by {when}"),
            say("its receiver was to finish it by {when}"),
        ),
        Duty.RECEIPT: (
            say("its sender has to be told by {when} that it came"),
            say("its sender had to be told by {when} that it came"),
        ),
        Duty.UNTAKEN: (
            say("it should be taken out of the inbox by {when}"),
            say("it should have been taken out of the inbox by {when}"),
        ),
        Duty.ANSWER: (
            say("what its sender asks has to be answered by {when}"),
            say("what its sender asks had to be answered by {when}"),
        ),
        Duty.DUE: (
            say("its sender wants it finished by {when}"),
            say("its sender wanted it finished by {when}"),
        ),
    }
)


def terms_told(around: Around, duties: Iterable[Open]) -> Iterator[Sentence]:
    """Yield until when each has to be done; those of one kind and moment are one sentence."""
    told = set()
    for thing in duties:
        term = around.rules.term(thing)
        if (thing.duty, term.end) in told:
            continue
        told.add((thing.duty, term.end))
        late = term.stage(around.now) is Stage.LATE
        yield Sentence(
            fact=f"{thing.duty}-{Stage.LATE if late else Stage.AHEAD}",
            words=Message(_WORDS[thing.duty][late].template, {"when": around.time(term.end)}),
            part=Part.AHEAD,
            at=term.end,
        )
