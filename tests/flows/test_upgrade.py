"""A newer release takes over in the middle of work, and an older one takes back."""

from __future__ import annotations

import pytest
from dropping import PDF
from flows_world import a_sheet, names
from tomorrow import tomorrow

from edge_node.adapters.journal import Journal
from edge_node.adapters.schema import MIGRATIONS
from edge_node.domain.directory import Known
from edge_node.domain.errors import QueueNewer, QueueOlder, UpgradeFailed


@pytest.fixture
def parties(world, gate):
    """Give a sender behind a gate, and a receiver."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    for desk in (sender, receiver):
        desk.node.prepare()
    return sender, receiver


def drop(desk, to, number):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to.code, number=number))


def standing(desk):
    """Return how each outgoing document stands, by its number."""
    return {each.name: str(each.fates[0].state) for each in desk.ledger.outbound(limit=99)}


def take_turns(*desks):
    for _ in range(4):
        for desk in desks:
            desk.later(minutes=2)
            desk.turn()


def shelves(desk):
    return desk.queue.file.rows("select name from shelves")


def test_what_the_old_release_left_in_the_middle_the_new_one_finishes(world, gate, parties):
    """Dropped, waiting, being sent, sent in silence, received, being delivered: each once."""
    sender, receiver = parties
    gate.lost.add("sendEdoc")  # the axis has it, and nobody heard
    drop(sender, receiver, "1")
    sender.turn()
    gate.lost.clear()
    drop(sender, receiver, "2")
    sender.turn("intake")
    sender.cut_off("push", "axis", "send", after=True)  # the axis has it; the node died
    drop(sender, receiver, "3")
    sender.turn("intake")
    sender.cut_off("push", "axis", "send")  # the axis does not have it
    drop(sender, receiver, "4")
    sender.turn("intake")
    drop(sender, receiver, "5")
    sender.cut_off("intake", "queue", "add")
    drop(sender, receiver, "6")
    receiver.turn("pull", "acknowledge")
    receiver.cut_off("deliver", "inbox", "show")

    with tomorrow():
        for desk in parties:
            desk.restart()
        take_turns(*parties)
        assert standing(sender) == dict.fromkeys("123456", "delivered")
        assert sorted(each["number"] for each in receiver.letters()) == list("123456")
        assert len(world.sends(sender.code)) == 6
        assert world.statuses(receiver.code) == ["01"] * 6
        for desk in parties:
            assert Journal(desk.queue.file).verify().fault is None
        assert shelves(sender) == [{"name": "OLD"}]
        assert shelves(receiver) == []


def test_who_goes_back_loses_nothing_and_sends_nothing_twice(world, parties):
    """What was sent, received and dropped since stays so; what only the new release knew goes."""
    sender, receiver = parties
    drop(sender, receiver, "1")
    take_turns(*parties)
    with tomorrow():
        for desk in parties:
            desk.restart()
        drop(sender, receiver, "2")
        take_turns(*parties)
        drop(sender, receiver, "3")
        sender.turn("intake")
        for desk in parties:
            desk.node.close()

    for desk in parties:
        desk._begin()
        with pytest.raises(QueueNewer):
            desk.node.prepare()
        desk._begin()
        recovery = desk.node.recover(offline=False)
        assert recovery.remains.backup.name.startswith(f"schema-{len(MIGRATIONS)}-")
        assert recovery.aside.name.startswith("queue.db.newer-")
        desk._begin()
        desk.node.prepare()
    assert standing(sender) == {"1": "delivered", "2": "delivered", "3": "held"}
    document = next(each for each in sender.ledger.outbound(limit=9) if each.name == "3")
    sender.node.resend().resend(document.id, [receiver.config.agency.code], now=sender.now)
    sender.node.sends.adopt(now=sender.now)
    take_turns(*parties)
    assert standing(sender) == dict.fromkeys("123", "delivered")
    assert sorted(each["number"] for each in receiver.letters()) == list("123")
    assert len(world.sends(sender.code)) == 3

    with tomorrow():  # and forward again
        for desk in parties:
            desk.restart()
        take_turns(*parties)
        assert standing(sender) == dict.fromkeys("123", "delivered")
        assert len(world.sends(sender.code)) == 3


def test_an_upgrade_that_fails_leaves_the_work_to_the_old_release(world, parties):
    """The new one does not start, whatever it is asked; the old one goes on as if nothing was."""
    sender, receiver = parties
    drop(sender, receiver, "1")
    sender.turn("intake")

    def m9001_fails(db):
        db.execute("delete from envelopes")

    with tomorrow(m9001_fails):
        for _ in range(2):
            with pytest.raises(UpgradeFailed):
                sender.restart()
            with pytest.raises(QueueOlder):
                _ = sender.node.queue
        assert len(names(sender.config.folders.backups)) == 1
    sender.restart()
    take_turns(*parties)
    assert standing(sender) == {"1": "delivered"}
    assert len(world.sends(sender.code)) == 1


def test_the_directory_of_another_release_is_fetched_anew_at_the_start(world):
    """The axis is asked for its lists; what people imported is known all the while."""
    desk = world.desk(directory={"lists": ("units",)})
    desk.node.prepare()
    directory = desk.node.directory
    directory.update.know([Known(code="H01.9", name="Sở Nội vụ")])
    with directory._file.transaction() as db:
        db.execute("pragma user_version = 99")
    desk.restart()
    assert desk.node.directory.name("H01.9") == "Sở Nội vụ"
    assert desk.node.directory.synced() is None
