"""Faults on the line of the sandbox axis: what they do to a call, and what they leave undone."""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import re
import socket
from datetime import timedelta

import pytest
from sandbox_world import EDOC, NOW, SHOWN_NOW, a_package, a_world, eventually

from edge_node.protocol import vxp

BIG = b"%PDF" + bytes(range(256)) * 8000  # does not fit one piece of an answer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("sandbox")) as world:
        yield world


@pytest.fixture
def world(server):
    yield server
    server.faults.clear()


@pytest.fixture
def sender(world):
    return world.caller()


@pytest.fixture
def receiver(world):
    return world.caller()


@pytest.fixture
def package(sender, receiver):
    return a_package(sender.code, receiver.code, document_id=f"D-{sender.code}")


def strike(world):
    """Return the strike that came last."""
    return world.faults.strikes[-1]


def struck_while(world, caller, other):
    """Let another agency make a call; return the strikes on the first one's."""
    assert other.ask(vxp.count(EDOC))["ErrorCode"] == "0"
    return [one for one in world.faults.strikes if one.passing.caller == caller.code]


def cut_off(sender, package):
    with pytest.raises(http.client.RemoteDisconnected):
        sender.send(package)


# The line is cut


def test_drop_before_leaves_nothing_behind(world, sender, receiver, package):
    """The line is cut before the call is processed, once; sent again, it is there once."""
    world.faults.set({"fault": "drop-before", "calls": ["sendEdoc"], "times": 1})
    cut_off(sender, package)
    assert receiver.received() == []
    struck = strike(world)
    assert struck.passing.document_id == f"D-{sender.code}"
    assert struck.passing.receivers == (receiver.code,)
    assert struck.doc_ids == ()
    sender.send(package)
    assert len(receiver.received()) == 1


def test_drop_after_keeps_what_it_never_answered_for(world, sender, receiver, package):
    """The call is processed and the line cut: the sender's own list tells it was taken."""
    world.faults.set({"fault": "drop-after", "calls": ["sendEdoc"], "times": 1})
    cut_off(sender, package)
    assert len(receiver.received()) == 1
    (row,) = sender.sent()
    assert strike(world).doc_ids == (row["senderDocId"],)


def test_an_acknowledgement_may_lose_its_answer(world, sender, receiver, package):
    """A dropped answer to `done` is a `done` all the same; the strike names the item."""
    sender.send(package)
    (item,) = receiver.received()
    world.faults.set({"fault": "drop-after", "calls": ["updateStatus"]})
    with pytest.raises(http.client.RemoteDisconnected):
        receiver.acknowledge(item["docId"])
    assert strike(world).doc_ids == (item["docId"],)
    assert receiver.received() == []


@pytest.mark.parametrize("pdf", [b"%PDF", BIG])
@pytest.mark.parametrize("method", [vxp.Method.FETCH, vxp.Method.DOWNLOAD])
def test_half_an_answer_promises_more_than_it_holds(world, sender, receiver, pdf, method):
    """Content-Length is the whole package's; half of it comes, then the end of the line."""
    sender.send(a_package(sender.code, receiver.code, pdf=pdf))
    (item,) = receiver.received()
    call = vxp.fetch(item["docId"], method)
    whole = receiver.call(call)[1]
    world.faults.set({"fault": "half-answer", "calls": [str(method)], "times": 1})
    with pytest.raises(http.client.IncompleteRead) as caught:
        receiver.call(call)
    assert caught.value.partial == whole[: len(whole) // 2]
    assert receiver.call(call)[1] == whole


def test_half_an_answer_may_be_a_few_bytes(world, sender, receiver, package):
    """`bytes` says how much comes; the send behind it was processed."""
    world.faults.set({"fault": "half-answer", "bytes": 3})
    with pytest.raises(http.client.IncompleteRead) as caught:
        sender.send(package)
    assert caught.value.partial == b'{"s'
    world.faults.clear()
    assert len(receiver.received()) == 1


# Another answer


ANSWERS = {
    "error": (503, b"503 Service Unavailable\n"),
    "too-large": (413, b"413 Request Entity Too Large\n"),
    "not-json": (200, b"OK\n"),
    "html": (200, b"<!DOCTYPE html>"),
    "code-zero-error": (200, b'{"status":"Error","code":"0","ErrorCode":"0"'),
    "unknown-code": (200, b'{"status":"FAIL","ErrorCode":"77"'),
}


@pytest.mark.parametrize("fault", ANSWERS)
def test_another_answer_before_anything_is_done(world, sender, receiver, package, fault):
    """The call is answered by somebody who never processed it; the line stays usable."""
    world.faults.set({"fault": fault, "calls": ["sendEdoc"], "caller": sender.code})
    status, body = sender.call(*sender.sending(package))
    expected, head = ANSWERS[fault]
    assert (status, body[: len(head)]) == (expected, head)
    assert receiver.received() == []
    assert strike(world).doc_ids == ()


@pytest.mark.parametrize("fault", sorted(set(ANSWERS) - {"too-large"}))
def test_another_answer_after_all_is_done(world, sender, receiver, package, fault):
    """With `after` the send is accepted, and only the answer is another."""
    world.faults.set({"fault": fault, "calls": ["sendEdoc"], "after": True})
    status, body = sender.call(*sender.sending(package))
    expected, head = ANSWERS[fault]
    assert (status, body[: len(head)]) == (expected, head)
    assert len(receiver.received()) == 1
    assert strike(world).doc_ids == (sender.sent()[0]["senderDocId"],)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 499])
def test_the_http_error_can_be_chosen(world, sender, status):
    """Any from 400 to 599, be it one that HTTP has no name for."""
    world.faults.set({"fault": "error", "http": status})
    assert sender.call(vxp.agencies())[0] == status


def test_the_code_nobody_knows_can_be_chosen(world, sender):
    """`code` is what the answer says, a text or a number."""
    world.faults.set({"fault": "unknown-code", "code": 4711})
    assert sender.ask(vxp.agencies())["ErrorCode"] == "4711"


def test_base64_can_be_corrupted_in_the_answer(world, sender, receiver, package):
    """One letter in the middle of what getEdoc answers is no letter of base64."""
    sender.send(package)
    (item,) = receiver.received()
    world.faults.set({"fault": "corrupt-base64", "where": "answer", "calls": ["getEdoc"]})
    answer = receiver.ask(vxp.fetch(item["docId"], vxp.Method.FETCH))
    assert answer["data"].count("!") == 1
    with pytest.raises(binascii.Error):
        base64.b64decode(answer["data"], validate=True)


# Time


def test_a_stall_goes_on_if_the_client_waits(world, sender, receiver, package):
    """Who waits long enough is served, whether the axis thinks before or after its work."""
    for after in (False, True):
        world.faults.set({"fault": "stall", "seconds": 0.01, "after": after, "times": 1})
        assert sender.send(package)["ErrorCode"] == "0"
        assert strike(world).rule.after is after
    assert len(receiver.received()) == 2


@pytest.mark.parametrize("after", [False, True])
def test_a_stall_can_end_with_a_cut(world, sender, receiver, package, after):
    """With `then: drop` no answer comes; with `after` the send is accepted."""
    rule = {"fault": "stall", "seconds": 0.01, "then": "drop", "times": 1, "after": after}
    world.faults.set(rule)
    cut_off(sender, package)
    assert len(receiver.received()) == after


def test_who_gives_up_while_the_axis_stalls_is_not_served(world, sender, receiver, package):
    """A stall before the work ends with the line, and nothing is processed."""
    world.faults.set({"fault": "stall", "seconds": 300, "calls": ["sendEdoc"]})
    with sender.asked(*sender.sending(package)):
        eventually(lambda: struck_while(world, sender, receiver))
    world.faults.clear()
    assert [receiver.received() for _ in range(20)] == [[]] * 20


def test_a_send_is_accepted_after_the_client_gave_up(world, sender, receiver, package):
    """The worst of all: given up for lost, the send is accepted later and exists."""
    world.faults.set({"fault": "answer-after-give-up"})
    with sender.asked(*sender.sending(package)):
        eventually(lambda: struck_while(world, sender, receiver))
        assert [receiver.received() for _ in range(20)] == [[]] * 20
    assert strike(world).passing.document_id == f"D-{sender.code}"
    (item,) = eventually(receiver.received)
    assert item["from"] == sender.code


@pytest.mark.parametrize("size", [4, 3000])
def test_an_answer_can_drip(world, sender, receiver, size):
    """It comes in tiny pieces and is whole in the end."""
    sender.send(a_package(sender.code, receiver.code, pdf=b"x" * size))
    (item,) = receiver.received()
    call = vxp.fetch(item["docId"], vxp.Method.DOWNLOAD)
    whole = receiver.call(call)[1]
    world.faults.set({"fault": "drip", "bytes": 64, "seconds": 0})
    assert receiver.call(call)[1] == whole


def test_a_drip_really_comes_in_pieces(world, sender):
    """The first bytes are there long before the last."""
    world.faults.set({"fault": "drip", "bytes": 2, "seconds": 300})
    with sender.asked(vxp.agencies()) as connection:
        response = connection.getresponse()
        assert response.read1(100) == b'{"'


def test_the_axis_can_live_in_another_time(world, sender, receiver, package):
    """The Date and the stamps of a skewed call are off; the next call is on time again."""
    world.faults.set({"fault": "clock-skew", "seconds": -86400, "times": 2})
    assert sender.date(vxp.agencies()) == NOW - timedelta(days=1)
    sender.send(package)
    assert sender.date(vxp.agencies()) == NOW
    (item,) = receiver.received()
    assert item["created_time"] == SHOWN_NOW.replace("21/11", "20/11")
    assert sender.sent()[0]["sentTime"] == item["created_time"]


def test_every_answer_has_the_date_of_the_axis(sender):
    """A yes, a no and what HTTP itself turns away all say what time it is there."""
    assert sender.date(vxp.agencies()) == NOW
    assert sender.date(vxp.Call(method=vxp.Method.RECEIVED_LIST)) == NOW
    assert sender.date(vxp.Call(method=vxp.Method.AGENCIES, verb="GET")) == NOW


def test_a_call_on_the_heels_of_a_skewed_one_is_on_time(world, sender):
    """Two calls in one packet: the fault of the first does not stick to the line."""
    world.faults.set({"fault": "clock-skew", "seconds": 86400, "times": 1})
    call = vxp.agencies()
    headers = vxp.signed_headers(call, system_id=sender.code, secret=sender.secret, moment=NOW)
    head = "".join(f"{name}: {value}\r\n" for name, value in [("Host", "x"), *headers])
    request = f"POST /{call.method} HTTP/1.1\r\n{head}Content-Length: 0\r\n"
    host, port = world.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as wire:
        wire.sendall(f"{request}\r\n{request}Connection: close\r\n\r\n".encode())
        answers = b"".join(iter(lambda: wire.recv(1 << 16), b""))
    dates = re.findall(rb"date: (.*)\r\n", answers)
    assert dates == [b"Sun, 22 Nov 2026 07:03:05 GMT", b"Sat, 21 Nov 2026 07:03:05 GMT"]


# Together


def test_a_stall_lets_the_next_rule_have_its_turn(world, sender, receiver, package):
    """Rules strike in their order: a stall, then the cut after all is done."""
    world.faults.set(
        {"fault": "stall", "seconds": 0.01, "calls": ["sendEdoc"]},
        {"fault": "stall", "seconds": 0.01, "calls": ["sendEdoc"], "after": True},
        {"fault": "drop-after", "calls": ["sendEdoc"]},
        {"fault": "html", "calls": ["sendEdoc"], "after": True},
    )
    cut_off(sender, package)
    assert [one.struck for one in world.faults.standing] == [1, 1, 1, 0]
    assert len(receiver.received()) == 1


def test_a_large_package_passes_a_rule_that_lets_it(world, sender, receiver):
    """What is taken in whole for a rule's sake arrives as it was sent."""
    world.faults.set({"fault": "drop-before", "skip": 1, "calls": ["sendEdoc"]})
    package = a_package(sender.code, receiver.code, pdf=BIG)
    assert sender.send(package)["ErrorCode"] == "0"
    (item,) = receiver.received()
    assert base64.b64encode(BIG) in receiver.package(item["docId"])


def test_a_body_that_never_ends_is_no_call(world, sender):
    """A client that leaves in the middle of its body is struck by nothing, and harms nobody."""
    world.faults.set({"fault": "drop-after", "calls": ["sendEdoc"], "caller": sender.code})
    host, port = world.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as wire:
        head = f"POST /sendEdoc HTTP/1.1\r\nHost: x\r\nXroadVnpt-systemid: {sender.code}\r\n"
        wire.sendall(f"{head}Content-Length: 100\r\n\r\n<edXML".encode())
    assert sender.ask(vxp.count(EDOC))["ErrorCode"] == "0"
    assert world.faults.standing[0].met == 0


def test_a_body_that_is_too_long_is_turned_away_before_it_comes(world, sender):
    """No rule makes the axis take in more than it would otherwise."""
    world.faults.set({"fault": "drop-before", "calls": ["sendEdoc"]})
    host, port = world.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        head = f"POST /sendEdoc HTTP/1.1\r\nHost: x\r\nXroadVnpt-systemid: {sender.code}\r\n"
        wire.sendall(f"{head}Content-Length: 999999999\r\n\r\n".encode())
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")


def test_what_is_no_package_is_struck_too_and_refused_as_ever(world, sender):
    """A send nobody can read has no receivers a rule could name, and gets its own refusal."""
    world.faults.set(
        {"fault": "drop-before", "receiver": "H99.1", "calls": ["sendEdoc"]},
        {"fault": "drip", "seconds": 0, "calls": ["sendEdoc"]},
    )
    status, body = sender.call(*sender.sending(b"no package"))
    assert (status, json.loads(body)["ErrorCode"]) == (200, "22")
    assert strike(world).passing.receivers == ()
