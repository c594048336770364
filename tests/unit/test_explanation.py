"""How moments, spans and names are told in a tale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from edge_node.domain.explanation import (
    Cure,
    Part,
    Sentence,
    Tale,
    lasting,
    once,
    shortened,
    some,
    when,
)
from edge_node.domain.message import say

NOW = datetime(2026, 11, 21, 7, 2, tzinfo=UTC)  # 14:02 in Vietnam


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (NOW, "today 14:02"),
        (NOW - timedelta(hours=14, minutes=3), "yesterday 23:59"),
        (NOW + timedelta(hours=10), "tomorrow 00:02"),
        (NOW - timedelta(days=3), "18/11 14:02"),
        (NOW - timedelta(days=400), "17/10/2025 14:02"),
    ],
)
def test_a_moment_is_named_as_people_do(moment, told):
    """By Vietnam's clocks, with its date where it is another day."""
    assert str(when(moment, NOW)) == told


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(milliseconds=100), "a second"),
        (timedelta(seconds=2), "2 seconds"),
        (timedelta(minutes=61), "61 minutes"),
        (timedelta(hours=3), "3 hours"),
        (timedelta(days=9), "9 days"),
    ],
)
def test_a_span_is_told_in_the_largest_unit_that_says_enough(span, told):
    """Nobody wants to read 3661 seconds."""
    assert str(lasting(span)) == told


def test_many_names_are_told_by_the_first_of_them():
    """And how many more there are."""
    assert str(some(["A", "B", "C"])) == "A, B, C"
    assert str(some(["A", "B", "C", "D", "E"])) == "A, B, C and 2 more"


def test_a_long_subject_is_cut_and_what_is_said_twice_is_said_once():
    """What names a document need not be all of it."""
    assert shortened("x" * 200) == "x" * 89 + "…"
    cures = [Cure(words=say("a"), command="b"), Cure(words=say("a")), Cure(words=say("a"))]
    assert [each.command for each in once(cures)] == ["b", ""]


def test_a_tale_begins_anew_with_what_is_said_of_a_path():
    """The sentences keep their parts and their order."""
    first, second = Sentence(fact="a", words=say("a")), Sentence(fact="b", words=say("b"))
    past = Sentence(fact="c", words=say("c"), part=Part.PAST)
    tale = Tale(about=say("x"), sentences=(past, second)).after(first, path="/p")
    assert ([each.fact for each in tale.of(Part.NOW)], tale.path) == (["a", "b"], "/p")
