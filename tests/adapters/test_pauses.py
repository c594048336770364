"""What rests, as `status` finds it: a row for each, written only when something has changed."""

from datetime import timedelta

import pytest
from builders import MINUTE, T0

from edge_node.adapters.pauses import Pause, Pauses
from edge_node.adapters.queue import Queue
from edge_node.domain.message import say
from edge_node.domain.record import hint_in

REASON = say("cannot reach the axis: {reason}", reason="refused", hint=say("check axis.url"))


def a_pause(what="axis", *, since=T0, until=T0 + MINUTE, reason=REASON):
    return Pause(what=what, since=since, until=until, reason=reason)


@pytest.fixture
def queue(tmp_path):
    queue = Queue(tmp_path / "queue.db")
    yield queue
    queue.close()


@pytest.fixture
def pauses(queue):
    return Pauses(queue.file)


def test_a_pause_comes_back_as_it_was_put(queue, pauses):
    """Whoever reads it in another process finds when, until when, why, and what can be done."""
    pauses.put(a_pause())
    pauses.put(a_pause("clock", since=T0 - MINUTE, until=None))
    clock, axis = Pauses(queue.file).all()
    assert (clock.what, clock.until) == ("clock", None)
    assert axis == a_pause()
    assert str(hint_in(axis.reason)) == "check axis.url"


def test_a_pause_is_put_in_place_of_the_one_before(pauses):
    """One row a thing, whatever becomes of its times."""
    pauses.put(a_pause())
    pauses.put(a_pause(until=T0 + 2 * MINUTE))
    (axis,) = pauses.all()
    assert axis.until == T0 + 2 * MINUTE


def test_nothing_is_written_where_nothing_has_changed(queue, pauses):
    """The same again, or the end of what never began, leaves the file as it is."""
    pauses.put(a_pause())
    before = queue.file.row("pragma data_version"), queue.file.row("select total_changes() as n")
    pauses.put(a_pause())
    pauses.clear("push")
    after = queue.file.row("pragma data_version"), queue.file.row("select total_changes() as n")
    assert before == after


def test_what_goes_on_is_forgotten(pauses):
    """One of them, or, at a start, whatever another daemon left."""
    pauses.put(a_pause())
    pauses.put(a_pause("push", since=T0 + timedelta(seconds=1)))
    pauses.clear("axis")
    assert [each.what for each in pauses.all()] == ["push"]
    pauses.clear_all()
    assert pauses.all() == []
    pauses.put(a_pause("push"))
    assert [each.what for each in pauses.all()] == ["push"]
