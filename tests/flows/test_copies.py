"""An older state of the data folder, or a copy of it, sends nothing twice."""

import json
import os
import shutil
from contextlib import suppress

import pytest
from flows_world import LETTER, a_sheet, keep_all, released

from edge_node.adapters.steps import Phase, Step, listening
from edge_node.adapters.witness import Witness, WitnessGone

PDF = LETTER.read_bytes()


def drop(desk, to, number):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number))


def states(desk):
    """Return how each document stands at its receiver, by number."""
    found = desk.ledger.outbound(limit=99)
    return {each.name: str(fate.state) for each in found for fate in each.fates}


@pytest.fixture
def parties(world):
    return world.desk(), world.desk()


def keep(desk):
    """Copy the queue as it is now; give what puts that state back, as a restored backup would."""
    data = desk.config.folders.data
    desk.node.close()
    kept = data.with_name(f"{data.name}.kept")
    kept.mkdir()
    for path in data.glob("queue.db*"):
        shutil.copy2(path, kept)

    def put_back():
        desk.node.close()
        for path in data.glob("queue.db*"):
            path.unlink()
        for path in kept.iterdir():
            shutil.copy2(path, data)
        desk.restart()

    return put_back


def test_an_older_state_put_back_sends_nothing_that_was_sent_since(world, parties):
    """Two waited in it: one has been sent meanwhile and is found; one was taken in, and waits."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn("intake")
    put_back = keep(sender)
    sender.restart()
    sender.turn()
    assert len(world.sends(sender.code)) == 1

    put_back()
    drop(sender, receiver.code, "2")
    sender.turn()
    sender.later(hours=1)
    sender.turn()
    assert states(sender) == {"1": "accepted", "2": "queued"}
    assert len(world.sends(sender.code)) == 1

    assert sender.node.sends.unasked() == 0
    sender.node.sends.adopt(now=sender.now)
    sender.turn()
    assert states(sender) == {"1": "accepted", "2": "accepted"}
    assert world.sends(sender.code) == [[receiver.code]] * 2


def test_what_the_axis_lists_twice_is_held_and_not_guessed(world, gate):
    """In an older state nobody can tell which of two entries is the one that waits."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    drop(sender, receiver.code, "1")
    sender.turn("intake")
    put_back = keep(sender)
    sender.restart()
    sender.turn("push")
    put_back()
    entry = {"toCode": receiver.code, "notation": "1/UBND-VP", "title": "V/v thử nghiệm"}
    rows = [entry | {"senderDocId": name, "sentTime": ""} for name in ("axis-1", "axis-2")]
    gate.said["getSentEdocList"] = {"status": "OK", "ErrorCode": "0", "data": rows}
    sender.turn()
    assert states(sender) == {"1": "held"}
    assert len(world.sends(sender.code)) == 1


def test_receiving_goes_on_while_sending_is_paused(world, parties):
    """Only what would leave waits; the answer 01 leaves with the rest, once."""
    sender, receiver = parties
    put_back = keep(receiver)
    receiver.restart()
    drop(receiver, sender.code, "9")
    receiver.turn()
    put_back()
    drop(sender, receiver.code, "1")
    sender.turn()
    receiver.turn()
    assert len(receiver.inbox) == 1
    assert world.standing(receiver.code) == ["done"]
    assert world.statuses(receiver.code) == []

    receiver.node.sends.adopt(now=receiver.now)
    receiver.turn()
    assert world.statuses(receiver.code) == ["01"]


def test_what_an_older_state_is_about_to_hand_over_waits_for_a_person(world, parties):
    """It has been in the inbox since; what comes after the older state goes its ordinary way."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    receiver.turn("pull")
    put_back = keep(receiver)
    receiver.restart()
    receiver.turn()
    [folder] = receiver.inbox
    shutil.rmtree(folder)

    put_back()
    receiver.later(seconds=1)
    drop(sender, receiver.code, "2")
    sender.turn()
    receiver.turn()
    receiver.restart()
    receiver.turn()
    assert [path.name.rsplit("_", 1)[-1] for path in receiver.inbox] == ["2-UBND-VP"]
    [waits] = receiver.ledger.inbound(limit=9, state="quarantined")
    assert "edge-node release" in str(waits.reason)
    assert world.standing(receiver.code) == ["done", "done"]

    receiver.node.queue.arriving.release(waits.id, now=receiver.now)
    released(receiver, waits.id)
    assert len(receiver.inbox) == 2


def test_what_an_older_state_does_not_know_of_is_not_handed_over_again(parties):
    """Not even what came in the very second it was put back, by the axis's clock."""
    sender, receiver = parties
    put_back = keep(receiver)
    receiver.restart()
    drop(sender, receiver.code, "1")
    sender.turn()
    receiver.turn()
    [folder] = receiver.inbox
    shutil.rmtree(folder)

    shutil.rmtree(receiver.config.folders.spool)  # the older state has no waybill of it either
    put_back()
    receiver.turn()
    assert receiver.inbox == []
    [waits] = receiver.ledger.inbound(limit=9, state="quarantined")
    assert "edge-node release" in str(waits.reason)


def test_what_came_in_while_the_archive_was_made_is_not_handed_over_again(world, parties):
    """The queue goes into it first and the waybills later: they know of arrivals it does not."""
    sender, receiver = parties
    put_back = keep(receiver)
    receiver.restart()
    for number in ("1", "2", "3"):
        drop(sender, receiver.code, number)
    sender.turn()
    receiver.turn("pull", "acknowledge")
    spool = receiver.config.folders.spool
    shutil.copytree(spool, spool.with_name("spool.then"))
    receiver.turn()
    for folder in receiver.inbox:
        shutil.rmtree(folder)
    shutil.rmtree(spool)
    spool.with_name("spool.then").rename(spool)

    put_back()
    receiver.later(hours=1)
    receiver.turn()
    receiver.restart()
    receiver.turn()
    assert receiver.inbox == []
    waiting = receiver.ledger.inbound(limit=9, state="quarantined")
    assert {document.code for document in waiting} == {f"{n}/UBND-VP" for n in (1, 2, 3)}
    assert world.standing(receiver.code) == ["done"] * 3


def packages(desk):
    """Return the packages in a desk's spool, made a day old."""
    found = sorted(desk.config.folders.spool.glob("packages/*/*"))
    yesterday = desk.now.timestamp() - 86_400
    for package in found:
        os.utime(package, (yesterday, yesterday))
    return found


def test_an_older_state_removes_no_package_it_does_not_know(parties):
    """What was taken in since is named by nothing but its waybill, and its bytes are only here."""
    sender, receiver = parties
    put_back = keep(sender)
    sender.restart()
    drop(sender, receiver.code, "1")
    sender.turn()
    kept = packages(sender)
    put_back()
    assert packages(sender) == kept

    sender.restart()
    assert len(kept) == 1
    assert packages(sender) == kept


def test_nothing_can_be_adopted_before_the_axis_was_asked(world, gate):
    """Whoever says that sending may go on does so knowing what the axis has."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    drop(sender, receiver.code, "1")
    sender.turn("intake")
    put_back = keep(sender)
    sender.restart()
    sender.turn("push")
    put_back()
    assert sender.node.sends.unasked() == 1
    sender.turn()
    assert sender.node.sends.unasked() == 0


@pytest.mark.parametrize("kept", [keep, keep_all], ids=["the queue", "the whole folder"])
def test_what_was_taken_in_since_is_taken_in_again_and_asked_about(world, parties, kept):
    """Though nothing was sent since and the counts agree: it lies in queued/, or has a waybill."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    put_back = kept(sender)
    sender.restart()
    drop(sender, receiver.code, "2")
    sender.turn("intake", "file", "notify")
    item, document_id = (sender.status_file("queued/2")[key] for key in ("id", "document_id"))

    put_back()
    assert sender.node.sends.held() is not None
    sender.turn()
    assert states(sender) == {"1": "accepted", "2": "queued"}
    assert sender.status_file("queued/2")["id"] == item
    if kept is keep:  # its waybill was left, and says as what it may have been sent
        assert sender.status_file("queued/2")["document_id"] == document_id
    assert sender.node.sends.unasked() == 0
    assert len(world.sends(sender.code)) == 1

    sender.node.sends.adopt(now=sender.now)
    sender.turn()
    assert states(sender) == {"1": "accepted", "2": "accepted"}
    assert world.sends(sender.code) == [[receiver.code]] * 2
    sender.restart()
    assert sender.node.sends.held() is None


def test_what_was_sent_since_unseen_is_found_and_not_sent_again(world, parties):
    """Its folder lay in queued/ still when the older state was put back."""
    sender, receiver = parties
    put_back = keep_all(sender)
    sender.restart()
    drop(sender, receiver.code, "1")
    sender.turn("intake", "file")
    sender.turn("push")
    put_back()
    sender.turn()
    assert states(sender) == {"1": "accepted"}
    assert len(world.sends(sender.code)) == 1


def test_a_folder_of_what_may_have_been_sent_stays_where_it_lies(world, gate, caplog):
    """Its papers leave it open: an older state does not send it, holds it, and says so."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    put_back = keep_all(sender)
    sender.restart()
    gate.said["sendEdoc"] = {"sorry": "x"}
    drop(sender, receiver.code, "1")
    sender.turn()
    assert sender.status_file("queued/1")["receivers"][0]["state"] == "unsure"
    put_back()
    assert "it may have been sent" in caplog.text
    gate.said.clear()
    sender.turn()
    assert states(sender) == {"1": "held"}
    standing = sender.status_file("queued/1")["receivers"][0]
    assert standing["state"] == "held"
    assert "bản cũ" in standing["reason"]
    assert world.sends(sender.code) == []

    sender.node.sends.adopt(now=sender.now)
    sender.turn()
    assert world.sends(sender.code) == []
    (found,) = sender.ledger.outbound(limit=9)
    sender.node.resend().resend(found.id, (), now=sender.now)
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]


def test_a_sidecar_that_got_a_number_is_taken_in_again_by_its_own_name(parties):
    """Filed as `7 (2)` beside another of its name, it is still what its sheet is called after."""
    sender, receiver = parties
    put_back = keep_all(sender)
    sender.restart()
    (sender.exchange / "queued" / "7").mkdir()
    sheet = json.dumps(a_sheet("cv.pdf", to=receiver.code, number="7"), ensure_ascii=False)
    (sender.outbox / "cv.pdf").write_bytes(PDF)
    (sender.outbox / "7.json").write_text(sheet)
    sender.turn("intake", "file")
    assert (sender.exchange / "queued" / "7 (2)" / "7.json").exists()
    put_back()
    sender.turn()
    assert states(sender) == {"7": "queued"}


def test_a_drop_cut_off_before_it_was_entered_is_no_sign_of_an_older_state(world, parties):
    """It has a waybill and no row, as one would have that was forgotten; it is in the claims."""
    sender, receiver = parties
    sender.node.prepare()
    drop(sender, receiver.code, "1")

    def stop(step, phase, what):
        if step is Step.COMMIT and phase is Phase.BEFORE and "items" not in str(what):
            entered = list(sender.node.waybills.items())
            if entered:
                raise KeyboardInterrupt

    with suppress(KeyboardInterrupt), listening(stop):
        sender.turn("intake")
    assert list(sender.node.waybills.items())
    sender.restart()
    assert sender.node.sends.held() is None
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]


@pytest.mark.parametrize("kept", [keep, keep_all], ids=["the queue", "the whole folder"])
def test_an_older_state_hands_nothing_over_a_second_time(world, parties, kept):
    """An agency that only receives: what it handed over was counted and witnessed, too."""
    sender, receiver = parties
    receiver.node.prepare()
    put_back = kept(receiver)
    receiver.restart()
    drop(sender, receiver.code, "1")
    sender.turn()
    receiver.turn()
    (folder,) = receiver.inbox
    shutil.rmtree(folder)
    receiver.later(minutes=10)
    receiver.turn()

    put_back()
    assert receiver.node.sends.held() is not None
    for hours in (0, 2):
        receiver.later(hours=hours)
        receiver.turn()
    assert receiver.inbox == []
    assert world.statuses(receiver.code) == ["01"]


def test_the_witness_hears_of_a_document_before_it_comes_into_sight(parties):
    """Cut off in between, at the first try or at the next, nothing is shown unwitnessed."""
    sender, receiver = parties
    receiver.node.prepare()
    drop(sender, receiver.code, "1")
    sender.turn()
    receiver.turn("pull", "acknowledge")
    receiver.cut_off("deliver", "sends", "note")
    assert receiver.inbox == []
    receiver.restart()
    receiver.cut_off("deliver", "inbox", "show")
    assert Witness(receiver.config.folders.witness).count() == 1
    receiver.restart()
    assert receiver.node.sends.held() is None
    receiver.turn()
    assert len(receiver.inbox) == 1


def test_a_witness_taken_away_at_work_gives_no_document_up(world, parties):
    """Sending rests until the witness is back."""
    sender, receiver = parties
    for number in "12":
        drop(sender, receiver.code, number)
    sender.turn("intake")
    witness = sender.config.folders.witness / "sends"
    aside = witness.rename(witness.with_name("elsewhere"))
    with pytest.raises(WitnessGone):
        sender.turn("push")
    assert states(sender) == {"1": "queued", "2": "queued"}
    aside.rename(witness)
    sender.later(minutes=1)
    sender.turn()
    assert states(sender) == {"1": "accepted", "2": "accepted"}
    assert len(world.sends(sender.code)) == 2


def test_a_clock_set_back_does_not_keep_a_pause_from_being_ended(world, gate):
    """What was asked about since the pause is told by the order of asking, not by moments."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    drop(sender, receiver.code, "1")
    sender.turn("intake")
    put_back = keep(sender)
    sender.restart()
    sender.turn("push")
    right = sender.now
    sender.later(hours=9)
    put_back()
    sender.now = right
    gate.said["getSentEdocList"] = {"status": "OK", "ErrorCode": "0", "data": []}
    sender.turn()
    assert states(sender) == {"1": "queued"}
    assert sender.node.sends.unasked() == 0
