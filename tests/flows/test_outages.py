"""When the axis is away or busy: nothing is lost, nothing is doubled, nobody pays."""

import pytest
from builders import MINUTE, a_document, a_new_document
from flows_world import DAY, LETTER, a_sheet, names

from edge_node.domain.envelope import AxisId, MessageType
from edge_node.domain.errors import AxisBusy, AxisDenied, AxisUnreachable
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import thaw

PDF = LETTER.read_bytes()


def drop(desk, to, number="12", **sheet):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number, **sheet))


def standing(desk):
    """Return the state of every (document, receiver), the newest document first."""
    found = desk.ledger.outbound(limit=99)
    return [fate.state for document in found for fate in document.fates]


def attempts(desk):
    (document,) = desk.ledger.outbound(limit=1)
    return [(attempt.outcome, attempt.number) for attempt in desk.ledger.attempts(document.id)]


@pytest.fixture
def parties(world, gate):
    """Set up a sender whose way to the axis can be cut, and a receiver whose way cannot."""
    return world.desk(url=gate.url), world.desk()


def test_while_the_axis_is_away_nobody_pays_for_it(world, gate, parties):
    """However often it is tried, no attempt is counted; once it is back everything flows."""
    sender, receiver = parties
    gate.shut()
    for number in ("1", "2"):
        drop(sender, receiver.code, number)
    sender.turn("intake")
    for _ in range(5):
        with pytest.raises(AxisUnreachable):
            sender.turn("push")
        sender.later(minutes=5)
    sender.turn("file")

    assert standing(sender) == ["queued", "queued"]
    assert names(sender.exchange / "queued") == ["1", "2"]
    waits = sender.queue.file.rows("select attempt, leased from work where lane = 'push'")
    assert [(row["attempt"], row["leased"]) for row in waits] == [(0, None), (0, None)]
    assert list(sender.queue.file.rows("select * from attempts")) == []

    gate.open()
    sender.turn()
    receiver.turn()
    sender.turn()
    assert standing(sender) == ["delivered", "delivered"]
    assert world.sends(sender.code) == [[receiver.code]] * 2


def test_an_axis_that_denies_our_credentials_is_an_outage_too(gate, parties):
    """No document is refused for the sake of a wrong secret."""
    sender, receiver = parties
    gate.said["sendEdoc"] = {"status": "FAIL", "ErrorCode": "15", "ErrorDesc": "", "DocId": ""}
    drop(sender, receiver.code)
    sender.turn("intake")
    with pytest.raises(AxisDenied):
        sender.turn("push")

    assert standing(sender) == ["queued"]


def test_one_document_the_axis_denies_does_not_stop_the_others(gate, parties):
    """A gateway in between denies that one package alone: the next one goes, then it again."""
    sender, receiver = parties
    denied = {"status": "FAIL", "ErrorCode": "15", "ErrorDesc": "", "DocId": ""}
    seen = []

    def deny_the_first(_call, headers):
        seen.append(headers["XroadVnpt-hash-file"])
        gate.said = {"sendEdoc": denied} if seen[-1] == seen[0] else {}

    gate.watch = deny_the_first
    for number in ("1", "2", "3"):
        drop(sender, receiver.code, number)
    sender.turn("intake")
    with pytest.raises(AxisDenied):
        sender.turn("push")
    sender.turn("push")
    assert sorted(standing(sender)) == ["accepted", "accepted", "queued"]

    gate.watch, gate.said = (lambda _call, _headers: None), {}
    sender.later(minutes=1)
    sender.turn("push")
    assert standing(sender) == ["accepted"] * 3
    assert {row["attempt"] for row in sender.queue.file.rows("select attempt from attempts")} == {
        1
    }


def test_a_busy_axis_is_tried_again_later_and_later(world, gate, parties):
    """Each refusal of the moment doubles the wait, a little shortened by chance."""
    sender, receiver = parties
    gate.busy.add("sendEdoc")
    drop(sender, receiver.code)
    sender.turn()
    waits = []
    for _ in range(4):
        rest = sender.flows["push"].rest(sender.now)
        waits.append(rest.total_seconds())
        sender.turn("push")  # not due yet
        sender.now += rest
        sender.turn("push")
    assert attempts(sender) == [("deferred", number) for number in range(1, 6)]
    assert all(30 * 2**n * 0.75 <= wait <= 30 * 2**n for n, wait in enumerate(waits))
    assert standing(sender) == ["queued"]

    gate.busy.clear()
    sender.now += sender.flows["push"].rest(sender.now)
    sender.turn("push")
    assert world.sends(sender.code) == [[receiver.code]]


def test_a_document_is_given_up_after_the_last_attempt_and_can_be_resent(world, gate):
    """It lies in failed/ with the reason; resend puts it back with fresh attempts."""
    sender, receiver = world.desk(url=gate.url, push={"attempts": 2}), world.desk()
    gate.busy.add("sendEdoc")
    drop(sender, receiver.code)
    sender.turn()
    sender.later(minutes=1)
    sender.turn()
    assert standing(sender) == ["dead"]
    told = sender.error(f"failed/{DAY}/12/error")
    assert told["error"] == "given-up"
    assert sorted(sender.told()) == ["dead", "queued"]

    (document,) = sender.ledger.outbound(limit=1)
    sender.node.resend().resend(document.id, [], now=sender.now)
    sender.turn()
    assert standing(sender) == ["queued"]
    gate.busy.clear()
    sender.later(minutes=1)
    sender.turn()
    assert standing(sender) == ["accepted"]
    assert names(sender.exchange / f"sent/{DAY}") == ["12"]


def test_a_busy_moment_of_one_document_does_not_hold_up_the_next(world, gate, parties):
    """The first is deferred, the second goes."""
    sender, receiver = parties
    gate.busy.add("sendEdoc")
    drop(sender, receiver.code, "1")
    sender.turn()
    gate.busy.clear()
    drop(sender, receiver.code, "2")
    sender.turn()

    assert standing(sender) in (["accepted", "queued"], ["queued", "accepted"])
    assert len(world.sends(sender.code)) == 1


def test_what_the_axis_never_saw_was_not_refused_by_it(caplog, parties):
    """A package that is gone from our disk is given up with its own words, and logged as that."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn("intake")
    for package in (sender.config.folders.spool / "packages").rglob("*"):
        if package.is_file():
            package.unlink()
    caplog.clear()
    sender.turn()

    assert standing(sender) == ["dead"]
    assert "refused by the axis" not in [record.message for record in caplog.records]
    told = sender.error(f"failed/{DAY}/12/error")
    assert told["error"] == "given-up"
    assert "axis_code" not in told
    (document,) = sender.ledger.outbound(limit=1)
    (fate,) = document.fates
    assert "the spool has no package" in str(thaw(fate.reason))


def test_why_a_document_waits_stands_in_its_status_file(gate, parties):
    """A code nobody knows means "not now"; people can read which, long before it is given up."""
    sender, receiver = parties
    gate.said["sendEdoc"] = {"status": "FAIL", "ErrorCode": "99", "ErrorDesc": "Lưu lỗi"}
    drop(sender, receiver.code)
    sender.turn()

    (stands,) = sender.status_file("queued/12")["receivers"]
    assert stands["state"] == "unsure"
    assert "Lưu lỗi" in stands["reason"]
    assert sorted(sender.told()) == ["queued", "unsure"]


def test_an_outage_of_the_pull_does_not_stop_what_is_here_already(world, gate):
    """A document that was fetched is delivered while the axis is away; 01 waits."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    drop(sender, receiver.code)
    sender.turn()
    receiver.turn("pull", "acknowledge")
    gate.shut()
    receiver.turn("deliver")
    assert len(receiver.inbox) == 1
    with pytest.raises(AxisUnreachable):
        receiver.turn("report")
    with pytest.raises(AxisUnreachable):
        receiver.turn("pull")

    gate.open()
    receiver.later(seconds=5)
    receiver.turn()
    assert world.statuses(receiver.code) == ["01"]


def test_acknowledging_never_gives_up(world, gate):
    """A busy axis is told again for as long as it takes; then the document is delivered."""
    sender, receiver = world.desk(), world.desk(url=gate.url, push={"attempts": 2})
    drop(sender, receiver.code)
    sender.turn()
    gate.busy.add("updateStatus")
    for _ in range(4):
        receiver.turn("pull", "acknowledge")
        receiver.later(hours=1)
    gate.busy.clear()
    receiver.turn()

    assert world.standing(receiver.code) == ["done"]
    assert len(receiver.inbox) == 1


def test_asking_after_accepted_documents_goes_round_all_of_them(world, gate):
    """More of them than one look asks about: those a dead receiver never takes starve nobody."""
    sender = world.desk(url=gate.url)
    for number in range(60):
        accepted(sender, f"o{number:09}", f"axis-{number:02}")
    asked = []
    gate.watch = lambda _call, headers: asked.append(headers["XroadVnpt-docId"])
    gate.said["getSentEdocList"] = {"status": "OK", "ErrorCode": "0", "data": []}
    sender.later(minutes=10)

    sender.turn("confirm")
    assert len(asked) == 50
    sender.turn("confirm")
    assert sorted(asked) == [f"axis-{number:02}" for number in range(60)]
    sender.turn("confirm")
    assert sorted(asked[60:]) == [f"axis-{number:02}" for number in range(50)]


def accepted(desk, item, axis_id):
    """Enter a document the axis took, without one having been dropped."""
    document = a_document(item, sender=desk.code)
    out = desk.queue.outgoing
    out.add(a_new_document(item, document=document), now=desk.now)
    claim, _ = out.claim(MessageType.DOCUMENT, now=desk.now, lease=MINUTE)
    out.settle(claim, SendingEvent.ACCEPTED, now=desk.now, axis_id=AxisId(axis_id))


@pytest.mark.parametrize("code", ["10", "20"])
def test_one_document_the_axis_will_not_tell_of_does_not_stop_the_others(world, gate, code):
    """It answers no for the one, and is asked about the next."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    for number in ("1", "2"):
        drop(sender, receiver.code, number)
    sender.turn()
    sender.now += 10 * MINUTE
    no = {"status": "FAIL", "ErrorCode": code, "ErrorDesc": "no", "data": []}
    gate.said["getSentEdocList"] = no
    gate.calls.clear()
    sender.turn("confirm")

    assert gate.calls == ["getSentEdocList"] * 2
    assert standing(sender) == ["accepted", "accepted"]


def test_a_busy_list_of_what_waits_is_an_outage_of_the_pull_alone(world, gate):
    """The daemon pauses that flow; what is raised is one of ours."""
    desk = world.desk(url=gate.url)
    gate.busy.add("getReceivedEdocList")
    with pytest.raises(AxisBusy):
        desk.turn("pull")
    desk.turn("push", "confirm", "acknowledge", "deliver")
