"""The story of what came in: where it lies, why it is kept, what was said, what can be done."""

from __future__ import annotations

import pytest
from explaining import both, commands, explained, facts, in_order, on_the_board
from flows_world import LETTER, a_sheet
from packages import b64, holding
from recall_world import send
from sandbox_world import Caller, a_status

from edge_node.config import IncomingSection
from edge_node.domain.actor import Actor
from edge_node.domain.signing import DoorAction
from edge_node.protocol.handoff import read_status_order

PDF = LETTER.read_bytes()
NAME = "H99.77,2026/11/21,12/UBND-VP"


def comes(world, desk, package):
    """Have a package come in that the axis lists as from an agency without a node."""
    before = {row["id"] for row in desk.queue.file.rows("select id from incoming")}
    sender = list(world.settings.members)[-1]
    package = package.replace(b">H99.1<", f">{sender}<".encode())
    world.put(desk.code, package.replace(b">H99.2<", f">{desk.code}<".encode()))
    desk.turn()
    rows = desk.queue.file.rows("select id from incoming")
    return next(row["id"] for row in rows if row["id"] not in before)


def a_letter_for(desk):
    return holding(("cv.pdf", b64(PDF))).replace(b">H99.2<", f">{desk.code}<".encode())


@pytest.fixture
def desk(world):
    return world.desk()


@pytest.fixture
def letter(world, desk):
    """Have a letter lie in the inbox; give its id."""
    return comes(world, desk, holding(("cv.pdf", b64(PDF))))


def tale_of(desk, item, **how):
    tale = explained(desk, item, **how)
    assert in_order(tale)
    return tale


def test_a_document_in_the_inbox_waits_for_the_software(desk, letter):
    """Fetched, acknowledged, laid down, told as come; until when it is to be taken."""
    tale = tale_of(desk, letter)
    assert {"received", "acknowledged", "delivered", "folder", "our-status"} <= set(facts(tale))
    assert "untaken-ahead" in facts(tale)
    english, vietnamese = both(tale)
    assert "it lies in the inbox; the software has not taken it yet" in english
    assert "01 (Đã đến)" in vietnamese
    assert ": by the node" in english
    assert ": do nút" in vietnamese
    assert f"edge-node set-status {letter} 03" in commands(tale)
    refuse = f'edge-node refuse {letter} --reason-code OTHER --note "..."'
    assert refuse in commands(tale)


def test_a_status_somebody_gave_is_told_once_and_not_proposed_again(desk, letter):
    """Who gave it stands in the sentence; the next step is another."""
    order = read_status_order(f'{{"id": "{letter}", "status": "04"}}'.encode(), file_name="4.json")
    with desk.queue.file.acting(Actor(name="an")):
        desk.node.give().status(letter, order, who="an", force=False, now=desk.now)
    tale = tale_of(desk, letter)
    assert both(tale)[0].count("by an") == 1
    assert f"edge-node set-status {letter} 04" not in commands(tale)
    assert f"edge-node set-status {letter} 06" in commands(tale)


def test_once_taken_the_statuses_that_are_allowed_are_named(desk, letter):
    """Only those the life of the document allows now."""
    (folder,) = desk.inbox
    folder.rename(desk.exchange.parent / "taken")
    desk.later(minutes=5)
    desk.turn()
    desk.report("1.json", id=letter, status="06")
    desk.turn()
    tale = tale_of(desk, letter)
    assert {"taken", "given", "try-done"} <= set(facts(tale))
    assert not [each for each in commands(tale) if " 03" in each or " 06" in each]
    assert "we told its sender last: 06 (Hoàn thành)" in both(tale)[0]


def test_what_cannot_be_read_is_in_quarantine_with_the_reason(world, desk):
    """Nobody knows what it is: it can be let in as it is, or its sender called."""
    item = comes(world, desk, b"<edXML>nonsense</edXML>")
    tale = tale_of(desk, item)
    assert "quarantined" in facts(tale)
    english, _ = both(tale)
    assert "it is set aside, and waits for a person: " in english
    assert commands(tale) == [f"edge-node release {item}"]
    assert "call the sender" in english


def test_one_for_another_agency_can_be_returned(world, desk):
    """Its header can be read, so its sender can be told."""
    package = holding(("cv.pdf", b64(PDF))).replace(b">H99.2<", b">H01.1<")
    tale = tale_of(desk, comes(world, desk, package))
    assert "for H01.1, not for us" in both(tale)[0]
    assert [each.split()[1] for each in commands(tale)] == ["release", "refuse"]


def test_a_package_over_the_limit_is_fetched_once_that_is_raised(world):
    """Nothing can be released: there is nothing here yet."""
    desk = world.desk(limits={"package": 2000})
    tale = tale_of(desk, comes(world, desk, holding(("cv.pdf", b64(PDF)))))
    english, _ = both(tale)
    assert "the package is larger than 2000 bytes" in english
    assert "raise limits.package" in english
    assert commands(tale) == []


def test_a_status_about_an_unknown_document_is_parked(world):
    """It is entered by itself when that turns up; what was sent from here can be looked at."""
    desk, other = world.desk(), world.desk()
    caller = Caller(url=world.url, code=other.code, secret=world.member(other.code).secret)
    caller.send(a_status(caller.code, desk.code, code="03", document_id=NAME), "status")
    desk.turn()
    (parked,) = desk.ledger.inbound(state="parked", limit=9)
    tale = tale_of(desk, parked.id)
    assert facts(tale)[-1] == "parked"
    english, _ = both(tale)
    assert f"a status from {other.code} about the document" in english
    assert "no document we sent to its sender goes by what this status names" in english
    assert f"edge-node agencies show {other.code}" in commands(tale)


def test_a_status_nobody_can_read_is_in_quarantine(world, desk):
    """It can be given a second chance, and nothing else."""
    world.put(desk.code, PDF, message="status")
    for _ in range(4):  # until the axis is believed
        desk.turn()
    (item,) = [each.id for each in desk.quarantined()]
    tale = tale_of(desk, item)
    assert commands(tale) == [f"edge-node release {item}"]
    both(tale)


def test_a_request_to_have_it_back_says_who_asks_why_and_how_to_answer(world):
    """Agreed to, what is here is destroyed: the tale then ends with that."""
    sender, receiver = world.desk(), world.desk()
    document = send(sender, receiver)
    receiver.turn()
    sender.node.recall_order().recall(document.id, "Sai nơi nhận", (), now=sender.now)
    sender.turn()
    receiver.turn()
    first = min(receiver.ledger.inbound(limit=9), key=lambda item: item.kind == "recall")
    tale = tale_of(receiver, first.id)
    assert {"recall-asked", "request-asked", "answer-ahead"} <= set(facts(tale))
    english, _ = both(tale)
    assert "its sender asked to have it back (Sai nơi nhận), today 08:00: nobody here" in english
    assert f"edge-node set-status {first.id} 15" in commands(tale)

    receiver.report("15.json", id=first.id, status="15")
    receiver.turn()
    tale = tale_of(receiver, first.id)
    assert {"recalled", "destroyed", "request-agreed"} <= set(facts(tale))
    both(tale)
    assert commands(tale) == []


def test_a_repeated_one_points_at_the_first(world, desk):
    """The agency has it already: nothing is to be done."""
    package = holding(("cv.pdf", b64(PDF)))
    first, second = comes(world, desk, package), comes(world, desk, package)
    item = next(each for each in (first, second) if "repeated" in facts(tale_of(desk, each)))
    english, _ = both(tale_of(desk, item))
    assert "the same as" in english
    assert commands(tale_of(desk, item)) == []


def test_a_returned_one_can_still_be_let_in(world):
    """By a person who knows that its sender was told otherwise."""
    desk = world.desk(door={"incoming": IncomingSection(wrong_recipient=DoorAction.REFUSE)})
    package = holding(("cv.pdf", b64(PDF))).replace(b">H99.2<", b">H01.1<")
    item = comes(world, desk, package)
    tale = tale_of(desk, item)
    assert "returned" in facts(tale)
    assert commands(tale) == [f"edge-node release {item} --force"]
    both(tale)


def test_an_inbox_that_is_away_keeps_what_came_waiting(world, desk):
    """It is safe here; the reason and the hint are those of the flow that rests."""
    desk.exchange.rename(desk.exchange.with_name("away"))
    world.put(
        desk.code, holding(("cv.pdf", b64(PDF))).replace(b">H99.2<", f">{desk.code}<".encode())
    )
    desk.turn("pull", "acknowledge")
    on_the_board(desk, "deliver", "deliver")
    (item,) = desk.ledger.inbound(limit=9)
    tale = tale_of(desk, item.id)
    assert {"acknowledged", "resting"} <= set(facts(tale))
    assert "mount the share again: mount" in both(tale)[0]


def test_a_receipt_that_has_not_left_is_still_to_be_given(world, gate):
    """Its sender has to be told the same day; while the axis is down that waits."""
    desk = world.desk(url=gate.url)
    world.put(
        desk.code, holding(("cv.pdf", b64(PDF))).replace(b">H99.2<", f">{desk.code}<".encode())
    )
    desk.turn("pull", "acknowledge", "deliver")
    gate.shut()
    on_the_board(desk, "report", "report")
    tale = tale_of(desk, desk.ledger.inbound(limit=1)[0].id)
    assert {"status-unsent", "axis-down", "receipt-ahead"} <= set(facts(tale))
    both(tale)


def test_a_signed_one_says_what_it_bears(office, arrives, letters):
    """What the door found is told in a sentence."""
    desk = office()
    arrives(desk, ("a.pdf", letters["signed"]))
    desk.turn("deliver")
    (item,) = desk.ledger.inbound(limit=9)
    tale = tale_of(desk, item.id)
    assert "signatures" in facts(tale)
    assert "the document itself is signed" in both(tale)[0]


def test_one_whose_signature_is_broken_says_why_it_is_kept(office, arrives, letters):
    """The reason names the file and what is wrong with it; both ways out are spelled out."""
    desk = office(invalid=DoorAction.QUARANTINE)
    arrives(desk, ("a.pdf", letters["broken"]))
    desk.turn("deliver")
    (item,) = desk.ledger.inbound(limit=9)
    tale = tale_of(desk, item.id)
    assert "quarantined" in facts(tale)
    assert "a.pdf" in both(tale)[0]
    assert [each.split()[1] for each in commands(tale)] == ["release", "refuse"]


def test_a_sheet_is_not_needed_to_build_one(world):
    """An answer is linked to what it answers, and told like any other."""
    sender, receiver = world.desk(), world.desk()
    sender.drop("1", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code, priority=2))
    sender.turn()
    receiver.turn()
    (item,) = receiver.ledger.inbound(limit=9)
    both(tale_of(receiver, item.id))
