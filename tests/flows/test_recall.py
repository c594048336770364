"""Having a document back: stopped where it has not left, asked for where it has."""

from dataclasses import replace

import pytest
from flows_world import DAY, Meanwhile, names
from recall_world import (
    FILES,
    WHY,
    asked,
    drop_recall,
    everywhere,
    exchange,
    hold_back,
    pair,
    request_in,
    send,
    states,
    statuses,
    traces,
)
from sandbox_world import Caller

from edge_node.adapters.disk import AccessDenied
from edge_node.catalogue import Language, tell
from edge_node.domain.document import Organization, Reference, StatusMessage, agency_code
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.protocol import edxml

both = pytest.mark.parametrize("by", ["document", "status"])


@both
def test_who_agrees_gives_it_back_and_nothing_of_it_is_left(world, by):
    """15: the payload is in no file of the receiver any more, and the sender's copy is frozen."""
    sender, receiver, document, _ = asked(world, by)
    packages = world.packages(sender.code)
    before = traces(everywhere(receiver), packages)
    assert before  # the search finds what is there
    assert set(FILES) <= before

    request = request_in(receiver)
    assert request["business"]["reason"] == WHY
    assert request["business"]["document_id"] == document.document_id
    old = request["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="15")
    exchange(receiver)

    assert traces(everywhere(receiver), packages) == set()
    found = receiver.ledger.find(old)
    assert found.state == "recalled"
    assert found.subject == "V/v thử nghiệm"  # the metadata stay
    assert found.tombstone.attachments == len(FILES)
    assert found.tombstone.remains == ()

    exchange(sender, receiver)
    assert states(sender, document) == {receiver.code: "recalled"}
    assert "recalled" in sender.told()
    place = f"sent/{DAY}/12"
    assert names(sender.exchange / place) == sorted([*FILES, "document.json", "status.json"])
    assert sender.status_file(place)["receivers"][0]["state"] == "recalled"
    with pytest.raises(NotAllowed):
        sender.node.resend().resend(document.id, (), now=sender.now)


@both
def test_who_does_not_agree_keeps_it_and_says_why(world, by):
    """16: the document goes on at the receiver's; the sender reads the words."""
    sender, receiver, document, _ = asked(world, by)
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="16", note="đã xử lý xong")
    exchange(receiver, sender)
    assert states(sender, document) == {receiver.code: "delivered"}
    (change,) = sender.ledger.find(document.id).requests
    assert (change.state, change.note) == ("refused", "đã xử lý xong")
    assert len(receiver.inbox) == 2
    assert receiver.ledger.find(old).state == "delivered"


@both
def test_a_request_is_answered_by_its_own_id_as_well(world, by):
    """Whether the clerk names the document or the request: it is the same answer."""
    sender, receiver, document, _ = asked(world, by)
    receiver.report("a.json", id=request_in(receiver)["id"], status="15")
    exchange(receiver, sender)
    assert states(sender, document) == {receiver.code: "recalled"}


def test_a_refusal_without_a_reason_is_none(world):
    """16 needs words; the request stays open."""
    sender, receiver, document, _ = asked(world)
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="16")
    exchange(receiver, sender)
    assert names(receiver.exchange / "statuses/failed")
    assert sender.ledger.find(document.id).requests[0].state == "asked"


def test_an_answer_is_true_before_it_leaves(world):
    """As long as something is left the 15 waits; once it is gone it goes."""
    _, receiver, _, _ = asked(world)
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="15")
    receiver.turn("takestatuses", "report")
    assert world.statuses(receiver.code) == ["01", "01"]
    assert receiver.ledger.find(old).requests[0].state == "agreeing"
    receiver.turn("destroy", "report")
    assert world.statuses(receiver.code) == ["01", "01", "15"]


def test_what_cannot_be_removed_is_tried_again_with_an_alarm(world):
    """The 15 waits, a person is warned once, and the next try succeeds."""
    sender, receiver, document, _ = asked(world)
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="15")
    hindered = CannotRemove(receiver.flows["destroy"].inbox)
    receiver.flows["destroy"] = replace(receiver.flows["destroy"], inbox=hindered)
    exchange(receiver, sender)
    assert statuses(sender, document) == {receiver.code: "01"}
    receiver.later(minutes=40)
    receiver.turn("deadlines")
    assert alarms(receiver, "destroy late") == [(old, False)]
    hindered.mended = True
    receiver.later(hours=2)
    exchange(receiver, sender)
    assert states(sender, document) == {receiver.code: "recalled"}
    assert alarms(receiver, "destroy late") == [(old, True)]


def alarms(desk, what):
    """Return what people are alarmed of by a name, and whether that is over."""
    rows = desk.queue.file.rows("select * from alarms where what = :what", {"what": what})
    return [(row["item"], row["over"] is not None) for row in rows]


class CannotRemove:
    """An inbox in which a folder is somebody else's."""

    def __init__(self, inbox):
        """Be that inbox, but for removing."""
        self._inbox, self.mended = inbox, False

    def __getattr__(self, name):
        """Return what the inbox has."""
        return getattr(self._inbox, name)

    def destroy(self, item, folder):
        """Remove nothing until the rights are mended."""
        if not self.mended:
            raise AccessDenied(
                say("the node may not touch {path}: {reason}", path="x", reason="y")
            )
        return self._inbox.destroy(item, folder)


def test_a_crash_while_it_is_destroyed_leaves_nothing_undone(world):
    """Cut off before the tombstone: destroyed again, and what was found at first is told."""
    sender, receiver, document, _ = asked(world)
    packages = world.packages(sender.code)
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="15")
    receiver.turn("takestatuses")
    receiver.cut_off("destroy", "tombstones", "enter")
    receiver.restart()
    assert receiver.ledger.find(old).tombstone is None
    exchange(receiver, sender)
    assert traces(everywhere(receiver), packages) == set()
    found = receiver.ledger.find(old)
    assert found.tombstone.attachments == len(FILES)
    assert found.tombstone.remains == ()  # the folder was ours, and gone by our own hand
    assert states(sender, document) == {receiver.code: "recalled"}


def test_what_the_software_took_remains_with_it(world):
    """The tombstone says that it has a copy of its own."""
    sender, receiver, _, _ = asked(world)
    request = request_in(receiver)
    old = request["business"]["about"]["id"]
    folder = receiver.exchange / "inbox" / receiver.ledger.find(old).folder
    kept = receiver.config.folders.data.with_name(f"{receiver.config.folders.data.name}.qlvb")
    folder.rename(kept)
    receiver.report("a.json", id=old, status="15")
    exchange(receiver, sender)
    assert len(receiver.ledger.find(old).tombstone.remains) == 1
    assert (kept / "cv.pdf").is_file()
    assert traces(everywhere(receiver), world.packages(sender.code)) == set()


def test_copies_of_it_go_as_well(world):
    """Another axis id, the same document: that package is destroyed with it."""
    sender, receiver, _, _ = asked(world)
    first = world.packages(sender.code)[0]
    world.put(receiver.code, first.replace(b"</edXML>\n", b"</edXML>\n\n"))
    exchange(receiver)
    assert [each.state for each in receiver.ledger.inbound(state="repeated", limit=9)]
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="15")
    exchange(receiver)
    assert traces(everywhere(receiver), [first]) == set()
    # And what comes still later.
    world.put(receiver.code, first.replace(b"</edXML>\n", b"</edXML>\n\n\n"))
    exchange(receiver)
    assert traces(everywhere(receiver), [first]) == set()
    assert len(receiver.inbox) == 1


def test_late_and_repeated_answers_change_nothing(world):
    """A 16 after the 15, and the 15 again: it stays recalled."""
    sender, receiver, document, _ = asked(world)
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="15")
    exchange(receiver, sender)
    caller = Caller(url=world.url, code=receiver.code, secret=world.member(receiver.code).secret)
    for status in ("16", "15", "06"):
        say_again(caller, sender, document, status)
        exchange(sender)
    assert states(sender, document) == {receiver.code: "recalled"}
    assert statuses(sender, document) == {receiver.code: "15"}
    (change,) = sender.ledger.find(document.id).requests
    assert change.state == "agreed"


def say_again(caller, sender, document, status):
    about = Reference(
        organ=agency_code(sender.code), code=document.code, document_id=document.document_id
    )
    message = StatusMessage(
        sender=Organization(code=agency_code(caller.code)),
        about=about,
        status=status,
        note="x",
        at=sender.now,
    )
    caller.send(edxml.write_status(message), message="status")


# ── what has not left ────────────────────────────────────────────────────────────────────────────


def test_what_has_not_left_is_stopped_and_nobody_is_asked(world):
    """Nothing leaves: the drop lies in failed/ with the reason, the recall in sent/."""
    sender, receiver = pair(world)
    document = send(sender, receiver, turn=False)
    recall = drop_recall(sender, document, receiver)
    assert world.sends(sender.code) == []
    assert states(sender, document) == states(sender, recall) == {receiver.code: "recalled"}
    assert names(sender.exchange / "failed" / DAY) == ["12"]
    assert names(sender.exchange / "sent" / DAY) == ["13"]
    assert sender.error(f"failed/{DAY}/12/error")["message"]
    sender.restart()
    exchange(sender, receiver)
    assert world.sends(sender.code) == []


def test_stopped_for_one_it_leaves_for_the_others(world):
    """The package that named both names the other alone."""
    sender, wrong, right = world.desk(), world.desk(), world.desk()
    document = send(sender, wrong, right, turn=False)
    plan = sender.node.recall_order().recall(document.id, WHY, [wrong.code], now=sender.now)[1]
    assert (plan.stopped, plan.asked) == ((wrong.code,), ())
    exchange(sender, right, wrong, sender)
    assert world.sends(sender.code) == [[right.code]]
    assert states(sender, document) == {wrong.code: "recalled", right.code: "delivered"}
    assert wrong.inbox == []


def test_what_leaves_while_it_is_recalled_is_asked_for(world):
    """Packed as a stop, carried out as a request: the axis has it by then."""
    sender, receiver = pair(world)
    document = send(sender, receiver, turn=False)
    order = sender.node.recall_order()
    order = replace(order, queue=Meanwhile(order.queue, "add", lambda: sender.turn("push")))
    plan = order.recall(document.id, WHY, (), now=sender.now)[1]
    assert (plan.stopped, plan.asked) == ((), (receiver.code,))
    exchange(sender, receiver)
    assert [each["business"]["kind"] for each in receiver.letters()] == ["new", "recall"]


def test_at_the_node_a_recall_asks_and_is_asked_once(world):
    """What the command does is a drop like any other; a second is refused while one is open."""
    sender, receiver = pair(world)
    document = send(sender, receiver)
    exchange(receiver, sender)
    order = sender.node.recall_order()
    request, plan = order.recall(document.id, WHY, (), now=sender.now)
    assert plan.asked == (receiver.code,)
    with pytest.raises(NotAllowed):
        order.recall(document.id, WHY, (), now=sender.now)
    exchange(sender, receiver)
    letter = request_in(receiver)
    assert letter["business"]["about"]["state"] == "delivered"
    assert letter["number"] == "12"
    assert sender.ledger.find(request).folder.startswith("sent/")


def test_how_it_stands_is_told_in_the_readers_language(world):
    """Who cannot recall it reads why, at each receiver, by the words lists have for it."""
    sender, receiver = pair(world)
    document = send(sender, receiver, turn=False)
    drop_recall(sender, document, receiver)
    with pytest.raises(NotAllowed) as caught:
        sender.node.recall_order().recall(document.id, WHY, (), now=sender.now)
    assert f"({receiver.code}: đã thu hồi)" in tell(caught.value.message, Language.VI)


@pytest.mark.parametrize(("part", "call"), [("drops", "begin"), ("queue", "add")])
@pytest.mark.parametrize("left", [True, False])
def test_of_two_who_recall_at_once_one_is_refused(world, part, call, left):
    """What both ask for is asked once, wherever the other one came in between."""
    sender, receiver = pair(world)
    document = send(sender, receiver, turn=left)

    def recall():
        sender.node.recall_order().recall(document.id, "sai nơi nhận", (), now=sender.now)

    order = sender.node.recall_order()
    order = replace(order, **{part: Meanwhile(getattr(order, part), call, recall)})
    with pytest.raises(NotAllowed, match="nothing to recall"):
        order.recall(document.id, WHY, (), now=sender.now)
    assert len(sender.ledger.find(document.id).requests) == 1
    sender.restart()
    exchange(sender, receiver)
    assert len(receiver.letters()) == (2 if left else 0)


# ── what is not in order ─────────────────────────────────────────────────────────────────────────


def test_a_request_that_comes_first_warns_of_its_document(world):
    """Parked and linked: the document is delivered with a warning, and may still be given back."""
    sender, receiver = pair(world)
    document = send(sender, receiver)
    world.rows("select 1")
    with hold_back(world, receiver):
        drop_recall(sender, document, receiver)
        receiver.turn()
        assert len(receiver.inbox) == 1
    exchange(receiver)
    old = next(each for each in receiver.letters() if each["business"]["kind"] == "new")
    assert any(request_in(receiver)["id"] in warning for warning in old["warnings"])
    receiver.report("a.json", id=old["id"], status="15")
    exchange(receiver, sender)
    assert states(sender, document) == {receiver.code: "recalled"}


def test_given_back_before_it_came_it_never_comes(world):
    """Agreed to while it was on its way: destroyed as it arrives."""
    sender, receiver = pair(world)
    document = send(sender, receiver)
    package = world.packages(sender.code)[0]
    with hold_back(world, receiver):
        drop_recall(sender, document, receiver)
        receiver.turn()
        receiver.report("a.json", id=request_in(receiver)["id"], status="15")
        receiver.turn()
    exchange(receiver, sender)
    assert len(receiver.inbox) == 1
    assert traces(everywhere(receiver), [package]) == set()


def test_an_answer_that_does_not_come_is_told_once(world):
    """A day without an answer: one alarm, one receipt, one line of the log."""
    sender, receiver, document, _ = asked(world)
    sender.later(days=1, minutes=10)
    sender.turn()
    sender.later(hours=1)
    sender.turn()
    assert sender.told().count("late") == 1
    assert alarms(sender, "answer late") == [(document.id, False)]
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="16", note="không")
    exchange(receiver, sender)
    assert alarms(sender, "answer late") == [(document.id, True)]


def test_nobody_has_back_what_another_sent(world):
    """A recall by an agency that did not issue the document names nothing of ours."""
    _, receiver, document, _ = asked(world)
    thief = world.desk()
    drop_recall(thief, document, receiver, name="99")
    exchange(thief, receiver)
    theirs = [each for each in receiver.letters() if each["from"]["code"] == thief.code]
    assert "about" not in theirs[0]["business"]
    receiver.report("a.json", id=theirs[0]["id"], status="15")
    exchange(receiver)
    assert len(receiver.inbox) == 3
