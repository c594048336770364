"""What is finished for long enough goes, once, and is known to have gone; nothing else does."""

from __future__ import annotations

import errno
import io
import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from types import SimpleNamespace

import needs
import pytest
from builders import T0
from explaining import commands, explained, facts
from flows_world import DAY, Cut, Meanwhile, cut_after, names
from recall_world import FILES, asked, drop_recall, everywhere, exchange, send, states, traces

from edge_node.adapters import durable, unfinished
from edge_node.adapters.disk import AccessDenied
from edge_node.adapters.history import History
from edge_node.adapters.pauses import Pauses
from edge_node.adapters.registers import Registers
from edge_node.adapters.removed import PayloadRemoved
from edge_node.adapters.sends import HELD
from edge_node.adapters.steps import Phase, Step, listening
from edge_node.cli.item_values import as_values
from edge_node.cli.render import sheet_of
from edge_node.daemon.board import Board
from edge_node.daemon.retention import Retaining
from edge_node.domain.errors import FolderMissing, NotAllowed
from edge_node.domain.message import say
from edge_node.domain.period import period_of
from edge_node.domain.register import Days, Register
from edge_node.domain.retention import Amount, Kept
from edge_node.flows.retain import Turned
from edge_node.node.evidence import Evidence
from edge_node.node.halting import send_anew
from edge_node.node.reporting import Reporting
from edge_node.node.retaining import retain
from edge_node.web import preview

YEAR = timedelta(days=365)
ALL = {kind.value: YEAR for kind in Kept}


def turn(desk):
    return retain(desk.node).turn(desk.now, limit=100)


def counts(turned):
    """Return how many of each kind went."""
    return {share.kind: share.count for share in turned.shares}


def gone(desk, item):
    return desk.ledger.find(item).removed is not None


def removals(desk, item):
    return [each for each in History(desk.queue.file).of(item) if each.event == "payload removed"]


def take(desk):
    """Have the software take all there is by its mark, as where it may move nothing."""
    for folder in desk.inbox:
        (folder / ".taken").touch()
    desk.later(minutes=5)
    desk.turn()


@pytest.fixture
def done(world):
    """Give both ends of a document that came, was taken and confirmed."""
    sender, receiver = world.desk(retention=ALL), world.desk(retention=ALL)
    document = send(sender, receiver)
    exchange(receiver, sender)
    take(receiver)
    exchange(sender)
    arrived = receiver.ledger.inbound(limit=1)[0]
    assert states(sender, document) == {receiver.code: "delivered"}
    assert arrived.state == "taken"
    return SimpleNamespace(
        sender=sender,
        receiver=receiver,
        document=document.id,
        arrived=arrived.id,
        ends=((sender, document.id), (receiver, arrived.id)),
        packages=world.packages(sender.code),
    )


# ── what goes ────────────────────────────────────────────────────────────────────────────────────


def test_after_its_time_the_payload_is_in_no_file_and_all_that_is_known_stays(done):
    """Packages, the folder in sent/ and the one that was taken; rows, fates, journal remain."""
    for desk, item in done.ends:
        before = desk.ledger.find(item)
        desk.later(days=364)
        turn(desk)
        assert traces(everywhere(desk), done.packages)
        assert not gone(desk, item)
        desk.later(days=2)
        kind = Kept.SENT if item == done.document else Kept.TAKEN
        assert counts(turn(desk))[kind] == 1
        assert traces(everywhere(desk), done.packages) == set()
        after = desk.ledger.find(item)
        assert after.removed == desk.now
        assert (after.subject, after.code) == (before.subject, before.code)
        assert getattr(after, "fates", ()) == getattr(before, "fates", ())
        (event,) = removals(desk, item)
        assert event.actor == ""
        assert '"days":365' in event.text
        assert desk.queue.file.rows("select * from particulars where item = :item", {"item": item})
    assert not (done.sender.exchange / "sent" / DAY).exists()
    assert names(done.sender.exchange / "sent") == []
    assert names(done.receiver.exchange / "inbox") == []


def test_it_goes_once(done):
    """The next turn finds nothing, and the journal says it once."""
    for desk, item in done.ends:
        desk.later(days=366)
        turn(desk)
        assert sum(share.count for share in turn(desk).shares) == 0
        assert len(removals(desk, item)) == 1


def test_what_would_go_is_what_goes_and_looking_changes_nothing(done):
    """Counts, bytes and the oldest, the same before and in the act."""
    desk = done.sender
    desk.later(days=366)
    before = sorted(path for folder in everywhere(desk) for path in folder.rglob("*"))
    foreseen = retain(desk.node, reading=desk.queue.file).foresee(desk.now)
    assert sorted(path for folder in everywhere(desk) for path in folder.rglob("*")) == before
    assert turn(desk).shares == foreseen
    told = {share.kind: share for share in foreseen}
    assert told[Kept.SENT].count == 1
    assert told[Kept.SENT].amount.files == len(FILES) + 3  # document.json, status.json, package
    assert told[Kept.SENT].amount.size > 2 * sum(map(len, FILES.values()))
    assert told[Kept.SENT].oldest is not None


def test_what_the_software_moved_away_weighs_nothing_and_hinders_nothing(done):
    """Its folder in sent/ was put into an archive by somebody."""
    desk = done.sender
    (desk.exchange / f"sent/{DAY}/12").rename(desk.config.folders.data / "elsewhere")
    desk.later(days=366)
    turn(desk)
    assert gone(desk, done.document)
    assert (desk.config.folders.data / "elsewhere").is_dir()


def test_a_folder_that_is_another_documents_stays(done):
    """Somebody put something else where it lay."""
    desk = done.sender
    paper = desk.exchange / f"sent/{DAY}/12/status.json"
    paper.write_bytes(paper.read_bytes().replace(done.document.encode(), b"o000000000"))
    desk.later(days=366)
    turn(desk)
    assert gone(desk, done.document)
    assert paper.exists()


def test_bytes_somebody_else_has_still_to_have_stay(done, world):
    """The very same package came once more, and nobody took that one."""
    desk = done.receiver
    world.put(desk.code, done.packages[0].replace(b"</edXML>\n", b"</edXML>\n\n"))
    desk.turn()
    other = desk.ledger.inbound(limit=1)[0]
    # As where an axis hands out the same bytes under two ids.
    desk.queue.file._conn.execute(
        "update incoming set digest = (select digest from incoming where id = ?),"
        " state = 'delivered' where id = ?",
        (done.arrived, other.id),
    )
    digest = desk.queue.file.row(
        "select digest from incoming where id = :id", {"id": done.arrived}
    )["digest"]
    desk.later(days=366)
    turn(desk)
    assert gone(desk, done.arrived)
    assert not gone(desk, other.id)
    assert desk.node.spool.path(digest).exists()


def test_registers_and_reports_say_the_same_before_and_after(done):
    """The registers of Decree 30/2020/NĐ-CP have every document, whatever is kept of it."""
    day = T0.date()
    days = Days(first=day, last=day + timedelta(days=9))

    def told(desk, at):
        registers, reporting = Registers(desk.queue.file), Reporting(desk.node)
        rows = {each: list(registers.rows(each, days, now=at)) for each in Register}
        return rows, reporting.figures(period_of("2026-11"), as_of=at)

    for desk, item in done.ends:
        desk.later(days=366)
        before = told(desk, desk.now)
        assert sum(map(len, before[0].values())) > 0
        turn(desk)
        assert gone(desk, item)
        assert told(desk, desk.now) == before


# ── what stays ───────────────────────────────────────────────────────────────────────────────────


def test_without_a_period_nothing_ever_goes(world):
    """As an office has it that set none."""
    sender, receiver = world.desk(), world.desk()
    document = send(sender, receiver)
    exchange(receiver, sender)
    sender.later(days=9999)
    assert turn(sender).shares == ()
    assert not gone(sender, document.id)


STATES = {
    "queued": "update fates set state = 'queued'",
    "unsure": "update fates set state = 'unsure'",
    "held": "update fates set state = 'held'",
    "recalled": "update fates set state = 'recalled'",
    "to be sent": "insert into work (lane, item, due) select 'push', id, 0 from envelopes",
    "to be seen to": "insert into work (lane, item, due) select 'intake', id, 0 from documents",
    "an envelope waits": "update envelopes set state = 'queued'",
    "to be filed": "update documents set untold = 1",
    "a receipt to be written": "update events set untold = 1",
    "warned of": "insert into alarms (item, what, at) select id, 'late', 0 from documents",
}


@pytest.mark.parametrize("why", STATES)
def test_what_somebody_needs_stays_whatever_its_age(done, why):
    """Everything else about it is finished for years."""
    desk = done.sender
    desk.queue.file._conn.execute(STATES[why])
    desk.later(days=9999)
    assert counts(turn(desk))[Kept.SENT] == 0
    assert not gone(desk, done.document)
    assert (desk.exchange / f"sent/{DAY}/12").exists()


@pytest.mark.parametrize("state", ["received", "acknowledged", "delivered", "parked", "recalled"])
def test_what_came_and_is_not_done_with_stays(done, state):
    """In the inbox or on its way there, or given back: that is destroyed in another way."""
    desk = done.receiver
    desk.queue.file._conn.execute("update incoming set state = ?", (state,))
    desk.later(days=9999)
    turn(desk)
    assert not gone(desk, done.arrived)
    assert traces(everywhere(desk), done.packages)


def test_a_status_that_has_still_to_leave_keeps_it(done):
    """Its sender is told of it with what is in hand."""
    desk = done.receiver
    desk.report("a.json", id=done.arrived, status="03")
    desk.turn("takestatuses")
    desk.later(days=9999)
    turn(desk)
    assert not gone(desk, done.arrived)


def test_while_a_recall_is_open_nothing_goes_on_either_side(world):
    """Nobody answered for years; agreed to, it is destroyed as ever."""
    sender, receiver, document, recall = asked(world, retention=ALL)
    take(receiver)
    for desk in (sender, receiver):
        desk.later(days=9999)
        turn(desk)
    assert not gone(sender, document.id)
    assert not gone(sender, recall.id)
    assert names(sender.exchange / f"sent/{DAY}") == ["12", "13"]


def test_a_state_without_a_period_keeps_what_other_receivers_are_done_with(world):
    """One of two refused: no period for that, so it may be sent again for ever."""
    sender, receiver = world.desk(retention={"sent": YEAR}), world.desk()
    document = send(sender, receiver, world.desk())
    exchange(receiver, sender)
    sender.later(days=9999)
    turn(sender)
    assert "accepted" in states(sender, document).values()
    assert not gone(sender, document.id)


def test_nothing_goes_while_the_queue_may_be_an_older_one(done):
    """Sending is paused, or the exchange folder is another's."""
    desk = done.sender
    desk.later(days=366)
    told = {"since": "2026-11-21T00:00:00+07:00", "counted": 0, "witnessed": 1, "tries": 0}
    desk.queue.marks.put(HELD, json.dumps(told))
    with pytest.raises(NotAllowed):
        turn(desk)
    desk.queue.marks.remove(HELD)
    desk.exchange.rename(desk.exchange.with_name("away"))
    with pytest.raises(FolderMissing):
        turn(desk)
    assert not gone(desk, done.document)


def test_a_person_removes_nothing_by_a_clock_the_node_calls_wrong(done):
    """Ten years ahead everything would have been kept for long enough; set right, it goes on."""
    desk = done.sender
    board = Board(Pauses(desk.queue.file), clock=lambda: desk.now)
    board.watch(desk.node.upstream, desk.node.clock_watch, resume=lambda: None)
    agreeing(desk)
    desk.later(days=3650)
    desk.node.clock_watch.heard(f"{T0:%a, %d %b %Y %H:%M:%S} GMT", desk.now)
    with pytest.raises(NotAllowed, match="the clock is off"):
        turn(desk)
    assert not gone(desk, done.document)
    agreeing(desk)
    turn(desk)
    assert gone(desk, done.document)


def test_what_somebody_begins_to_need_in_that_moment_stays(done):
    """Between the look and the act its sender asked it back."""
    desk = done.sender
    desk.later(days=366)
    flow = retain(desk.node)

    def ask():
        desk.queue.file._conn.execute("update documents set untold = 1")

    flow.rows = Meanwhile(flow.rows, "begin", ask)
    assert counts(flow.turn(desk.now, limit=9))[Kept.SENT] == 0
    assert not gone(desk, done.document)
    assert (desk.exchange / f"sent/{DAY}/12").exists()


def test_two_at_once_remove_each_thing_once_and_count_it_once(world):
    """A person beside the daemon: neither stumbles over what the other is about to remove."""
    desk, other = world.desk(retention=ALL), world.desk()
    documents = [send(desk, other, name=str(n), number=str(n)) for n in range(20, 32)]
    exchange(other, desk)
    receipts = len(names(desk.exchange / "receipts"))
    desk.later(days=366)

    def work(_):
        with closing(desk.queue):
            return turn(desk)

    with ThreadPoolExecutor(4) as several:
        turns = list(several.map(work, range(4)))
    assert [each.hindered for each in turns] == [()] * 4
    assert sum(counts(each)[Kept.SENT] for each in turns) == len(documents)
    assert sum(counts(each)[Kept.RECEIPTS] for each in turns) == receipts
    assert [len(removals(desk, each.id)) for each in documents] == [1] * len(documents)


# ── wherever the power goes ──────────────────────────────────────────────────────────────────────


def test_wherever_the_power_goes_it_is_gone_in_the_end_and_said_once(world):
    """Each step in turn, at both ends; while any file is left nobody is told that none is."""
    for count in range(60):
        sender, receiver = world.desk(retention=ALL), world.desk(retention=ALL)
        document = send(sender, receiver)
        exchange(receiver, sender)
        take(receiver)
        arrived = receiver.ledger.inbound(limit=1)[0]
        uncut = 0
        for desk, item in ((sender, document.id), (receiver, arrived.id)):
            desk.later(days=366)
            with cut_after(count) as went:
                turn(desk)
            uncut += not went
            desk.restart()
            if not gone(desk, item):  # nothing was entered: nothing went
                assert set(FILES) <= traces(everywhere(desk), world.packages(sender.code))
            desk.turn()
            turn(desk)
            assert traces(everywhere(desk), world.packages(sender.code)) == set()
            assert len(removals(desk, item)) == 1
            assert list(desk.exchange.rglob(".*moved*")) == []
            assert list(retain(desk.node).rows.begun()) == []
        if uncut == 2:
            return
    raise AssertionError("it never comes to an end")


def test_a_queue_that_is_rebuilt_knows_what_went(done):
    """From waybills alone: nothing is handed over twice, and nothing is missed."""
    for desk, item in done.ends:
        desk.later(days=366)
        turn(desk)
        desk.node.close()
        for path in desk.config.folders.data.glob("queue.db*"):
            path.unlink()
        desk._begin()
        desk.node.recover(offline=False)
        desk._begin()
        desk.node.prepare()
        desk.turn()
        assert gone(desk, item)
    assert done.receiver.inbox == []
    assert [fate.state for fate in done.sender.queue.outgoing.fates(done.document)] == [
        "delivered"
    ]


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def removed(done):
    for desk, _ in done.ends:
        desk.later(days=366)
        turn(desk)
    return done


def test_whoever_asks_is_told_since_when_it_is_gone(removed, tmp_path, capsys):
    """`explain`, the evidence and the picture of page 1 name the day, and offer nothing else."""
    for desk, item in removed.ends:
        tale = explained(desk, item)
        assert "payload-removed" in facts(tale)
        assert not any("release" in command or "resend" in command for command in commands(tale))
        out = io.BytesIO()
        found = desk.ledger.find(item)
        sheet_of(found)
        assert "removed by retention 2027-11-2" in capsys.readouterr().out
        assert as_values(found)["removed"].startswith("2027-11-2")
        collected = Evidence(node=desk.node, item=found).write(out, tmp_path)
        assert any("retention" in one.en for one in collected.missing)
        assert collected.holds
        assert "record.json" in zipfile.ZipFile(out).namelist()
        asked_for = SimpleNamespace(params={"item": item}, language="en")
        seat = SimpleNamespace(config=desk.config, ledger=desk.ledger)
        assert preview.lying(seat, found) == preview.Lying()
        picture = preview.picture(seat, asked_for)
        assert b"removed on 2027-11-2" in picture.body


def test_a_status_that_comes_late_is_entered_and_looks_for_no_folder(removed, caplog):
    """The receiver is done with it after a year; the flows come to rest without a word."""
    removed.receiver.report("a.json", id=removed.arrived, status="06")
    exchange(removed.receiver, removed.sender)
    (fate,) = removed.sender.queue.outgoing.fates(removed.document)
    assert fate.status == "06"
    assert "06" in removed.sender.told()
    assert not [record for record in caplog.records if "gone" in record.getMessage()]
    assert names(removed.sender.exchange / "sent") == []


def test_what_was_refused_is_not_sent_again_without_its_package(world, gate):
    """`resend` and `resend --as-new` say since when it is gone, and where to take it from."""
    sender, receiver = world.desk(url=gate.url, retention=ALL), world.desk()
    refusal = {"status": "FAIL", "ErrorCode": "18", "ErrorDesc": "unknown", "DocId": ""}
    gate.said["sendEdoc"] = refusal
    document = send(sender, receiver)
    assert states(sender, document) == {receiver.code: "refused"}
    sender.later(days=366)
    assert counts(turn(sender))[Kept.FAILED] == 1
    assert names(sender.exchange / "failed") == []
    with pytest.raises(PayloadRemoved, match="removed on 2027-11-2"):
        sender.node.resend().resend(document.id, [], now=sender.now)
    with pytest.raises(PayloadRemoved):
        send_anew(sender.node).send(document.id, [], now=sender.now)
    assert not any("resend" in each for each in commands(explained(sender, document.id)))


def test_what_was_set_aside_is_not_released_without_its_package(world):
    """Only where the office gave quarantine a period, too."""
    desk = world.desk(retention=ALL)
    world.put(desk.code, b"<not/a/package")
    for _ in range(4):
        desk.turn()
        desk.later(hours=2)
    (item,) = desk.quarantined()
    desk.later(days=366)
    turn(desk)
    assert gone(desk, item.id)
    with pytest.raises(PayloadRemoved, match="removed on"):
        desk.queue.arriving.release(item.id, now=desk.now)


def test_a_document_may_be_asked_back_though_its_payload_is_gone(removed):
    """The receiver agrees: nothing is left to be destroyed, and that is said."""
    sender, receiver = removed.sender, removed.receiver
    drop_recall(sender, sender.ledger.find(removed.document), receiver)
    exchange(sender, receiver)
    receiver.report("a.json", id=removed.arrived, status="15")
    exchange(receiver, sender)
    assert receiver.ledger.find(removed.arrived).tombstone is not None
    assert states(sender, sender.ledger.find(removed.document)) == {receiver.code: "recalled"}


# ── what the queue has no row of ─────────────────────────────────────────────────────────────────


def test_refused_drops_and_old_receipts_go_by_their_day(world):
    """With their own periods, and counted in the journal; what is not ours stays."""
    desk = world.desk(retention={"failed": YEAR, "receipts": 2 * YEAR})
    other = world.desk()
    desk.drop_raw("hỏng", {"document.json": b"{}"})
    desk.later(minutes=30)
    send(desk, other)
    (refused,) = (desk.exchange / "failed" / DAY).iterdir()
    strange = desk.exchange / "receipts" / "notes.txt"
    strange.write_text("của phòng")
    desk.later(days=366)
    assert counts(turn(desk)) == {Kept.FAILED: 1, Kept.RECEIPTS: 0}
    assert not refused.exists()
    assert names(desk.exchange / "failed") == []
    assert len(names(desk.exchange / "receipts")) > 1
    desk.later(days=366)
    assert counts(turn(desk))[Kept.RECEIPTS] > 0
    assert names(desk.exchange / "receipts") == ["notes.txt"]
    events = [each.event for each in History(desk.queue.file).of("retention")]
    assert events == ["payload removed"] * 2


# ── the daemon ───────────────────────────────────────────────────────────────────────────────────


def agreeing(desk):
    """Have the axis say the time the desk's clock shows."""
    desk.node.clock_watch.heard(f"{desk.now:%a, %d %b %Y %H:%M:%S} GMT", desk.now)


def test_the_daemon_does_it_once_a_day_a_few_at_a_time(done):
    """When nothing is left, nothing is looked at until tomorrow."""
    desk = done.sender
    desk.later(days=366)
    retaining = Retaining(node=desk.node)
    agreeing(desk)
    retaining.look()
    assert gone(desk, done.document)
    looks = []
    left = Turned(shares=(), more=True)
    retaining._flow = SimpleNamespace(turn=lambda *_, **__: looks.append("again") or left)
    retaining.look()
    assert looks == []
    desk.later(days=1)
    retaining.look()
    retaining.look()  # something was left
    assert looks == ["again", "again"]


def test_a_clock_nobody_agrees_with_has_nothing_go(done):
    """Years ahead, or with an axis nobody has heard since the start."""
    desk = done.sender
    desk.restart()
    desk.later(days=366)
    retaining = Retaining(node=desk.node)
    retaining.look()
    desk.node.clock_watch.heard(f"{T0:%a, %d %b %Y %H:%M:%S} GMT", desk.now)
    retaining.look()
    assert not gone(desk, done.document)


def test_what_one_hinders_keeps_no_other(world, monkeypatch):
    """A folder nobody lets us remove: said, tried again, and gone once that is mended."""
    desk, other = world.desk(retention={"sent": YEAR}), world.desk()
    documents = [send(desk, other, name=name, number=name) for name in ("12", "14")]
    exchange(other, desk)
    desk.later(days=366)
    move = durable.remove_aside

    def denied(path):
        if path.name == "12":
            raise AccessDenied(say("{path}: denied", path=str(path)))
        move(path)

    with monkeypatch.context() as patched:
        patched.setattr(durable, "remove_aside", denied)
        turned = turn(desk)
    assert len(turned.hindered) == 1
    assert names(desk.exchange / f"sent/{DAY}") == ["12"]
    assert turn(desk).hindered == ()
    assert names(desk.exchange / "sent") == []
    assert [len(removals(desk, each.id)) for each in documents] == [1, 1]


def test_after_the_clock_was_set_nothing_goes_before_the_axis_was_heard(done):
    """What agreed before says nothing of the clock that is there now."""
    desk = done.sender
    retaining = Retaining(node=desk.node)
    agreeing(desk)
    desk.later(days=366)
    desk.node.clock_watch.forget()
    retaining.look()
    assert not gone(desk, done.document)
    agreeing(desk)
    retaining.look()
    assert gone(desk, done.document)


def test_a_node_that_ends_finishes_the_one_it_is_at(world):
    """The rest is removed by the next one, on the same day."""
    desk, other = world.desk(retention={"sent": YEAR}), world.desk()
    documents = [send(desk, other, name=name, number=name) for name in ("12", "14", "16")]
    exchange(other, desk)
    desk.later(days=366)
    asked_how_often = iter(range(9))
    flow = retain(desk.node, ending=lambda: next(asked_how_often) > 0)
    turned = flow.turn(desk.now, limit=9)
    assert (turned.more, counts(turned)[Kept.SENT]) == (True, 1)
    assert sum(gone(desk, each.id) for each in documents) == 1
    retaining = Retaining(node=desk.node)
    agreeing(desk)
    retaining.stop()
    retaining.look()
    assert sum(gone(desk, each.id) for each in documents) == 1
    assert counts(turn(desk))[Kept.SENT] == 2


SOFTWARE = 1234  # the user of the document software: what it dropped stays its own


def test_what_is_left_of_a_folder_of_the_softwares_goes_with_the_next_turn(world):
    """The power went after it was hidden, and before it was gone."""
    needs.root()
    desk, other = world.desk(retention={"sent": YEAR}), world.desk()
    document = send(desk, other)
    exchange(other, desk)
    desk.later(days=366)
    (folder,) = (desk.exchange / "sent" / DAY).iterdir()
    os.chown(folder, SOFTWARE, SOFTWARE)

    def cut(step, phase, _):
        if (step, phase) == (Step.REMOVE, Phase.BEFORE):
            raise Cut

    with listening(cut), suppress(Cut):
        turn(desk)
    assert [path.suffix for path in folder.parent.iterdir()] == [".moved"]
    desk.restart()
    turn(desk)

    assert gone(desk, document.id)
    assert names(desk.exchange / "sent") == []


def test_a_refused_drop_that_cannot_go_is_said_and_keeps_nothing_else(world, monkeypatch):
    """The journal tells of what went; what is left is tried again until it is gone."""
    needs.root()
    desk = world.desk(retention={"failed": YEAR})
    for name in ("hỏng", "sai"):
        desk.drop_raw(name, {"document.json": b"{}"})
    desk.later(minutes=30)
    desk.turn()
    day = desk.exchange / "failed" / DAY
    for folder in day.iterdir():
        os.chown(folder, SOFTWARE, SOFTWARE)
    desk.later(days=366)
    remove = unfinished.remove

    def denied(path):
        if path.name.startswith(".hỏng"):
            raise PermissionError(errno.EACCES, "a folder in it is the software's alone", path)
        remove(path)

    with monkeypatch.context() as patched:
        patched.setattr(unfinished, "remove", denied)
        patched.setattr(durable, "remove", denied)
        told = [turn(desk) for _ in range(2)]
    assert [counts(each)[Kept.FAILED] for each in told] == [1, 0]
    assert [len(each.hindered) for each in told] == [1, 1]
    assert len(History(desk.queue.file).of("retention")) == 1

    assert counts(turn(desk))[Kept.FAILED] == 1
    assert names(desk.exchange / "failed") == []
    assert len(History(desk.queue.file).of("retention")) == 2


def test_amounts_add_up():
    """Two of them are one."""
    one = Amount(files=1, size=5)
    assert one + one == Amount(files=2, size=10)
