"""What surrounds one item in the queue: read by an index, whatever lies beside it."""

from __future__ import annotations

import re

import pytest

from edge_node.adapters import circumstances

QUESTIONS = [name for name in vars(circumstances) if re.fullmatch(r"_[A-Z_]+", name)]
STATEMENTS = [name for name in QUESTIONS if "select" in str(vars(circumstances)[name])]


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_question_reads_a_whole_table(queue, name):
    """A million documents beside it make no question slower."""
    statement = vars(circumstances)[name]
    values = dict.fromkeys(re.findall(r":(\w+)", statement), "1")
    plan = queue.file.rows(f"explain query plan {statement}", values)
    steps = [row["detail"] for row in plan]
    assert steps
    assert [step for step in steps if re.match(r"SCAN (?!CONSTANT|\(subquery)", step)] == []


def test_nothing_is_known_of_what_is_not_there(queue):
    """Each question has an answer all the same."""
    around = circumstances.Circumstances(queue.file)
    assert around.events("o1") == around.tries("o1") == around.waiting("o1") == []
    assert around.particulars("o1") == ("", 0, "")
    assert around.arrived("o1") is None
    assert around.odd("o1") == around.parcels("o1") == around.warned("o1") == []
