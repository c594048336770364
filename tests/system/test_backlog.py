"""
An axis that is away while documents pile up: nothing is lost, tried in vain, or out of order.

The long form, with ten thousand documents and figures, is `tests/torture/backlog.py`.
"""

from __future__ import annotations

import pytest
from torture.backlog import Plan, Run, Waiting, a_desk, demand_order, in_order

DOCUMENTS = 120
CEILING = 1.0  # seconds between two probes, at most

QUICK = {"push": {}, "report": {"every": "1s"}, "pull": {"every": "200ms"}}


def test_a_backlog_outlasts_an_outage_and_leaves_by_urgency(tmp_path):
    """
    The axis refuses from the start while letters of all urgencies come in, 120 of them.

    Nothing but probes is tried, no attempt is counted, `status` says how many are safe; then all
    leave in order, arrive once by their SHA-256, and are answered once with 01. `Run` looks from
    outside and insists on it.
    """
    plan = Plan(documents=DOCUMENTS, outage=2.0, probe_ceiling=CEILING, sections=QUICK)
    with a_desk(tmp_path, plan) as desk:
        figures = Run(desk, plan).go()
    assert (figures["lost"], figures["doubled"], figures["order"]) == (0, 0, "exact")
    outage = figures["outage"]
    most = outage["seconds"] / (CEILING * 3 / 4) + 1  # a probe comes up to a quarter earlier
    assert 0 < outage["probes"] <= most
    assert (outage["connections"] or 0) <= most


def some_waiting(number):
    """Build so many documents, of all urgencies in turn, a second apart."""
    return [Waiting(f"d{n}", f"o{n:03}", n % 5, 1000 * n) for n in range(number)]


def test_the_order_is_by_urgency_and_every_tenth_is_the_oldest():
    """Of fifty, nine leave of the highest urgency, then the oldest of all, of the lowest."""
    order = in_order(some_waiting(50), claims=0)
    assert order[:9] == [f"d{n}" for n in range(4, 49, 5)]
    assert order[9] == "d0"
    assert order[10:13] == ["d49", "d3", "d8"]
    assert sorted(order) == sorted(one.document for one in some_waiting(50))


@pytest.mark.parametrize("claims", range(10))
def test_probes_before_the_first_document_do_not_matter(claims):
    """Each claims one and gives it back; the tenth claim may come at any place."""
    waiting = some_waiting(50)
    demand_order(waiting, in_order(waiting, claims=claims))


@pytest.mark.parametrize("spoilt", [lambda d: [d[1], d[0], *d[2:]], lambda d: d[:-1], sorted])
def test_any_other_order_is_found_out(spoilt):
    """Two that changed places, one that is missing, and the order of their names."""
    waiting = some_waiting(50)
    with pytest.raises(AssertionError, match="out of order"):
        demand_order(waiting, spoilt(in_order(waiting, claims=3)))
