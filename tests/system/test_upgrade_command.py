"""Two releases on one data folder, as whoever runs the node meets them."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from threading import Event

import pytest
from loopback import raw_server
from system_world import EDGE_NODE, edge_node, running, until

from edge_node import __version__
from edge_node.adapters.schema import MIGRATIONS
from edge_node.config import load

TOMORROW = (sys.executable, str(Path(__file__).parent.parent / "tomorrow.py"))


def by(release, office, *arguments):
    """Run a command of a release about an office's node."""
    return edge_node("-c", office.config, *arguments, command=release)


def working(release, office):
    """Run the daemon of a release for as long as the block lasts."""
    return running(office.log, "-c", office.config, "run", command=release)


def copies(office):
    return [path.name for path in load(office.config).folders.backups.glob("schema-*.db")]


@pytest.fixture
def hanging():
    """Give the address of an axis that never answers, and what is set once it is to take."""
    asked, over = Event(), Event()

    def hang(connection, _over):
        if b"sendEdoc" in connection.recv(200):
            asked.set()
            over.wait(60)

    with raw_server(hang) as url:
        yield url, asked
        over.set()


def test_a_newer_release_takes_over_and_an_older_one_takes_back(office, other, axis, hanging):
    """In the middle of sending; each says what it may not touch, nothing is lost or doubled."""
    address, asked = hanging
    office.configure(url=address)
    with working(EDGE_NODE, office) as old:
        first = office.drop(1, other)
        assert asked.wait(60)
        for refused in (("list",), ("hold", "o22222222")):
            answer = by(TOMORROW, office, *refused)
            assert answer.returncode == 1
            assert "is still that of an older version" in answer.stderr
            assert "hint: " in answer.stderr
        old.signal(signal.SIGTERM)
        assert old.ends(within=30) == 0
    assert copies(office) == []

    office.configure(url=axis.url)
    with working(TOMORROW, office) as new, other.running():
        new.says("the queue was brought up to this version")
        second = office.drop(2, other)
        until(lambda: other.inbox() == sorted([first, second]))
        until(lambda: (second, "delivered", other.code) in office.receipts())
        answer = by(EDGE_NODE, office, "list")
        assert answer.returncode == 1
        assert f"was written by edge-node {__version__}" in answer.stderr
        assert len(copies(office)) == 1
        new.signal(signal.SIGTERM)
        assert new.ends(within=30) == 0

    for refused in (("run",), ("once",), ("list",), ("status",)):
        answer = by(EDGE_NODE, office, *refused)
        assert answer.returncode == 1, refused
        assert "edge-node recover" in answer.stderr
    assert "edge-node recover" in by(EDGE_NODE, office, "doctor").stdout

    answer = by(EDGE_NODE, office, "recover")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert ".newer-" in answer.stdout
    assert f"schema-{len(MIGRATIONS)}-" in answer.stdout
    with working(EDGE_NODE, office), other.running():
        third = office.drop(3, other)
        until(lambda: other.inbox() == sorted([first, second, third]))
        until(lambda: (third, "delivered", other.code) in office.receipts())
    found = office.told("list")
    assert [fate["state"] for item in found for fate in item["fates"]] == ["delivered"] * 3
