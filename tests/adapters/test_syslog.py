"""Lines on their way to a syslog server over TLS: none waits for it, none is said twice."""

from __future__ import annotations

import time

import pytest
from syslog_server import SyslogServer
from system_world import until

from edge_node.adapters.syslog import Forwarder, News, Server, Turn


@pytest.fixture
def server(tmp_path):
    return SyslogServer(tmp_path)


def a_forwarder(server, told, *, lines=100, host="localhost", **settings):
    to = Server(host=host, port=server.port, ca_file=server.ca_file, **settings)
    return Forwarder(to, lines=lines, told=told.append, first=0.02)


def test_lines_arrive_whole_and_in_order(server):
    """Counted in octets, so that a line may hold anything; what waits at the end still goes."""
    told = []
    with server.open():
        forwarder = a_forwarder(server, told)
        lines = [f"dòng {number}\nvẫn là nó" for number in range(50)]
        for line in lines:
            forwarder.offer(line.encode())
        forwarder.close()
        until(lambda: len(server.lines) == len(lines))
    assert server.lines == lines
    assert told == []


def test_a_server_that_is_away_is_said_once_and_gets_what_waits(server):
    """Refused again and again is one absence; once it is there nothing that fitted is missing."""
    told = []
    with server.open():
        pass
    forwarder = a_forwarder(server, told, lines=10)
    begun = time.monotonic()
    for number in range(30):
        forwarder.offer(b"line %d" % number)
    assert time.monotonic() - begun < 5  # nobody who logs waits: it is away until all are offered
    until(lambda: len(told) == 2)
    with server.open():
        server.wait_for("line 9")
        until(lambda: len(told) == 3)
        forwarder.close()
    assert server.lines == [f"line {number}" for number in range(10)]
    assert told == [
        News(turn=Turn.AWAY, why="Connection refused"),
        News(turn=Turn.DROPPING),
        News(turn=Turn.BACK, dropped=20),
    ]


def test_a_server_that_reads_nothing_delays_nobody(server):
    """Lines are dropped, which is said once, and it is said when they are taken again."""
    told = []
    with server.open():
        server.pause()
        forwarder = a_forwarder(server, told, lines=10)
        begun = time.monotonic()
        for _ in range(200):
            forwarder.offer(b"x" * 100_000)
        assert time.monotonic() - begun < 5  # half of what the first line would wait for
        server.goes_on()
        until(lambda: [news.turn for news in told] == [Turn.DROPPING, Turn.BACK])
        forwarder.close()
    assert told[-1].dropped + len(server.lines) == 200


def test_a_connection_the_server_ends_costs_no_line(server):
    """What was sent into a closed connection would be gone without a word."""
    told = []
    with server.open():
        forwarder = a_forwarder(server, told)
        forwarder.offer(b"one")
        server.wait_for("one")
    with server.open():
        forwarder.offer(b"two")
        server.wait_for("two")
        until(lambda: len(told) == 2)
        forwarder.close()
    assert server.lines == ["one", "two"]
    assert [news.turn for news in told] == [Turn.AWAY, Turn.BACK]


@pytest.mark.parametrize("wrong", ["name", "authority"])
def test_a_stranger_in_its_place_is_told_nothing(server, tmp_path, wrong):
    """Neither one with another name nor one of another authority."""
    told = []
    (tmp_path / "other").mkdir()
    other = SyslogServer(tmp_path / "other", name="other.example")
    if wrong == "name":
        server.ca_file = other.ca_file
    with other.open():
        server.port = other.port
        forwarder = a_forwarder(server, told)
        forwarder.offer(b"secret")
        until(lambda: told)
        forwarder.close(0.2)
    assert other.lines == []
    expected = "certificate is not valid for 'localhost'" if wrong == "name" else "unable to get"
    assert expected in told[0].why
