"""What the doctor finds by asking others: names, credentials, time-stamps, revocations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from doctor_world import Paper, found
from keys_world import Agency
from loopback import http_server
from pki_plan import AGENCY_CODE
from sandbox_world import a_world

from edge_node.checks.finding import Health
from edge_node.checks.rounds import make_rounds

CLOSED = "http://127.0.0.1:9"  # the port of `discard`, where nobody listens


@pytest.fixture
def node(tmp_path):
    return Paper(tmp_path)


@pytest.fixture(scope="module")
def axis(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("axis"), clock=None) as world:
        yield world


@pytest.fixture
def known(node, axis):
    """Give a node whose agency the axis knows by its right secret."""
    caller = axis.caller()
    node.told["agency"]["code"] = caller.code
    node.told["axis"]["url"] = axis.url
    node.secret.write_bytes(caller.secret + b"\n")
    return node


@pytest.fixture
def agency(tmp_path, pki):
    return Agency(tmp_path, pki, code=AGENCY_CODE).believe()


# ── names ────────────────────────────────────────────────────────────────────────────────────────


def test_a_host_nobody_knows_is_found(node):
    """`.invalid` is known to nobody (RFC 6761, 6.4); each host is told of."""
    node.told["axis"]["url"] = "https://truc.invalid"
    node.told["stamps"] = {"servers": [{"url": "http://localhost:9/tsa"}]}
    every = node.finds("names")

    assert every["names.axis"].health is Health.BAD
    assert "getent hosts truc.invalid" in str(every["names.axis"].cure)
    assert every["names.stamps"].health is Health.GOOD


def test_an_address_in_numbers_is_asked_of_nobody(node):
    """There is nothing that could fail."""
    assert set(node.finds("names")) == {"configuration"}


# ── credentials ──────────────────────────────────────────────────────────────────────────────────


def test_an_axis_that_knows_us_is_good(known):
    """By a call that only counts, and by its list of agencies."""
    every = known.finds("credentials")

    assert every["axis.credentials"].health is Health.GOOD
    assert every["axis.code"].health is Health.GOOD


def test_a_wrong_secret_is_found_and_not_shown(known):
    """With the file it stands in."""
    known.secret.write_text("WRONG-SECRET\n")
    every = known.finds("credentials")

    assert every["axis.credentials"].health is Health.BAD
    assert str(known.secret) in str(every["axis.credentials"].cure)
    assert "WRONG-SECRET" not in f"{every}"
    assert "axis.code" not in every


def test_a_code_the_axis_does_not_list_is_found(known):
    """It lets us call, and nobody can send us anything."""
    known.told["axis"]["system_id"] = known.told["agency"]["code"]
    known.told["agency"]["code"] = "H37.99"
    finding = known.finds("credentials")["axis.code"]

    assert finding.health is Health.BAD
    assert "H37.99" in str(finding.why)


def test_an_older_code_it_lists_is_enough(known):
    """Codes change, and lists with them."""
    code = known.told["agency"]["code"]
    known.told["axis"]["system_id"] = code
    known.told["agency"] |= {"code": "H37.99", "aliases": [code]}

    assert known.finds("credentials")["axis.code"].health is Health.GOOD


@pytest.mark.parametrize(
    ("status", "check"), [(503, "axis.answer"), (404, "axis.address"), (403, "axis.credentials")]
)
def test_an_axis_that_does_not_serve_us_is_found(node, status, check):
    """Each under the id of what is wrong, with something to be done."""
    with http_server() as server:
        server.will_say(b"no", status=status)
        node.told["axis"]["url"] = server.url
        wrong = {
            one: each
            for one, each in node.finds("credentials").items()
            if each.health is Health.BAD
        }

    assert list(wrong) == [check]
    assert wrong[check].cure is not None


def test_what_the_look_at_the_axis_says_is_not_said_twice(node):
    """Nobody listens there."""
    node.told["axis"]["url"] = CLOSED

    assert set(node.finds("credentials")) == {"configuration"}


def test_offline_nobody_is_asked(known):
    """No connection is opened at all."""
    with http_server() as server:
        known.told["axis"]["url"] = server.url
        known.told["stamps"] = {"servers": [{"url": f"{server.url}/tsa"}]}
        known.written()
        every = list(make_rounds(known.config, now=datetime.now(UTC), environ={}, offline=True))

    assert server.requests == []
    outward = {"axis", "names", "stamps", "revocation"}
    assert outward.isdisjoint(one.check.partition(".")[0] for one in every)
    assert len(every) > 10


# ── time-stamps ──────────────────────────────────────────────────────────────────────────────────


def test_each_time_stamp_server_is_asked_for_a_stamp(agency, pki):
    """One that stamps, one that is down; how long it took is measured."""
    servers = [{"url": pki.tsa_url}, {"url": f"{CLOSED}/tsa"}]
    agency.told["stamps"]["servers"] = servers
    agency.written()
    every = {one.about: one for one in found(agency.config, "stamps")}

    good, down = (every[server["url"]] for server in servers)
    assert (good.health, down.health) == (Health.GOOD, Health.BAD)
    assert good.measured["seconds"] < 5
    assert down.cure is not None


def test_what_is_no_stamp_is_found(agency):
    """A page of a portal answers instead."""
    with http_server() as server:
        server.will_say(b"<html>log in</html>")
        agency.told["stamps"]["servers"] = [{"url": f"{server.url}/tsa"}]
        agency.written()
        (_, finding) = found(agency.config, "stamps")

    assert finding.health is Health.BAD


def test_a_password_the_service_alone_has_is_not_asked_for(agency, pki):
    """Nobody knows from a shell."""
    server = {"url": pki.tsa_url, "user": "so", "password_file": "credential:tsa"}
    agency.told["stamps"]["servers"] = [server]
    agency.written()
    (_, finding) = found(agency.config, "stamps")

    assert finding.health is Health.UNKNOWN


# ── revocations ──────────────────────────────────────────────────────────────────────────────────


def test_whoever_is_asked_about_our_certificate_is_asked(agency):
    """For real, and nothing of it is kept."""
    agency.has(agency.file("agency"))
    before = sorted(agency.data.rglob("*"))
    (_, finding) = found(agency.config, "revocation")

    assert (finding.check, finding.health) == ("revocation.reach", Health.GOOD)
    assert finding.measured["answers"] >= 1
    assert sorted(agency.data.rglob("*")) == before


def test_that_nobody_answers_is_found(agency):
    """By how much it weighs, as configured."""
    agency.told["trust"]["hosts"] = {"127.0.0.1": "127.0.0.1:9"}
    agency.has(agency.file("agency"))
    required = found(agency.config, "revocation")[1]
    agency.told["trust"]["revocation"] = "if_possible"
    agency.written()
    wished = found(agency.config, "revocation")[1]

    assert [one.check for one in (required, wished)] == ["revocation.reach"] * 2
    assert [one.health for one in (required, wished)] == [Health.BAD, Health.WARN]
    assert required.cure is not None


def test_a_certificate_that_was_revoked_is_found(agency):
    """The authority says so; the look at the key alone cannot know."""
    agency.has(agency.file("revoked"))
    every = {one.check: one for one in found(agency.config, "revocation")}

    assert every["revocation.revoked"].health is Health.BAD
