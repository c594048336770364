"""What the sandbox axis refuses, whom it delivers to, and how an item's life goes there."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from datetime import timedelta

import pytest
from sandbox_world import EDOC, NOW, STATUS, URI, Caller, a_package, a_status, a_world

from edge_node.protocol import vxp
from edge_node.sandbox.settings import HashFile
from edge_node.sandbox.store import Double, doubles

BIG = 1_500_000  # bytes of an attachment that no longer fits one piece


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("sandbox"), max_package=5_000_000) as world:
        yield world


@pytest.fixture
def sender(world):
    return world.caller()


@pytest.fixture
def receiver(world):
    return world.caller()


def code_of(answer):
    assert answer["status"] == ("OK" if answer["ErrorCode"] == "0" else "FAIL")
    return answer["ErrorCode"]


# Who may call, and with what


def test_a_stranger_and_a_wrong_secret_are_denied(world, sender):
    """An unknown systemid and a signature under another secret both end in code 15."""
    stranger = Caller(url=world.url, code="H99.none", secret=sender.secret)
    assert code_of(stranger.ask(vxp.agencies())) == "15"
    sender.secret = b"another"
    assert code_of(sender.ask(vxp.agencies())) == "15"


@pytest.mark.parametrize("name", ["messagetype", "timestamp", "sign-header"])
def test_a_header_changed_after_signing_is_denied(sender, name):
    """What is signed must be what is sent, be it only one letter off."""
    call = vxp.received_list(EDOC)
    headers = vxp.signed_headers(call, system_id=sender.code, secret=sender.secret, moment=NOW)
    value = dict(headers)[f"XroadVnpt-{name}"]
    sender.overwrite = {f"XroadVnpt-{name}": value.replace("2", "3").replace("edoc", "status")}
    assert sender.overwrite[f"XroadVnpt-{name}"] != value
    assert code_of(sender.ask(call)) == "15"


@pytest.mark.parametrize(
    "params",
    [
        (("servicetype", "eDoc"),),
        (("servicetype", "other"), ("messagetype", "edoc")),
        (("servicetype", "eDoc"), ("messagetype", "letter")),
        (("servicetype", "eDoc"), ("messagetype", "edoc"), ("fromDate", "2026-11-21")),
    ],
)
def test_parameters_that_are_missing_or_unknown_are_named(sender, params):
    """A call without what it needs is told which parameter, under code 10."""
    answer = sender.ask(vxp.Call(method=vxp.Method.RECEIVED_LIST, params=params))
    assert code_of(answer) == "10"
    assert any(name in answer["ErrorDesc"] for name in ("servicetype", "messagetype", "fromDate"))


def test_http_itself_turns_away_what_is_no_call(world, sender):
    """No such path, the wrong verb, a body without a length or too long a one: 404 to 413."""
    wrong_verb = vxp.Call(method=vxp.Method.AGENCIES, verb="GET")
    assert sender.call(wrong_verb)[0] == 405
    assert sender.call(vxp.agencies(), body=b" " * 70_000)[0] == 413
    assert sender.call(vxp.agencies(), body=iter([b"{}"]))[0] == 411
    package = vxp.send(EDOC, sender=sender.code, hash_file="00")
    assert sender.call(package, body=b" " * 5_000_003)[0] == 413

    connection = http.client.HTTPConnection(world.url.removeprefix("http://"), timeout=30)
    for verb, path, status in (
        ("POST", "/sendDocument", 404),
        ("POST", "/sendEdoc/", 404),
        ("HEAD", "/downloadEdoc", 405),
    ):
        connection.request(verb, path, body=b"")
        response = connection.getresponse()
        response.read()
        assert response.status == status
    connection.close()


def test_a_body_where_there_should_be_none_is_refused(sender):
    """Only an empty body and `{}` go with the calls that need none."""
    assert code_of(sender.ask(vxp.agencies(), body=b"{}")) == "0"
    assert code_of(sender.ask(vxp.agencies(), body=b'{"a": 1}')) == "10"


# What may be sent


def test_a_file_that_is_not_the_one_announced_is_refused(sender, receiver):
    """The hash covers the bytes; a wrong one means they came to harm on the way (21)."""
    package = a_package(sender.code, receiver.code)
    call = vxp.send(EDOC, sender=sender.code, hash_file="0" * 64)
    assert code_of(sender.ask(call, package + b"\r\n")) == "21"
    assert receiver.received() == []


def test_a_sandbox_can_insist_on_one_spelling_of_the_hash(tmp_path):
    """Set to `padded`, it refuses the Java client's spelling."""
    with a_world(tmp_path, hash_file=HashFile.PADDED) as world:
        sender, receiver = world.caller(), world.caller()
        package = a_package(sender.code, receiver.code, subject="V/v 3")
        while vxp.hash_file(sha(package), "sdk") == vxp.hash_file(sha(package), "padded"):
            package += b" "
        assert code_of(sender.send(package, style="sdk")) == "21"
        assert code_of(sender.send(package, style="padded")) == "0"


def sha(package):
    return hashlib.sha256(package).digest()


def test_nobody_sends_in_anothers_name(sender, receiver):
    """Neither the header `from` nor the package may name another agency (19)."""
    package = a_package(sender.code, receiver.code)
    assert code_of(sender.send(package, sender=receiver.code)) == "19"
    assert code_of(sender.send(a_package(receiver.code, sender.code))) == "19"


def test_an_unknown_receiver_costs_the_whole_package(sender, receiver):
    """The code that no directory holds is named, and the known receiver gets nothing (18)."""
    answer = sender.send(a_package(sender.code, receiver.code, "H99.none"))
    assert code_of(answer) == "18"
    assert "H99.none" in answer["ErrorDesc"]
    assert receiver.code not in answer["ErrorDesc"]
    assert answer["DocId"] == ""
    assert receiver.received() == []


def test_the_header_to_must_name_the_packages_receivers(sender, receiver):
    """Where a client sends `to`, it and the package agree, in any order."""
    package = a_package(sender.code, receiver.code, sender.code)
    assert code_of(sender.send(package, to=[receiver.code])) == "10"
    assert code_of(sender.send(package, to=[sender.code, receiver.code])) == "0"


DOCTYPE = '<!DOCTYPE edXML [<!ENTITY a "b">]>'


@pytest.mark.parametrize(
    "damage",
    [
        lambda package: b"1212" + package,  # as one official sample begins
        lambda package: package[:-9],
        lambda package: DOCTYPE.encode() + package,
        lambda package: package[:0],
        lambda package: b"{}" + package[:0],
        lambda package: package[:0] + b"<edXML>ti\xc3\xaang</edXML>",
        lambda package: package.replace(URI.encode(), b"http://www.go.vn/eDoc"),
        lambda package: package.replace(b"<e:Subject>", b'<e:Subject xlink:href="#">'),
        lambda package: package.replace(b"<e:DocumentId>D1</e:DocumentId>", b""),
        lambda package: package.replace(b"V/v", b" "),
        lambda package: package.replace(b"</e:To>", b"</e:To><e:To/>"),
        lambda package: package.replace(b"</e:Code>", b"</e:Code><e:SteeringType/>"),
        lambda package: package.replace(b"V/v", b"<b/>" * 3 + b"<a>" * 70 + b"</a>" * 70),
        lambda package: package.replace(b"%PDF", b"").replace(
            b"<AttachmentName>", b"<AttachmentName><x><y/></x>"
        ),
    ],
)
def test_what_is_no_sound_package_is_refused(sender, receiver, damage):
    """Junk, truncation, a document type, another namespace, a missing field: code 22."""
    package = damage(a_package(sender.code, receiver.code))
    assert code_of(sender.send(package)) == "22"


def test_a_receiver_named_twice_is_refused(sender, receiver):
    """A duplicate To is an error of the package (22)."""
    assert code_of(sender.send(a_package(sender.code, receiver.code, receiver.code))) == "22"


def test_a_status_sent_as_a_document_is_refused(sender, receiver):
    """The message type and the package must fit each other (22)."""
    assert code_of(sender.send(a_status(sender.code, receiver.code), "edoc")) == "22"
    assert code_of(sender.send(a_package(sender.code, receiver.code), "status")) == "22"


# Where it goes, and how its life goes on


def test_an_item_leaves_the_list_when_it_is_done(sender, receiver):
    """Initial and processing are pending; done is not, and may only turn out to be a failure."""
    doc_id = sender.send(a_package(sender.code, receiver.code))["DocId"]
    (item,) = receiver.received()
    seen = []
    for status in ("processing", "done", "done", "processing", "fail"):
        answer = receiver.acknowledge(item["docId"], status)
        (row,) = sender.ask(vxp.sent_list(EDOC, doc_id))["data"]
        pending = [one["status"] for one in receiver.received()]
        seen.append((code_of(answer), pending, row["receiveStatus"]))
    assert seen == [
        ("0", ["processing"], "processing"),
        ("0", [], "done"),
        ("0", [], "done"),
        ("10", [], "done"),
        ("0", [], "fail"),
    ]


def test_a_failed_item_keeps_its_reason_and_may_still_be_done(sender, receiver):
    """The receiver's description is shown to the sender; late good news wins."""
    sender.send(a_package(sender.code, receiver.code))
    (item,) = receiver.received()
    receiver.acknowledge(item["docId"], "fail", "cannot be read")
    (row,) = sender.ask(vxp.sent_list(EDOC))["data"]
    assert (row["receiveStatus"], row["receiveStatusDesc"]) == ("fail", "cannot be read")
    assert receiver.received() == []
    assert code_of(receiver.acknowledge(item["docId"], "done")) == "0"


def test_each_receiver_has_an_item_of_its_own(world, sender):
    """One package to two agencies is two deliveries, of which nobody can touch another's."""
    one, other = world.caller(), world.caller()
    sender.send(a_package(sender.code, one.code, other.code))
    (item,), (others,) = one.received(), other.received()
    assert item["docId"] != others["docId"]
    assert code_of(one.acknowledge(others["docId"])) == "10"
    assert code_of(one.ask(vxp.fetch(others["docId"], vxp.Method.FETCH))) == "10"
    one.acknowledge(item["docId"])
    states = {
        row["toCode"]: row["receiveStatus"] for row in sender.ask(vxp.sent_list(EDOC))["data"]
    }
    assert states == {one.code: "done", other.code: "initial"}


def test_a_list_with_dates_holds_all_that_came(sender, receiver):
    """Looking back shows every item, with what became of it; without dates, what waits."""
    for _ in range(4):
        sender.send(a_package(sender.code, receiver.code))
    items = [row["docId"] for row in receiver.received()]
    for doc_id, status in zip(items, ("done", "fail", "processing"), strict=False):
        receiver.acknowledge(doc_id, status)
    assert [row["docId"] for row in receiver.received()] == items[2:]
    for window in ({"since": NOW}, {"until": NOW}, {"since": NOW, "until": NOW}):
        rows = receiver.received(**window)
        assert [row["docId"] for row in rows] == items
        assert [row["status"] for row in rows] == ["done", "fail", "processing", "initial"]
    assert receiver.ask(vxp.count(EDOC))["count"] == 2


def test_a_list_can_be_asked_for_a_span_of_time(sender, receiver):
    """The window is on Vietnamese clocks and includes its ends."""
    sender.send(a_package(sender.code, receiver.code))
    second = timedelta(seconds=1)
    assert len(receiver.received(since=NOW, until=NOW)) == 1
    assert len(receiver.received(since=NOW - second)) == 1
    assert receiver.received(since=NOW + second) == []
    assert receiver.received(until=NOW - second) == []


@pytest.mark.parametrize("size", [10, BIG])
def test_both_ways_to_fetch_give_the_same_bytes(sender, receiver, size):
    """`getEdoc` is `downloadEdoc` in base64, for small packages and for large ones."""
    pdf = b"%PDF" + bytes(range(256)) * (size // 256)
    sender.send(a_package(sender.code, receiver.code, pdf=pdf))
    (item,) = receiver.received()
    _, package = receiver.call(vxp.fetch(item["docId"], vxp.Method.DOWNLOAD))
    answer = receiver.ask(vxp.fetch(item["docId"], vxp.Method.FETCH))
    assert base64.b64decode(answer["data"], validate=True) == package
    assert base64.b64encode(pdf) in package


def test_a_status_reaches_the_agency_it_answers(sender, receiver):
    """A status message has no To: it goes to ResponseFor/OrganId, in the other list."""
    assert code_of(receiver.send(a_status(receiver.code, sender.code), "status")) == "0"
    (item,) = sender.received("status")
    assert (item["from"], item["messageType"]) == (receiver.code, "status")
    assert sender.received("edoc") == []
    assert sender.ask(vxp.count(STATUS))["count"] == 1
    assert sender.ask(vxp.count(EDOC))["count"] == 0
    assert (
        b"<edXML:StatusCode>03<" in sender.call(vxp.fetch(item["docId"], vxp.Method.DOWNLOAD))[1]
    )


def test_what_is_sent_twice_is_accepted_twice_and_counted(world, sender, receiver):
    """The axis knows no doubles; the sandbox counts them for whoever asks."""
    other = world.caller()
    package = a_package(sender.code, receiver.code, other.code, document_id="twice")
    ids = {sender.send(package)["DocId"], sender.send(package)["DocId"]}
    sender.send(a_package(sender.code, receiver.code, document_id="once"))
    for code in ("03", "04", "04"):
        receiver.send(
            a_status(receiver.code, sender.code, code=code, document_id="twice"), "status"
        )
    other.send(a_status(other.code, sender.code, code="03", document_id="twice"), "status")

    assert len(ids) == 2
    assert len(receiver.received()) == 3
    parties = {sender.code, receiver.code, other.code}
    found = {double for double in doubles(world.folder) if double.sender in parties}
    row = {"document_id": "twice", "sends": 2}
    assert found == {
        Double(sender=sender.code, receiver=to, message_type="edoc", status_code="", **row)
        for to in (receiver.code, other.code)
    } | {
        Double(
            sender=receiver.code,
            receiver=sender.code,
            message_type="status",
            status_code="04",
            **row,
        )
    }


def test_a_unit_can_be_registered_written_to_and_struck(sender, receiver):
    """A unit below the caller joins the directory; struck, it can be sent to no more (23)."""
    unit = f"{receiver.code}.9"
    entry = vxp.register_agency(code=unit, name="Phòng", parent=receiver.code, mail="a@b.vn")
    assert code_of(sender.ask(entry)) == "19"
    assert code_of(receiver.ask(entry)) == "0"
    assert code_of(receiver.ask(entry)) == "10"
    assert code_of(sender.send(a_package(sender.code, unit))) == "0"
    listed = {row["code"]: row for row in sender.ask(vxp.agencies())["data"]}
    assert listed[unit]["pid"] == listed[receiver.code]["id"]
    assert unit in {row["code"] for row in sender.ask(vxp.agencies_qd20(3))["data"]}

    assert code_of(sender.ask(vxp.delete_agency(unit))) == "10"
    assert code_of(receiver.ask(vxp.delete_agency(unit))) == "0"
    assert code_of(sender.send(a_package(sender.code, unit))) == "23"
    assert unit not in {row["code"] for row in sender.ask(vxp.agencies())["data"]}
    struck = [row for row in sender.ask(vxp.units())["data"] if row["deleted"]]
    assert [(row["code"], row["version"]) for row in struck] == [(unit, "2")]


def test_a_registration_that_is_no_unit_is_refused(sender):
    """The body holds seven texts, among them a code a directory could hold."""
    entry = {"id": "", "pcode": sender.code, "code": "?", "name": "", "mail": "", "mobile": ""}
    for body in (b"", b"[]", json.dumps(entry).encode(), json.dumps(entry | {"fax": ""}).encode()):
        call = vxp.Call(method=vxp.Method.REGISTER_AGENCY, body=body)
        assert code_of(sender.ask(call)) == "10"
