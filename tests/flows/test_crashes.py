"""What a crash leaves: claims without a row, claims with one, folders nobody was told of."""

import pytest
from flows_world import DAY, LETTER, a_sheet, names, untouched

from edge_node.domain.errors import FolderMissing

PDF = LETTER.read_bytes()


def drop(desk, to, number="12"):
    return desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number))


def claims(desk):
    folder = desk.config.folders.spool / "claims"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def parties(world):
    return world.desk(), world.desk()


@pytest.mark.parametrize("after", [False, True], ids=["without a row", "with a row"])
def test_a_claim_left_by_a_crash_is_seen_through_at_the_next_start(world, parties, after):
    """Without a row it is taken in again; with one it is the queue's, and only filed."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.cut_off("intake", "queue", "add", after=after)
    (claim,) = claims(sender)
    assert names(sender.outbox) == []

    sender.restart()
    sender.turn()
    (document,) = sender.ledger.outbound(limit=9)
    assert document.id == claim
    assert world.sends(sender.code) == [[receiver.code]]
    assert untouched(sender.exchange / f"sent/{DAY}/12", {"cv.pdf": PDF})
    assert claims(sender) == []
    assert sorted(sender.told()) == ["accepted", "queued"]


def test_a_claim_that_cannot_be_sent_is_refused_at_the_next_start(world, parties):
    """Cut off before its papers were written, it is judged again and lies in failed/."""
    sender, receiver = parties
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code, date="x"))
    sender.cut_off("intake", "filing", "to_failed")

    sender.restart()
    sender.turn()
    assert names(sender.exchange / f"failed/{DAY}") == ["12"]
    assert claims(sender) == []
    assert world.sends(sender.code) == []


def test_a_drop_that_could_not_be_seen_through_is_taken_up_at_the_next_bell(world, parties):
    """A folder went away in the middle: no restart is needed, and the next drop did not wait."""
    sender, receiver = parties
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code, date="x"))
    folder = sender.exchange / "failed"
    away = folder.rename(folder.with_name("away"))
    with pytest.raises(FolderMissing):
        sender.turn("intake")
    drop(sender, receiver.code, "13")
    with pytest.raises(FolderMissing):
        sender.turn("intake")
    assert [document.name for document in sender.ledger.outbound(limit=9)] == ["13"]

    away.rename(folder)
    sender.turn()
    assert names(folder / DAY) == ["12"]
    assert world.sends(sender.code) == [[receiver.code]]


@pytest.mark.parametrize("after", [False, True], ids=["before the move", "after the move"])
def test_a_drop_that_was_filed_and_not_entered_is_found_again(parties, after):
    """It lies where it belongs once, whatever the queue remembers."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn("intake", "push")
    sender.cut_off("file", "filing", "to_sent", after=after)

    sender.restart()
    sender.turn()
    assert names(sender.exchange / f"sent/{DAY}") == ["12"]
    assert sender.status_file(f"sent/{DAY}/12")["receivers"][0]["state"] == "accepted"
    assert claims(sender) == []


def test_a_receipt_that_was_written_and_not_entered_is_there_once(parties):
    """Written again it has the same name and replaces itself."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn("intake", "push")
    sender.cut_off("notify", "history", "told")
    assert sorted(sender.told()) == ["accepted", "queued"]

    sender.restart()
    sender.turn()
    assert sorted(sender.told()) == ["accepted", "queued"]


def test_a_package_fetched_and_not_entered_is_fetched_again(world, parties):
    """Its bytes are in the spool, its row is not: the axis still has it, and it arrives once."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn()
    receiver.cut_off("pull", "queue", "add")
    assert world.standing(receiver.code) == ["initial"]

    receiver.restart()
    receiver.turn()
    assert len(receiver.inbox) == 1
    assert world.standing(receiver.code) == ["done"]


def test_a_drop_a_person_took_out_of_queued_is_sent_all_the_same(world, gate):
    """The row is the queue; the folder only shows it, and its absence stops nobody."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    gate.busy.add("sendEdoc")
    drop(sender, receiver.code)
    sender.turn()
    (sender.exchange / "queued/12").rename(sender.exchange / "elsewhere")
    gate.busy.clear()
    sender.later(minutes=1)
    sender.turn()

    assert world.sends(sender.code) == [[receiver.code]]
    assert sorted(sender.told()) == ["accepted", "queued"]
