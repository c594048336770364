"""Statuses about documents nobody here knows: kept, and entered when the document turns up."""

from __future__ import annotations

import pytest
from directories import fill
from flows_world import LETTER, a_sheet
from sandbox_world import Caller, a_status

from edge_node.domain.envelope import Agency

PDF = LETTER.read_bytes()
OLDER = "000.00.77.H99"
NAME = "H99.77,2026/11/21,12/UBND-VP"  # a DocumentId of the software's own making


@pytest.fixture
def parties(world):
    """Two agencies, of which only one has a node; the other one talks to the axis by itself."""
    sender, receiver = world.desk(), world.desk()
    secret = world.member(receiver.code).secret
    return sender, receiver, Caller(url=world.url, code=receiver.code, secret=secret)


def say(caller, sender, code, *, document_id=NAME, minute=None, words=""):
    """Have a receiver give a status about a document."""
    told = a_status(caller.code, sender.code, code=code, document_id=document_id).decode()
    after = f"<e:Description>{words}</e:Description>" if words else ""
    if minute is not None:
        after += f"<e:Timestamp>2026/11/21 09:{minute:02}:00</e:Timestamp>"
    told = told.replace("</e:StatusCode>", f"</e:StatusCode>{after}")
    caller.send(told.encode(), "status")


def drop(sender, receiver, **changes):
    sheet = a_sheet("cv.pdf", to=receiver.code, document_id=NAME, **changes)
    sender.drop("12", {"cv.pdf": PDF}, **sheet)
    sender.turn()


def parked(desk):
    return [
        (item.document_id, item.sender) for item in desk.ledger.inbound(state="parked", limit=9)
    ]


def fate(desk):
    (document,) = desk.ledger.outbound(limit=1)
    (found,) = document.fates
    return found


def heard(desk):
    """Return the codes in the document's record, in the order of that."""
    (document,) = desk.ledger.outbound(limit=1)
    return [each.status for each in desk.queue.history.of(document.id) if each.event == "status"]


def test_a_status_for_an_unknown_document_is_parked_and_loops_for_nobody(world, parties):
    """It is acknowledged like any other; offered again by the axis, it is told `done` again."""
    sender, receiver, caller = parties
    say(caller, sender, "03")
    sender.turn()
    assert parked(sender) == [(NAME, receiver.code)]

    sql = "select status from deliveries where receiver = ?"
    assert [row["status"] for row in world.rows(sql, sender.code)] == ["done"]
    world.forget(sender.code)
    sender.turn()
    sender.restart()
    sender.turn()
    assert parked(sender) == [(NAME, receiver.code)]
    assert [row["status"] for row in world.rows(sql, sender.code)] == ["done"]
    assert sender.quarantined() == []


def test_what_was_parked_is_entered_when_the_document_turns_up_as_it_was_said(parties):
    """Not as it came: the record and the receipts tell it in its order."""
    sender, receiver, caller = parties
    for code, minute in (("05", 30), ("01", 1), ("03", 10)):
        say(caller, sender, code, minute=minute)
        sender.turn()
    assert len(parked(sender)) == 3

    drop(sender, receiver)
    assert parked(sender) == []
    assert heard(sender) == ["01", "03", "05"]
    assert fate(sender).status == "05"
    told = [told for told in sender.told() if told in {"01", "03", "05"}]
    assert told == ["01", "03", "05"]


def test_a_status_older_than_the_document_does_not_keep_it_from_leaving(world, parties):
    """A DocumentId can be guessed: who speaks of what was never sent has not got it."""
    sender, receiver, caller = parties
    say(caller, sender, "03")
    sender.turn()
    drop(sender, receiver)

    assert world.sends(sender.code) == [[receiver.code]]
    assert (fate(sender).state, fate(sender).status) == ("accepted", "03")


def test_what_names_the_document_by_its_number_is_found_too(parties):
    """Some who give statuses have a DocumentId of their own for it."""
    sender, receiver, caller = parties
    say(caller, sender, "03", document_id="theirs")
    sender.turn()
    assert parked(sender) == [("theirs", receiver.code)]
    drop(sender, receiver)
    assert heard(sender) == ["03"]


def test_who_is_no_receiver_of_it_stays_parked(world, parties):
    """The document turned up, and was not sent to whoever speaks of it."""
    sender, receiver, _ = parties
    third = world.desk()
    caller = Caller(url=world.url, code=third.code, secret=world.member(third.code).secret)
    say(caller, sender, "03")
    sender.turn()
    drop(sender, receiver)
    assert parked(sender) == [(NAME, third.code)]
    assert fate(sender).status == ""


def test_a_queue_that_learns_of_a_document_learns_what_was_said_of_it(parties):
    """The queue is lost without a copy; a status arrives before the papers have been read."""
    sender, receiver, caller = parties
    drop(sender, receiver)
    sender.node.close()
    data = sender.config.folders.data
    for path in [*data.glob("queue.db*"), *data.glob("spool/items/*/*")]:
        path.unlink()
    sender._begin()
    sender.node.set_up()
    say(caller, sender, "06")
    sender.turn("pull", "acknowledge", "apply")
    assert parked(sender) == [(NAME, receiver.code)]

    sender.node.learn(again=True)
    assert parked(sender) == []
    assert (fate(sender).state, fate(sender).status) == ("delivered", "06")


def test_the_same_thing_said_again_is_heard_once(parties):
    """Software that repeats itself fills neither the record nor receipts/; new words do."""
    sender, receiver, caller = parties
    drop(sender, receiver)
    for minute, words in ((1, "a"), (2, "a"), (3, "b"), (4, "a")):
        say(caller, sender, "03", minute=minute, words=words)
        sender.turn()
    assert heard(sender) == ["03", "03"]
    assert sender.told().count("03") == 2


def test_progress_is_news_at_another_moment(parties):
    """05 a week later, in the same words; the very same 05 handed out twice is none."""
    sender, receiver, caller = parties
    drop(sender, receiver)
    for minute in (1, 2, 2):
        say(caller, sender, "05", minute=minute)
        sender.turn()
    assert heard(sender) == ["05", "05"]


def test_an_unknown_code_is_told_and_hides_nothing(parties):
    """The record and receipts/ have it as it came."""
    sender, receiver, caller = parties
    drop(sender, receiver)
    for code in ("03", "77"):
        say(caller, sender, code)
        sender.turn()
    assert fate(sender).status == "03"
    assert heard(sender) == ["03", "77"]
    assert {"03", "77"} < set(sender.told())


def test_what_was_parked_is_found_by_its_own_id_and_not_by_the_documents(parties):
    """A person who asks for the document means that, not what is said of it."""
    sender, receiver, caller = parties
    say(caller, sender, "77")
    sender.turn()
    (item,) = sender.ledger.inbound(state="parked", limit=9)
    assert sender.ledger.find(item.id).state == "parked"
    drop(sender, receiver)
    assert sender.ledger.find(NAME).document_id == NAME


def test_what_was_parked_under_another_code_of_the_receiver_is_entered(world, parties):
    """By the directory the two are one agency; whoever else spoke of it stays parked unread."""
    sender, receiver, _ = parties
    stranger = "000.00.78.H99"
    for code in (OLDER, stranger):
        told = a_status(code, sender.code, code="03", document_id=NAME)
        world.put(sender.code, told, message="status")
    sender.turn()
    unit = Agency(code=receiver.code, name="Xã Mẫu", other_code=OLDER)
    fill(sender.node.directory, [unit])
    drop(sender, receiver)
    assert parked(sender) == [(NAME, stranger)]
    assert fate(sender).status == "03"
