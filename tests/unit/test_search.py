"""Finding an envelope among what the axis says we sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import HOUR, MINUTE, T0

from edge_node.domain.envelope import AxisId, Sent
from edge_node.domain.search import Finding, Trail, judge, traces_of
from edge_node.domain.time import in_vietnam

TRAIL = Trail(
    receivers=frozenset({"H99.02"}),
    number="12",
    notation="UBND-VP",
    title="V/v thử nghiệm",
    since=T0,
    ago=MINUTE,
)


def found(listed):
    return list(traces_of(TRAIL, listed))


def an_entry(**fields):
    known = {
        "axis_id": AxisId("axis-1"),
        "receiver": "H99.02",
        "title": "V/v thử nghiệm",
        "notation": "12/UBND-VP",
        "sent_at": f"{in_vietnam(T0 + MINUTE):%d/%m/%Y %H:%M:%S}",
        "send_status": "done",
        "send_note": "",
        "receive_status": "initial",
        "receive_note": "",
    }
    return Sent(**(known | fields))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"notation": "UBND-VP"},
        {"title": ""},
        {"sent_at": ""},
        {"sent_at": f"{in_vietnam(T0 - 10 * MINUTE):%Y-%m-%d %H:%M:%S}"},
        {"sent_at": f"{in_vietnam(T0 + 100 * HOUR):%Y-%m-%d %H:%M:%S}"},
    ],
    ids=[
        "as it is",
        "notation and title",
        "no title",
        "no time",
        "the axis's clock behind ours",
        "the axis's clock days ahead",
    ],
)
def test_an_entry_that_agrees_is_ours(fields):
    """Receiver, notation, title and time agree, as far as the axis tells them."""
    assert found([an_entry(**fields)]) == ["axis-1"]


@pytest.mark.parametrize(
    "fields",
    [
        {"receiver": "H99.03"},
        {"notation": "13/UBND-VP"},
        {"title": "V/v khác"},
        {"sent_at": f"{in_vietnam(T0 - HOUR):%d/%m/%Y %H:%M:%S}"},
        {"notation": "UBND-VP", "title": ""},
    ],
    ids=["other receiver", "other number", "other title", "before we tried", "notation alone"],
)
def test_an_entry_that_disagrees_is_not(fields):
    """One thing that is different is enough."""
    assert found([an_entry(**fields)]) == []


def test_an_empty_list_holds_nothing():
    """What the axis does not list it does not have."""
    assert found([]) == []


def test_all_that_agree_are_told_in_the_order_of_the_list():
    """Which of them are other envelopes of ours is for somebody else to know."""
    ids = ["axis-2", "axis-1"]
    assert found([an_entry(axis_id=AxisId(each)) for each in ids]) == ids


def test_a_status_goes_by_the_whole_code_of_the_document_it_is_about():
    """Its trail has no number of its own, and its code may stand alone."""
    trail = replace(TRAIL, number="", notation="12/UBND-VP")
    assert list(traces_of(trail, [an_entry(title="")])) == ["axis-1"]


def test_an_envelope_to_several_is_one_candidate():
    """The list has a row for each receiver, all under the one id."""
    trail = replace(TRAIL, receivers=frozenset({"H99.02", "H99.03"}))
    listed = [an_entry(), an_entry(receiver="H99.03")]
    assert traces_of(trail, listed) == ["axis-1"]


@pytest.mark.parametrize(
    ("candidates", "alike", "finding"),
    [
        (0, 1, Finding.ABSENT),
        (0, 2, Finding.ABSENT),
        (1, 1, Finding.THERE),
        (2, 2, Finding.THERE),
        (1, 2, Finding.UNCLEAR),
        (2, 1, Finding.UNCLEAR),
    ],
)
def test_what_so_many_entries_mean(candidates, alike, finding):
    """As many as there are envelopes that look so: all are there. Otherwise nobody can tell."""
    assert judge(candidates, alike=alike) is finding
