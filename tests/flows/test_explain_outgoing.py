"""The story of a document on its way out: why it waits, what was said of it, what can be done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from directories import fill
from explaining import both, commands, explained, facts, in_order, on_the_board
from flows_world import DAY, LETTER, a_sheet, vi
from sandbox_world import Caller, a_status

from edge_node.config import Unsure
from edge_node.domain.actor import Actor
from edge_node.domain.directory import Distrust, Known
from edge_node.domain.envelope import Agency
from edge_node.domain.halting import Halt
from edge_node.node.halting import halt_order

PDF = LETTER.read_bytes()
TAKEN_OVER = "{code} was taken over by {successor}, {name}"


@pytest.fixture
def sender(world, gate):
    return world.desk(url=gate.url)


def drop(desk, to, number="12", **sheet):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number, **sheet))


def document(desk):
    return desk.ledger.outbound(limit=1)[0]


def tale_of(desk, **how):
    tale = explained(desk, document(desk).id, **how)
    assert in_order(tale)
    return tale


def taken_in(desk, to, **sheet):
    drop(desk, to, **sheet)
    desk.turn("intake", "file")
    return document(desk)


# ── well ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_document_that_came_is_told_from_the_outbox_to_its_receivers_word(sender, receiver):
    """When it was taken in, when the axis took it, what the receiver says; nothing is to do."""
    drop(sender, receiver.code)
    sender.turn()
    receiver.turn()
    sender.turn()
    tale = tale_of(sender)
    assert facts(tale)[0] in {"written", "taken-in"}
    assert [f for f in facts(tale) if f in {"try-done", "status", "delivered"}]
    english, vietnamese = both(tale)
    assert "document 12/UBND-VP of 21/11/2026, sent out to" in english
    assert f"{receiver.code} has it, and says: 01 (Đã đến)" in english
    assert receiver.code in vietnamese
    assert commands(tale) == [f'edge-node recall {document(sender).id} --reason "..."']


def test_what_waits_its_turn_says_so_and_until_when_it_has_to_leave(sender, receiver):
    """Nothing keeps it: it goes within a minute, and by the regulations by a moment."""
    taken_in(sender, receiver.code)
    tale = tale_of(sender)
    assert {"queued", "its-turn", "dispatch-ahead"} <= set(facts(tale))
    english, _ = both(tale)
    assert "its turn is next" in english
    assert "by the regulations it has to have left by" in english
    drop(sender, receiver.code, "13", priority=3)
    sender.turn("intake")
    sender.later(seconds=1)
    (second,) = [each for each in sender.ledger.outbound(limit=9) if each.name == "12"]
    assert "1 go before it" in both(explained(sender, second.id))[0]


def test_a_node_that_is_not_running_is_the_reason(sender, receiver):
    """Whatever else there is: before it is started nothing goes on."""
    taken_in(sender, receiver.code)
    tale = tale_of(sender, running=False)
    assert "node-stopped" in facts(tale)
    assert commands(tale)[0] == "edge-node run"


# ── the axis ─────────────────────────────────────────────────────────────────────────────────────


def test_an_axis_that_is_down(gate, sender, receiver):
    """Since when, that nothing is lost, when it is tried again, and where to look."""
    taken_in(sender, receiver.code)
    gate.shut()
    on_the_board(sender, "push", "push")
    tale = tale_of(sender)
    assert {"queued", "axis-down", "tried-again"} <= set(facts(tale))
    english, _ = both(tale)
    assert "the axis cannot be used since today 08:00" in english
    assert "no attempt is spent" in english
    assert "check axis.url: nobody listens at its host and port" in english
    assert "edge-node doctor" in commands(tale)
    item = document(sender).id
    assert commands(tale)[-2:] == [f"edge-node hold {item}", f"edge-node cancel {item}"]


def test_an_axis_that_answers_503(gate, sender, receiver):
    """Each try in turn, then the axis as a whole; the status stands in the words."""
    for number in range(6):
        drop(sender, receiver.code, str(number))
    sender.turn("intake")
    gate.broken.add("sendEdoc")
    on_the_board(sender, "push", "push")
    tried = [d for d in sender.ledger.outbound(limit=9) if sender.ledger.attempts(d.id)]
    tale = explained(sender, tried[0].id)
    assert {"try-silence", "unsure", "axis-down"} <= set(facts(tale))
    assert both(tale)[0].count("HTTP 503") == 2


def test_a_name_server_that_does_not_know_the_axis(world, receiver):
    """The cause is the name, not the network: the host is named, and what tells of it."""
    sender = world.desk(url="http://truc.invalid:8080")
    taken_in(sender, receiver.code)
    on_the_board(sender, "push", "push")
    tale = tale_of(sender)
    assert "axis-down" in facts(tale)
    english, _ = both(tale)
    assert "the name server (DNS) does not tell where truc.invalid is" in english
    assert commands(tale)[0] == "getent hosts truc.invalid"


def test_a_secret_the_axis_does_not_accept(world, tmp_path, receiver):
    """The flow rests, with all documents; the hint names the keys of the configuration."""
    wrong = tmp_path / "secret"
    wrong.write_text("another")
    wrong.chmod(0o600)
    sender = world.desk(axis={"secret_file": str(wrong)})
    taken_in(sender, receiver.code)
    on_the_board(sender, "push", "push")
    tale = tale_of(sender)
    assert {"queued", "resting", "tried-again"} <= set(facts(tale))
    english, _ = both(tale)
    assert "check axis.system_id, axis.secret_file and the clock" in english
    assert "edge-node doctor" in commands(tale)


def test_an_agency_the_axis_does_not_know_as_a_sender(world, receiver):
    """Refused by the axis's own code, with its words; once registered it is sent again."""
    sender = world.desk(agency={"code": "H01.90"})  # of which the axis gave nobody a secret
    drop(sender, receiver.code)
    sender.turn()
    tale = tale_of(sender)
    assert {"try-refused", "refused", "dispatch-ahead"} <= set(facts(tale))
    english, _ = both(tale)
    assert english.count("'from is not the agency that calls'") == 1
    assert "see whether agency.code is right" in english
    assert "have the agency registered with the axis as a sender" in english
    assert f"edge-node resend {document(sender).id}" in commands(tale)


def test_a_receiver_the_axis_does_not_know(sender):
    """Its code is looked for, corrected in the folder that failed, and dropped again."""
    drop(sender, "H01.77")
    sender.turn()
    tale = tale_of(sender)
    assert "refused" in facts(tale)
    english, _ = both(tale)
    assert "find the right code of the receiver" in english
    assert commands(tale)[0] == "edge-node agencies search H01.77"
    assert commands(tale)[1].startswith(f"cp -r {sender.exchange}/failed/{DAY}/12 ")


def test_of_several_receivers_the_one_nobody_knows_is_looked_for(sender, receiver):
    """The axis refuses a package for all of them: the search is not for the one that is right."""
    fill(sender.node.directory, [Agency(code=receiver.code, name="Xã Đúng")])
    drop(sender, [receiver.code, "X01.77"])
    sender.turn()
    assert commands(tale_of(sender))[0] == "edge-node agencies search X01.77"


def test_a_receiver_that_was_merged_into_another(world):
    """Refused in the outbox already, or warned of: both name who took it over."""
    merged = {"merged": Distrust.REFUSE}
    for rule in ({}, merged):
        sender = world.desk(directory=rule)
        units = [Agency(code="H01.9", name="Xã Mới"), Agency(code="H01.8", name="Xã Cũ")]
        fill(sender.node.directory, units)
        sender.node.directory.update.know([Known(code="H01.8", successor="H01.9")])
        drop(sender, "H01.8")
        sender.turn()
        told = "\n".join(both(explained(sender, sender.outbox / "12")))
        assert vi(TAKEN_OVER, code="H01.8", successor="H01.9", name="Xã Mới") in told


def test_no_answer_and_then_nobody_can_tell(world, gate, receiver):
    """Sent in doubt, asked about, and held: whoever has it says whether to send it again."""
    sender = world.desk(url=gate.url, push={"unsure": Unsure.ASK})
    gate.lost.add("sendEdoc")
    drop(sender, receiver.code)
    sender.turn()
    assert "unsure" in facts(tale_of(sender))
    gate.said["getSentEdocList"] = {"status": "OK", "ErrorCode": "0", "ErrorDesc": "", "data": []}
    sender.later(hours=2)
    sender.turn("push")
    tale = tale_of(sender)
    assert {"try-silence", "try-person", "held"} <= set(facts(tale))
    english, _ = both(tale)
    assert "nobody can tell whether" in english
    assert f"edge-node resend {document(sender).id}" in commands(tale)


def test_what_the_axis_puts_off_tells_every_try_and_the_next(world, gate, receiver):
    """Those that came to the same are one sentence; the next is told with its number."""
    sender = world.desk(url=gate.url, push={"attempts": 9})
    gate.busy.add("sendEdoc")
    drop(sender, receiver.code)
    for _ in range(3):
        sender.turn("intake", "push")
        sender.later(minutes=10)
    sender.now -= timedelta(minutes=10)
    tale = tale_of(sender)
    assert [f for f in facts(tale) if f.startswith("try")] == ["try-later"]
    english, _ = both(tale)
    assert "3 times until today 08:20: it could not be done just then and was put off" in english
    assert "attempt 4 of 9 at most" in english
    assert f"edge-node requeue {document(sender).id}" in commands(tale)


def test_what_was_given_up_can_be_sent_again_and_says_who_did(world, gate, receiver):
    """The operator and the reason stand in the story."""
    sender = world.desk(url=gate.url, push={"attempts": 1})
    gate.busy.add("sendEdoc")
    drop(sender, receiver.code)
    sender.turn()
    tale = tale_of(sender)
    assert "dead" in facts(tale)
    item = document(sender).id
    assert f"edge-node resend {item}" in commands(tale)

    gate.busy.clear()
    sender.later(minutes=1)
    with sender.queue.file.acting(Actor(name="an", why="trục đã chạy lại")):
        sender.node.resend().resend(item, [], now=sender.now)
    assert "by an, because: trục đã chạy lại" in both(tale_of(sender))[0]


def test_sending_that_is_paused_because_the_folder_is_a_copy(sender, receiver):
    """Nothing leaves before somebody adopts the folder."""
    taken_in(sender, receiver.code)
    sender.node.sends.pause(now=sender.now)
    tale = tale_of(sender)
    assert "sending-paused" in facts(tale)
    both(tale)
    assert "edge-node adopt" in commands(tale)


def test_a_lease_that_lapsed_and_what_is_tried_alone(world, receiver):
    """Somebody is at it, or did not come back, or it is suspected of killing the node."""
    sender = world.desk(limits={"crashes": 1})
    taken_in(sender, receiver.code)
    lane = sender.flows["push"].message
    sender.queue.outgoing.claim(lane, now=sender.now, lease=timedelta(minutes=1))
    assert "in-hand" in facts(tale_of(sender))
    sender.later(minutes=2)
    assert "lease-lapsed" in facts(tale_of(sender))
    sender.restart()
    tale = tale_of(sender)
    assert "tried-alone" in facts(tale)
    both(tale)


def test_what_is_late_says_until_when_it_had_to_leave(gate, sender, receiver):
    """Two days later the sentence is in the past."""
    taken_in(sender, receiver.code)
    gate.shut()
    sender.later(days=3)
    english, _ = both(tale_of(sender))
    assert "by the regulations it had to have left by" in english


def test_a_receivers_words_and_a_request_to_have_it_back_are_told(world, sender, receiver):
    """What each receiver said, in its own words; what was asked and not answered yet."""
    drop(sender, receiver.code)
    sender.turn()
    item = document(sender)
    secret = world.member(receiver.code).secret
    caller = Caller(url=world.url, code=receiver.code, secret=secret)
    told = a_status(caller.code, sender.code, code="05", document_id=item.document_id).decode()
    words = "<e:Description>Đang giao phòng TC</e:Description>"
    caller.send(told.replace("</e:StatusCode>", f"</e:StatusCode>{words}").encode(), "status")
    sender.turn()
    sender.node.recall_order().recall(item.id, "Gửi nhầm", (), now=sender.now)
    tale = explained(sender, item.id)
    english, _ = both(tale)
    assert "says: 05 (Đang xử lý): Đang giao phòng TC" in english
    assert "was asked to give it back today 08:00, and has not answered" in english
    assert not [each for each in commands(tale) if "recall" in each]


def test_what_a_person_keeps_back_is_let_go_by_a_command(sender, receiver):
    """Who keeps it and why; nobody doubts whether it left."""
    item = taken_in(sender, receiver.code)
    with sender.queue.file.acting(Actor(name="an", why="chờ ký lại")):
        halt_order(sender.node).halt(item.id, Halt.HOLD, (), now=sender.now)
    tale = explained(sender, item.id)
    assert "kept-back" in facts(tale)
    assert "by an, because: chờ ký lại" in both(tale)[0]
    assert commands(tale) == [f"edge-node release {item.id}"]


def test_a_hundred_receivers_fit_on_one_screen(sender):
    """Those that stand alike are told together, the first of them by name."""
    drop(sender, [f"H01.{number}" for number in range(100)])
    sender.turn("intake", "file")
    tale = explained(sender, document(sender).id)
    assert len(tale.sentences) < 12
    assert "and 97 more" in both(tale)[0]


def test_what_waits_though_nothing_is_planned_for_it_is_noticed(sender, receiver):
    """It must not happen; where it does, that is said, and where to look."""
    item = taken_in(sender, receiver.code)
    with sender.queue.file.transaction() as transaction:
        transaction.execute("delete from work", {})
    assert commands(explained(sender, item.id))[0] == "edge-node doctor"
