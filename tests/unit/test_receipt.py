"""How far a document has come, when what its receiver says arrives out of order."""

from __future__ import annotations

import itertools

import pytest
from builders import HOUR, T0
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.receipt import Status, overtakes

STEPS = ["01", "03", "04", "05", "06"]
WORDS = ["02", "13", "15", "16", "77"]


@pytest.mark.parametrize(("earlier", "later"), list(itertools.combinations(STEPS, 2)))
def test_a_step_never_leads_back(earlier, later):
    """What was said first may arrive last, whatever the clocks of the two sides show."""
    for at in (T0 - HOUR, T0, T0 + HOUR):
        assert overtakes(later, at, standing=earlier, since=T0)
        assert not overtakes(earlier, at, standing=later, since=T0)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("standing", ["", *STEPS, *WORDS])
def test_an_answer_that_is_no_step_always_counts(word, standing):
    """A return, a word on a recall, and what no list knows."""
    assert overtakes(word, T0 - HOUR, standing=standing, since=T0)


@pytest.mark.parametrize("word", WORDS)
def test_after_such_an_answer_only_a_later_step_counts(word):
    """An 03 said before the return does not undo it; one said after it does."""
    assert not overtakes("03", T0 - HOUR, standing=word, since=T0)
    assert overtakes("03", T0 + HOUR, standing=word, since=T0)


@given(st.permutations(STEPS))
def test_whatever_the_order_the_last_step_stands(steps):
    """The steps of one document arrive as they like."""
    standing = ""
    for step in steps:
        if overtakes(step, T0, standing=standing, since=T0):
            standing = step
    assert standing == Status.FINISHED
