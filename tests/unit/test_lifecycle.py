"""The two tables: what may happen to what, and what never does."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import IllegalTransition
from edge_node.domain.lifecycle import (
    INBOUND,
    OUTBOUND,
    Receiving,
    ReceivingEvent,
    Sending,
    SendingEvent,
    advance,
    progress,
)


@given(st.lists(st.sampled_from(SendingEvent)))
def test_nothing_moves_a_delivered_unit(events):
    """Whatever arrives, late or twice, delivered stays delivered until it is given back."""
    state = Sending.QUEUED
    for event in events:
        before = state
        with suppress(IllegalTransition):
            state = advance(state, event)
            assert before is not Sending.DELIVERED or event is SendingEvent.RECALLED


@given(st.lists(st.sampled_from(SendingEvent)))
def test_what_the_axis_has_is_offered_again_only_by_a_person(events):
    """From accepted nothing leads back to the queue but what is refused, dead or held, resent."""
    state = Sending.ACCEPTED
    for event in events:
        before = state
        with suppress(IllegalTransition):
            state = advance(state, event)
            if state is Sending.QUEUED:
                assert (before, event) in {
                    (Sending.REFUSED, SendingEvent.RESENT),
                    (Sending.DEAD, SendingEvent.RESENT),
                    (Sending.HELD, SendingEvent.RESENT),
                    (Sending.UNSURE, SendingEvent.MISSING),
                }
            assert state is not Sending.UNSURE or before is Sending.QUEUED


def test_good_news_is_news_in_every_state_but_the_last():
    """However it stands with us, a receiver's word that it has the document counts."""
    for state in set(Sending) - {Sending.DELIVERED, Sending.RECALLED}:
        assert advance(state, SendingEvent.CONFIRMED) is Sending.DELIVERED


def test_what_was_had_back_is_frozen():
    """From every state a document can be had back, and then nothing moves it any more."""
    for state in set(Sending) - {Sending.RECALLED}:
        assert advance(state, SendingEvent.RECALLED) is Sending.RECALLED
    for event in SendingEvent:
        with pytest.raises(IllegalTransition):
            advance(Sending.RECALLED, event)


@pytest.mark.parametrize(("states", "table"), [(Sending, OUTBOUND), (Receiving, INBOUND)])
def test_every_state_can_be_reached(states, table):
    """No state is there for nothing."""
    first = next(iter(states))
    assert set(states) == {first, *table.values()}


@pytest.mark.parametrize(
    ("events", "table"), [(SendingEvent, OUTBOUND), (ReceivingEvent, INBOUND)]
)
def test_every_event_moves_something(events, table):
    """No event is there for nothing."""
    assert set(events) == {event for _, event in table}


def test_an_item_is_never_delivered_before_the_axis_was_told():
    """Durable, acknowledged, delivered: in this order only."""
    with pytest.raises(IllegalTransition, match="handed over cannot happen to what is received"):
        progress(Receiving.RECEIVED, ReceivingEvent.HANDED_OVER)


def test_an_impossible_event_names_itself_and_the_state():
    """The error says what was tried."""
    with pytest.raises(IllegalTransition, match="resent cannot happen to what is accepted"):
        advance(Sending.ACCEPTED, SendingEvent.RESENT)


def test_a_quarantined_document_can_be_released():
    """A person's second chance leads back to where it is handed over."""
    assert progress(Receiving.QUARANTINED, ReceivingEvent.RELEASED) is Receiving.ACKNOWLEDGED
