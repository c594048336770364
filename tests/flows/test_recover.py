"""A queue that is lost: what is rebuilt, what is sent and handed over no second time."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from flows_world import LETTER, a_sheet

from edge_node.adapters.database import moment
from edge_node.adapters.history import note
from edge_node.adapters.journal import Journal
from edge_node.adapters.steps import Phase, Step, listening
from edge_node.domain.actor import Actor
from edge_node.domain.errors import NotAllowed, QueueDamaged
from edge_node.domain.halting import Halt
from edge_node.domain.item import ItemId
from edge_node.node.halting import halt_order, send_anew

PDF = LETTER.read_bytes()
PAGE = 4096


@pytest.fixture
def parties(world):
    sender, receiver = world.desk(), world.desk()
    for desk in (sender, receiver):
        desk.node.prepare()
    return sender, receiver


def drop(desk, to, number):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to.code, number=number))


def exchange(sender, receiver, number):
    """Send a document, have it delivered, and let its 01 come back."""
    drop(sender, receiver, number)
    for desk in (sender, receiver, sender):
        desk.turn()
    for desk in (sender, receiver):
        desk.later(minutes=10)


def states(desk):
    """Return how each outgoing document stands at its receivers, by its number."""
    found = desk.ledger.outbound(limit=99)
    return {document.code.split("/")[0]: str(document.fates[0].state) for document in found}


def reason(desk, number):
    (document,) = (d for d in desk.ledger.outbound(limit=99) if d.code.startswith(f"{number}/"))
    return document.fates[0].reason


# -- ways to lose a queue ----------------------------------------------------------------------


def wreck(path):
    with path.open("r+b") as file:
        file.seek(PAGE)
        file.write(b"\xff" * (path.stat().st_size - PAGE))


def overwrite_some(path):
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // PAGE // 2 * PAGE)
        file.write(b"\xff" * 4 * PAGE)


def make_nonsense(path):
    path.write_bytes(b"<html></html>" * 999)


def cut_short(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def empty(path):
    path.write_bytes(b"")


def remove(path):
    path.unlink()


def lose(desk, harm=wreck):
    """End the node, harm its queue, and sit down again."""
    desk.node.close()
    harm(desk.config.folders.queue)
    desk._begin()


def recover(desk, *, offline=False):
    recovery = desk.node.recover(offline=offline)
    desk._begin()
    desk.node.prepare()
    return recovery


def wrecks(desk):
    found = desk.config.folders.data.glob("queue.db.damaged-*")
    return sorted(path for path in found if not path.name.endswith("-shm"))


HARMS = [overwrite_some, make_nonsense, cut_short, empty, remove]


@pytest.mark.parametrize(
    ("harm", "backed_up"), [*((harm, True) for harm in HARMS), (wreck, False), (remove, False)]
)
def test_what_was_done_is_known_and_not_done_again(world, parties, harm, backed_up):
    """Whatever happened to the file: every document once in the inbox, one 01, no second send."""
    exchange(*parties, "12")
    for desk in parties if backed_up else ():
        assert desk.node.safekeeping.back_up(desk.now)
    exchange(*parties, "13")
    for desk in parties:
        lose(desk, harm)
        with pytest.raises(QueueDamaged):
            desk.node.prepare()
        recovery = recover(desk)
        assert recovery.sending
        assert (recovery.remains.backup is not None) == backed_up
        assert recovery.remains.unreadable == 0
    sender, receiver = parties
    exchange(*parties, "14")

    assert world.sends(sender.code) == [[receiver.code]] * 3
    assert [letter["number"] for letter in receiver.letters()] == ["12", "13", "14"]
    assert world.statuses(receiver.code) == ["01"] * 3
    assert states(sender)["14"] == "delivered"
    assert set(states(sender)) == {"12", "13", "14"}


def test_a_node_does_not_begin_on_a_queue_that_is_damaged_out_of_sight(parties):
    """What nobody would have read for weeks is found before any work begins."""
    sender, _ = parties
    with sender.queue.file.transaction() as transaction:
        for number in range(6000):
            note(transaction, ItemId("o"), "x" * 100, now=moment(number))
    lose(sender, overwrite_some)
    assert sender.ledger.counts() == {"out": {}, "in": {}, "reports": {}, "statuses": {}}
    with pytest.raises(QueueDamaged):
        sender.node.prepare()


def test_a_damaged_queue_is_set_aside_byte_for_byte(parties):
    """Whoever wants to read in it still can; a queue that is sound is left alone."""
    sender, _ = parties
    assert sender.node.recover(offline=False).fault is None
    lose(sender)
    sender.config.folders.queue.with_name("queue.db-wal").write_bytes(b"what is left of a WAL")
    before = sender.config.folders.queue.read_bytes()

    recovery = recover(sender)
    assert recovery.aside.read_bytes() == before
    wal = recovery.aside.with_name(f"{recovery.aside.name}-wal")
    assert wal.read_bytes() == b"what is left of a WAL"

    assert sender.node.recover(offline=False).fault is None
    assert wrecks(sender) == [recovery.aside, wal]


# -- what the journal says of it ----------------------------------------------------------------


@pytest.mark.parametrize("offline", [True, False], ids=["held", "adopted"])
def test_who_recovers_and_why_stands_in_the_journal(parties, offline):
    """With all that is done to documents meanwhile; what the node does later is the node's."""
    sender, receiver = parties
    if offline:
        drop(sender, receiver, "12")
        sender.turn("intake")
    else:
        exchange(sender, receiver, "12")
    assert sender.node.safekeeping.back_up(sender.now)
    lose(sender)
    actor = Actor(name="an", why="mất điện")
    assert sender.node.recover(offline=offline, actor=actor).sending is not offline
    sender._begin()
    sender.node.prepare()

    acts = sender.queue.file.rows("select event, note, actor, why from events order by id")
    told = [(act["event"], act["actor"], act["why"]) for act in acts if act["actor"]]
    kinds = ["unsure", "held"] if offline else ["adopted"]
    assert told == [(kind, "an", "mất điện") for kind in ["restored", *kinds]]
    (note,) = (act["note"] for act in acts if act["event"] == "restored")
    assert "queue-2026" in note
    assert Journal(sender.queue.file).verify().fault is None


# -- on their way out --------------------------------------------------------------------------


def test_that_nothing_is_sent_is_known_before_the_node_starts(parties):
    """`edge-node status` and `adopt` tell the truth right after `recover`."""
    sender, receiver = parties
    drop(sender, receiver, "13")
    sender.turn("intake")
    lose(sender)
    sender.node.recover(offline=True)
    sender._begin()
    assert sender.node.sends.held() is not None
    sender.node.sends.adopt(now=sender.now)
    sender.node.prepare()
    assert sender.node.sends.held() is None


def test_what_was_never_sent_waits_for_a_person(world, parties):
    """Nobody can tell, so nothing leaves; a person who can sends it."""
    sender, receiver = parties
    exchange(sender, receiver, "12")
    drop(sender, receiver, "13")
    sender.turn("intake")
    lose(sender)
    recovery = recover(sender)
    assert (recovery.accepted, recovery.held, recovery.sending) == (0, 1, False)
    sender.turn()
    assert states(sender)["13"] == "held"
    assert "does not clearly list this as sent" in reason(sender, "13")
    assert world.sends(sender.code) == [[receiver.code]]
    assert [path.name for path in (sender.exchange / "queued").iterdir()] == ["13"]

    sender.node.sends.adopt(now=sender.now)
    document = next(d for d in sender.ledger.outbound(limit=9) if d.code.startswith("13/"))
    sender.node.resend().resend(document.id, (), now=sender.now)
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]] * 2


@pytest.mark.parametrize("backed_up", [True, False], ids=["with a backup", "without one"])
def test_what_was_sent_unseen_is_found_at_the_axis(world, parties, backed_up):
    """Lost between the axis's answer and its entry, it is accepted, not sent again."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    sender.turn("intake")
    if backed_up:
        assert sender.node.safekeeping.back_up(sender.now)
    sender.cut_off("push", "queue", "settle")
    lose(sender)
    recovery = recover(sender)
    assert (recovery.accepted, recovery.held, recovery.sending) == (1, 0, True)
    for desk in (sender, receiver, sender):
        desk.turn()
    assert states(sender) == {"12": "delivered"}
    assert world.sends(sender.code) == [[receiver.code]]


def test_what_the_backup_had_not_sent_may_have_been_sent_since(world, parties):
    """Its waybill says so; without one the axis is asked."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    drop(sender, receiver, "13")
    sender.turn("intake")
    assert sender.node.safekeeping.back_up(sender.now)
    sender.later(minutes=1)
    sender.turn()
    bills = sorted(sender.node.waybills.root.glob("*/*"))
    bills[0].unlink()
    lose(sender)
    recovery = recover(sender)
    assert (recovery.remains.documents, recovery.accepted, recovery.held) == (1, 1, 0)
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]] * 2


def test_offline_the_axis_is_not_asked(parties):
    """What it has is held all the same, with a reason that says so."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    sender.turn("intake")
    sender.cut_off("push", "queue", "settle")
    lose(sender)
    recovery = recover(sender, offline=True)
    assert (recovery.accepted, recovery.held, recovery.sending) == (0, 1, False)
    assert "the axis was not asked" in reason(sender, "12")
    receiver.turn()
    sender.node.sends.adopt(now=sender.now)
    sender.turn()
    assert states(sender) == {"12": "delivered"}  # the receiver's 01: late good news


def test_an_axis_that_is_down_leaves_everything_as_it_was(parties):
    """Nothing is set aside before the rebuild is whole; the hint names the way without it."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    sender.turn("intake")
    lose(sender)
    before = sender.config.folders.queue.read_bytes()
    down = replace(sender.config.axis, url="http://127.0.0.1:9")
    sender.config = replace(sender.config, axis=down)
    sender._begin()
    with pytest.raises(NotAllowed, match="the axis cannot be asked") as caught:
        sender.node.recover(offline=False)
    assert "--offline" in str(caught.value.hint)
    assert sender.config.folders.queue.read_bytes() == before
    assert wrecks(sender) == []
    assert not list(sender.config.folders.data.glob("*.rebuilding*"))


def test_what_a_person_sent_again_is_known_to_have_left(world, parties):
    """Lost twice, and sent once: neither the person's word nor the axis's is forgotten."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    sender.turn("intake")
    document = sender.ledger.outbound(limit=1)[0]
    lose(sender)
    recover(sender)
    sender.node.sends.adopt(now=sender.now)
    sender.node.resend().resend(document.id, (), now=sender.now)
    sender.turn("push")
    assert world.sends(sender.code) == [[receiver.code]]
    lose(sender)
    recovery = recover(sender)
    assert (recovery.held, states(sender)) == (0, {"12": "accepted"})


# -- on their way in ---------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "still there"])
@pytest.mark.parametrize("after", [True, False], ids=["shown", "hidden"])
def test_what_was_being_shown_is_handed_over_once(world, parties, after, taken):
    """Whether it was in sight by then, and whether the software was quick, makes no difference."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    sender.turn()
    receiver.turn("pull", "acknowledge")
    receiver.cut_off("deliver", "inbox", "show", after=after)
    if after and taken:
        shutil.rmtree(receiver.inbox[0])
    lose(receiver)
    recovery = recover(receiver)
    assert recovery.remains.arrivals == 1
    receiver.turn()
    assert len(receiver.inbox) == (0 if after and taken else 1)
    assert world.statuses(receiver.code) == ["01"]
    assert receiver.ledger.counts()["in"] in ({"delivered": 1}, {"taken": 1})


@pytest.mark.parametrize("acknowledged", [True, False])
def test_what_was_received_is_handed_over(world, parties, acknowledged):
    """The raw package is in the spool, and its waybill says what it is."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    sender.turn()
    receiver.turn("pull", *(["acknowledge"] if acknowledged else []))
    lose(receiver)
    recover(receiver)
    receiver.turn()
    assert len(receiver.inbox) == 1
    assert world.standing(receiver.code) == ["done"]
    assert world.statuses(receiver.code) == ["01"]


def test_a_waybill_whose_row_never_was_hands_nothing_over_again(world, parties):
    """Cut off before it was entered, the item was fetched anew, under another id of ours."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    sender.turn()

    def stop(step, phase, _what):
        if (step, phase) == (Step.COMMIT, Phase.BEFORE) and receiver.node.waybills.exist():
            raise Cut

    with suppress(Cut), listening(stop):
        receiver.turn("pull")
    receiver.restart()
    receiver.turn()
    assert len(list(receiver.node.waybills.read())) == 2
    lose(receiver)
    assert recover(receiver).remains.arrivals == 1
    receiver.turn()
    assert len(receiver.inbox) == 1
    assert world.statuses(receiver.code) == ["01"]


def test_what_was_received_and_whose_package_is_gone_is_asked_for_again(parties):
    """The axis has it still; the rebuilt queue does not claim to know it."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    sender.turn()
    receiver.turn("pull")
    lose(receiver)
    shutil.rmtree(receiver.config.folders.spool / "packages")
    assert recover(receiver).remains.left == 1
    receiver.turn()
    assert len(receiver.inbox) == 1


def test_a_status_of_the_software_is_told_once(world, parties):
    """Its words are in the waybill; the axis is asked before it is told again."""
    sender, receiver = parties
    exchange(sender, receiver, "12")
    receiver.report("03.json", id=receiver.letters()[0]["id"], status="03")
    receiver.turn("takestatuses")
    lose(receiver)
    recover(receiver)
    receiver.turn()
    receiver.later(minutes=10)
    receiver.turn()
    assert world.statuses(receiver.code) == ["01", "03"]

    receiver.report("05.json", id=receiver.letters()[0]["id"], status="05")
    receiver.turn()
    lose(receiver)
    recover(receiver)
    receiver.turn()
    assert world.statuses(receiver.code).count("01") == 1


# -- what it is rebuilt from -------------------------------------------------------------------


def test_a_backup_that_is_no_good_is_passed_over(parties):
    """The newest sound one is taken, and the other named."""
    sender, receiver = parties
    exchange(sender, receiver, "12")
    assert sender.node.safekeeping.back_up(sender.now)
    sender.later(days=1)
    assert sender.node.safekeeping.back_up(sender.now)
    newest, older = (backup.path for backup in sender.node.backups.all())
    cut_short(newest)
    lose(sender)
    remains = recover(sender).remains
    assert (remains.backup, remains.unsound) == (older, (newest,))


def test_a_waybill_that_cannot_be_read_keeps_the_node_from_sending(parties):
    """It may be that of a document nobody knows of any more."""
    sender, receiver = parties
    exchange(sender, receiver, "12")
    (bill,) = sender.node.waybills.root.glob("*/*")
    bill.write_bytes(b"\0" * 200)
    lose(sender)
    recovery = recover(sender)
    assert (recovery.remains.unreadable, recovery.sending) == (1, False)
    assert sender.node.sends.held() is not None


def test_a_queue_without_its_wal_is_sound_and_known_to_be_old(parties):
    """What was in the WAL is missing in it; the witness says that more was sent."""
    sender, receiver = parties
    exchange(sender, receiver, "12")
    sender.node.close()
    whole = sender.config.folders.queue.read_bytes()
    sender._begin()
    exchange(sender, receiver, "13")
    sender.node.close()
    sender.config.folders.queue.write_bytes(whole)
    sender._begin()
    assert sender.node.recover(offline=False).fault is None
    sender.node.prepare()
    assert sender.node.sends.held() is not None


def test_a_node_that_never_worked_has_lost_nothing(world):
    """A new data folder is no damage."""
    desk = world.desk()
    desk.node.close()
    desk.config.folders.queue.unlink()
    desk._begin()
    assert desk.node.recover(offline=False).fault is None
    desk.node.prepare()


# -- cut off -----------------------------------------------------------------------------------


class Cut(BaseException):
    """The power goes."""


def cut_at(number):
    """Let the power go before the so many-th durable step."""
    left = [number]

    def listen(_step, phase, _what):
        if phase is Phase.BEFORE:
            left[0] -= 1
            if left[0] < 0:
                raise Cut

    return listening(listen)


def steps_of(work):
    counted = []
    with listening(lambda step, phase, _: counted.append((step, phase))):
        work()
    return sum(phase is Phase.BEFORE for _, phase in counted)


def test_a_recovery_cut_off_anywhere_is_done_again(tmp_path, parties):
    """The damaged file is never lost, and the rebuilt one never half in its place."""
    sender, receiver = parties
    exchange(sender, receiver, "12")
    assert sender.node.safekeeping.back_up(sender.now)
    sender.later(minutes=1)
    drop(sender, receiver, "13")
    sender.turn("intake")
    sender.cut_off("push", "queue", "settle")
    lose(sender)
    home = sender.config.folders.data
    damaged = sender.config.folders.queue.read_bytes()
    shutil.copytree(home, tmp_path / "lost")

    steps = steps_of(lambda: sender.node.recover(offline=False))
    assert steps > 5
    for number in range(steps):
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "lost", home)
        sender._begin()
        with suppress(Cut), cut_at(number):
            sender.node.recover(offline=False)
            raise AssertionError(number)
        sender._begin()
        sender.node.recover(offline=False)
        assert [path.read_bytes() for path in wrecks(sender)] in ([damaged], [damaged, b""])
        sender._begin()
        sender.node.prepare()
        assert set(states(sender)) == {"12", "13"}
        assert states(sender)["13"] == "accepted"
        sender.node.close()


def test_a_hand_over_the_copy_was_made_in_the_middle_of_is_not_done_again(world, parties):
    """It began before the copy and was entered after it: no clock tells which is the younger."""
    sender, receiver = parties
    drop(sender, receiver, "12")
    sender.turn()
    receiver.turn("pull", "acknowledge")
    begun = receiver.now

    def copy_then(step, phase, _what):
        if step is Step.RENAME and phase is Phase.AFTER and not receiver.node.backups.all():
            assert receiver.node.safekeeping.back_up(begun + timedelta(seconds=2))

    deliver = receiver.flows["deliver"]
    with listening(copy_then):
        assert deliver.turn(begun)
    assert len(receiver.node.backups.all()) == 1
    receiver.later(minutes=1)
    receiver.turn()
    shutil.rmtree(receiver.inbox[0])
    receiver.later(minutes=10)
    receiver.turn()

    lose(receiver)
    assert recover(receiver).remains.arrivals == 1
    for _ in range(2):
        receiver.turn()
        receiver.later(minutes=40)
    assert receiver.inbox == []
    assert world.statuses(receiver.code) == ["01"]


def test_what_is_written_after_a_recovery_is_younger_than_all_before_it(parties):
    """The count of waybills goes on, so that a second recovery knows them apart."""
    sender, receiver = parties
    exchange(sender, receiver, "12")
    before = max(bill.revision for bill in sender.node.waybills.read())
    lose(sender, remove)
    recover(sender)
    drop(sender, receiver, "13")
    sender.turn("intake")
    assert max(bill.revision for bill in sender.node.waybills.read()) > before


def test_what_people_halted_stays_so_and_what_was_in_doubt_stays_in_doubt(world, gate, parties):
    """Held, given up and withdrawn: none leaves; what may have left is not sent as another."""
    sender, receiver = world.desk(url=gate.url), parties[1]
    sender.node.prepare()
    for number in ("1", "2", "3"):
        drop(sender, receiver, number)
    sender.turn("intake")
    items = {each.code[0]: each.id for each in sender.ledger.outbound(limit=9)}
    order = halt_order(sender.node)
    order.halt(items["1"], Halt.HOLD, (), now=sender.now)
    order.halt(items["2"], Halt.CANCEL, (), now=sender.now)
    gate.lost.add("sendEdoc")
    sender.turn("push")
    order.halt(items["3"], Halt.EXPIRE, (), now=sender.now)
    gate.lost.clear()
    stood = {"1": "held", "2": "recalled", "3": "dead"}
    assert states(sender) == stood

    lose(sender)
    recover(sender)
    for _ in range(3):
        sender.later(minutes=10)
        sender.turn()
    assert states(sender) == stood
    assert sender.queue.halting.kept(items["1"]) == (receiver.code,)
    assert len(world.sends(sender.code)) == 1
    with pytest.raises(NotAllowed, match="may come twice"):
        send_anew(sender.node).send(items["3"], [], now=sender.now)
