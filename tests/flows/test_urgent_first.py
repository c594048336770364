"""What is urgent goes before what has waited longer, and keeps nobody waiting for ever."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

import pytest
from dropping import PDF
from flows_world import RULE, a_sheet
from hypothesis import given
from hypothesis import strategies as st

from edge_node import config
from edge_node.domain.document import Priority
from edge_node.flows.ready import Ready

MANY = 200


def sent(desk, world):
    """Return the numbers of what the axis accepted, in order."""
    packages = world.packages(desk.code)
    return [re.search(rb"CodeNumber>(\d+)<", package)[1].decode() for package in packages]


def drops(desk, number, to, **changes):
    desk.drop(number, {"a.pdf": PDF}, **a_sheet("a.pdf", to=to, number=number, **changes))


def taken_in(desk):
    """Return the numbers of what was taken in, in order."""
    rows = desk.queue.file.rows("select number from documents order by created, rowid")
    return [row["number"] for row in rows]


def steps(desk, count):
    for _ in range(count):
        desk.flows["intake"].turn(desk.now)


def test_an_urgent_drop_among_two_hundred_is_taken_in_first_and_sent_first(world, receiver):
    """The more urgent of two before the other, though both came last."""
    desk = world.desk()
    for number in range(10, 10 + MANY):
        drops(desk, str(number), receiver.code)
    drops(desk, "998", receiver.code, priority="khẩn")
    drops(desk, "999", receiver.code, priority="hỏa tốc")
    desk.flows["intake"].wake()

    steps(desk, 3)
    assert taken_in(desk) == ["999", "998", "10"]
    desk.turn("push")
    assert sent(desk, world) == ["999", "998", "10"]

    steps(desk, 12)
    drops(desk, "997", receiver.code, priority="khẩn")
    desk.seconds += 3  # a long backlog is looked beyond again soon
    steps(desk, 2)
    assert taken_in(desk)[15] == "997"
    desk.turn("push")
    assert sent(desk, world)[3] == "997"


def test_the_rule_for_bare_files_says_how_urgent_they_are(world, receiver):
    """A file of an urgent rule goes before a letter that was there first."""
    rule = config.IntakeRule(
        match=RULE.match, type="Giấy mời", subject="{name}", priority=Priority.EXPRESS
    )
    desk = world.desk(intake={"rules": (rule,)})
    drops(desk, "11", receiver.code)
    (desk.outbox / f"12-UBND_2026-11-21_{receiver.code}.pdf").write_bytes(PDF)

    desk.flows["intake"].wake()
    steps(desk, 1)

    assert taken_in(desk) == ["12"]


def test_what_is_usual_is_taken_in_though_urgent_ones_never_end(world, receiver):
    """Every tenth is the one that has been ready longest."""
    desk = world.desk()
    for number in range(10, 13):
        drops(desk, str(number), receiver.code)
    for number in range(100, 130):
        drops(desk, str(number), receiver.code, priority="khẩn")
    desk.flows["intake"].wake()

    steps(desk, 30)

    assert [number for number in taken_in(desk) if len(number) == 2] == ["10", "11", "12"]
    assert len(list(takewhile(lambda number: number != "10", taken_in(desk)))) == 9


# ── the list alone ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class OneDrop:
    """A drop as far as it is put in order."""

    name: str
    urgency: int


urgencies = st.lists(st.integers(0, 4), min_size=1, max_size=60)


def filled(found):
    ready = Ready()
    ready.fill(
        [OneDrop(str(place), urgency) for place, urgency in enumerate(found)], begun=0.0, ended=0.1
    )
    return ready


@given(urgencies)
def test_every_drop_is_taken_once(found):
    """Whatever their order; who looks at the next and takes it gets the same."""
    ready, taken = filled(found), []
    while ready:
        first = ready.first()
        assert ready.pop() is first
        taken.append(int(first.name))

    assert sorted(taken) == list(range(len(found)))


@given(urgencies)
def test_among_equals_the_one_that_was_ready_first_goes_first(found):
    """However often others came between."""
    ready, taken = filled(found), []
    while ready:
        taken.append(ready.pop())

    for urgency in range(5):
        alike = [int(drop.name) for drop in taken if drop.urgency == urgency]
        assert alike == sorted(alike)


@given(urgencies, st.integers(1, 9))
def test_the_first_nine_are_the_most_urgent(found, count):
    """Of as many as there are."""
    ready = filled(found)
    taken = [ready.pop().urgency for _ in range(min(count, len(found)))]

    assert taken == sorted(found, reverse=True)[: len(taken)]


@pytest.mark.parametrize(("ended", "stale"), [(0.1, 2.1), (1.0, 11.0)])
def test_a_long_look_is_not_made_again_soon(ended, stale):
    """After two seconds, or after ten times as long as it took; never where nothing is left."""
    ready = Ready()
    ready.fill([OneDrop("a", 0)], begun=0.0, ended=ended)

    assert not ready.is_stale(stale - 0.01)
    assert ready.is_stale(stale)
    ready.pop()
    assert not ready.is_stale(stale)
