"""Sentences as values: said, kept in a table, and read again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.message import Message, freeze, say, thaw

NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
MESSAGES = st.recursive(
    st.builds(lambda text: say(text.replace("{", "").replace("}", "")), st.text()),
    lambda inner: st.builds(
        lambda values: Message(" ".join(f"{{{name}}}" for name in values), values),
        st.dictionaries(NAMES, st.text() | st.integers() | inner, max_size=3),
    ),
    max_leaves=5,
)


def test_a_message_reads_as_its_sentence():
    """Its places are filled, messages within messages too."""
    inner = say("{code} is unknown", code="H99.77")
    assert str(say("refused: {why}", why=inner)) == "refused: H99.77 is unknown"


def test_a_message_without_places_may_hold_braces():
    """What has no values is said as it stands."""
    assert str(say('write {"resend": true}')) == 'write {"resend": true}'


@given(MESSAGES)
def test_a_frozen_message_thaws_to_the_same_sentence(message):
    """What a table keeps can be told in another language years later."""
    kept = thaw(freeze(message))
    assert kept is not None
    assert kept.template == message.template
    assert str(kept) == str(message)


def test_what_was_not_kept_is_nothing():
    """An empty column is no sentence."""
    assert thaw("") is None
