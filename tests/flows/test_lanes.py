"""Lanes: what keeps one flow from its work pauses that flow, is said once, and ends by itself."""

import threading
from datetime import timedelta

import pytest
from builders import T0
from system_world import until

from edge_node.daemon.lanes import Lane, Turned
from edge_node.domain.breaker import AxisDown
from edge_node.domain.errors import AxisDenied, AxisUnreachable, LeaseLost, PackageTooLarge
from edge_node.domain.message import say

AWAY = AxisUnreachable(say("cannot reach the axis: {reason}", reason="refused"))


class Told:
    """A flow that does in turn what it was told to: answer, or raise."""

    def __init__(self, *outcomes):
        """Do these, then have nothing more to do."""
        self.outcomes = list(outcomes)
        self.turns = 0
        self.woken = 0

    def wake(self):
        """Count the bells."""
        self.woken += 1

    def turn(self, _now):
        """Do the next."""
        self.turns += 1
        outcome = self.outcomes.pop(0) if self.outcomes else False
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def rest(self, _now):
        """Know of nothing to come."""


def said(caplog):
    return [(record.levelname, record.message) for record in caplog.records]


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog):
    caplog.set_level("INFO", "edge_node")


def test_a_clock_that_was_set_makes_no_lane_look_as_if_it_hung():
    """By the new time it turned as long ago as by the old one."""
    lane = Lane(name="push", flows=[], clock=lambda: T0)
    Turned(Told(), succeeded=lane.succeeded).turn(T0, 0)
    lane.clock_was_set(timedelta(hours=3))
    assert lane.succeeded == {"told": T0 + timedelta(hours=3)}


def test_an_outage_pauses_the_flow_longer_and_longer(caplog):
    """Five seconds, ten, twenty, never more than five minutes; it is said once."""
    flow = Told(*[AWAY] * 12)
    turned = Turned(flow)
    at, pauses = 1000.0, []
    for _ in range(12):
        assert not turned.turn(T0, at)
        pauses.append(turned.rest(T0, at))
        turns = flow.turns
        assert not turned.turn(T0, at + pauses[-1] - 0.1)
        assert flow.turns == turns
        at += pauses[-1]

    assert pauses[:4] == [5, 10, 20, 40]
    assert set(pauses[6:]) == {300}
    assert said(caplog) == [("ERROR", "paused")]
    assert caplog.records[0].error == "cannot reach the axis: refused"


def test_two_outages_that_take_turns_are_said_once_each(caplog):
    """What keeps one item may not be what keeps the next."""
    other = AxisDenied(say("another thing is out"))
    turned, at = Turned(Told(*[AWAY, other] * 3), longest=20.0), 0.0
    for _ in range(6):
        turned.turn(T0, at)
        at += 1000.0
    assert turned.pause == 20.0
    assert said(caplog) == [("ERROR", "paused"), ("ERROR", "paused")]


@pytest.mark.parametrize("worked", [True, False])
def test_an_outage_is_over_with_the_first_turn_that_succeeds(caplog, worked):
    """Whether it found something to do or not; the next outage begins anew and is said anew."""
    turned = Turned(Told(AWAY, worked, AWAY))
    turned.turn(T0, 0.0)
    assert turned.turn(T0, 5.0) is worked
    turned.turn(T0, 6.0)

    assert turned.rest(T0, 6.0) == 5
    assert said(caplog) == [("ERROR", "paused"), ("INFO", "goes on"), ("ERROR", "paused")]


def test_after_a_pause_the_flow_looks_again_by_itself():
    """What it could not do is not forgotten until somebody rings."""
    flow = Told(AWAY)
    turned = Turned(flow)
    turned.turn(T0, 0.0)
    turned.turn(T0, 5.0)
    assert (flow.turns, flow.woken) == (2, 1)


@pytest.mark.parametrize(
    "error",
    [
        PackageTooLarge(say("a mistake of ours")),
        KeyError("a mistake of ours"),
        OSError(28, "full"),
    ],
)
def test_whatever_else_leaves_a_turn_pauses_the_flow_too(error):
    """A mistake in one flow must not end the thread it shares with others."""
    flow = Told(error)
    flow.outcomes.append(True)
    turned = Turned(flow)
    assert not turned.turn(T0, 0.0)
    assert turned.rest(T0, 0.0) == 5
    assert turned.turn(T0, 5.0)


def test_a_lost_lease_is_no_outage():
    """Somebody else has the item: on with the next."""
    lost = LeaseLost(say("{item} was claimed by somebody else", item="e1"))
    turned = Turned(Told(lost, *[True]))
    assert turned.turn(T0, 0.0)
    assert turned.turn(T0, 0.0)


def test_a_rest_that_cannot_be_told_pauses_the_flow_too():
    """The queue may be away when a flow is asked how long it may sleep."""
    flow = Told()
    flow.rest = lambda _now: (_ for _ in ()).throw(AWAY)
    assert Turned(flow).rest(T0, 0.0) == 5


def test_nobody_sleeps_longer_than_a_minute_on_the_word_of_a_clock():
    """Due times are on the wall clock, which may jump."""
    flow = Told()
    flow.rest = lambda _now: timedelta(days=1)
    assert Turned(flow).rest(T0, 0.0) == 60


class Counting(Told):
    """A flow with so much to do, which tells when it has done it."""

    def __init__(self, todo):
        """Have so many steps to do."""
        super().__init__(*[True] * todo)
        self.done = threading.Event()

    def turn(self, now):
        """Do one step."""
        worked = super().turn(now)
        if not self.outcomes:
            self.done.set()
        return worked


@pytest.mark.parametrize("error", [AWAY, ZeroDivisionError("unforeseen")])
def test_one_flow_that_fails_does_not_stop_the_others_of_its_lane(error):
    """They share a thread; the one is paused, the other's backlog is done."""
    broken, busy = Told(error), Counting(20)
    closed = threading.Event()
    lane = Lane(name="a", flows=[broken, busy], clock=lambda: T0, closing=closed.set)
    lane.start()
    assert busy.done.wait(60)
    lane.stop()
    assert lane.join(timedelta(seconds=10))

    assert broken.turns == 1
    assert busy.outcomes == []
    assert closed.is_set()


def test_the_flows_of_a_lane_take_turns():
    """A long backlog of one starves no other: one step of each."""
    order = []

    class Noting(Counting):
        """One that writes down whose turn it is."""

        def turn(self, now):
            """Do one step."""
            worked = super().turn(now)
            order.append(self)
            return worked

    one, other = Noting(3), Noting(3)
    lane = Lane(name="a", flows=[one, other], clock=lambda: T0)
    lane.start()
    assert one.done.wait(60)
    assert other.done.wait(60)
    lane.stop()
    assert lane.join(timedelta(seconds=10))
    assert order[:6] == [one, other] * 3


def test_a_lane_that_worked_says_so_to_those_that_have_more_to_do_now():
    """Once for each step."""
    rung = []
    flow = Counting(2)
    lane = Lane(name="a", flows=[flow], clock=lambda: T0, worked=lambda: rung.append(flow.turns))
    lane.start()
    assert flow.done.wait(60)
    lane.stop()
    assert lane.join(timedelta(seconds=10))
    assert rung == [1, 2]


def test_a_bell_wakes_the_flows_and_a_lane_that_was_never_started_ends_at_once():
    """Ringing is all that others may do to a lane."""
    flow = Counting(1)
    lane = Lane(name="a", flows=[flow], clock=lambda: T0)
    assert lane.join(timedelta())
    lane.start()
    assert flow.done.wait(60)
    lane.stop()
    assert lane.join(timedelta(seconds=10))
    assert flow.woken == 1


def test_a_nudge_lets_the_flows_turn_without_waking_them():
    """Another lane has put something into the queue; for that nobody looks at the axis again."""
    flow = Counting(1)
    lane = Lane(name="a", flows=[flow], clock=lambda: T0)
    lane.start()
    assert flow.done.wait(60)
    flow.done.clear()
    flow.outcomes.append(True)
    lane.nudge()
    assert flow.done.wait(60)
    lane.stop()
    assert lane.join(timedelta(seconds=10))
    assert flow.outcomes == []
    assert flow.woken == 1


def down(remaining):
    return AxisDown(say("cannot reach the axis"), since=T0, remaining=remaining)


def test_while_the_axis_is_down_a_flow_sleeps_until_the_next_probe(caplog):
    """Not by a doubling of its own, and without a word: one says it for all."""
    flow = Told(down(80), down(160))
    turned = Turned(flow)
    for at, remaining in ((100.0, 80), (181.0, 160)):
        assert not turned.turn(T0, at)
        assert turned.rest(T0, at) == pytest.approx(remaining, abs=0.5)
        assert not turned.turn(T0, at + remaining - 1)
    assert flow.turns == 2
    assert turned.turn(T0, 400.0) is False
    assert flow.woken == 2  # it looks again by itself, as after any pause
    assert said(caplog) == []


def test_a_flow_that_waits_for_the_axis_goes_on_when_somebody_hears_from_it():
    """One that is paused for another reason is left to that."""
    waiting, denied = Turned(Told(down(300), *[True])), Turned(Told(AWAY, *[True]))
    for turned in (waiting, denied):
        turned.turn(T0, 0.0)
        turned.resume()
    assert waiting.turn(T0, 1.0)
    assert not denied.turn(T0, 1.0)


def test_a_lane_that_is_told_that_the_axis_answers_wakes_its_flows_at_once():
    """It sleeps for minutes, and is not rung for."""
    flow = Counting(1)
    flow.outcomes.insert(0, down(300))
    lane = Lane(name="a", flows=[flow], clock=lambda: T0)
    lane.start()
    until(lambda: flow.turns == 1)
    assert not flow.done.is_set()
    lane.resume()
    assert flow.done.wait(60)
    lane.stop()
    assert lane.join(timedelta(seconds=10))


def test_news_cuts_a_long_pause_short_and_a_short_one_not():
    """A document the axis denies holds up the next for half a minute at most, not for five."""
    turned = Turned(Told(*[AWAY] * 7))
    at = 0.0
    for _ in range(7):
        turned.turn(T0, at)
        at += turned.rest(T0, at)
    began = at - 300
    turned.news(began + 29)
    assert turned.rest(T0, began + 29) == 271
    turned.news(began + 30)
    turned.flow.outcomes = [AWAY, AWAY, True]
    assert not turned.turn(T0, began + 30)
    assert turned.rest(T0, began + 30) == 5  # the one in the way is put behind: soon the next
    turned.news(began + 31)
    assert turned.rest(T0, began + 31) == 4


def test_an_axis_that_is_down_is_not_called_for_news():
    """What has come in waits with the rest until it answers."""
    turned = Turned(Told(down(300)))
    turned.turn(T0, 0.0)
    turned.news(100.0)
    assert turned.rest(T0, 100.0) == pytest.approx(200, abs=0.5)


class Written:
    """A board that keeps what it is told."""

    def __init__(self):
        """Begin empty."""
        self.rows = {}

    def paused(self, what, error, seconds):
        """Keep the pause."""
        self.rows[what] = (str(error), seconds)

    def goes_on(self, what):
        """Forget it."""
        del self.rows[what]


def test_every_paused_flow_is_written_on_the_board():
    """Under the lane and its own name, for as long as it rests; the axis has its own row."""
    board = Written()
    turned = Turned(Told(AWAY, AWAY, down(5), *[True]), lane="report", board=board)
    turned.turn(T0, 0.0)
    turned.turn(T0, 5.0)
    assert board.rows == {"report told": ("cannot reach the axis: refused", 10)}
    turned.turn(T0, 15.0)
    assert "report told" in board.rows
    turned.turn(T0, 25.0)
    assert board.rows == {}


@pytest.mark.parametrize(
    ("trouble", "unforeseen"), [(AWAY, False), (ZeroDivisionError("ours"), True)]
)
def test_what_was_in_hand_when_a_turn_was_cut_off_is_freed_before_the_next(trouble, unforeseen):
    """Nobody waits for its lease to lapse; only a mistake of ours counts as a crash over it."""
    freed = []
    turned = Turned(Told(trouble, *[True] * 2), let_go=freed.append)
    turned.turn(T0, 0.0)
    assert freed == []
    turned.turn(T0, 1000.0)
    turned.turn(T0, 1001.0)
    assert freed == [unforeseen]
