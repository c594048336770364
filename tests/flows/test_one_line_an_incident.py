"""The log of a bad day: what goes on for hours is a handful of lines, whatever is tried again."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from flows_world import LETTER, a_sheet

from edge_node.adapters.pauses import Pauses
from edge_node.daemon.board import Board
from edge_node.daemon.lanes import Turned

PDF = LETTER.read_bytes()
DAY = timedelta(days=1)
STEP = timedelta(minutes=4)


@pytest.fixture(autouse=True)
def _as_configured(caplog):
    caplog.set_level("INFO", "edge_node")


@pytest.fixture
def desk(world, gate):
    return world.desk(url=gate.url)


def drop(desk, number, to="H37.99"):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number))


class Mistaken:
    """A flow with a mistake in it, and another one."""

    def __init__(self, *mistakes):
        """Make these, one with each turn, False for none."""
        self.mistakes = list(mistakes)

    def wake(self):
        """Remember nothing."""

    def turn(self, _now):
        """Make the next."""
        mistake = self.mistakes.pop(0) if self.mistakes else None
        if mistake == "key":
            return {}[mistake]
        if mistake == "number":
            return int(mistake, 10)
        return False


def said(caplog):
    return [record.getMessage() for record in caplog.records]


@contextmanager
def lanes_of(desk):
    """Give every flow as its lane turns it, with a board; and what turns them for a while."""
    board = Board(Pauses(desk.queue.file), clock=lambda: desk.now)
    board.watch(desk.node.upstream, desk.node.clock_watch, resume=lambda: None)
    turned = [Turned(flow, lane=name, board=board) for name, flow in desk.flows.items()]

    def live(span):
        end = desk.now + span
        while desk.now < end:
            for each in turned:
                each.flow.wake()
                for _ in range(50):
                    if not each.turn(desk.now, desk.seconds):
                        break
            desk.later(seconds=STEP.total_seconds())

    yield live


def test_a_dead_axis_is_a_line_at_its_beginning_and_one_at_its_end(world, gate, desk, caplog):
    """A day with documents waiting: tried some hundred times, said once."""
    receiver = world.desk()
    for number in ("1", "2", "3"):
        drop(desk, number, receiver.code)
    desk.turn("intake")
    caplog.clear()
    gate.shut()
    with lanes_of(desk) as live:
        live(DAY)
        assert said(caplog) == ["axis unreachable"]
        gate.open()
        live(timedelta(minutes=10))
    lines = said(caplog)
    assert lines.count("the axis answers again") == 1
    assert lines.count("sent to the axis") == 3
    assert len(lines) < 12


def test_a_share_that_is_away_is_a_line(desk, caplog):
    """Each flow that needs it says so once, in a day of looking."""
    with lanes_of(desk) as live:
        live(timedelta(minutes=4))
        caplog.clear()
        away = desk.exchange.with_name("away")
        desk.exchange.rename(away)
        live(DAY)
        lines = said(caplog)
        assert set(lines) == {"paused"}
        assert len(lines) <= 6
        away.rename(desk.exchange)
        live(timedelta(minutes=10))
    assert said(caplog).count("goes on") == len(lines)


def test_a_mistake_of_ours_met_with_every_try_is_one_traceback(caplog):
    """Another one, made elsewhere, is another; met again after it was over, it is said again."""
    turned = Turned(Mistaken(*["key"] * 50, "number", "", "key"))
    at = 1000.0
    for _ in range(60):
        turned.turn(None, at)
        at += 400
    assert said(caplog) == [
        "paused by something unforeseen",
        "paused by something unforeseen",
        "goes on",
        "paused by something unforeseen",
        "goes on",
    ]


def test_a_document_the_axis_is_too_busy_for_is_a_line(world, gate, desk, caplog):
    """Put off again and again, it stands in its record; the log is told with the first try."""
    receiver = world.desk()
    drop(desk, "1", receiver.code)
    desk.turn("intake")
    caplog.clear()
    gate.busy = {"sendEdoc"}
    for _ in range(4):
        desk.turn("push")
        desk.later(hours=1)
    assert [line for line in said(caplog) if line != "the clock is off"] == ["deferred"]
