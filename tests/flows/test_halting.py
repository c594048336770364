"""What a person does about what waits: held, let go, withdrawn, given up, sent anew, tried."""

import sqlite3
from contextlib import suppress
from dataclasses import replace

import pytest
from flows_world import DAY, LETTER, Cut, CutOff, Meanwhile, a_sheet, names
from packages import read

from edge_node.catalogue import Language, tell
from edge_node.config import RecallBy, Unsure
from edge_node.domain.actor import Actor
from edge_node.domain.envelope import Lane
from edge_node.domain.errors import DiskTrouble, NotAllowed
from edge_node.domain.halting import Halt
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say
from edge_node.node.halting import halt_order, send_anew

PDF = LETTER.read_bytes()
FOR_EVER = {"status": "FAIL", "ErrorCode": "18", "ErrorDesc": "DocumentId used", "DocId": ""}


@pytest.fixture
def desks(world):
    """Give a sender and two receivers."""
    return world.desk(), world.desk(), world.desk()


def drop(desk, *to, name="12"):
    sheet = a_sheet("cv.pdf", to=[each.code for each in to]) | {"number": name}
    desk.later(seconds=1)
    desk.drop(name, {"cv.pdf": PDF}, **sheet)
    desk.turn("intake")
    return desk.ledger.outbound(limit=1)[0].id


def halt(desk, item, kind, *to, why="ghi nhầm"):
    with desk.queue.file.acting(Actor(name="an", why=why)):
        codes = [each.code for each in to]
        return halt_order(desk.node).halt(item, kind, codes, now=desk.now)


def states(desk, item):
    return {fate.receiver: str(fate.state) for fate in desk.queue.outgoing.fates(item)}


def let_go(desk, item):
    kept = desk.queue.halting.kept(item)
    return desk.node.resend().resend(item, kept, now=desk.now)


def journalled(desk, event):
    sql = "select actor, why from events where event = :event"
    return [(row["actor"], row["why"]) for row in desk.queue.file.rows(sql, {"event": event})]


def test_what_is_held_stays_here_until_it_is_released(world, desks):
    """Nothing leaves, however often the node turns and starts; then it goes as it was."""
    sender, receiver, _ = desks
    item = drop(sender, receiver)
    halt(sender, item, Halt.HOLD)
    assert sender.queue.next_due(Lane.PUSH) is None
    sender.restart()
    sender.later(days=2)
    sender.turn()
    assert world.sends(sender.code) == []
    assert states(sender, item) == {receiver.code: "held"}
    assert journalled(sender, "held") == [("an", "ghi nhầm")]
    assert names(sender.exchange / "queued") == ["12"]

    assert let_go(sender, item) == (receiver.code,)
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]


def test_one_receiver_is_held_while_the_other_gets_it(world, desks):
    """A package that names the others alone leaves in place of the one that named them all."""
    sender, held, other = desks
    item = drop(sender, held, other)
    assert halt(sender, item, Halt.HOLD, held).receivers == (held.code,)
    sender.turn()
    assert world.sends(sender.code) == [[other.code]]
    assert states(sender, item) == {held.code: "held", other.code: "accepted"}

    let_go(sender, item)
    sender.turn()
    assert world.sends(sender.code) == [[other.code], [held.code]]


def test_what_has_left_can_neither_be_held_nor_withdrawn(desks):
    """The way is to ask for it back."""
    sender, receiver, _ = desks
    item = drop(sender, receiver)
    sender.turn()
    for kind in (Halt.HOLD, Halt.CANCEL, Halt.EXPIRE):
        with pytest.raises(NotAllowed, match=f"{receiver.code}: accepted") as error:
            halt(sender, item, kind)
        assert f"{receiver.code}: trục đã nhận" in tell(error.value.message, Language.VI)
        assert ("recall" in str(error.value.hint)) is (kind is not Halt.EXPIRE)
    with pytest.raises(NotAllowed, match=r"the document is not for H01\.9"):
        halt_order(sender.node).halt(item, Halt.HOLD, ["H01.9"], now=sender.now)


def test_what_never_left_is_not_to_be_asked_back(desks):
    """Held already, or withdrawn: whoever tries again is shown how it stands."""
    sender, receiver, _ = desks
    item = drop(sender, receiver)
    for kind in (Halt.HOLD, Halt.CANCEL):
        halt(sender, item, kind)
        with pytest.raises(NotAllowed) as error:
            halt(sender, item, kind)
        assert f"edge-node show {item}" in str(error.value.hint)


def test_what_is_cancelled_never_leaves(world, desks):
    """Withdrawn for good, held or not; nothing leads out of it."""
    sender, receiver, _ = desks
    waits, held = drop(sender, receiver), drop(sender, receiver, name="13")
    halt(sender, held, Halt.HOLD)
    for item in (waits, held):
        halt(sender, item, Halt.CANCEL)
        assert states(sender, item) == {receiver.code: "recalled"}
    sender.later(days=1)
    sender.turn()
    assert world.sends(sender.code) == []
    assert sender.queue.file.row("select count(*) as n from work where lane = 'push'")["n"] == 0
    with pytest.raises(NotAllowed):
        sender.node.resend().resend(waits, [], now=sender.now)


def test_what_is_given_up_lies_with_what_failed(world, desks):
    """With its papers, as if the last try had been made; it can be sent again."""
    sender, receiver, _ = desks
    item = drop(sender, receiver)
    halt(sender, item, Halt.EXPIRE)
    sender.turn()
    assert states(sender, item) == {receiver.code: "dead"}
    assert world.sends(sender.code) == []
    assert "12" in names(sender.exchange / "failed" / DAY)
    assert journalled(sender, "dead") == [("an", "ghi nhầm")]

    sender.node.resend().resend(item, [], now=sender.now)
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]


def test_what_is_being_sent_is_not_halted_meanwhile(desks):
    """Whoever has it in hand enters what came of it first."""
    sender, receiver, _ = desks
    item = drop(sender, receiver)
    with sender.queue.file.transaction() as transaction:
        transaction.execute("update work set leased = 1, token = 1 where lane = 'push'", {})
    with pytest.raises(NotAllowed, match="is being sent"):
        halt(sender, item, Halt.HOLD)


def test_what_a_person_held_survives_the_loss_of_the_queue(desks):
    """It is in its waybill: a rebuilt queue does not send it."""
    sender, receiver, _ = desks
    item = drop(sender, receiver)
    halt(sender, item, Halt.HOLD)
    (row,) = sender.node.waybills.of(item).rows["fates"]
    assert (row["state"], row["kept"]) == ("held", 1)


def test_what_waits_is_tried_at_once(world, gate, desks):
    """As if for the first time, and the journal tells who asked for it."""
    _, receiver, _ = desks
    sender = world.desk(url=gate.url)
    gate.said["sendEdoc"] = {"status": "FAIL", "ErrorCode": "20", "ErrorDesc": "", "DocId": ""}
    item = drop(sender, receiver)
    sender.turn()
    assert (tries(sender), world.sends(sender.code)) == (1, [])
    del gate.said["sendEdoc"]
    sender.turn()
    assert world.sends(sender.code) == []

    with sender.queue.file.acting(Actor(name="an", why="trục đã chạy lại")):
        assert sender.queue.halting.at_once(item, now=sender.now) == 1
    assert tries(sender) == 0
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]
    assert journalled(sender, "requeued") == [("an", "trục đã chạy lại")]
    with pytest.raises(NotAllowed, match="waits for its next try"):
        sender.queue.halting.at_once(item, now=sender.now)


def tries(desk):
    (row,) = desk.queue.file.rows("select attempt from work where lane = 'push'")
    return row["attempt"]


def test_what_the_axis_denies_for_ever_goes_under_a_new_id(world, gate, desks, tmp_path):
    """The same attachments to the byte, another DocumentId, and each names the other."""
    _, receiver, _ = desks
    sender = world.desk(url=gate.url)
    gate.said["sendEdoc"] = FOR_EVER
    item = drop(sender, receiver)
    sender.turn()
    assert states(sender, item) == {receiver.code: "refused"}
    del gate.said["sendEdoc"]

    new, receivers = send_anew(sender.node).send(item, [], now=sender.now)
    sender.turn()
    assert (receivers, world.sends(sender.code)) == ((receiver.code,), [[receiver.code]])
    old_one, new_one = sender.ledger.find(item), sender.ledger.find(new)
    package = read(world.packages(sender.code)[0], tmp_path / "package")
    assert package.document.document_id == new_one.document_id != old_one.document_id
    assert [file.path.read_bytes() for file in package.files] == [PDF]
    assert [(link.kind, link.older) for link in new_one.links] == [("anew", item)]
    assert [link.item for link in old_one.links] == [new]
    assert states(sender, item) == {receiver.code: "refused"}
    assert len(journalled(sender, "sent anew")) == 1


def test_what_may_still_arrive_is_not_sent_anew(desks):
    """Under another id nobody would know it for the same."""
    sender, receiver, _ = desks
    item = drop(sender, receiver)
    with pytest.raises(NotAllowed, match="nothing to send anew"):
        send_anew(sender.node).send(item, [], now=sender.now)


def test_nothing_done_by_a_person_is_left_out_of_the_journal(desks):
    """The note is in the transaction of the act: none without the other."""
    sender, receiver, _ = desks
    item = drop(sender, receiver)
    sql = "create trigger broken before insert on events begin select raise(abort, 'no room'); end"
    with sender.queue.file.transaction() as transaction:
        transaction.execute(sql, {})
    with pytest.raises(sqlite3.IntegrityError):
        halt(sender, item, Halt.HOLD)
    assert states(sender, item) == {receiver.code: "queued"}


def denied(world, gate, *to):
    """Have the axis deny a document for ever; then nothing more."""
    sender = world.desk(url=gate.url)
    gate.said["sendEdoc"] = FOR_EVER
    item = drop(sender, *to)
    sender.turn()
    del gate.said["sendEdoc"]
    return sender, item


def test_nothing_is_sent_anew_twice_nor_under_both_ids(world, gate, desks):
    """Whoever gives the command again, or `resend`, is told which document took its place."""
    _, receiver, other = desks
    sender, item = denied(world, gate, receiver, other)
    new, _ = send_anew(sender.node).send(item, [receiver.code], now=sender.now)
    with pytest.raises(NotAllowed, match=new):
        send_anew(sender.node).send(item, [], now=sender.now)
    with pytest.raises(NotAllowed, match=new):
        sender.node.resend().resend(item, [receiver.code], now=sender.now)
    sender.node.resend().resend(item, [other.code], now=sender.now)
    sender.turn()
    assert sorted(world.sends(sender.code)) == [[receiver.code], [other.code]]


def test_what_is_resent_meanwhile_is_not_sent_anew(world, gate, desks):
    """Two people at once: the second is told that the first was quicker."""
    _, receiver, _ = desks
    sender, item = denied(world, gate, receiver)
    order = send_anew(sender.node)
    links = Meanwhile(
        order.links,
        "begin_anew",
        lambda: sender.node.resend().resend(item, [], now=sender.now),
    )
    with pytest.raises(NotAllowed, match=f"{receiver.code} is queued"):
        replace(order, links=links).send(item, [], now=sender.now)
    sender.restart()
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]


@pytest.mark.parametrize(("part", "method"), [("drops", "begin_package"), ("queue", "add")])
@pytest.mark.parametrize("after", [False, True])
def test_cut_off_while_it_is_sent_anew_it_leaves_once(world, gate, desks, part, method, after):
    """Wherever the power goes, given again it is either refused, or goes because it did not."""
    _, receiver, _ = desks
    sender, item = denied(world, gate, receiver)
    order = send_anew(sender.node)
    broken = CutOff(getattr(order, part), method, after=after)
    with suppress(Cut):
        replace(order, **{part: broken}).send(item, [], now=sender.now)
    with suppress(NotAllowed):
        send_anew(sender.node).send(item, [], now=sender.now)
    sender.restart()
    sender.later(minutes=11)
    with suppress(NotAllowed):
        send_anew(sender.node).send(item, [], now=sender.now)
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]
    assert len(journalled(sender, "sent anew")) == 1


def test_what_could_not_be_taken_in_may_be_sent_anew_later(world, gate, desks):
    """A full disk: nothing is left of it, neither a claim nor a link."""
    _, receiver, _ = desks
    sender, item = denied(world, gate, receiver)
    order = send_anew(sender.node)
    with pytest.raises(DiskTrouble):
        replace(order, queue=Meanwhile(order.queue, "add", no_room)).send(item, [], now=sender.now)
    assert sender.ledger.find(item).links == ()
    assert names(sender.node.claims) == []
    send_anew(sender.node).send(item, [], now=sender.now)


def no_room():
    """Be a disk that is full."""
    raise DiskTrouble(say("no space left"))


def test_what_was_given_up_in_doubt_is_not_sent_anew(world, gate, desks):
    """It may have arrived: under another DocumentId its receiver would have it twice."""
    _, receiver, other = desks
    sender = world.desk(url=gate.url)
    gate.lost.add("sendEdoc")
    item = drop(sender, receiver, other)
    sender.turn()
    halt(sender, item, Halt.EXPIRE)
    assert set(states(sender, item).values()) == {"dead"}
    with pytest.raises(NotAllowed, match="may come twice"):
        send_anew(sender.node).send(item, [], now=sender.now)

    # The doubt stays when a package of its own carries it to one of them.
    sender.node.resend().resend(item, [receiver.code], now=sender.now)
    halt(sender, item, Halt.EXPIRE, receiver)
    with pytest.raises(NotAllowed, match="may come twice"):
        send_anew(sender.node).send(item, [receiver.code], now=sender.now)


@pytest.mark.parametrize("kind", list(Halt))
def test_what_is_halted_does_not_leave_for_one_that_has_it_already(world, desks, kind):
    """Two receivers, one has it from elsewhere: nobody is left whom the package is to go to."""
    sender, receiver, other = desks
    item = drop(sender, receiver, other)
    sender.queue.outgoing.happened(item, other.code, SendingEvent.CONFIRMED, now=sender.now)
    assert halt(sender, item, kind).receivers == (receiver.code,)
    sender.turn()
    sender.restart()
    sender.later(days=1)
    sender.turn()
    assert world.sends(sender.code) == []
    assert states(sender, item)[other.code] == "delivered"


def test_that_sending_was_taken_up_again_stands_in_the_journal(desks):
    """Who let it go on from this data folder, and why."""
    sender, _, _ = desks
    sender.node.sends.pause(now=sender.now)
    with sender.queue.file.acting(Actor(name="an", why="bản kia đã tắt")):
        sender.node.sends.adopt(now=sender.now)
    assert journalled(sender, "adopted") == [("an", "bản kia đã tắt")]


def test_what_may_have_left_before_is_asked_back_not_withdrawn(world, gate, desks):
    """Held in doubt, sent again by a person, and not gone yet: the first time may have arrived."""
    _, receiver, _ = desks
    sender = world.desk(url=gate.url, push={"unsure": Unsure.ASK})
    gate.lost.add("sendEdoc")
    gate.said["getSentEdocList"] = {"status": "FAIL", "ErrorCode": "10", "data": []}
    item = drop(sender, receiver)
    for _ in range(9):
        sender.turn()
        sender.later(minutes=5)
    assert states(sender, item) == {receiver.code: "held"}
    sender.node.resend().resend(item, [], now=sender.now)
    with pytest.raises(NotAllowed, match="nothing to cancel"):
        halt(sender, item, Halt.CANCEL)

    plan = sender.node.recall_order().recall(item, "nhầm", (), now=sender.now)[1]
    assert (plan.asked, plan.stopped) == ((receiver.code,), ())
    gate.lost.clear()
    gate.said.clear()
    sender.turn()
    assert states(sender, item) == {receiver.code: "held"}
    assert len(world.sends(sender.code)) == 2  # the first, and the request
    receiver.turn()
    (request,) = [each for each in receiver.letters() if each["business"]["kind"] == "recall"]
    receiver.report("a.json", id=request["business"]["about"]["id"], status="15")
    receiver.turn()
    sender.turn()
    assert states(sender, item) == {receiver.code: "recalled"}


def test_requests_by_status_are_held_and_let_go_each_by_its_own_package(world, desks):
    """A status 13 goes to one receiver alone: two of them are two packages."""
    _, receiver, other = desks
    sender = world.desk(recall={"by": RecallBy.STATUS})
    item = drop(sender, receiver, other)
    sender.turn()
    request, _ = sender.node.recall_order().recall(item, "nhầm", (), now=sender.now)
    halt(sender, request, Halt.HOLD)
    assert set(states(sender, request).values()) == {"held"}
    sender.turn()
    assert world.statuses(sender.code) == []
    assert set(let_go(sender, request)) == {receiver.code, other.code}
    sender.turn()
    assert world.statuses(sender.code) == ["13", "13"]
