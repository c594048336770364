"""Lines to one axis: they share what they know of it, and while it is down only one asks."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from axis_calls import D1, DOCUMENT, OK, T0, an_axis, send
from loopback import http_server, raw_server, read_request

from edge_node.adapters.line import Line, Upstream
from edge_node.domain.breaker import PATIENCE, AxisDown, Circuit
from edge_node.domain.errors import (
    AxisBusy,
    AxisDenied,
    AxisRefused,
    AxisSilent,
    AxisUnreachable,
)

EMPTY = b'{"status":"OK","ErrorCode":"0","data":[]}'
SHORT = timedelta(seconds=0.1)


class Shared:
    """Two lines to one axis, and the clock they go by."""

    def __init__(self, lines):
        """Start at noon, with the axis believed to be well."""
        self.seconds = 1000.0
        self.changes = 0
        circuit = Circuit(first=5.0, ceiling=300.0)
        self.upstream = Upstream(
            circuit, clock=lambda: T0, monotonic=lambda: self.seconds, spread=lambda: 0.0
        )
        self.upstream.changed = self.change
        self.one, self.other = (Line(axis, self.upstream) for axis in lines)

    def change(self):
        """Count what is told of the axis."""
        self.changes += 1


@contextmanager
def lines(url, **changes):
    with ExitStack() as ending:
        yield Shared([ending.enter_context(an_axis(url, **changes)) for _ in range(2)])


def a_dead_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture
def server():
    with http_server() as server:
        yield server


def test_what_no_connection_reaches_is_down_for_all_at_once():
    """The first call finds it out; no other touches the network until the probe is due."""
    with lines(f"http://127.0.0.1:{a_dead_port()}") as shared:
        with pytest.raises(AxisDown, match="cannot reach the axis") as caught:
            shared.one.list_received(DOCUMENT)
        assert (caught.value.remaining, caught.value.since) == (5.0, T0)
        assert "axis.url" in str(caught.value.hint)
        shared.seconds += 2
        with pytest.raises(AxisDown) as waiting:
            send(shared.other)
        assert waiting.value.remaining == 3.0
        assert shared.changes == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_five_server_errors_in_a_row_are_an_axis_that_is_down(server, status):
    """Whoever got them; what each call raises is its own, and a sixth one is not made."""
    with lines(server.url) as shared:
        for number in range(PATIENCE):
            server.will_say(b"<html>", status)
            line = shared.other if number % 2 else shared.one
            with pytest.raises(AxisBusy):
                line.list_sent(DOCUMENT)
        assert len(server.requests) == PATIENCE
        with pytest.raises(AxisDown, match=f"HTTP {status}"):
            shared.one.acknowledge(D1, "done")
        assert len(server.requests) == PATIENCE


def test_a_send_without_an_answer_stays_silence_and_counts():
    """The package may have arrived: whoever sent it has to know, also with the fifth."""

    def hang_up(connection, _):
        read_request(connection)

    with raw_server(hang_up) as url, lines(url) as shared:
        for _ in range(PATIENCE):
            with pytest.raises(AxisSilent):
                send(shared.one)
        with pytest.raises(AxisDown):
            send(shared.one)


def test_an_axis_that_stalls_is_down_after_five_waits():
    """Then nobody waits for it any more."""

    def stall(connection, over):
        read_request(connection)
        over.wait()

    with raw_server(stall) as url, lines(url, total_timeout=SHORT) as shared:
        for _ in range(PATIENCE):
            with pytest.raises(AxisBusy):
                shared.one.list_received(DOCUMENT)
        with pytest.raises(AxisDown):
            shared.other.list_received(DOCUMENT)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b'{"status":"FAIL","ErrorCode":"10","ErrorDesc":""}', 200, AxisRefused),
        (b'{"status":"FAIL","ErrorCode":"15","ErrorDesc":""}', 200, AxisDenied),
        (b'{"status":"FAIL","ErrorCode":"20","ErrorDesc":""}', 500, AxisBusy),
        (b'{"status":"Error","ErrorCode":"0"}', 200, AxisBusy),
        (b"", 404, AxisUnreachable),
    ],
)
def test_a_no_of_the_axis_never_takes_it_down(server, body, status, error):
    """Nor does a wrong address: somebody is there, and says so."""
    with lines(server.url) as shared:
        for _ in range(2 * PATIENCE):
            server.will_say(body, status)
            with pytest.raises(error) as caught:
                shared.one.list_sent(DOCUMENT)
            assert type(caught.value) is error


def test_an_answer_to_anybody_ends_the_row_of_failures(server):
    """Four failures, a list for another lane, four failures: it is not down."""
    with lines(server.url) as shared:
        for answered in (True, True, False):
            for _ in range(PATIENCE - 1):
                server.will_say(b"", 500)
                with pytest.raises(AxisBusy):
                    shared.one.list_received(DOCUMENT)
            if answered:
                server.will_say(EMPTY)
                shared.other.list_received(DOCUMENT)
        assert shared.upstream.down() is None


def go_down(server, shared):
    for _ in range(PATIENCE):
        server.will_say(b"", 503)
        with pytest.raises(AxisBusy):
            shared.one.list_received(DOCUMENT)
    server.requests.clear()
    shared.changes = 0


def test_who_comes_first_when_it_is_due_asks_a_harmless_question(server):
    """Once it is answered that very call goes on, and so does everybody's."""
    with lines(server.url) as shared:
        go_down(server, shared)
        shared.seconds += 5
        server.will_say(EMPTY)
        server.will_say(OK)
        assert send(shared.other) == "a1"
        probe, sending = server.requests
        assert (probe.path, sending.path) == ("/getReceivedEdocList", "/sendEdoc")
        assert probe.lowered["xroadvnpt-messagetype"] == "status"
        assert (shared.changes, shared.upstream.down()) == (1, None)
        server.will_say(EMPTY)
        shared.one.list_received(DOCUMENT)


def test_a_probe_that_fails_waits_twice_as_long_and_nothing_else_is_called(server):
    """The package stays here; each probe is one request."""
    with lines(server.url) as shared:
        go_down(server, shared)
        for wait in (10.0, 20.0, 40.0):
            shared.seconds += wait / 2
            server.will_say(b"", 500)
            with pytest.raises(AxisDown) as caught:
                send(shared.one)
            assert caught.value.remaining == wait
        assert {request.path for request in server.requests} == {"/getReceivedEdocList"}
        assert shared.changes == 3


@pytest.mark.parametrize("code", ["10", "15", "99"])
def test_a_no_to_the_probe_is_an_axis_that_answers(server, code):
    """What is refused there is the probe, not the package: that has its own answer."""
    no = f'{{"status":"FAIL","ErrorCode":"{code}","ErrorDesc":""}}'.encode()
    with lines(server.url) as shared:
        go_down(server, shared)
        shared.seconds += 5
        server.will_say(no)
        server.will_say(OK)
        assert send(shared.one) == "a1"


def test_while_one_probes_the_others_go_on_waiting():
    """Two threads at the same moment make one request, and the second is told to wait."""
    asked, answer = threading.Event(), threading.Event()
    seen = []

    def behave(connection, _):
        seen.append(read_request(connection).split(b" ")[1])
        if len(seen) > PATIENCE:
            asked.set()
            answer.wait(60)
            head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
            connection.sendall(head + b"%d\r\n\r\n%s" % (len(EMPTY), EMPTY))

    with raw_server(behave) as url, lines(url) as shared:
        for _ in range(PATIENCE):
            with pytest.raises(AxisBusy):
                shared.one.list_received(DOCUMENT)
        shared.seconds += 5
        probing = threading.Thread(target=shared.one.list_received, args=(DOCUMENT,))
        probing.start()
        try:
            assert asked.wait(60)
            with pytest.raises(AxisDown):
                shared.other.list_received(DOCUMENT)
            assert len(seen) == PATIENCE + 1
        finally:
            answer.set()
            probing.join()
        assert shared.upstream.down() is None


def test_a_mistake_of_ours_during_the_probe_is_seen_as_one(server):
    """It leaves as it is; the next probe may come in its time."""
    with lines(server.url) as shared:
        go_down(server, shared)
        shared.seconds += 5
        with pytest.raises(ZeroDivisionError), shared.upstream.calling(lambda: 1 / 0):
            raise AssertionError("no call while it is down")
        assert shared.upstream.down().remaining == 10
