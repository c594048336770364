"""What a lost machine had just taken in is dropped again, and sent once."""

import shutil

import pytest
from flows_world import LETTER, a_sheet, keep_all

PDF = LETTER.read_bytes()
ADOPTED = pytest.mark.parametrize("given_back", ["before adopt", "after adopt"])


def drop(desk, to, **changes):
    """Drop a letter; the software gives it the same name each time."""
    desk.drop("1", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number="1", **changes))


def state(desk):
    """Return how the one document stands at its one receiver."""
    [document] = desk.ledger.outbound(limit=9)
    [fate] = document.fates
    return fate.state


def lost(desk, *, after):
    """Put back a state before anything was dropped; that lay in the data folder alone."""
    put_back = keep_all(desk)
    desk.restart()
    after()
    for place in ("queued", "sent"):
        for folder in (desk.exchange / place).rglob("1"):
            shutil.rmtree(folder)
    put_back()


def drop_again(desk, to, when):
    """Have the software drop it again, and sending go on, in either order."""
    if when == "before adopt":
        drop(desk, to)
        desk.turn()
    desk.node.sends.adopt(now=desk.now)
    if when == "after adopt":
        drop(desk, to)
    desk.turn()


@ADOPTED
def test_what_was_sent_in_the_life_before_is_not_sent_again(world, given_back):
    """The document software finds it nowhere, and gives it again."""
    sender, receiver = world.desk(), world.desk()

    def sent():
        drop(sender, receiver.code)
        sender.turn()

    lost(sender, after=sent)
    assert len(world.sends(sender.code)) == 1
    drop_again(sender, receiver.code, given_back)

    assert state(sender) == "accepted"
    assert len(world.sends(sender.code)) == 1


@ADOPTED
def test_what_was_never_sent_leaves(world, given_back):
    """Once."""
    sender, receiver = world.desk(), world.desk()

    def claimed():
        drop(sender, receiver.code)
        sender.turn("intake")

    lost(sender, after=claimed)
    drop_again(sender, receiver.code, given_back)

    assert state(sender) == "accepted"
    assert world.sends(sender.code) == [[receiver.code]]


@pytest.fixture
def restored(world, gate):
    """Give a node whose older state was put back and adopted, and to whom it sends."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    lost(sender, after=sender.turn)
    sender.node.sends.pause(now=sender.now)
    sender.node.sends.adopt(now=sender.now)
    gate.calls.clear()
    return sender, receiver


def listed(receiver, *names):
    """Return an answer that lists the letter so many times."""
    entry = {"toCode": receiver.code, "notation": "1/UBND-VP", "title": "V/v thử nghiệm"}
    rows = [entry | {"senderDocId": name, "sentTime": ""} for name in names]
    return {"status": "OK", "ErrorCode": "0", "data": rows}


def test_what_nobody_can_tell_waits_for_a_person_who_has_the_last_word(world, gate, restored):
    """Two entries, and one document."""
    sender, receiver = restored
    gate.said["getSentEdocList"] = listed(receiver, "axis-1", "axis-2")
    drop(sender, receiver.code)
    sender.turn()
    assert state(sender) == "held"
    assert world.sends(sender.code) == []

    [document] = sender.ledger.outbound(limit=9)
    sender.node.resend().resend(document.id, [], now=sender.now)
    sender.turn()
    assert state(sender) == "accepted"
    assert world.sends(sender.code) == [[receiver.code]]


def test_an_axis_that_puts_us_off_is_asked_again_before_anything_leaves(world, gate, restored):
    """A question nobody answered was none."""
    sender, receiver = restored
    gate.busy.add("getSentEdocList")
    drop(sender, receiver.code)
    sender.turn()
    assert state(sender) == "queued"
    gate.busy.clear()
    gate.said["getSentEdocList"] = listed(receiver, "axis-1")
    sender.later(hours=1)
    sender.turn()

    assert state(sender) == "accepted"
    assert world.sends(sender.code) == []


def test_what_is_dated_later_than_the_older_state_is_not_asked_about(gate, restored):
    """No life before can have sent it."""
    sender, receiver = restored
    drop(sender, receiver.code, date=f"{sender.now.year + 1}-01-01")
    sender.turn()

    assert state(sender) == "accepted"
    assert "getSentEdocList" not in gate.calls


def test_a_node_nothing_was_put_back_in_does_not_ask(world, gate):
    """One request for a document, as ever."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    drop(sender, receiver.code)
    sender.turn()

    assert state(sender) == "accepted"
    assert "getSentEdocList" not in gate.calls
