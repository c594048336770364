"""What a person does about what waits: held, let go, withdrawn, given up, sent anew, tried."""

import sqlite3

import pytest
from flows_world import DAY, LETTER, a_sheet, names
from packages import read

from edge_node.domain.actor import Actor
from edge_node.domain.envelope import Lane
from edge_node.domain.errors import NotAllowed
from edge_node.domain.halting import Halt
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
        with pytest.raises(NotAllowed, match=f"{receiver.code}: accepted"):
            halt(sender, item, kind)
    with pytest.raises(NotAllowed, match=r"the document is not for H01\.9"):
        halt_order(sender.node).halt(item, Halt.HOLD, ["H01.9"], now=sender.now)


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
