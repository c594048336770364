"""Whoever waits for an answer is let go when the node ends, whatever the server does."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from socket import create_server

import pytest
from loopback import http_server
from signatories import signing
from signed_pdfs import a_pdf

from edge_node.adapters.calls import Calls, HungUp
from edge_node.adapters.fetching import Fetcher
from edge_node.adapters.notary import Opener
from edge_node.adapters.statements import Statements
from edge_node.adapters.web import Question, Reach, ask
from edge_node.domain.errors import Outage
from edge_node.node.trusting import Looking
from edge_node.notary.trust import Kind, Wanted

HERE = Reach(private=(ip_network("127.0.0.0/8"),))


@dataclass
class Silent:
    """A server that listens, and says nothing; ``asked`` waits until somebody has asked it."""

    url: str
    listening: object
    held: list = field(default_factory=list)

    def asked(self):
        """Wait for a question."""
        connection, _ = self.listening.accept()
        self.held.append(connection)
        connection.recv(1)


@contextmanager
def a_silent_server():
    with create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        server = Silent(f"http://127.0.0.1:{listening.getsockname()[1]}", listening)
        try:
            yield server
        finally:
            for connection in server.held:
                connection.close()


@contextmanager
def waiting(work, error):
    """Do something in another thread; at the end it must have raised ``error`` in a moment."""
    raised = []

    def run():
        try:
            work()
        except Outage as caught:
            raised.append(caught)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(60)
    assert [type(one) for one in raised] == [error]
    assert str(raised[0]) == "the node is ending"


def question(url):
    return Question(url=url, largest=1024, within=timedelta(minutes=3))


def test_a_question_is_cut_while_nothing_comes():
    """Not after the minutes it might have taken; and no other begins."""
    calls = Calls()
    with a_silent_server() as server, http_server() as other:
        with waiting(lambda: ask(question(server.url), HERE, calls), HungUp):
            server.asked()
            calls.hang_up()
        with pytest.raises(HungUp):
            ask(question(other.url), HERE, calls)
        assert other.requests == []


def test_what_has_its_answer_does_not_notice():
    """A call that is over is not held against anybody."""
    calls = Calls()
    with http_server() as server:
        server.will_say(b"one")
        assert ask(question(server.url), HERE, calls) == b"one"
    calls.hang_up()


def fetcher(tmp_path):
    return Fetcher(statements=Statements(tmp_path), reach=HERE, timeout=timedelta(minutes=3))


def test_what_is_cut_is_no_answer_about_a_certificate(tmp_path):
    """It is raised, so that nobody acts on not knowing; the server is not held for silent."""
    asking = fetcher(tmp_path)
    with a_silent_server() as server:
        wanted = Wanted(kind=Kind.CRL, url=f"{server.url}/crl")
        with waiting(lambda: asking.fetch([wanted], now=datetime.now(UTC)), HungUp):
            server.asked()
            asking.close()
    assert not asking.silence._lately


def test_whoever_looks_into_files_for_a_lane_is_let_go(tmp_path, pki):
    """With the child that looks; nothing is found out any more."""
    with signing(pki, tmp_path) as desk, a_silent_server() as server:
        examiner = desk.examiner()
        looking = Looking(examiner, Opener())
        wanted = Wanted(kind=Kind.CRL, url=f"{server.url}/crl")
        with waiting(lambda: examiner.fetcher.fetch([wanted], now=datetime.now(UTC)), HungUp):
            server.asked()
            looking.close()


def test_whoever_signs_is_let_go_while_an_authority_is_silent(tmp_path, pki):
    """Nothing of the signature is left, and nothing is signed after it."""
    with signing(pki, tmp_path) as desk, a_silent_server() as server:
        signatory = desk.signatory(stamps=desk.stamps(server.url))
        with waiting(lambda: desk.sign(a_pdf(), level="B-T", signatory=signatory), HungUp):
            server.asked()
            signatory.close()
        assert not [one.name for one in tmp_path.iterdir() if one.name.startswith(".")]
        assert not (tmp_path / "signed").exists()
        with pytest.raises(Outage, match="the node is ending"):
            desk.sign(a_pdf(), level="B-B", signatory=signatory)
