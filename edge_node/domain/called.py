"""
What the states of a document are called, and how an attempt to send it ended.

What the rest is called, events, requests and duties, stands in `called_events`: a list of
documents does without.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.lifecycle import Receiving, Sending, SendingEvent
from edge_node.domain.message import Message, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Every state a document can be in, outgoing ones first.
STATES: Final[Mapping[str, Message]] = MappingProxyType(
    {
        Sending.QUEUED: say("queued"),
        Sending.UNSURE: say("unsure"),
        Sending.ACCEPTED: say("accepted"),
        Sending.DELIVERED: say("delivered"),
        Sending.REFUSED: say("refused"),
        Sending.DEAD: say("dead"),
        Sending.HELD: say("held"),
        Receiving.RECEIVED: say("received"),
        Receiving.ACKNOWLEDGED: say("acknowledged"),
        Receiving.TAKEN: say("taken"),
        Receiving.REPEATED: say("repeated"),
        Receiving.QUARANTINED: say("quarantined"),
        Receiving.RETURNED: say("returned"),
        Receiving.PARKED: say("parked"),
        Receiving.RECALLED: say("recalled"),
    }
)
# How a list sums up a document at its receivers.
WORST_FIRST: Final = (
    Sending.HELD,
    Sending.DEAD,
    Sending.REFUSED,
    Sending.UNSURE,
    Sending.QUEUED,
    Sending.ACCEPTED,
    Sending.DELIVERED,
    Sending.RECALLED,
)
# How an attempt ended.
OUTCOMES: Final[Mapping[str, Message]] = MappingProxyType(
    {
        SendingEvent.ACCEPTED: say("accepted"),
        SendingEvent.SILENCE: say("no answer"),
        SendingEvent.FOUND: say("found at the axis"),
        SendingEvent.MISSING: say("not found at the axis"),
        SendingEvent.REFUSED: say("refused"),
        SendingEvent.EXHAUSTED: say("given up"),
        SendingEvent.UNDECIDED: say("held for a person"),
        "deferred": say("to be tried again"),
        "cut off": say("cut off"),
        "unclear": say("answered by a code nobody knows"),
    }
)


def standings(fates: Iterable[tuple[str, str | Message]]) -> Message:
    """Return how a document stands at each receiver: their codes, and the states there."""
    each = {
        f"fate{number}": say("{code}: {state}", code=code, state=_called(state))
        for number, (code, state) in enumerate(fates)
    }
    return Message(", ".join(f"{{{name}}}" for name in each), each)


def _called(state: str | Message) -> str | Message:
    return state if isinstance(state, Message) else STATES.get(state, state)
