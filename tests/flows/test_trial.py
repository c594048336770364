"""What becomes of an item that is tried alone, by how its child ends."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from flows_world import DAY, LETTER, Cut, CutOff, a_sheet, names, untouched

from edge_node.daemon.trial import _work
from edge_node.domain.envelope import Lane, MessageType
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.trial import DONE, NOT_NOW, Ending
from edge_node.node import Node
from edge_node.node.lanes import Lanes

PDF = LETTER.read_bytes()
LEASE = timedelta(minutes=1)
SEGV = Ending(status=-11)
KILL = Ending(status=-9)
MESSAGES = {Lane.PUSH: MessageType.DOCUMENT, Lane.REPORT: MessageType.STATUS}


@dataclass
class Child:
    """Claims its item as a child does, and ends as it is told, at work or before."""

    desk: Any
    endings: list
    tried: list = field(default_factory=list)

    def run(self, suspect, *, within):  # noqa: ARG002 - as it is asked
        """Be a child."""
        self.tried.append((suspect.lane, suspect.item))
        ending = self.endings.pop(0)
        with closing(Node(config=self.desk.config, only=suspect.item)) as node:
            lay_hands_on(node.queue, suspect.lane, self.desk.now, suspect.item)
        return ending


def lay_hands_on(queue, lane, now, item=None):
    """Claim from a lane, and let nobody know what came of it."""
    if lane is Lane.INTAKE:
        return queue.stranded.begin(item, now=now, lease=LEASE)
    if lane is Lane.STATUSES:
        return queue.statuses.begin(item, now=now, lease=LEASE)
    if lane in MESSAGES:
        return queue.outgoing.claim(MESSAGES[lane], now=now, lease=LEASE)[0]
    return queue.arriving.claim(lane, now=now, lease=LEASE)[0]


def suspect(desk, lane, item=None):
    """Let the node die over what a lane has, as often as makes a suspect of it."""
    for _ in range(desk.config.limits.crashes):
        desk.later(minutes=5)
        lay_hands_on(desk.queue, lane, desk.now, item)
        desk.restart()
    desk.later(minutes=5)


def tried(desk, *endings):
    """Try what is suspected until nothing of it is due; return the flow, its child with it."""
    desk.node.command = ("edge-node",)
    trial = replace(Lanes(desk.node).trial(), alone=Child(desk, list(endings)))
    while trial.turn(desk.now):
        pass
    return trial


def send(world):
    sender, receiver = world.desk(), world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    return sender, receiver


def incoming(desk):
    (item,) = desk.ledger.inbound(limit=9)
    return item


def test_a_document_whose_child_dies_is_quarantined_and_the_axis_told(world):
    """By itself, with the signal and what a person can do; what comes later arrives."""
    sender, receiver = send(world)
    receiver.turn("pull", "acknowledge")
    suspect(receiver, Lane.DELIVER)
    tried(receiver, SEGV)
    aside = incoming(receiver)
    assert aside.state == Receiving.QUARANTINED
    assert str(aside.reason).startswith(
        "the node died 4 times over it, the last time alone: signal 11 (SIGSEGV)"
    )
    assert "release" in str(aside.reason.values["hint"])

    receiver.turn()
    assert world.standing(receiver.code) == ["fail"]
    sender.drop("13", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code, number="13"))
    sender.turn()
    receiver.turn()
    assert [letter["number"] for letter in receiver.letters()] == ["13"]


def test_released_it_arrives_and_the_axis_is_told_done(world):
    """The second chance: `done` takes the place of `fail`."""
    _, receiver = send(world)
    receiver.turn("pull", "acknowledge")
    suspect(receiver, Lane.DELIVER)
    tried(receiver, SEGV)
    receiver.turn()
    receiver.queue.arriving.release(incoming(receiver).id, now=receiver.now)
    receiver.turn("acknowledge")
    assert world.standing(receiver.code) == ["done"]

    receiver.node.close()
    receiver.node = Node(
        config=receiver.config, clock=lambda: receiver.now, only=incoming(receiver).id
    )
    receiver.__dict__.pop("flows", None)
    receiver.turn("deliver")
    assert [letter["number"] for letter in receiver.letters()] == ["12"]


def test_a_status_whose_child_dies_is_quarantined(world):
    """Likewise, with the reason."""
    sender, receiver = send(world)
    receiver.turn()
    sender.turn("pull", "acknowledge")
    suspect(sender, Lane.APPLY)
    tried(sender, SEGV)
    (aside,) = sender.quarantined()
    assert aside.message == MessageType.STATUS
    assert "signal 11" in str(aside.reason)


@pytest.mark.parametrize("lane", [Lane.PUSH, Lane.REPORT])
def test_an_envelope_whose_child_dies_is_held(world, lane):
    """It was being sent, so that the axis may have it: nobody may call that given up."""
    sender, receiver = world.desk(), world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    desk = sender
    if lane is Lane.REPORT:
        sender.turn()
        receiver.turn("pull", "acknowledge", "deliver")
        desk = receiver
    else:
        sender.turn("intake")
    suspect(desk, lane)
    tried(desk, SEGV)
    message = {"message": MESSAGES[lane]}
    sql = "select state, reason from envelopes where message = :message"
    (envelope,) = desk.queue.file.rows(sql, message)
    assert envelope["state"] == Sending.HELD
    assert "11 (SIGSEGV)" in envelope["reason"]
    assert tried(desk).alone.tried == []
    desk.turn()
    assert not (desk.exchange / f"failed/{DAY}").exists()


def test_an_acknowledgement_whose_child_dies_keeps_nothing_from_the_agency(world):
    """The document is safe here, and is handed on."""
    _, receiver = send(world)
    receiver.turn("pull")
    suspect(receiver, Lane.ACKNOWLEDGE)
    tried(receiver, SEGV)
    receiver.turn("deliver")
    assert [letter["number"] for letter in receiver.letters()] == ["12"]


def test_a_drop_whose_child_dies_lies_in_failed(world):
    """Nothing of it is opened; what the software dropped is there, and why."""
    sender, receiver = world.desk(), world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.cut_off("intake", "queue", "add")
    sender.restart()
    (claim,) = (sender.config.folders.spool / "claims").iterdir()
    sender.queue.stranded.enter([claim.name], now=sender.now)
    suspect(sender, Lane.INTAKE, claim.name)
    tried(sender, SEGV)
    place = f"failed/{DAY}/12"
    assert untouched(sender.exchange / place, {"cv.pdf": PDF})
    assert "11 (SIGSEGV)" in sender.error(f"{place}/error")["message"]
    sender.turn()
    assert world.sends(sender.code) == []
    assert not claim.exists()


@pytest.fixture
def reporter(world):
    """Let an agency die over one status file as often as makes a suspect of it."""
    _, receiver = send(world)
    receiver.turn()
    (letter,) = receiver.letters()
    receiver.report("poison.json", id=letter["id"], status="05")
    deaths = 0
    while not receiver.queue.trials.suspects():
        take = receiver.flows["takestatuses"]
        take.give = CutOff(take.give, "status", after=False)
        with pytest.raises(Cut):
            receiver.turn("takestatuses")
        deaths += 1
        receiver.restart()
    assert deaths == receiver.config.limits.crashes + 1  # the first look costs nothing
    receiver.report("harmless.json", id=letter["id"], status="04")
    return receiver


def test_a_status_file_the_node_dies_over_keeps_no_other_waiting(world, reporter):
    """It is not even looked into, however often the node starts."""
    for _ in range(2):
        reporter.turn()
        reporter.restart()
    statuses = reporter.exchange / "statuses"
    assert names(statuses) == ["done", "failed", "poison.json"]
    assert names(statuses / "done") == ["harmless.json"]
    assert world.statuses(reporter.code) == ["01", "04"]


def test_a_status_file_whose_child_dies_lies_in_failed(reporter):
    """With the reason beside it; nothing of it is left in the queue."""
    tried(reporter, SEGV)
    reporter.turn()
    statuses = reporter.exchange / "statuses"
    assert names(statuses) == ["done", "failed"]
    assert names(statuses / "done") == ["harmless.json"]
    assert "poison.json" in names(statuses / "failed")
    assert "11 (SIGSEGV)" in reporter.error("statuses/failed/poison.error")["message"]
    assert reporter.queue.file.rows("select * from work", {}) == []


def test_a_status_file_whose_child_lives_is_taken(world, reporter):
    """It was innocent, or the node has been mended."""
    reporter.turn()
    (suspect,) = reporter.queue.trials.suspects()
    with closing(
        Node(config=reporter.config, clock=lambda: reporter.now, only=suspect.item)
    ) as node:
        _work(node, suspect.lane, suspect.item)
    reporter.turn()
    assert names(reporter.exchange / "statuses" / "done") == ["harmless.json", "poison.json"]
    assert world.statuses(reporter.code) == ["01", "04", "05"]
    assert reporter.queue.file.rows("select * from work", {}) == []


def test_a_status_file_written_anew_is_another(world, reporter):
    """Whoever mends it under its old name is heard at once."""
    (letter,) = reporter.letters()
    reporter.report("poison.json", id=letter["id"], status="05", note="x")
    reporter.turn()
    assert world.statuses(reporter.code) == ["01", "04", "05"]


@pytest.mark.parametrize(
    "ending",
    [Ending(status=NOT_NOW), Ending(status=DONE), Ending(status=-9, stopped=True)],
    ids=["an outage", "nothing done", "a node that is stopped"],
)
def test_what_proves_nothing_is_tried_again(world, ending):
    """After a while; until then nobody else touches it, and other suspects are tried."""
    _, receiver = send(world)
    receiver.turn("pull", "acknowledge")
    suspect(receiver, Lane.DELIVER)
    trial = tried(receiver, ending)
    for times in range(1, 4):
        assert len(trial.alone.tried) == times
        assert not trial.turn(receiver.now)
        assert trial.rest(receiver.now) > timedelta()
        receiver.turn("deliver")
        assert receiver.letters() == []
        assert incoming(receiver).state == Receiving.ACKNOWLEDGED
        receiver.later(hours=1)
        trial.alone.endings.append(ending)
        trial.turn(receiver.now)

    receiver.later(hours=1)
    trial.alone.endings.append(SEGV)
    trial.turn(receiver.now)
    assert incoming(receiver).state == Receiving.QUARANTINED


def test_a_child_that_is_killed_once_may_have_been_killed_by_chance(world):
    """Whoever stops a container kills the children a moment before the node."""
    _, receiver = send(world)
    receiver.turn("pull", "acknowledge")
    suspect(receiver, Lane.DELIVER)
    trial = tried(receiver, KILL, KILL)
    assert len(trial.alone.tried) == 2
    assert "signal 9 (SIGKILL)" in str(incoming(receiver).reason)


def test_a_child_that_comes_to_no_end_is_proof(world):
    """It was given as long as a lease lasts."""
    _, receiver = send(world)
    receiver.turn("pull", "acknowledge")
    suspect(receiver, Lane.DELIVER)
    tried(receiver, Ending(status=-9, overdue=True))
    assert "it came to no end" in str(incoming(receiver).reason)
