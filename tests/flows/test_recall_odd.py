"""Recalls that are vague, doubled, late or under another code: what nobody meant is kept."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from directories import fill
from flows_world import Meanwhile
from recall_world import (
    WHY,
    asked,
    drop_recall,
    everywhere,
    exchange,
    hold_back,
    pair,
    request_in,
    send,
    states,
    statuses,
    traces,
)

from edge_node.domain.document import Organization, Reference, StatusMessage, agency_code
from edge_node.domain.envelope import Agency
from edge_node.protocol import edxml

OTHER = "000.00.77.H99"  # the older code of whoever sends


def ask_back(world, receiver, sender, under="", **about):
    """Have a document back by a status 13 that names it so, under a code of the sender's."""
    who = agency_code(under or sender.code)
    meant = Reference(organ=who, **about)
    us = Organization(code=who)
    message = StatusMessage(sender=us, about=meant, status="13", note=WHY, at=sender.now)
    world.put(receiver.code, edxml.write_status(message), message="status")


def of_kind(desk, kind):
    return [each for each in desk.letters() if each["business"]["kind"] == kind]


def agree(receiver, item, name="a.json"):
    receiver.report(name, id=item, status="15")
    exchange(receiver)


@pytest.mark.parametrize(
    "about",
    [
        {"code": "12/UBND-VP"},  # the number of another year, or of one that was corrected
        {"code": "7/UBND-VP", "document_id": "one for all"},
        {"document_id": "one for all"},  # dated the day after it was asked for
    ],
)
def test_what_was_agreed_to_means_no_other_document_that_comes_later(world, about):
    """It is handed over, with a warning: only what is beyond doubt the same is destroyed."""
    sender, receiver = pair(world)
    ask_back(world, receiver, sender, **about)
    exchange(receiver)
    agree(receiver, request_in(receiver)["id"])
    document = send(sender, receiver, document_id="one for all", date="2026-11-22")
    exchange(receiver, sender)
    assert statuses(sender, document) == {receiver.code: "01"}
    (letter,) = of_kind(receiver, "new")
    assert [request_in(receiver)["id"] in warning for warning in letter["warnings"]] == [True]


def test_a_corrected_one_nobody_has_read_yet_is_not_destroyed_with_the_first(world):
    """It goes by the same name and waits to be handed over while the clerk agrees."""
    sender, receiver, _, _ = asked(world)
    first = world.packages(sender.code)[0]
    world.put(receiver.code, first.replace("V/v thử nghiệm".encode(), "V/v bản sửa".encode()))
    receiver.turn("pull", "acknowledge")
    receiver.report("a.json", id=request_in(receiver)["business"]["about"]["id"], status="15")
    receiver.turn("takestatuses")
    exchange(receiver)
    assert [each["subject"] for each in of_kind(receiver, "new")] == ["V/v bản sửa"]


def test_what_was_given_back_before_it_came_damaged_is_destroyed_as_well(world):
    """It is neither kept for a person nor tried for ever."""
    sender, receiver = pair(world)
    document = send(sender, receiver)
    package = world.packages(sender.code)[0]
    with hold_back(world, receiver):
        drop_recall(sender, document, receiver)
        receiver.turn()
        agree(receiver, request_in(receiver)["id"])
        spoilt = re.sub(rb">[A-Za-z0-9+/=]{200,}<", b">$$$$<", package, count=1)
        world.put(receiver.code, spoilt)
        exchange(receiver)
    assert receiver.queue.file.rows("select * from work where lane = 'deliver'") == []
    assert traces(everywhere(receiver), [package]) == set()
    assert receiver.quarantined() == []


def test_what_is_given_back_while_it_is_looked_into_is_never_seen(world):
    """The clerk agreed to the request that came first; nothing is shown for a moment."""
    sender, receiver = pair(world)
    document = send(sender, receiver)
    with hold_back(world, receiver):
        drop_recall(sender, document, receiver)
        receiver.turn()
    request = request_in(receiver)["id"]

    def agreed():
        receiver.report("a.json", id=request, status="15")
        receiver.turn("takestatuses")

    deliver = receiver.flows["deliver"]
    shown = []
    inbox = Meanwhile(deliver.inbox, "show", lambda: shown.append(True))
    door = Meanwhile(deliver.door, "look", agreed)
    receiver.flows["deliver"] = replace(deliver, inbox=inbox, door=door)
    receiver.turn("pull", "acknowledge", "deliver")
    assert shown == []
    exchange(receiver, sender)
    assert states(sender, document) == {receiver.code: "recalled"}
    assert traces(everywhere(receiver), world.packages(sender.code)) == set()


def test_who_asks_again_for_what_was_given_back_is_told_again(world):
    """The first answer may never have come: the second needs nothing to be destroyed."""
    sender, receiver, document, _ = asked(world)
    old = request_in(receiver)["business"]["about"]["id"]
    agree(receiver, old)
    names = {"document_id": document.document_id, "code": document.code}
    ask_back(world, receiver, sender, **names)
    exchange(receiver)
    (again,) = [each for each in of_kind(receiver, "recall") if "StatusCode" in each["raw_codes"]]
    agree(receiver, again["id"], "b.json")
    assert world.statuses(receiver.code).count("15") == 2
    assert {str(each.state) for each in receiver.ledger.find(old).requests} == {"agreed"}


@pytest.mark.parametrize("first", ["document", "request"])
@pytest.mark.parametrize("known", [True, False])
def test_a_recall_under_another_code_of_its_issuer_means_the_document(world, first, known):
    """Where the directory says so: a 15 must not leave while the document lies there."""
    sender, receiver = pair(world)
    if known:
        unit = Agency(code=sender.code, name="Xã Mẫu", other_code=OTHER)
        fill(receiver.node.directory, [unit])
    document = send(sender, receiver)
    names = {"document_id": document.document_id, "code": document.code}
    if first == "document":
        exchange(receiver)
    with hold_back(world, receiver):
        ask_back(world, receiver, sender, OTHER, **names)
        exchange(receiver)
    exchange(receiver)
    agree(receiver, request_in(receiver)["id"])
    left = traces(everywhere(receiver), world.packages(sender.code))
    assert (left == set()) is known


def test_an_answer_stands_in_the_waybill_of_what_it_is_about(world):
    """The queue is lost, and the axis lists nothing any more: it is frozen all the same."""
    sender, receiver, document, recall = asked(world)
    agree(receiver, request_in(receiver)["business"]["about"]["id"])
    exchange(sender)
    for item in (document.id, recall.id):
        rows = sender.node.waybills.of(item).rows
        assert [row["state"] for row in rows["changes"]] == ["agreed"]
    (fate,) = sender.node.waybills.of(document.id).rows["fates"]
    assert (fate["state"], fate["status"]) == ("recalled", "15")
