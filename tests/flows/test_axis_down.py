"""An axis that is down, and answers nobody understands: known places, no attempts, no loss."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from flows_world import DAY, LETTER, a_sheet, names

from edge_node.adapters.pauses import Pauses
from edge_node.cli.resting import sentences
from edge_node.config import ERROR_CODES, Meaning
from edge_node.daemon.board import Board
from edge_node.domain.breaker import AxisDown
from edge_node.domain.errors import AxisDenied
from edge_node.domain.message import say, thaw
from edge_node.domain.record import axis_words_in

PDF = LETTER.read_bytes()
UNKNOWN = {"status": "FAIL", "ErrorCode": "4711", "ErrorDesc": "Lỗi lạ", "DocId": ""}


def drop(desk, to, number="12", **sheet):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number, **sheet))


def standing(desk):
    found = desk.ledger.outbound(limit=99)
    return [fate.state for document in found for fate in document.fates]


def attempts(desk):
    found = desk.ledger.outbound(limit=99)
    return [each.outcome for document in found for each in desk.ledger.attempts(document.id)]


def work(desk):
    rows = desk.queue.file.rows("select lane, attempt, leased from work order by item")
    return [tuple(row.values()) for row in rows]


@pytest.fixture
def parties(world, gate):
    """Set up a sender whose way to the axis can be cut, and a receiver whose way cannot."""
    return world.desk(url=gate.url), world.desk()


# ── down ─────────────────────────────────────────────────────────────────────────────────────────


def test_while_the_axis_is_down_nothing_is_tried_and_nothing_spent(world, gate, parties):
    """Documents wait as they were, whoever asks how often; once it answers they all go."""
    sender, receiver = parties
    for number in ("1", "2", "3"):
        drop(sender, receiver.code, number)
    sender.turn("intake")
    untried = work(sender)
    gate.shut()
    for name in ("push", "pull", "push", "report", "confirm", "push"):
        try:
            sender.turn(name)
        except AxisDown:
            continue
    assert work(sender) == untried
    assert attempts(sender) == []
    assert standing(sender) == ["queued"] * 3

    gate.open()
    gate.calls.clear()
    for name in ("push", "pull"):
        with pytest.raises(AxisDown):
            sender.turn(name)
    assert gate.calls == []  # it is back, but nobody asks before it is time

    sender.later(seconds=5)
    sender.turn()
    assert standing(sender) == ["accepted"] * 3
    assert attempts(sender) == ["accepted"] * 3
    assert world.sends(sender.code) == [[receiver.code]] * 3


def test_a_probe_by_one_lane_lets_all_of_them_go_on(gate, parties):
    """The pull finds out that the axis is back; the push needs no probe of its own."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn("intake")
    gate.shut()
    with pytest.raises(AxisDown):
        sender.turn("push")
    gate.open()
    sender.later(seconds=5)
    gate.calls.clear()
    sender.turn("pull")
    assert gate.calls[0] == "getReceivedEdocList"
    gate.calls.clear()
    sender.turn("push")
    assert gate.calls == ["sendEdoc"]


def test_an_axis_out_of_order_is_found_out_by_all_lanes_together(gate, parties):
    """Five answers like that, whoever got them: the documents behind them are not even tried."""
    sender, receiver = parties
    for number in range(8):
        drop(sender, receiver.code, str(number))
    sender.turn("intake")
    gate.broken.add("sendEdoc")
    with pytest.raises(AxisDown):
        sender.turn("push")
    assert attempts(sender) == ["silence"] * 5
    assert sorted(row[1] for row in work(sender)) == [0] * 3 + [1] * 5

    gate.broken.clear()
    sender.later(minutes=5)
    sender.turn()
    assert standing(sender) == ["accepted"] * 8


# ── on the board ─────────────────────────────────────────────────────────────────────────────────


def a_board(desk, resumed):
    pauses = Pauses(desk.queue.file)
    board = Board(pauses, clock=lambda: desk.now)
    board.watch(desk.node.upstream, desk.node.clock_watch, resume=lambda: resumed.append(1))
    return pauses


def said(caplog):
    return [
        (record.levelname, record.message)
        for record in caplog.records
        if record.name.endswith("board")
    ]


def test_the_board_says_once_that_the_axis_is_down_and_once_that_it_is_back(gate, parties, caplog):
    """With how many documents are safe here; every probe moves the next, and nothing is logged."""
    sender, receiver = parties
    resumed = []
    for number in ("1", "2"):
        drop(sender, receiver.code, number)
    sender.turn("intake")
    pauses = a_board(sender, resumed)
    began = sender.now
    gate.shut()
    until = []
    for _ in range(3):
        with pytest.raises(AxisDown):
            sender.turn("push")
        (pause,) = [each for each in pauses.all() if each.what == "axis"]
        assert pause.since == began
        until.append((pause.until - sender.now).total_seconds())
        sender.later(minutes=1)
    assert [3.75 <= until[0] <= 5, 7.5 <= until[1] <= 10, 15 <= until[2] <= 20] == [True] * 3
    assert said(caplog) == [("WARNING", "axis unreachable")]
    (record,) = [record for record in caplog.records if record.message == "axis unreachable"]
    assert record.documents_safe == 2
    assert "axis.url" in record.hint
    assert resumed == []

    gate.open()
    sender.turn("push")
    assert [each for each in pauses.all() if each.what == "axis"] == []
    assert said(caplog)[1:] == [("WARNING", "the axis answers again")]
    assert resumed == [1]


def test_a_clock_that_is_off_stands_on_the_board_until_it_is_right(world, gate):
    """How far, since when, and what to do; a new start begins with nothing."""
    desk = world.desk(url=gate.url)
    pauses = a_board(desk, [])
    desk.node.clock_watch.heard(format_datetime(desk.now + timedelta(hours=2)), desk.now)
    (clock,) = pauses.all()
    assert (clock.what, clock.since, clock.until) == ("clock", desk.now, None)
    shown = [str(said) for said in sentences(clock, safe=0, now=desk.now)]
    assert shown[0] == "this machine's clock is 2 hours behind the axis's"
    assert "timedatectl" in shown[1]

    desk.node.clock_watch.heard(format_datetime(desk.now), desk.now)
    assert pauses.all() == []
    desk.node.clock_watch.heard(format_datetime(desk.now + timedelta(hours=2)), desk.now)
    assert [each.what for each in a_board(desk, []).all()] == []


def test_what_rests_is_told_by_the_clock_on_the_wall(world, gate):
    """The day is named where it is not today's."""
    desk = world.desk(url=gate.url)
    pauses = a_board(desk, [])
    board = Board(pauses, clock=lambda: desk.now)
    error = AxisDenied(say("the axis denies us"), hint=say("check axis.secret_file"))
    board.paused("pull", error, 300)
    (pause,) = pauses.all()
    told = [str(said) for said in sentences(pause, safe=0, now=desk.now)]
    assert told == [
        "pull paused since 08:00, tried again 08:05",
        "the axis denies us",
        "check axis.secret_file",
    ]
    (later, *_) = sentences(pause, safe=0, now=desk.now + timedelta(days=1))
    assert "since 2026-11-21 08:00" in str(later)


# ── a code nobody knows ──────────────────────────────────────────────────────────────────────────


def answered_unclearly(desk, times):
    for _ in range(times):
        desk.turn("push")
        desk.later(hours=1)


def test_a_code_nobody_knows_is_tried_three_times_and_then_parked(world, gate, parties):
    """Refused with the axis's own words; sent again by a person it has three tries again.

    In between the axis is asked: a no nobody understands may be no no.
    """
    sender, receiver = parties
    gate.said["sendEdoc"] = UNKNOWN
    drop(sender, receiver.code)
    sender.turn("intake")
    answered_unclearly(sender, 2)
    assert gate.calls.count("sendEdoc") == 2
    answered_unclearly(sender, 2)
    assert gate.calls.count("sendEdoc") == 3
    assert standing(sender) == ["refused"]
    tries = ["unclear", "missing", "unclear", "missing", "unclear", "refused"]
    assert attempts(sender) == tries

    sender.turn("file")
    assert names(sender.exchange / f"failed/{DAY}") == ["12"]
    told = sender.error(f"failed/{DAY}/12/error")
    assert (told["axis_code"], told["axis_text"]) == ("4711", "Lỗi lạ")
    (document,) = sender.ledger.outbound(limit=1)
    (fate,) = document.fates
    assert axis_words_in(thaw(fate.reason)) == ("4711", "Lỗi lạ")

    sender.node.resend().resend(document.id, [], now=sender.now)
    answered_unclearly(sender, 2)
    assert standing(sender) == ["unsure"]
    gate.said.clear()
    sender.turn("push")
    assert standing(sender) == ["accepted"]
    assert world.sends(sender.code) == [[receiver.code]]


def test_a_code_the_configuration_names_is_no_riddle(world, gate):
    """What people have found out about a code is entered under axis.codes, and believed."""
    codes = ERROR_CODES | {"4711": Meaning.REFUSED}
    sender, receiver = world.desk(url=gate.url, axis={"codes": codes}), world.desk()
    gate.said["sendEdoc"] = UNKNOWN
    drop(sender, receiver.code)
    sender.turn("intake", "push")
    assert (standing(sender), attempts(sender)) == (["refused"], ["refused"])


def test_a_list_nobody_understands_parks_nothing(gate, parties):
    """After silence the axis is asked; a riddle in answer says nothing of the document."""
    sender, receiver = parties
    gate.lost.add("sendEdoc")
    gate.said["getSentEdocList"] = UNKNOWN
    drop(sender, receiver.code)
    sender.turn("intake", "push")
    for _ in range(5):
        sender.later(hours=1)
        sender.turn("push")
    assert standing(sender) == ["unsure"]


def test_an_acknowledgement_nobody_understands_holds_no_document_up(world, gate):
    """After three such answers it goes on its way: it is safe here, whatever the axis says."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    drop(sender, receiver.code)
    sender.turn("intake", "push")
    gate.said["updateStatus"] = {"status": "FAIL", "ErrorCode": "4711", "ErrorDesc": "Lỗi lạ"}
    receiver.turn("pull")
    for tries in (1, 2, 3):
        assert receiver.inbox == []
        receiver.turn("acknowledge", "deliver")
        assert gate.calls.count("updateStatus") == tries
        receiver.later(hours=1)
    assert len(receiver.inbox) == 1


# ── one item alone ───────────────────────────────────────────────────────────────────────────────


def test_an_acknowledgement_the_axis_denies_does_not_hold_up_the_others(world, gate):
    """Denied for the one alone it is put off; denied twice running it is an outage."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    for number in ("1", "2", "3"):
        drop(sender, receiver.code, number)
    sender.turn("intake", "push")
    receiver.turn("pull")
    denied = {"status": "FAIL", "ErrorCode": "15", "ErrorDesc": ""}
    first = []

    def deny_the_first(call, headers):
        if call == "updateStatus":
            first.append(headers["XroadVnpt-docId"])
            gate.said = {"updateStatus": denied} if first[-1] == first[0] else {}

    gate.watch = deny_the_first
    receiver.turn("acknowledge")
    assert sorted(world.standing(receiver.code)) == ["done", "done", "initial"]

    gate.watch, gate.said = (lambda _call, _headers: None), {"updateStatus": denied}
    receiver.later(minutes=1)
    receiver.turn("acknowledge")
    receiver.later(minutes=2)
    with pytest.raises(AxisDenied):
        receiver.turn("acknowledge")
