"""Recalls cut off, overtaken and unanswered: nothing is sent that was stopped, nothing is left."""

import shutil
from dataclasses import replace

import jsonschema
import pytest
from flows_world import Meanwhile, cut_after, keep_all
from recall_world import (
    FILES,
    WHY,
    asked,
    drop_recall,
    everywhere,
    exchange,
    request_in,
    send,
    states,
    traces,
)
from sandbox_world import Caller

from edge_node.config import RecallBy
from edge_node.domain.document import Organization, Reference, StatusMessage, agency_code
from edge_node.protocol import edxml
from edge_node.protocol.handoff import schema


def test_wherever_the_power_goes_while_it_is_destroyed_nothing_is_left(world):
    """Each step in turn: begun again, destroyed to the end, and answered once."""
    for count in range(60):
        sender, receiver, document, _ = asked(world)
        old = request_in(receiver)["business"]["about"]["id"]
        receiver.report("a.json", id=old, status="15")
        receiver.turn("takestatuses")
        with cut_after(count) as went:
            receiver.turn("destroy", "report")
        receiver.restart()
        exchange(receiver, sender)
        assert world.statuses(receiver.code).count("15") == 1
        assert states(sender, document) == {receiver.code: "recalled"}
        assert traces(everywhere(receiver), world.packages(sender.code)) == set()
        stone = receiver.ledger.find(old).tombstone
        assert (stone.attachments, stone.remains) == (len(FILES), ())
        if not went:
            break
    assert 5 < count < 59


def test_wherever_the_power_goes_while_it_is_asked_it_is_asked_once(world):
    """The drop the command makes is taken in at the next start, or was never made."""
    for count in range(40):
        sender, receiver = world.desk(), world.desk()
        document = send(sender, receiver)
        exchange(receiver, sender)
        with cut_after(count) as went:
            sender.node.recall_order().recall(document.id, WHY, (), now=sender.now)
        sender.restart()
        exchange(sender, receiver)
        kinds = [each["business"]["kind"] for each in receiver.letters()]
        assert kinds in (["new"], ["new", "recall"])
        asked_for = [str(each.state) for each in sender.ledger.find(document.id).requests]
        assert asked_for == ["asked"] * kinds.count("recall")
        if not went:
            break
    assert kinds == ["new", "recall"]


def test_what_the_axis_never_got_is_stopped_not_sent_again(world, gate):
    """Unsure when it was asked for: the axis does not list it, so that nothing more leaves."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    gate.said["sendEdoc"] = {"sorry": "a proxy's own words"}
    document = send(sender, receiver)
    assert states(sender, document) == {receiver.code: "unsure"}
    gate.said.clear()
    plan = sender.node.recall_order().recall(document.id, WHY, (), now=sender.now)[1]
    assert plan.asked == (receiver.code,)
    for _ in range(4):
        sender.later(minutes=5)
        exchange(sender, receiver)
    assert states(sender, document) == {receiver.code: "recalled"}
    assert [each["business"]["kind"] for each in receiver.letters()] == ["recall"]


def test_a_13_nobody_answers_for_is_found_at_the_axis(world, gate):
    """A status 13 that got no answer is asked about by the number of the document."""
    sender = world.desk(url=gate.url, recall={"by": RecallBy.STATUS})
    receiver = world.desk()
    document = send(sender, receiver)
    exchange(receiver, sender)
    gate.lost.add("sendEdoc")
    drop_recall(sender, document, receiver)
    gate.lost.clear()
    exchange(sender, receiver)
    assert world.statuses(sender.code) == ["13"]
    assert request_in(receiver)["raw_codes"] == {"StatusCode": "13"}


def test_a_package_of_the_softwares_own_may_recall(world):
    """It goes as it is, and what it comes to is known all the same."""
    sender, receiver, document, recall = asked(world)
    (_, package) = world.packages(sender.code)
    other = package.replace(recall.document_id.encode(), b"mot-ma-khac").replace(b">13<", b">14<")
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="16", note="chưa rõ lý do")
    exchange(receiver, sender)
    (sender.outbox / "x.edxml.part").write_bytes(other)
    (sender.outbox / "x.edxml.part").rename(sender.outbox / "14.edxml")
    exchange(sender, receiver)
    assert len(receiver.inbox) == 3
    receiver.report("b.json", id=old, status="15")
    exchange(receiver, sender)
    assert states(sender, document) == {receiver.code: "recalled"}


def test_copies_nobody_has_read_yet_go_as_well(world):
    """Fetched and not yet handed over when it is destroyed: that package, too."""
    sender, receiver, _, _ = asked(world)
    first = world.packages(sender.code)[0]
    old = request_in(receiver)["business"]["about"]["id"]
    world.put(receiver.code, first.replace(b"</edXML>\n", b"</edXML>\n\n"))
    receiver.turn("pull", "acknowledge")
    receiver.report("a.json", id=old, status="15")
    receiver.turn("takestatuses")
    receiver.turn("destroy")
    assert traces(everywhere(receiver), [first]) == set()
    exchange(receiver)
    assert len(receiver.inbox) == 1
    found = sorted(each.state for each in receiver.ledger.inbound(limit=9))
    assert found == ["delivered", "recalled", "recalled"]


def test_the_push_and_the_recall_do_not_both_win(world, gate):
    """Being sent in this moment: it is asked for; the axis was busy, so it is stopped then."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    document = send(sender, receiver, turn=False)
    gate.said["sendEdoc"] = {"status": "FAIL", "ErrorCode": "20", "ErrorDesc": "busy"}
    plans = []

    def recall():
        order = sender.node.recall_order()
        plans.append(order.recall(document.id, WHY, (), now=sender.now)[1])

    push = sender.flows["push"]
    sender.flows["push"] = replace(push, axis=Meanwhile(push.axis, "send", recall))
    sender.turn("push")
    assert plans[0].asked == (receiver.code,)
    gate.said.clear()
    for _ in range(3):
        sender.later(minutes=10)
        exchange(sender, receiver)
    assert states(sender, document) == {receiver.code: "recalled"}
    assert "new" not in [each["business"]["kind"] for each in receiver.letters()]


@pytest.mark.parametrize("by", ["document", "status"])
def test_a_request_in_the_inbox_is_as_the_schema_says(world, by):
    """Whatever form it came in, software that reads one reads the other."""
    _, receiver, document, _ = asked(world, by)
    letter = request_in(receiver)
    jsonschema.validate(letter, schema("inbound"))
    assert letter["business"]["document_id"] == document.document_id
    assert letter["attachments"] == []
    assert (letter["subject"] != "") is True


def test_a_13_that_names_its_issuer_comes_as_well(world):
    """Some name themselves in ResponseFor, as the issuer, and the receivers in the call alone."""
    sender, receiver = world.desk(), world.desk()
    document = send(sender, receiver)
    exchange(receiver, sender)
    caller = Caller(url=world.url, code=sender.code, secret=world.member(sender.code).secret)
    about = Reference(
        organ=agency_code(sender.code), code=document.code, document_id=document.document_id
    )
    us = Organization(code=agency_code(sender.code))
    asks = StatusMessage(sender=us, about=about, status="13", note=WHY, at=sender.now)
    caller.send(edxml.write_status(asks), "status", to=[receiver.code])
    exchange(receiver)
    request = request_in(receiver)
    assert request["business"]["reason"] == WHY
    assert request["business"]["about"]["state"] == "delivered"


def test_an_older_state_of_the_queue_does_not_send_what_was_stopped(world):
    """Put back from before the recall: its papers say what became of it, and that holds."""
    sender, receiver = world.desk(), world.desk()
    sender.node.prepare()
    document = send(sender, receiver, turn=False)
    put_back = keep_all(sender)
    sender.restart()
    drop_recall(sender, document, receiver)
    assert states(sender, document) == {receiver.code: "recalled"}
    put_back()
    for _ in range(3):
        sender.later(hours=1)
        exchange(sender, receiver)
    assert states(sender, document) == {receiver.code: "recalled"}
    assert receiver.inbox == []


def test_wherever_the_power_goes_while_a_13_is_handed_over_it_is_handed_over_once(world):
    """One folder, one request, and the clerk's answer finds the document."""
    sender, receiver, document, _ = asked(world, "status")
    for count in range(40):
        (seen,) = [each for each in receiver.letters() if each["business"]["kind"] == "recall"]
        receiver.report(f"{count}.json", id=seen["id"], status="16", note="không")
        exchange(receiver, sender)
        shutil.rmtree(next(place for place in receiver.inbox if is_request(place)))
        receiver.later(minutes=2)
        receiver.turn()
        drop_recall(sender, document, receiver, name=f"{count + 20}")
        receiver.turn("pull", "acknowledge")
        with cut_after(count) as went:
            receiver.turn("apply")
        receiver.restart()
        exchange(receiver)
        old = seen["business"]["about"]["id"]
        states = [str(each.state) for each in receiver.ledger.find(old).requests]
        assert states == ["refused"] * (count + 1) + ["asked"]
        if not went:
            break
    assert 5 < count < 39


def is_request(folder):
    return b'"recall"' in (folder / "document.json").read_bytes()
