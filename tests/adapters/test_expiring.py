"""Certificates that run out are said once for each threshold, across restarts and renewals."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from builders import T0
from keys_world import Agency
from pki_plan import AGENCY_CODE, ENDS

from edge_node.adapters.expiring import Expiring
from edge_node.config import load
from edge_node.daemon.certificates import look_at_certificates
from edge_node.domain.expiry import Certified, Holder
from edge_node.node import Node

ENDING = T0 + timedelta(days=62)


def a_certificate(name="seal", *, ends=ENDING, fingerprint="ab"):
    return Certified(
        holder=Holder.KEY,
        name=name,
        fingerprint=fingerprint,
        begins=T0 - timedelta(days=300),
        ends=ends,
    )


@pytest.fixture
def expiring(queue):
    return Expiring(queue.marks)


def test_each_threshold_is_news_once(queue):
    """Day by day over two months, and a week after: six times in all."""
    said = {}
    for day in range(70):
        for one in Expiring(queue.marks).note([a_certificate()], now=T0 + timedelta(days=day)):
            said[day] = one.said
    assert said == {2: 60, 32: 30, 48: 14, 55: 7, 61: 1, 63: 0}


def test_a_renewed_certificate_is_another_one(expiring):
    """What was said of the old one is not said of it."""
    late = T0 + timedelta(days=50)
    assert [one.said for one in expiring.note([a_certificate()], now=late)] == [14]
    renewed = a_certificate(ends=T0 + timedelta(days=400), fingerprint="cd")
    assert expiring.note([renewed], now=late) == ()
    assert expiring.all() == ()
    assert [one.said for one in expiring.note([a_certificate()], now=late)] == [14]


def test_what_was_missed_is_said_as_it_stands(expiring):
    """A node that was off for a month says the lowest threshold, and not each on the way."""
    now = T0 + timedelta(days=60)
    assert [one.said for one in expiring.note([a_certificate()], now=now)] == [7]
    assert expiring.note([a_certificate()], now=now) == ()


def test_what_stands_is_kept_with_the_moment_of_the_look(expiring):
    """`status` reads it, the most urgent first, without keys that were taken away."""
    now = T0 + timedelta(days=40)
    other = a_certificate("other", ends=T0 + timedelta(days=45), fingerprint="ef")
    assert expiring.looked() is None
    expiring.note([a_certificate(), other], now=now)

    assert expiring.looked() == now
    assert [one.name for one in expiring.all()] == ["other", "seal"]
    assert [one.name for one in expiring.of_keys(["seal"])] == ["seal"]
    expiring.forget()
    assert expiring.all() == ()


# ── the daily look ───────────────────────────────────────────────────────────────────────────────


class Moved:
    """A clock that stands where it is put."""

    def __init__(self, now):
        """Put it somewhere."""
        self.now = now

    def __call__(self):
        """Show it."""
        return self.now


@pytest.fixture
def agency(tmp_path, pki):
    return Agency(tmp_path, pki, code=AGENCY_CODE)


@pytest.fixture
def node(agency):
    agency.has(agency.file("agency"))
    node = Node(config=load(agency.config), clock=Moved(ENDS - timedelta(days=20)))
    yield node
    node.close()


def said(caplog):
    """Return level, sentence, certificate and days of what was logged since the last time."""
    told = [
        (one.levelname, one.message, one.certificate, one.days)
        for one in caplog.records
        if one.name == "edge_node.daemon.certificates"
    ]
    caplog.clear()
    return told


def test_the_daily_look_says_what_runs_out(node, caplog):
    """Once a day at most, and again when it has become more urgent."""
    caplog.set_level(logging.INFO)
    look_at_certificates(node)
    assert said(caplog) == [("WARNING", "a certificate runs out", "agency", 20)]

    today = node.clock.now
    node.clock.now += timedelta(hours=14)
    look_at_certificates(node)
    assert Expiring(node.queue.marks).looked() == today
    node.clock.now += timedelta(days=1)
    look_at_certificates(node)  # nothing new
    assert said(caplog) == []

    node.clock.now = ENDS - timedelta(days=5)
    look_at_certificates(node)
    assert said(caplog) == [("ERROR", "a certificate runs out", "agency", 5)]
    node.clock.now = ENDS + timedelta(days=3)
    look_at_certificates(node)
    assert ("ERROR", "a certificate has run out", "agency", -3) in said(caplog)


def test_what_cannot_be_read_is_said_and_stops_nothing(agency, caplog):
    """One key that does not open hides no other."""
    agency.has(agency.file("expired", password="wrong"), agency.file("agency"))
    node = Node(config=load(agency.config), clock=Moved(ENDS - timedelta(days=20)))
    look_at_certificates(node)
    node.close()
    assert [one.message for one in caplog.records] == [
        "a certificate cannot be read",
        "a certificate runs out",
    ]


def test_authorities_are_looked_at_too(agency, caplog):
    """Without a key, and each by its own name; where there is neither nothing is looked at."""
    node = Node(config=load(agency.config), clock=Moved(ENDS - timedelta(days=20)))
    look_at_certificates(node)
    assert Expiring(node.queue.marks).looked() is None
    agency.believe()
    look_at_certificates(node)
    node.close()

    assert sorted(one.certificate for one in caplog.records) == [
        "Cơ quan chứng thực số gốc",
        "Cơ quan chứng thực số gốc G2",
    ]


def test_status_shows_what_the_look_found(agency, node):
    """With what to do; by the clock of whoever asks, so a distant end is not shown."""
    expired = Certified(
        holder=Holder.KEY, name="agency", fingerprint="ab", begins=T0, ends=T0 + timedelta(days=1)
    )
    Expiring(node.queue.marks).note([expired], now=T0)
    node.queue.close()
    text = agency.run("status").stdout

    assert "attention" in text
    assert "the certificate of the key agency r" in text
    assert "edge-node cert check agency" in text
    (values,) = agency.values("status")
    assert [one["name"] for one in values["certificates"]] == ["agency"]
