"""What the states and events of the tables are called in lists and stories."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.cli.values import told
from edge_node.domain.lifecycle import Receiving, Sending, SendingEvent
from edge_node.domain.message import say
from edge_node.domain.signing import SIGNED
from edge_node.domain.standing import ENTERED, SPOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.domain.message import Message

_STATES: Final[Mapping[str, Message]] = MappingProxyType(
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
_EVENTS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        **_STATES,
        "status": say("status"),
        "warned": say("warned"),
        "late": say("late"),
        SIGNED: say("signed"),
        SPOKEN: say("our status"),
        ENTERED: say("in our register"),
        "recall asked": say("asked back"),
        "update asked": say("changed by its sender"),
        "replace asked": say("replaced by its sender"),
        "destroying": say("to be destroyed"),
        "destroyed": say("destroyed"),
        "requeued": say("tried at once"),
        "sent anew": say("sent anew"),
        "report recalled": say("our status recalled"),
        "report queued": say("our status queued"),
        "report unsure": say("our status unsure"),
        "report accepted": say("our status accepted"),
        "report refused": say("our status refused"),
        "report dead": say("our status dead"),
        "report held": say("our status held"),
    }
)
# How an attempt ended.
_OUTCOMES: Final[Mapping[str, Message]] = MappingProxyType(
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


def states() -> tuple[str, ...]:
    """Return every state a document can be in, outgoing ones first, as `--state` takes them."""
    return tuple(map(str, _STATES))


def state_word(state: str) -> str:
    """Return what a state is called in the reader's language."""
    return _word(_STATES, state)


def event_word(event: str) -> str:
    """Return what an event is called in the reader's language."""
    return _word(_EVENTS, event)


def outcome_word(outcome: str) -> str:
    """Return how an attempt ended, in the reader's language."""
    return _word(_OUTCOMES, outcome)


def _word(words: Mapping[str, Message], word: str) -> str:
    message = words.get(word)
    return told(message) if message else word
