"""The daily head: said once, stamped when an authority can be had, and in nobody's way."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass, field

import pytest
from journals import A, happen

from edge_node.adapters.dev_log import DevLog
from edge_node.adapters.heads import Heads
from edge_node.adapters.journal import Journal
from edge_node.adapters.kept_heads import KeptHeads
from edge_node.adapters.stamping import NoStamp
from edge_node.config import StampServer
from edge_node.daemon.anchoring import Anchoring
from edge_node.domain.message import say
from edge_node.tools.verify_journal import imprint_of

SAID = "the journal is anchored"


@pytest.fixture
def listening(tmp_path):
    """Give a socket as syslog has it, and its path."""
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears:
        ears.bind(str(path))
        ears.settimeout(5)
        yield ears, path


@dataclass
class Refusing:
    """An authority that is away until it is not."""

    away: bool = True
    asked: list[bytes] = field(default_factory=list)

    def over(self, chain):
        """Stamp, or not."""
        self.asked.append(chain)
        if self.away:
            raise NoStamp(say("nobody stamps"))
        return b"token"

    def close(self):
        """Do nothing."""


def an_anchoring(desk, path, **parts):
    return Anchoring(node=desk.node, syslog=DevLog(path), **parts)


def said(caplog):
    return [record.message for record in caplog.records if "journal" in record.message]


def test_a_head_is_said_in_the_log_and_to_syslog_once_a_day(world, listening, caplog):
    """With its event and its chain; a second look on the same day says nothing."""
    caplog.set_level(logging.INFO)
    ears, path = listening
    desk = world.desk()
    happen(desk.queue.file, A)
    anchoring = an_anchoring(desk, path)
    anchoring.look()
    happen(desk.queue.file, A)
    anchoring.look()

    link = Journal(desk.queue.file).link(1)
    line = ears.recv(4096).decode()
    assert line.startswith("<29>edge-node[")
    assert line.endswith(f"{SAID} agency={desk.code} head=1:{link.chain.hex()}")
    assert said(caplog) == [SAID]
    assert Heads(desk.queue.file).newest().how == "log syslog"


def test_where_nobody_listens_the_log_has_it_alone(world, tmp_path):
    """No syslog is no fault."""
    desk = world.desk()
    happen(desk.queue.file, A)
    an_anchoring(desk, tmp_path / "nowhere").look()
    assert Heads(desk.queue.file).newest().how == "log"


def test_a_head_whose_day_was_cut_off_is_said_and_kept_with_the_next_look(world, tmp_path, caplog):
    """The power went between the entry and the word: it is said once, by the day it was of."""
    caplog.set_level(logging.INFO)
    desk = world.desk()
    happen(desk.queue.file, A)
    head = Heads(desk.queue.file).enter(now=desk.now)
    for _ in range(2):
        an_anchoring(desk, tmp_path / "nowhere").look()
    assert said(caplog) == [SAID]
    kept = KeptHeads(desk.config.folders.witness)
    assert [(each.event, each.chain) for each in kept.all()] == [(head.event, head.chain)]
    assert Heads(desk.queue.file).newest().how == "log"


def test_where_nothing_happened_nothing_is_said_or_written(world, tmp_path, caplog):
    """An idle node stays idle, day after day."""
    caplog.set_level(logging.INFO)
    desk = world.desk()
    an_anchoring(desk, tmp_path / "nowhere").look()
    assert (said(caplog), Heads(desk.queue.file).newest()) == ([], None)


def test_an_authority_that_is_away_is_told_once_and_tried_again(world, tmp_path, caplog):
    """The head stands meanwhile; it gets its stamp with a later look, and is not asked again."""
    caplog.set_level(logging.INFO)
    desk = world.desk(stamps={"servers": (StampServer(url="http://127.0.0.1:9"),)})
    happen(desk.queue.file, A)
    authority = Refusing()
    anchoring = an_anchoring(desk, tmp_path / "nowhere", stamps=lambda _: authority)
    anchoring.look()
    anchoring.look()
    authority.away = False
    anchoring.look()
    anchoring.look()
    assert len(authority.asked) == 3
    assert said(caplog) == [
        SAID,
        "the journal got no time-stamp, it is tried again",
        "the journal is stamped",
    ]
    assert Heads(desk.queue.file).newest().how == "log tsa"


def test_a_real_authority_stamps_the_chain(world, tmp_path, pki):
    """Asked by the child that reads what strangers answer."""
    desk = world.desk(stamps={"servers": (StampServer(url=pki.tsa_url),)})
    happen(desk.queue.file, A)
    an_anchoring(desk, tmp_path / "nowhere").look()
    head = Heads(desk.queue.file).newest()
    assert imprint_of(head.token)[0] == "sha256"
    found = Journal(desk.queue.file).verify()
    assert (found.stamped, found.fault) == (1, None)


def test_once_it_is_closed_nobody_is_asked(world, tmp_path):
    """The daemon ends, whatever an authority does."""
    desk = world.desk(stamps={"servers": (StampServer(url="http://127.0.0.1:9"),)})
    happen(desk.queue.file, A)
    authority = Refusing()
    anchoring = an_anchoring(desk, tmp_path / "nowhere", stamps=lambda _: authority)
    anchoring.close()
    anchoring.look()
    assert authority.asked == []
