"""The sandbox axis over real HTTP: replies, and what it makes of the vendor's own client."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from pathlib import Path

import pytest
from sandbox_world import EDOC, NOW, SHOWN_NOW, STATUS, Caller, a_package, a_world

from edge_node.protocol import vxp

DATA = Path(__file__).parents[1] / "data" / "sandbox"

COMMON = {"status", "ErrorCode", "ErrorDesc"}
RECEIVED_ROW = {
    *("docId", "serviceType", "messageType", "created_time", "updated_time"),
    *("from", "to", "status", "status_desc"),
}
SENT_ROW = {
    *("senderDocId", "receiverDocId", "fromCode", "toCode", "title", "notation"),
    *("serviceType", "messageType", "sentTime", "receivedTime"),
    *("sendStatus", "sendStatusDesc", "receiveStatus", "receiveStatusDesc"),
}
UNIT_ROW = {
    *("id", "pid", "code", "name", "mail", "version"),
    *("centerCode", "deleted", "modifyDate", "isAgency"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("sandbox")) as world:
        yield world


@pytest.fixture
def sender(world):
    return world.caller()


@pytest.fixture
def receiver(world):
    return world.caller()


def test_every_reply_has_the_fields_of_its_call_and_no_others(world, sender, receiver):
    """Whether the answer is yes or no, a reply holds its call's fields and nothing else."""
    package = a_package(sender.code, receiver.code)
    assert set(sender.send(package)) == COMMON | {"DocId"}
    assert set(sender.send(package, sender="H99.none")) == COMMON | {"DocId"}
    (item,) = receiver.received()
    assert set(item) == RECEIVED_ROW
    (row,) = sender.ask(vxp.sent_list(EDOC))["data"]
    assert set(row) == SENT_ROW
    rows = {
        "agencies": sender.ask(vxp.agencies())["data"][0],
        "qd20": sender.ask(vxp.agencies_qd20(2))["data"][0],
        "units": sender.ask(vxp.units())["data"][0],
    }
    assert set(rows["agencies"]) == {"id", "pid", "code", "name", "mail", "oldCode"}
    assert set(rows["qd20"]) == {"id", "code", "name", "mail", "code102"}
    assert set(rows["units"]) == UNIT_ROW

    stranger = Caller(url=world.url, code=sender.code, secret=b"another")
    for call, fields in (
        (vxp.received_list(EDOC), {"data"}),
        (vxp.sent_list(EDOC), {"data"}),
        (vxp.fetch(item["docId"], vxp.Method.FETCH), {"data"}),
        (vxp.fetch(item["docId"], vxp.Method.DOWNLOAD), set()),
        (vxp.update_status(item["docId"], "processing"), set()),
        (vxp.count(EDOC), {"count"}),
        (vxp.count(STATUS), {"count"}),
        (vxp.agencies(), {"data"}),
        (vxp.agencies_qd20(1), {"data"}),
        (vxp.units(), {"data"}),
        (vxp.register_agency(code="H99.1.1", name="", parent=receiver.code), set()),
        (vxp.delete_agency("H99.1.1"), set()),
    ):
        assert set(stranger.ask(call)) == COMMON | fields
        if call.method != vxp.Method.DOWNLOAD:
            assert receiver.ask(call).keys() == COMMON | fields
            assert receiver.ask(call)["ErrorCode"] in {"0", "10"}


def test_lists_say_what_happened(sender, receiver):
    """Both lists show one send with its ids, its people, its times on Vietnamese clocks."""
    doc_id = sender.send(a_package(sender.code, receiver.code, subject="V/v thử"))["DocId"]
    (item,) = receiver.received()
    assert item == {
        "docId": item["docId"],
        "serviceType": "eDoc",
        "messageType": "edoc",
        "created_time": SHOWN_NOW,
        "updated_time": SHOWN_NOW,
        "from": sender.code,
        "to": receiver.code,
        "status": "initial",
        "status_desc": "",
    }
    (row,) = sender.ask(vxp.sent_list(EDOC, doc_id))["data"]
    assert row == {
        "senderDocId": doc_id,
        "receiverDocId": item["docId"],
        "fromCode": sender.code,
        "toCode": receiver.code,
        "title": "V/v thử",
        "notation": "12/UBND-VP",
        "serviceType": "eDoc",
        "messageType": "edoc",
        "sentTime": SHOWN_NOW,
        "receivedTime": "",
        "sendStatus": "done",
        "sendStatusDesc": "",
        "receiveStatus": "initial",
        "receiveStatusDesc": "",
    }


def vendor_requests():
    """Return the requests captured from the vendor's client: verb, path, headers, body."""
    for block in (DATA / "vendor_requests_2.0.1.txt").read_text().split("########## ")[1:]:
        head, _, body = block.partition("\n\n")
        first, *lines = head.split("\n")
        verb, path, _ = first.split(" ")
        yield verb, path, dict(line.split(": ", 1) for line in lines), body.strip("\n")


@pytest.mark.parametrize(
    ("verb", "path", "headers", "body"),
    list(vendor_requests()),
    ids=lambda value: value if str(value).startswith("/") else "",
)
def test_the_vendors_own_requests_are_understood(world, verb, path, headers, body):
    """What the vendor's Java client put on the wire is admitted, byte for byte."""
    data = body.encode() + (b"\r\n" if path == "/sendEdoc" else b"")
    assert len(data) == int(headers["Content-Length"])
    connection = http.client.HTTPConnection(world.url.removeprefix("http://"), timeout=30)
    connection.request(verb, path, body=data, headers=headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()

    # The captured file is no package and its ids are invented: that far these requests come.
    expected = {"/sendEdoc": "22", "/updateStatus": "10", "/deleteAgency": "10"}
    assert answer["ErrorCode"] == expected.get(path, "0")


def test_a_client_that_waits_for_leave_is_told_to_go_on(sender, receiver):
    """`Expect: 100-continue` is answered before the body; a refusal ends the matter."""
    package = a_package(sender.code, receiver.code)
    spelled = vxp.hash_file(hashlib.sha256(package).digest(), "sdk")
    call = vxp.send(EDOC, sender=sender.code, hash_file=spelled)

    assert first_answer(sender, call, package).startswith(b"HTTP/1.1 100 ")
    sender.secret = b"wrong"
    refusal = first_answer(sender, call, package)
    assert refusal.startswith(b"HTTP/1.1 200 ")
    # The body may never come: what follows on this connection could not be told from it.
    assert b"connection: close" in refusal.lower()


def first_answer(caller, call, package):
    """Send the headers of a request alone, and return what comes back first."""
    headers = vxp.signed_headers(call, system_id=caller.code, secret=caller.secret, moment=NOW)
    headers += [("Host", "x"), ("Expect", "100-continue"), ("Content-Length", str(len(package)))]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    host, port = caller.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as wire:
        wire.sendall(f"POST /{call.method} HTTP/1.1\r\n{head}\r\n".encode())
        return wire.recv(4096)


def test_a_leaked_path_and_another_spelling_of_docid_do_no_harm(sender, receiver):
    """The vendor's client signs a local `filePath`, others write `docid`; both are served."""
    sender.send(a_package(sender.code, receiver.code))
    (item,) = receiver.received()
    params = (("docid", item["docId"]), ("filePath", "C:/tmp/x.edxml"))
    call = vxp.Call(method=vxp.Method.DOWNLOAD, params=params, verb="GET")
    assert receiver.call(call)[1].startswith(b"<?xml")


@pytest.mark.parametrize("style", ["sdk", "padded"])
def test_both_spellings_of_the_hash_are_taken(sender, receiver, style):
    """The Java client leaves leading zeros out of `hash-file`; the usual form is as good."""
    package = a_package(sender.code, receiver.code)
    while all(byte > 0xF for byte in hashlib.sha256(package).digest()):
        package += b" "  # until the two spellings differ
    assert sender.send(package, style=style)["ErrorCode"] == "0"


def test_only_one_line_end_is_taken_off(sender, receiver):
    """A file that itself ends with a line end keeps it, so its hash fits."""
    package = a_package(sender.code, receiver.code) + b"\r\n"
    assert sender.send(package)["ErrorCode"] == "0"


def test_a_body_without_the_closing_line_end_is_taken(sender, receiver):
    """Not every client adds what the vendor's adds."""
    package = a_package(sender.code, receiver.code)
    spelled = vxp.hash_file(hashlib.sha256(package).digest(), "sdk")
    call = vxp.send(EDOC, sender=sender.code, hash_file=spelled)
    assert sender.ask(call, package)["ErrorCode"] == "0"
