"""Updates and replacements between two nodes: linked, answered, and nothing destroyed."""

import json
from dataclasses import replace

import pytest
from flows_world import DAY, names
from recall_world import (
    FILES,
    WHY,
    asked,
    drop_recall,
    drop_request,
    everywhere,
    exchange,
    hold_back,
    request_in,
    send,
    states,
    traces,
)
from typer.testing import CliRunner

from edge_node.cli import app as commands
from edge_node.cli.seat import Seat


@pytest.fixture
def known(world):
    """Send a document that its receiver has."""
    sender, receiver = world.desk(), world.desk()
    document = send(sender, receiver)
    exchange(receiver, sender)
    return sender, receiver, document


def update(sender, document, receiver):
    changes = {"metadata": True, "receivers": [{"code": "H99.7", "action": "remove"}]}
    return drop_request(sender, document, receiver, kind="update", name="14", changes=changes)


def replacement(sender, document, receiver):
    replaces = [{"document_id": document.document_id, "receivers": [receiver.code]}]
    return drop_request(sender, document, receiver, kind="replace", name="15", replaces=replaces)


both = pytest.mark.parametrize("ask", [update, replacement])


@both
@pytest.mark.parametrize(("status", "state"), [("15", "agreed"), ("16", "refused")])
def test_a_request_is_linked_and_answered_and_destroys_nothing(known, ask, status, state):
    """Old and new tell of each other on both sides; a 15 to it recalls nothing."""
    sender, receiver, document = known
    newer = ask(sender, document, receiver)
    exchange(sender, receiver)
    letter = request_in(receiver)
    business = letter["business"]
    old = business["about"]["id"]
    assert business["reason"] == WHY
    assert len(letter["attachments"]) == len(FILES)
    receiver.report("a.json", id=old, status=status, note="đã xem")
    exchange(receiver, sender)

    assert states(sender, document) == {receiver.code: "delivered"}
    assert receiver.ledger.find(old).state == "delivered"
    assert len(receiver.inbox) == 2
    (change,) = sender.ledger.find(document.id).requests
    assert (change.state, change.carrier) == (state, newer.id)
    for desk, one, other in ((sender, newer.id, document.id), (receiver, letter["id"], old)):
        for item in (one, other):
            (link,) = desk.ledger.find(item).links
            assert (link.item, link.older, link.kind) == (one, other, business["kind"])


@both
def test_the_older_one_may_come_later(world, ask):
    """Parked and linked when it turns up; it is delivered with a warning."""
    sender, receiver = world.desk(), world.desk()
    document = send(sender, receiver)
    with hold_back(world, receiver):
        ask(sender, document, receiver)
        receiver.turn()
        assert "about" not in request_in(receiver)["business"]
    exchange(receiver)
    (old,) = [each for each in receiver.letters() if each["business"]["kind"] == "new"]
    (link,) = receiver.ledger.find(old["id"]).links
    assert (link.item, link.older) == (request_in(receiver)["id"], old["id"])
    assert any(link.item in warning for warning in old["warnings"])


@both
def test_what_nobody_knows_is_sent_with_a_warning(known, ask):
    """It may have been sent before there was a node: the clerk is told, the request goes."""
    sender, receiver, document = known
    strange = replace(document, document_id="cái cũ")
    ask(sender, strange, receiver)
    exchange(sender, receiver)
    (place,) = (each for each in (sender.exchange / "sent" / DAY).iterdir() if each.name != "12")
    warnings = sender.status_file(str(place.relative_to(sender.exchange)))["warnings"]
    assert any("cái cũ" in warning for warning in warnings)
    receiver.report("a.json", id=request_in(receiver)["id"], status="15")
    exchange(receiver, sender)
    newer = next(each for each in sender.ledger.outbound(limit=9) if each.kind != "new")
    (change,) = newer.requests
    assert change.state == "agreed"


def test_a_15_to_an_update_is_none_to_a_recall(known):
    """Both are open: what is agreed to is the one with less at stake, the recall stays open."""
    sender, receiver, document = known
    drop_recall(sender, document, receiver)
    update(sender, document, receiver)
    exchange(sender, receiver)
    (changed,) = [each for each in receiver.letters() if each["business"]["kind"] == "update"]
    old = changed["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="15")  # of which of the two it does not say
    exchange(receiver, sender)
    assert names(receiver.exchange / "statuses" / "failed") != []
    receiver.report("b.json", id=changed["id"], status="15")
    exchange(receiver, sender)
    assert states(sender, document) == {receiver.code: "delivered"}
    found = {str(each.kind): str(each.state) for each in sender.ledger.find(document.id).requests}
    assert found == {"recall": "asked", "update": "agreed"}
    assert len(receiver.inbox) == 3


def test_a_reply_is_linked_to_what_it_answers(known):
    """What came knows what answered it, by the number in `reply_to` alone."""
    sender, receiver, document = known
    old = receiver.letters()[0]["id"]
    reply_to = [{"organ": sender.code, "code": "12/UBND-VP", "date": "2026-11-21"}]
    answer = send(receiver, sender, number="77", name="77", reply_to=reply_to)
    (link,) = receiver.ledger.find(old).links
    assert (link.kind, link.item, link.older) == ("reply", answer.id, old)
    exchange(sender)
    assert [each.kind for each in sender.ledger.find(document.id).links] == ["reply"]


def test_a_queue_that_is_rebuilt_knows_what_was_destroyed(world):
    """Nothing that was given back comes again, and its tombstone stays."""
    sender, receiver, _, _ = asked(world)
    receiver.node.prepare()
    old = request_in(receiver)["business"]["about"]["id"]
    receiver.report("a.json", id=old, status="15")
    exchange(receiver, sender)
    stone = receiver.ledger.find(old).tombstone
    receiver.node.close()
    for path in receiver.config.folders.data.glob("queue.db*"):
        path.unlink()
    receiver._begin()
    receiver.node.recover(offline=True)
    receiver.restart()
    world.forget(receiver.code)
    exchange(receiver, sender)
    found = receiver.ledger.find(old)
    assert (found.state, found.tombstone) == ("recalled", stone)
    assert [each.state for each in found.requests] == ["agreed"]
    assert traces(everywhere(receiver), world.packages(sender.code)) == set()


def test_lists_and_sheets_show_what_is_asked(world):
    """`list` marks what is open, `show` has kind, reason, since when, and the answer."""
    sender, receiver, document, _ = asked(world)
    old = request_in(receiver)["business"]["about"]["id"]
    listed, shown = command(receiver, "list", "--in"), command(receiver, "show", old)
    assert "recall?" in listed
    assert WHY in shown
    assert "not answered yet" in shown
    values = json.loads(command(receiver, "show", old, "--json"))
    assert values["requests"][0]["state"] == "asked"
    assert "not answered yet" in command(sender, "show", document.id)
    receiver.report("a.json", id=old, status="15")
    exchange(receiver, sender)
    assert "agreed (15)" in command(sender, "show", document.id)
    assert "destroyed" in command(receiver, "show", old)


def test_the_command_says_what_it_stopped_and_what_it_asked(world):
    """One line each; a document that came from outside is not had back."""
    sender, receiver = world.desk(), world.desk()
    document = send(sender, receiver, turn=False)
    told = command(sender, "recall", document.id, "--reason", WHY)
    assert receiver.code in told
    assert "stopped" in told


def command(desk, *words):
    """Return what a command prints at a desk."""
    seat = Seat(desk.config.folders.data / "none.yaml")
    seat.__dict__ |= {"config": desk.config, "node": desk.node, "ledger": desk.ledger}
    commands.app.registered_callback.callback.__globals__["Seat"] = lambda _: seat
    try:
        result = CliRunner().invoke(commands.app, list(words), env={"LANG": "en_US.UTF-8"})
    finally:
        commands.app.registered_callback.callback.__globals__["Seat"] = Seat
    assert result.exception is None, result.exception
    return result.output
