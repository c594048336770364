import gzip
import io
import json
import socket
import threading
import tracemalloc
from base64 import b64encode
from contextlib import contextmanager
from hashlib import sha256
from itertools import repeat

import pytest
from axis_calls import D1, DOCUMENT, FILE, MB, ME, OK, T0, an_axis, fetched, send, stored
from captures import SECRET, SYSTEM, captured
from loopback import http_server, raw_server, read_request

from edge_node.domain.breaker import NoPackage
from edge_node.domain.directory import AgencyList
from edge_node.domain.document import AgencyCode
from edge_node.domain.envelope import AxisId, MessageType, Stored
from edge_node.domain.errors import (
    AxisBusy,
    AxisDenied,
    AxisRefused,
    AxisSilent,
    AxisUnreachable,
    DiskTrouble,
    PackageUnreadable,
)
from edge_node.protocol.vxp import NotAscii, check_signature


@pytest.fixture
def server():
    with http_server() as running:
        yield running


@contextmanager
def an_axis_at(server, **changes):
    with an_axis(server.url, **changes) as axis:
        yield axis


def listed(axis, which):
    """Return the codes on a list of agencies."""
    found = []
    axis.list_agencies(which, found.append)
    return [agency.code for agency in found]


CALLS = {
    "/sendEdoc": (send, OK),
    "/getReceivedEdocList": (lambda axis: axis.list_received(DOCUMENT), b'{"data":[]}'),
    "/getSentEdocList": (lambda axis: axis.list_sent(DOCUMENT, AxisId("5beb")), b'{"data":[]}'),
    "/updateStatus": (lambda axis: axis.acknowledge(D1, "done"), OK),
    "/countReceiveEdoc": (lambda axis: axis.count(DOCUMENT), b'{"count":3}'),
    "/countReceiveStatus": (lambda axis: axis.count(MessageType.STATUS), b'{"count":3}'),
    "/getAgenciesList": (lambda axis: listed(axis, AgencyList.AGENCIES), b'{"data":[]}'),
    "/getAgenciesListQD20": (lambda axis: listed(axis, AgencyList.QD20), b'{"data":[]}'),
    "/getSynchronizeUnit": (lambda axis: listed(axis, AgencyList.UNITS), b'{"data":[]}'),
    "/registerAgency": (
        lambda axis: axis.register_agency(
            code=AgencyCode("000.01.00.H99"), name="Tên", parent=SYSTEM
        ),
        OK,
    ),
    "/deleteAgency": (lambda axis: axis.delete_agency(AgencyCode("99.99.99.G21")), OK),
}


@pytest.mark.parametrize("request_", captured(), ids=str)
def test_what_arrives_is_what_the_vendors_client_sends(server, request_):
    """Over a real socket too, method, dialect headers, length and body are those captured."""
    call, answer = CALLS[request_.path]
    server.will_say(answer)
    with an_axis_at(server, clock=lambda: request_.moment) as axis:
        call(axis)
    [seen] = server.requests
    assert (seen.verb, seen.path) == (request_.verb, request_.path)
    assert {name: seen.headers[name] for name in request_.ours} == request_.ours
    assert seen.body == request_.body
    assert seen.headers["Content-Length"] == request_.headers["Content-Length"]
    assert "Transfer-Encoding" not in seen.headers


def test_a_send_returns_the_id_the_axis_gave(server):
    """The id of the answer is what the delivery goes by from then on."""
    server.will_say(OK)
    with an_axis_at(server) as axis:
        assert send(axis) == "a1"


def test_the_forms_an_axis_may_ask_for_are_taken_from_the_configuration(server):
    """The padded hash, and the receivers in a header of their own."""
    server.will_say(OK)
    server.will_say(OK)
    receivers = [AgencyCode("H37.02")]
    with an_axis_at(server, hash_file_style="padded", to_header=True) as axis:
        send(axis, receivers=receivers)
    with an_axis_at(server) as axis:
        send(axis, receivers=receivers)
    asked, usual = (check_signature(request.lowered, SECRET) for request in server.requests)
    assert asked["hash-file"] == sha256(FILE).hexdigest()
    assert asked["to"] == '["H37.02"]'
    assert "to" not in usual


def test_the_slash_at_the_end_of_the_address_does_not_matter(server):
    """The address may have a path, with a slash behind it or without."""
    for address in ("/vxp", "/vxp/"):
        server.will_say(b'{"count":1}')
        with an_axis(server.url + address) as axis:
            axis.count(DOCUMENT)
    assert {request.path for request in server.requests} == {"/vxp/countReceiveEdoc"}


def test_lists_and_counts_come_back_as_values(server):
    """What the axis lists is read into the domain's own values, also when it comes compressed."""
    rows = json.dumps({"data": [{"docId": "d1", "from": "H01"}]}).encode()
    server.will_say(gzip.compress(rows), Content_Encoding="gzip")
    server.will_say(b'{"data":[{"senderDocId":"s1","toCode":"H02"}]}')
    server.will_say(b'{"data":[{"code":"H01"}]}')
    server.will_say(b'{"count":"7"}')
    with an_axis_at(server) as axis:
        assert [item.axis_id for item in axis.list_received(DOCUMENT, since=T0)] == ["d1"]
        assert [row.receiver for row in axis.list_sent(DOCUMENT)] == ["H02"]
        assert listed(axis, AgencyList.AGENCIES) == ["H01"]
        assert axis.count(DOCUMENT) == 7
    assert server.requests[0].headers["XroadVnpt-fromDate"] == "21/11/2026 19:21:00"


def test_calls_share_a_connection_and_outlive_its_end(server):
    """Two calls use one connection; after `close` the next call opens another."""
    for _ in range(3):
        server.will_say(b'{"count":1}')
    with an_axis_at(server) as axis:
        axis.count(DOCUMENT)
        axis.count(DOCUMENT)
        axis.close()
        axis.count(DOCUMENT)
    first, second, third = (request.connection for request in server.requests)
    assert first == second != third


def test_a_connection_the_server_closed_meanwhile_is_not_used_for_a_send():
    """A server that hangs up after each answer does not leave the next send unsure."""

    def answer_and_hang_up(connection, _):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(OK), OK))
        connection.shutdown(socket.SHUT_RDWR)
        hung_up.set()

    hung_up = threading.Event()
    with raw_server(answer_and_hang_up) as url, an_axis(url) as axis:
        for _ in range(3):
            hung_up.clear()
            assert send(axis) == "a1"
            assert hung_up.wait(60)


@pytest.mark.parametrize("fetch", ["downloadEdoc", "getEdoc"])
def test_a_package_is_fetched_as_it_is(server, fetch):
    """Every byte of it, whatever surrounds it, and nothing compressed on the way."""
    package = b"1212\xef\xbb\xbf \r\n<edXML/>\r\n"
    wrapped = b'{"data":"%s","status":"OK"}' % b64encode(package)
    server.will_say(package if fetch == "downloadEdoc" else wrapped)
    with an_axis_at(server, fetch=fetch) as axis:
        assert fetched(axis) == package
    [seen] = server.requests
    assert seen.path == f"/{fetch}"
    assert seen.headers["Accept-Encoding"] == "identity"
    assert check_signature(seen.lowered, SECRET)["docId"] == "d1"


def test_a_package_inside_json_is_taken_from_either_call(server):
    """An axis that answers `downloadEdoc` the way it answers `getEdoc` is understood."""
    server.will_say(b' \n{"data":"%s"}' % b64encode(FILE))
    with an_axis_at(server) as axis:
        assert fetched(axis) == FILE


@pytest.mark.parametrize("fetch", ["downloadEdoc", "getEdoc"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b'{"status":"FAIL","ErrorCode":"15"}', AxisDenied),
        (b'{"status":"FAIL","ErrorCode":"10"}', AxisRefused),
        (b'{"status":"FAIL","ErrorCode":"20","data":null}', AxisBusy),
        (b'{"status":"OK","ErrorCode":"0"}', AxisBusy),
        (b'{"status":"OK","ErrorCode":"0","data":{}}', AxisBusy),
        (b'{"data":""}', AxisBusy),
        (b'{"data":"QUJ*"}', AxisBusy),
        (b'{"data":"QUJD"', AxisBusy),
        (b"\xef\xbb\xbf\r\n <!DOCTYPE html><html></html>", AxisBusy),
        (b"<HTML><body>maintenance</body></HTML>", AxisBusy),
        (b"", AxisBusy),
    ],
)
def test_what_is_no_package_is_not_taken_for_one(server, fetch, answer, error):
    """A no inside a 200, a web page, an empty or a broken answer: none of them is a package."""
    server.will_say(iter([answer[:1], answer[1:]]) if len(answer) > 1 else answer)
    with an_axis_at(server, fetch=fetch) as axis, pytest.raises(error):
        fetched(axis)


@pytest.mark.parametrize("fetch", ["downloadEdoc", "getEdoc"])
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"OK\n", "that is no package"),
        (b" \r\n", "that is no package"),
        (b64encode(FILE), "that is no package"),
        (bytes(range(256)) * 64, "that is no package"),
        (b'<?xml version="1.0"?><html><body>maintenance</body></html>', "that is no package"),
        (FILE[3:], "that is no package"),
        (FILE[:-1], "breaks off"),
        (FILE[: len(FILE) // 2], "breaks off"),
    ],
    ids=["OK", "blank", "base64", "bytes", "a page in XML", "its end", "a letter short", "half"],
)
def test_what_looks_like_no_package_is_given_whole_and_said_to_be_none(
    server, fetch, answer, words
):
    """Nothing is cut off, nothing is refused: whether it is to be believed others decide."""
    wrapped = b'{"data":"%s","status":"OK"}' % b64encode(answer)
    server.will_say(answer if fetch == "downloadEdoc" else wrapped)
    sink = io.BytesIO()
    with an_axis_at(server, fetch=fetch) as axis, pytest.raises(NoPackage, match=words):
        axis.fetch(D1, sink)
    assert sink.getvalue() == answer


@pytest.mark.parametrize(
    "package",
    [
        b"<edXML/>",
        b"1212\xef\xbb\xbf<?xml version='1.0'?>\n<e:edXML xmlns:e='x'>a</e:edXML>\r\n<!-- b -->",
        "<?xml version='1.0' encoding='utf-16'?><edXML a='đ'>b</edXML\n>".encode("utf-16"),
    ],
    ids=["empty", "prefixed", "UTF-16"],
)
def test_a_package_is_known_however_it_is_written(server, package):
    """What reading forgives is no reason to fetch it again."""
    server.will_say(package)
    with an_axis_at(server) as axis:
        assert fetched(axis) == package


@pytest.mark.parametrize(
    ("answer", "whole"), [(b"<edXML/>\n", True), (b"<edXML><a>b</", False), (b"<edX", False)]
)
def test_a_package_of_unsaid_length_has_to_end_like_xml(answer, whole):
    """Where only the end of the connection ends the answer, a cut one would look whole."""

    def answer_and_hang_up(connection, _):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + answer)

    with raw_server(answer_and_hang_up) as url, an_axis(url) as axis:
        if whole:
            assert fetched(axis) == answer
        else:
            with pytest.raises(AxisBusy, match="does not end"):
                fetched(axis)


@pytest.mark.parametrize(
    ("status", "error"),
    [(302, AxisUnreachable), (401, AxisDenied), (404, AxisUnreachable), (413, AxisRefused),
     (503, AxisSilent), (500, AxisSilent)],
)  # fmt: skip
def test_an_http_error_becomes_ours_and_no_redirect_is_followed(server, status, error):
    """The status decides; where a redirect points is never asked."""
    server.will_say(b"<html>no</html>", status, Location=f"{server.url}/elsewhere")
    with an_axis_at(server) as axis, pytest.raises(error):
        send(axis)
    assert len(server.requests) == 1


def test_a_proxy_of_the_environment_is_not_used(server, monkeypatch):
    """The axis is reached directly, whatever the shell that started us says."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.will_say(b'{"count":1}')
    with an_axis_at(server) as axis:
        assert axis.count(DOCUMENT) == 1


def test_what_no_header_carries_is_said_before_anything_is_sent(server):
    """A bad parameter is our own error, and nothing leaves."""
    with an_axis_at(server) as axis, pytest.raises(NotAscii, match="docId"):
        axis.acknowledge(AxisId("đ1"), "done")
    assert server.requests == []


@pytest.mark.parametrize("size", [len(FILE) - 1, len(FILE) + 1])
def test_a_package_of_another_length_is_never_sent_whole(server, size):
    """The axis cannot take a file that is not the one that was stored; it stays with us."""
    damaged = Stored(digest=sha256(FILE).hexdigest(), size=size)
    with an_axis_at(server) as axis, pytest.raises(PackageUnreadable):
        axis.send(io.BytesIO(FILE), damaged, message=DOCUMENT, sender=ME)


class _Failing(io.BytesIO):
    def read(self, *_):
        raise OSError(5, "Input/output error")

    def write(self, *_):
        raise OSError(28, "No space left on device")


def test_a_failing_disk_is_not_the_axiss_fault(server):
    """A package that cannot be read or written stops at our own disk, by its own name."""
    server.will_say(FILE)
    with an_axis_at(server) as axis:
        with pytest.raises(DiskTrouble, match="Input/output"):
            axis.send(_Failing(), stored(FILE), message=DOCUMENT, sender=ME)
        with pytest.raises(DiskTrouble, match="No space"):
            axis.fetch(D1, _Failing())


def test_the_secret_is_in_no_error_and_no_repr(server):
    """What a person or a log sees of the client never holds the secret or a signature."""
    server.will_say(b"<html>", 500)
    with an_axis_at(server) as axis:
        with pytest.raises(AxisBusy) as caught:
            axis.count(DOCUMENT)
        shown = repr(axis) + repr(caught.value) + str(caught.value) + str(caught.value.hint)
    signature = server.requests[0].headers["XroadVnpt-hash-header"]
    assert SECRET.decode() not in shown
    assert signature not in shown


class _Measured:
    """A sink that keeps a digest and nothing else."""

    def __init__(self):
        self.digest = sha256()
        self.size = 0

    def write(self, data):
        self.digest.update(data)
        self.size += len(data)


@pytest.mark.slow
def test_a_large_package_is_sent_in_little_memory(server, tmp_path):
    """64 MB leave us in pieces: client and server together stay under 10 MB."""
    size = 64 * MB
    digest = sha256()
    for piece in repeat(bytes(MB), 64):
        digest.update(piece)
    path = tmp_path / "package"
    with path.open("wb") as file:
        file.truncate(size)
    server.will_say(OK)
    with an_axis_at(server) as axis, path.open("rb") as package:
        tracemalloc.start()
        axis.send(
            package,
            Stored(digest=digest.hexdigest(), size=size),
            message=DOCUMENT,
            sender=ME,
        )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    digest.update(b"\r\n")
    assert server.requests[0].digest == digest.hexdigest()
    assert peak < 10 * MB


@pytest.mark.slow
@pytest.mark.parametrize("fetch", ["downloadEdoc", "getEdoc"])
def test_a_large_package_is_fetched_in_little_memory(server, fetch):
    """64 MB come to us in pieces, as they are or inside JSON: under 10 MB as well."""
    piece = b"<edXML>" + b"x" * (48 * 1024 - 15) + b"</edXML>"
    turns = 64 * MB // len(piece)
    digest = sha256()
    for _ in range(turns):
        digest.update(piece)
    if fetch == "getEdoc":
        inner = repeat(b64encode(piece), turns)
        server.will_say(part for parts in ([b'{"data":"'], inner, [b'"}']) for part in parts)
    else:
        server.will_say(repeat(piece, turns))
    sink = _Measured()
    with an_axis_at(server, fetch=fetch) as axis:
        tracemalloc.start()
        axis.fetch(D1, sink)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert sink.digest.digest() == digest.digest()
    assert peak < 10 * MB
