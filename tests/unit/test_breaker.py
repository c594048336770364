"""The circuit every line to one axis goes through: when it opens, who probes, when it closes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.breaker import (
    PATIENCE,
    AxisFailing,
    AxisMute,
    Circuit,
    NoConnection,
    Sign,
    sign_of,
)
from edge_node.domain.errors import (
    AxisBusy,
    AxisDenied,
    AxisRefused,
    AxisSilent,
    AxisUnclear,
    AxisUnreachable,
    DiskTrouble,
    PackageTooLarge,
)
from edge_node.domain.message import say

CLOSED = Circuit(first=5.0, ceiling=300.0)


def after(circuit, *signs, at=0.0, spread=0.0):
    for sign in signs:
        circuit = circuit.after(sign, at, spread=spread)
    return circuit


def probed(circuit, sign, at):
    assert circuit.may_probe(at)
    return circuit.probed().after(sign, at, spread=0.0, probe=True)


@pytest.mark.parametrize(
    ("kind", "sign"),
    [
        (None, Sign.ALIVE),
        (AxisRefused, Sign.ALIVE),
        (AxisDenied, Sign.ALIVE),
        (AxisUnclear, Sign.ALIVE),
        (AxisBusy, Sign.ALIVE),
        (AxisSilent, Sign.ALIVE),
        (AxisFailing, Sign.FAILING),
        (AxisMute, Sign.FAILING),
        (NoConnection, Sign.GONE),
        (AxisUnreachable, Sign.NONE),
        (DiskTrouble, Sign.NONE),
        (PackageTooLarge, Sign.NONE),
        (KeyError, Sign.NONE),
        (KeyboardInterrupt, Sign.NONE),
    ],
)
def test_how_a_call_ended_shows_how_the_axis_is(kind, sign):
    """Whatever it says in its own words proves it alive; our own trouble shows nothing of it."""
    assert sign_of(kind and kind(say("so"))) is sign


def test_no_connection_opens_at_once():
    """Nothing that is called next could fare better."""
    opened = after(CLOSED, Sign.GONE)
    assert opened.is_open
    assert opened.remaining(1.0) == 4.0


@pytest.mark.parametrize(
    ("signs", "opens"),
    [
        ([Sign.FAILING] * (PATIENCE - 1), False),
        ([Sign.FAILING] * PATIENCE, True),
        ([Sign.FAILING] * (PATIENCE - 1) + [Sign.ALIVE, Sign.FAILING], False),
        ([Sign.FAILING] * (PATIENCE - 1) + [Sign.NONE, Sign.FAILING], True),
        ([Sign.NONE] * 99, False),
        ([Sign.ALIVE] * 99, False),
    ],
)
def test_five_failures_in_a_row_open_it(signs, opens):
    """One answer in the axis's own words, whatever it says, and they are counted anew."""
    assert after(CLOSED, *signs).is_open is opens


def test_each_failed_probe_doubles_the_wait_up_to_the_ceiling():
    """5 s, 10 s, 20 s … five minutes; a straggler from before it opened changes nothing."""
    circuit, at, waits = after(CLOSED, Sign.GONE), 0.0, []
    for _ in range(9):
        waits.append(circuit.remaining(at))
        assert after(circuit, Sign.GONE, Sign.FAILING, at=at) == circuit
        at += waits[-1]
        circuit = probed(circuit, Sign.GONE, at)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


@pytest.mark.parametrize("sign", [Sign.GONE, Sign.FAILING, Sign.NONE])
def test_a_probe_that_proves_nothing_keeps_it_open(sign):
    """Even one that ended for a reason of ours: the next may tell."""
    circuit = probed(after(CLOSED, Sign.GONE), sign, 5.0)
    assert circuit.is_open
    assert not circuit.probing
    assert circuit.remaining(5.0) == 10


def test_a_success_closes_it_whoever_had_it():
    """The probe, or a call that had begun before it opened; then it takes five again."""
    for circuit in (after(CLOSED, Sign.GONE), after(CLOSED, Sign.GONE).probed()):
        assert not after(circuit, Sign.ALIVE).is_open
    assert not after(probed(after(CLOSED, Sign.GONE), Sign.ALIVE, 5.0), Sign.FAILING).is_open


def test_a_probe_that_comes_home_after_somebody_elses_success_opens_nothing():
    """Its failure is then one like any other."""
    closed = after(after(CLOSED, Sign.GONE).probed(), Sign.ALIVE)
    assert not closed.after(Sign.FAILING, 9.0, spread=0.0, probe=True).is_open
    again = after(closed, Sign.GONE, at=9.0)
    assert not again.may_probe(99.0)  # until the first one is home there is no second


def test_chance_shortens_the_wait_by_a_quarter_at_most():
    """Nodes that went down together do not come back together."""
    assert after(CLOSED, Sign.GONE, spread=0.999).due == pytest.approx(3.75, abs=0.01)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["call", "end"]),
            st.sampled_from(Sign),
            st.floats(0, 120),
            st.floats(0, 0.999),
            st.integers(0, 99),
        ),
        max_size=60,
    )
)
def test_whatever_happens_nobody_calls_while_it_is_open_and_one_probes_at_a_time(story):
    """Callers come and their calls end in any order: the law holds, and success always closes."""
    circuit, at, calls = CLOSED, 0.0, []
    for what, sign, later, spread, which in story:
        at += later
        if what == "call":
            if not circuit.is_open:
                calls.append(False)
            elif circuit.may_probe(at):
                assert True not in calls
                circuit = circuit.probed()
                calls.append(True)
            else:
                assert circuit.remaining(at) > 0 or circuit.probing
        elif calls:
            probe = calls.pop(which % len(calls))
            circuit = circuit.after(sign, at, spread=spread, probe=probe)
            if sign is Sign.ALIVE:
                assert not circuit.is_open
                assert circuit.failures == 0
            elif probe and circuit.is_open:
                assert not circuit.may_probe(at)
        assert 0 <= circuit.wait <= circuit.ceiling
