"""What states, events and attempts are called, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.cli.values import told
from edge_node.domain.called import OUTCOMES, STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.domain.message import Message


def states() -> tuple[str, ...]:
    """Return every state a document can be in, outgoing ones first, as `--state` takes them."""
    return tuple(map(str, STATES))


def state_word(state: str) -> str:
    """Return what a state is called in the reader's language."""
    return _word(STATES, state)


def event_word(event: str) -> str:
    """Return what an event is called in the reader's language."""
    from edge_node.domain.called_events import EVENTS  # noqa: PLC0415 - a list tells no events

    return _word(EVENTS, event)


def outcome_word(outcome: str) -> str:
    """Return how an attempt ended, in the reader's language."""
    return _word(OUTCOMES, outcome)


def _word(words: Mapping[str, Message], word: str) -> str:
    message = words.get(word)
    return told(message) if message else word
