import socket
import ssl
import struct
import time
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from axis_calls import DOCUMENT, MB, OK, READS, an_axis, send
from loopback import http_server, raw_server, read_request

from edge_node.adapters.axis import tls_terms
from edge_node.domain.errors import AxisBusy, AxisDenied, AxisSilent, AxisUnreachable

# What can go wrong on the way: each does it to the connection it is given.


def _hang_up_at_once(connection, _):
    connection.close()


def _hang_up_after_the_request(connection, _):
    read_request(connection)


def _reset_after_the_request(connection, _):
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _says(answer):
    def behave(connection, _):
        read_request(connection)
        connection.sendall(answer)

    return behave


def _stall(connection, over):
    read_request(connection)
    over.wait()


def _never_read(_, over):
    over.wait()


def _drip(start, drop):
    def behave(connection, over):
        read_request(connection)
        connection.sendall(start)
        while not over.wait(0.02):
            connection.sendall(drop)

    return behave


def _flood(connection, over):
    read_request(connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"a":"')
    while not over.is_set():
        connection.sendall(b"x" * MB)


FAULTS = {
    "hang up at once": _hang_up_at_once,
    "hang up after the request": _hang_up_after_the_request,
    "reset after the request": _reset_after_the_request,
    "half a status line": _says(b"HTTP/1.1 2"),
    "half the headers": _says(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "half the body": _says(b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"status":"OK"'),
    "half a chunk": _says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"),
    "a chunk without a size": _says(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"
    ),
    "another protocol": _says(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "endless headers": _drip(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 20_000 + b"\r\n"),
    "damaged gzip": _says(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"
    ),
    "an empty answer": _says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "no content": _says(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "a web page": _says(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"),
    "a flood": _flood,
    "no answer at all": _stall,
    "headers by drops": _drip(b"HTTP/1.1 200 OK\r\nX: ", b"y"),
    "a body by drops": _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{", b" "),
    "early hints for ever": _drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}

# Long enough for a crowded machine to connect, short enough to wait for.
SHORT = timedelta(seconds=0.25)
# What every other bound of a call is set to, so that only the one in question can end it in time.
LONG = timedelta(minutes=10)
PATIENCE = 60  # seconds; on a crowded machine a quarter of a second may become some


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_after_a_send_began_every_fault_is_silence(fault):
    """Whatever happens to the answer, the axis may have the package, and we say so in time."""
    begun = time.monotonic()
    with (
        raw_server(fault) as url,
        an_axis(url, total_timeout=SHORT, connect_timeout=LONG) as axis,
        pytest.raises(AxisSilent),
    ):
        send(axis)
    assert time.monotonic() - begun < PATIENCE


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_probe_is_given_up_sooner_than_a_call(fault):
    """Whoever probes has a call to make within the same lease."""
    begun = time.monotonic()
    with (
        raw_server(fault) as url,
        an_axis(url, probe_timeout=SHORT, total_timeout=LONG, connect_timeout=LONG) as axis,
        pytest.raises(AxisBusy),
    ):
        axis.probe()
    assert time.monotonic() - begun < PATIENCE


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("read", [READS["count"], READS["fetch"]], ids=["count", "fetch"])
def test_a_read_that_fails_may_be_repeated(fault, read):
    """The same faults while reading mean "not now", and never last longer than the call may."""
    begun = time.monotonic()
    with (
        raw_server(fault) as url,
        an_axis(url, total_timeout=SHORT, connect_timeout=LONG, fetch="getEdoc") as axis,
        pytest.raises(AxisBusy),
    ):
        read(axis)
    assert time.monotonic() - begun < PATIENCE


def test_a_flood_is_stopped_long_before_the_time_is_up():
    """An answer that is longer than any could be is not gathered in memory."""
    with (
        raw_server(_flood) as url,
        an_axis(url) as axis,
        pytest.raises(AxisBusy, match="longer than"),
    ):
        axis.count(DOCUMENT)


def test_an_axis_that_does_not_read_cannot_hold_us():
    """A send that nobody takes in ends with the time the call has."""
    begun = time.monotonic()
    with (
        raw_server(_never_read) as url,
        an_axis(url, total_timeout=SHORT, connect_timeout=LONG) as axis,
        pytest.raises(AxisSilent),
    ):
        send(axis, b"x" * (32 * MB))
    assert time.monotonic() - begun < PATIENCE


def test_a_verdict_given_is_a_verdict_even_if_its_text_never_ends():
    """A 401 is a 401, whatever becomes of the page behind it."""
    drip = _drip(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 9999\r\n\r\n", b"x")
    with (
        raw_server(drip) as url,
        an_axis(url, total_timeout=SHORT, connect_timeout=LONG) as axis,
        pytest.raises(AxisDenied),
    ):
        send(axis)


def a_dead_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{dead_port}",
        "http://axis.invalid",
        "axis.gov.vn",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://" + "a" * 70 + ".vn",
        "",
    ],
)
@pytest.mark.parametrize("call", [send, *READS.values()], ids=["send", *READS])
def test_an_address_nobody_answers_at_is_an_outage(url, call):
    """Nothing left us: no attempt is spent, not even a send's."""
    url = url.replace("{dead_port}", str(a_dead_port()))
    with an_axis(url) as axis, pytest.raises(AxisUnreachable) as caught:
        call(axis)
    assert "axis.url" in str(caught.value.hint)


def test_no_time_at_all_is_an_outage():
    """A call without time does not begin."""
    with (
        http_server() as server,
        an_axis(server.url, total_timeout=timedelta()) as axis,
        pytest.raises(AxisUnreachable),
    ):
        send(axis)
    assert server.requests == []


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def serving(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return http_server(context)


def written(authority, folder):
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


def test_an_axis_under_the_given_authority_is_believed(authority, tmp_path):
    """With its authority in `ca_file` the axis is spoken to, over TLS 1.2 at least."""
    with serving(authority.issue_cert("127.0.0.1")) as server:
        server.will_say(OK)
        with an_axis(server.url, ca_file=written(authority, tmp_path)) as axis:
            assert send(axis) == "a1"
    assert tls_terms(None).minimum_version == ssl.TLSVersion.TLSv1_2


def years(begin, end):
    return {
        "not_before": datetime(begin, 1, 1, tzinfo=UTC),
        "not_after": datetime(end, 1, 1, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("name", "dates", "ours", "reason", "hint"),
    [
        ("127.0.0.1", years(2000, 2199), None, "local issuer", "axis.ca_file"),
        ("127.0.0.1", years(2000, 2199), trustme.CA(), "certificate", "axis.ca_file"),
        ("axis.example", years(2000, 2199), "theirs", "mismatch", "host in axis.url"),
        ("127.0.0.1", years(2000, 2001), "theirs", "expired", "clock"),
        ("127.0.0.1", years(2190, 2199), "theirs", "not yet valid", "clock"),
    ],
    ids=["unknown authority", "another authority", "another name", "expired", "not yet valid"],
)
def test_a_certificate_that_proves_nothing_is_an_outage(
    authority, tmp_path, name, dates, ours, reason, hint
):
    """Nothing is sent to a stranger, and the complaint says what a person can mend."""
    trusted = authority if ours == "theirs" else ours
    ca_file = trusted and written(trusted, tmp_path)
    with (
        serving(authority.issue_cert(name, **dates)) as server,
        an_axis(server.url, ca_file=ca_file) as axis,
        pytest.raises(AxisUnreachable, match=reason) as caught,
    ):
        send(axis)
    assert "certificate of the axis is not trusted" in str(caught.value)
    assert hint in str(caught.value.hint)
    assert server.requests == []


def test_tls_where_none_is_spoken_is_an_outage():
    """TLS in front of a plain port is found out before anything is sent."""
    with (
        http_server() as server,
        an_axis(server.url.replace("http:", "https:")) as axis,
        pytest.raises(AxisUnreachable, match="no TLS") as caught,
    ):
        send(axis)
    assert "https" in str(caught.value.hint)


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_ca_file_that_holds_no_certificate_is_named(tmp_path, content):
    """Missing or not PEM: the complaint names the file, and nothing is sent."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with (
        an_axis("https://127.0.0.1:1", ca_file=path) as axis,
        pytest.raises(AxisUnreachable, match=r"ca\.pem"),
    ):
        send(axis)
