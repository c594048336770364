"""When no answer came: the axis is asked what it has before anything is sent again."""

from datetime import timedelta

import pytest
from flows_world import LETTER, a_sheet, names

from edge_node.domain.envelope import Lane
from edge_node.domain.errors import AxisDenied, DiskTrouble
from edge_node.domain.message import say

PDF = LETTER.read_bytes()


def drop(desk, to, number="12", **sheet):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number, **sheet))


def standing(desk):
    """Return the state of every (document, receiver), the newest document first."""
    found = desk.ledger.outbound(limit=99)
    return [fate.state for document in found for fate in document.fates]


@pytest.fixture
def parties(world, gate):
    """Set up a sender whose way to the axis can be cut, and a receiver whose way cannot."""
    return world.desk(url=gate.url), world.desk()


def test_after_silence_the_axis_is_asked_and_what_it_has_is_not_sent_again(world, gate, parties):
    """The package arrived, the answer was lost: found in the list, accepted, sent once."""
    sender, receiver = parties
    gate.lost.add("sendEdoc")
    drop(sender, receiver.code)
    sender.turn()
    assert standing(sender) == ["unsure"]
    assert names(sender.exchange / "queued") == ["12"]
    assert sorted(sender.told()) == ["queued", "unsure"]

    gate.lost.clear()
    sender.later(minutes=1)
    sender.turn()
    assert standing(sender) == ["accepted"]
    assert world.sends(sender.code) == [[receiver.code]]
    assert gate.calls.count("sendEdoc") == 1
    receiver.turn()
    sender.turn()
    assert standing(sender) == ["delivered"]


def test_after_silence_what_the_axis_does_not_have_is_sent_once_more(world, gate, parties):
    """Neither package nor answer arrived: missing in the list, it is sent again."""
    sender, receiver = parties
    gate.said["sendEdoc"] = {"sorry": "a proxy's own words"}
    drop(sender, receiver.code)
    sender.turn()
    assert standing(sender) == ["unsure"]

    gate.said.clear()
    sender.later(minutes=1)
    sender.turn()
    assert standing(sender) == ["unsure"]  # the axis may still be at it
    sender.later(minutes=2)
    sender.turn()
    assert standing(sender) == ["accepted"]
    assert world.sends(sender.code) == [[receiver.code]]
    assert gate.calls.count("sendEdoc") == 2


@pytest.mark.parametrize("code", ["10", "20", "15"])
def test_while_the_axis_will_not_say_the_document_stays_unsure(world, gate, parties, code):
    """That it refuses to list says nothing of the document: it is asked again later."""
    sender, receiver = parties
    gate.lost.add("sendEdoc")
    drop(sender, receiver.code)
    sender.turn()
    gate.lost.clear()
    no = {"status": "FAIL", "ErrorCode": code, "ErrorDesc": "no", "data": []}
    gate.said["getSentEdocList"] = no
    sender.later(minutes=1)
    try:
        sender.turn("push")
    except AxisDenied:
        assert code == "15"
    assert standing(sender) == ["unsure"]

    gate.said.clear()
    sender.later(minutes=5)
    sender.turn()
    assert standing(sender) == ["accepted"]
    assert world.sends(sender.code) == [[receiver.code]]


def test_a_crash_in_the_middle_of_sending_is_found_out_before_it_is_sent_again(world, parties):
    """What was being sent when the node died is unsure; the axis has it, so it is found."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn("intake")
    sender.cut_off("push", "axis", "send", after=True)
    sender.restart()
    sender.later(minutes=1)
    sender.turn()

    assert standing(sender) == ["accepted"]
    assert world.sends(sender.code) == [[receiver.code]]


def test_a_queue_that_stumbles_after_the_axis_said_ok_does_not_send_twice(world, parties):
    """Nothing is given back then: once the lane lets go of it the axis is asked, and has it."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn("intake")
    push = sender.flows["push"]
    push.queue = Stumbling(push.queue)
    with pytest.raises(DiskTrouble):
        push.turn(sender.now)
    push.queue = push.queue.queue
    sender.turn("push")
    assert len(world.sends(sender.code)) == 1

    sender.queue.let_go([Lane.PUSH], counts=False, crashes=3)
    sender.turn()
    assert standing(sender) == ["accepted"]
    assert world.sends(sender.code) == [[receiver.code]]


class Stumbling:
    """A queue whose disk is full whenever something is to be settled."""

    def __init__(self, queue):
        """Be that queue, but for the one call."""
        self.queue = queue

    def __getattr__(self, name):
        """Return what the queue has."""
        return getattr(self.queue, name)

    def settle(self, *_args, **_fields):
        """Fail."""
        raise DiskTrouble(say("no room left"))


def test_after_silence_another_documents_entry_is_not_taken_for_ours(world, gate, parties):
    """The axis lists it by its notation alone; what is known to be another letter is not it."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    gate.said["sendEdoc"] = {"sorry": "a proxy's own words"}
    drop(sender, receiver.code, "2")
    sender.turn()
    assert sorted(standing(sender)) == ["accepted", "unsure"]

    (first,) = sender.queue.file.rows("select axis_id from envelopes where axis_id is not null")
    entry = {"senderDocId": first["axis_id"], "toCode": receiver.code, "notation": "UBND-VP"}
    entry |= {"title": "V/v thử nghiệm", "sentTime": "", "sendStatus": "done"}
    gate.said = {"getSentEdocList": {"status": "OK", "ErrorCode": "0", "data": [entry]}}
    sender.later(minutes=3)
    sender.turn("push")
    assert world.sends(sender.code) == [[receiver.code]] * 2


def test_the_axis_is_asked_once_for_all_that_are_unsure_together(world, gate, parties):
    """Its list may be long; but what was sent after it was made is not looked for in it."""
    sender, receiver = parties
    gate.lost.add("sendEdoc")
    for number in ("1", "2", "3"):
        drop(sender, receiver.code, number)
    sender.turn()
    gate.lost.clear()
    sender.later(minutes=1)
    sender.turn("push")
    assert standing(sender) == ["accepted"] * 3
    assert gate.calls.count("getSentEdocList") == 1
    assert len(world.sends(sender.code)) == 3


def test_a_list_made_before_an_envelope_left_says_nothing_of_it(world, gate):
    """Sent once more in the same moment, and silent again: the axis is asked anew, and has it."""
    at_once = {"retry_first": timedelta(milliseconds=1), "unsure_after": timedelta()}
    sender = world.desk(url=gate.url, push=at_once)
    receiver = world.desk()
    gate.said["sendEdoc"] = {"sorry": "a proxy's own words"}
    drop(sender, receiver.code)
    sender.turn("intake")
    push = sender.flows["push"]
    push.turn(sender.now)
    gate.said.clear()
    gate.lost.add("sendEdoc")
    for _ in ("missing", "sent again", "found"):
        sender.now += timedelta(seconds=1)
        push.turn(sender.now)

    assert standing(sender) == ["accepted"]
    assert gate.calls.count("getSentEdocList") == 2
    assert world.sends(sender.code) == [[receiver.code]]


def test_what_was_cut_off_is_not_taken_for_an_older_document_of_its_number(world, parties):
    """The list holds the first edition under the same title: the second is still missing."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn()
    more = {"cv.pdf": PDF + b"% second edition\n%%EOF\n"}
    sender.drop("12 ban 2", more, **a_sheet("cv.pdf", to=receiver.code, resend=True))
    sender.turn("intake")
    sender.cut_off("push", "axis", "send")
    sender.restart()
    for _ in range(2):
        sender.later(minutes=3)
        sender.turn()

    assert standing(sender) == ["accepted", "accepted"]
    assert world.sends(sender.code) == [[receiver.code]] * 2
