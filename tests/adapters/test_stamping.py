"""Getting a time-stamp: the first good one there is, or a word on each who gave none."""

from __future__ import annotations

import hashlib
import time
from base64 import b64encode
from datetime import timedelta
from functools import partial

import pytest
from loopback import http_server, raw_server, read_request

from edge_node.adapters.calls import HungUp
from edge_node.adapters.secret import SecretUnusable
from edge_node.adapters.stamping import Authority, NoStamp, Stamper
from edge_node.domain.errors import Outage
from edge_node.domain.message import say
from edge_node.notary.stamps import ask, read

DIGEST = hashlib.sha256(b"a document").digest()


@pytest.fixture
def request_():
    return ask(DIGEST)


def stamper(*urls, **told):
    told = {"timeout": timedelta(seconds=10), "tries": 1} | told
    return Stamper(authorities=tuple(Authority(url=url) for url in urls), **told)


def stamped(asking, request):
    """Return the stamp that is got for a request, checked as a signer does."""
    return asking.stamp(request.der, partial(read, request=request))


def why(asking, request):
    with pytest.raises(NoStamp) as caught:
        stamped(asking, request)
    return str(caught.value)


def test_a_stamp_is_got_and_checked(pki, request_):
    """From a real authority, over its real protocol."""
    assert stamped(stamper(pki.tsa_url), request_).certificate == pki.signer("tsa").certificate


def test_the_question_goes_out_as_the_standard_says(request_, pki):
    """RFC 3161, 3.4: POSTed with the type of a query."""
    with http_server() as server:
        server.will_say(pki.stamp(request_.der))
        stamped(stamper(server.url), request_)
        (asked,) = server.requests

    assert (asked.verb, asked.body) == ("POST", request_.der)
    assert asked.lowered["content-type"] == "application/timestamp-query"
    assert "authorization" not in asked.lowered


def test_a_password_goes_to_whoever_asks_for_one(request_, pki):
    """Read from its place when it is needed, and sent as HTTP Basic."""
    with http_server() as server:
        server.will_say(pki.stamp(request_.der))
        authority = Authority(url=server.url, user="sở", secret=lambda: b"mat:khau")
        stamped(Stamper(authorities=(authority,)), request_)
        (asked,) = server.requests

    assert asked.lowered["authorization"] == f"Basic {b64encode('sở:mat:khau'.encode()).decode()}"


def _status(server):
    server.will_say(b"<html>", 503)


def _portal(server):
    server.will_say(b"<html>please log in</html>")


def _another_stamp(pki):
    def behave(server):
        server.will_say(pki.stamp(ask(hashlib.sha256(b"another").digest()).der))

    return behave


@pytest.mark.parametrize("failing", ["_status", "_portal", "_another_stamp"])
def test_the_next_authority_is_asked_where_one_fails(pki, request_, failing):
    """Whether it says no, something else, or stamps something else."""
    behave = {"_status": _status, "_portal": _portal, "_another_stamp": _another_stamp(pki)}
    with http_server() as server:
        behave[failing](server)

        found = stamped(stamper(server.url, pki.tsa_url), request_)

    assert found.certificate == pki.signer("tsa").certificate


def test_where_no_one_stamps_every_ones_reason_is_told(request_):
    """One sentence names each server and why, so that a person knows whom to call."""
    with http_server() as gone:
        nobody = gone.url
    with http_server() as server:
        server.will_say(b"<html>")
        server.will_say(b"", 403)
        told = why(stamper(nobody, f"{server.url}/a", f"{server.url}/b?key=hidden"), request_)

    assert told.startswith(f"no time-stamp could be had ({nobody}: cannot reach 127.0.0.1")
    assert f"; {server.url}/a: what the time-stamp authority answered is no time-stamp" in told
    assert told.endswith(f"; {server.url}/b: 127.0.0.1 answered by HTTP 403)")
    assert "hidden" not in told


def test_it_is_an_outage_and_nothing_is_stamped(request_):
    """Signing pauses until an authority is there again: it never goes on without a stamp."""
    with pytest.raises(Outage) as caught:
        stamped(stamper(), request_)

    assert "no time-stamp authority is configured" in str(caught.value)


def test_a_server_that_fails_is_asked_again_after_the_others(pki, request_):
    """A few times only, and never one that said a final no."""
    with http_server() as first, http_server() as second:
        first.will_say(b"", 500)
        first.will_say(pki.stamp(request_.der))
        second.will_say(b"", 401)

        stamped(stamper(first.url, second.url, tries=3), request_)

        assert (len(first.requests), len(second.requests)) == (2, 1)


def test_nobody_is_asked_more_often_than_configured(request_):
    """A server that is out of order is not hammered."""
    with http_server() as server:
        for _ in range(5):
            server.will_say(b"", 500)
        assert "HTTP 500" in why(stamper(server.url, tries=2), request_)

        assert len(server.requests) == 2


class Clock:
    """A monotonic clock that somebody moves."""

    now = 0.0

    def __call__(self):
        """Return the time."""
        return self.now


def test_who_lets_us_wait_in_vain_is_not_asked_twice_and_then_last(pki, request_):
    """Not for the same stamp; and for ten minutes the others are asked before."""
    clock = Clock()
    with http_server() as slow, http_server() as quick:

        def pieces():
            clock.now += 120.0
            yield b""

        slow.will_say(pieces(), 500)
        quick.will_say(b"", 500)
        asking = stamper(slow.url, quick.url, pki.tsa_url, tries=3, clock=clock)
        stamped(asking, request_)
        assert (len(slow.requests), len(quick.requests)) == (1, 1)

        for _ in range(2):
            quick.will_say(pki.stamp(request_.der))
            stamped(asking, request_)
        assert (len(slow.requests), len(quick.requests)) == (1, 3)

        clock.now += 601.0
        slow.will_say(pki.stamp(request_.der))
        stamped(asking, request_)
        assert len(slow.requests) == 2


def test_once_it_is_closed_nobody_is_asked(request_):
    """Nor is that called a failure of the authorities."""
    with http_server() as server:
        asking = stamper(server.url, server.url, tries=3)
        asking.close()
        with pytest.raises(HungUp, match="the node is ending"):
            stamped(asking, request_)
        assert server.requests == []


def test_a_bad_stamp_is_not_asked_for_again(request_):
    """Whoever stamps wrongly stamps wrongly twice."""
    with http_server() as server:
        server.will_say(b"nothing")
        assert "is no time-stamp answer" in why(stamper(server.url, tries=3), request_)

        assert len(server.requests) == 1


def test_an_authority_that_never_answers_costs_its_time_and_no_more(pki, request_):
    """The configured time-out bounds each question as a whole."""

    def stall(connection, over):
        read_request(connection)
        over.wait()

    with raw_server(stall) as url:
        began = time.monotonic()
        stamped(stamper(url, pki.tsa_url, timeout=timedelta(milliseconds=500)), request_)

    assert time.monotonic() - began < 60


def test_a_password_that_cannot_be_read_is_that_servers_reason(pki, request_):
    """The next server is asked, which may need none."""

    def secret():
        raise SecretUnusable(say("the secret in {path} cannot be read", path="x"))

    locked = Authority(url="http://127.0.0.1:1/", user="a", secret=secret)
    both = Stamper(authorities=(locked, Authority(url=pki.tsa_url)))

    assert stamped(both, request_).token
    assert "the secret in x cannot be read" in why(Stamper(authorities=(locked,)), request_)
