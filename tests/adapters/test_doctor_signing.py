"""What the doctor finds of keys and authorities: run out, not fitting, not ours, refused."""

from __future__ import annotations

from datetime import timedelta

import needs
import pytest
from doctor_world import found
from keys_world import PASSWORD, Agency
from pki_plan import AGENCY_CODE, ENDS

from edge_node.adapters.own_keys import OwnKeys
from edge_node.checks.finding import Health
from edge_node.config import load
from edge_node.node.trusting import own_keys


@pytest.fixture
def agency(tmp_path, pki):
    """Give the agency whose code one of the certificates names, believing both roots."""
    return Agency(tmp_path, pki, code=AGENCY_CODE).believe()


def looked(agency, look="signing", **options):
    """Return what is found, by the id of the check and the name of the key."""
    every = found(agency.config, look, **options)
    assert PASSWORD not in str(every)
    return {(one.check, one.about): one for one in every}


def files(agency):
    return {path: path.lstat().st_mtime_ns for path in agency.data.rglob("*")}


def test_a_key_in_order_is_good_in_every_way(agency):
    """Opened, in force, ours, for signing, trusted; nobody is asked and nothing is written."""
    agency.has(agency.file("agency"))
    before = files(agency)
    every = looked(agency)

    checks = ("signing.key", "signing.certificate", "signing.agency", "signing.trust")
    assert [every[check, "agency"].health for check in checks] == [Health.GOOD] * 4
    assert len(every) == 5
    assert files(agency) == before


def test_a_key_only_the_service_can_open_is_no_fault(agency, tmp_path):
    """From a shell nobody knows its password; from within, it is opened like any other."""
    agency.has(agency.file("agency") | {"password_file": "credential:agency.password"})
    outside = looked(agency)["signing.key", "agency"]
    inside = looked(agency, environ={"CREDENTIALS_DIRECTORY": str(agency.folder)})

    assert outside.health is Health.UNKNOWN
    assert "LoadCredential=agency.password:FILE" in str(outside.cure)
    assert inside["signing.key", "agency"].health is Health.GOOD
    nothing = looked(agency, environ={"CREDENTIALS_DIRECTORY": str(tmp_path / "nothing")})
    assert nothing["signing.key", "agency"].health is Health.BAD


def test_without_keys_there_is_nothing_to_find(agency):
    """Not to sign here is no fault."""
    assert looked(agency)["signing", ""].health is Health.GOOD


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("expired", "signing.certificate"),
        ("not-yet-valid", "signing.certificate"),
        ("tls-only", "signing.usage"),
        ("stranger", "signing.trust"),
    ],
)
def test_a_certificate_nobody_can_sign_with_is_found(agency, name, check):
    """Under the id of what is wrong, with something to be done."""
    agency.has(agency.file(name))
    wrong = {one: each for one, each in looked(agency).items() if each.health is Health.BAD}

    assert list(wrong) == [(check, name)]
    assert wrong[check, name].cure is not None


@pytest.mark.parametrize(
    ("days", "health", "threshold"),
    [(61, Health.GOOD, None), (60, Health.WARN, 60), (5, Health.WARN, 7), (0, Health.WARN, 1)],
)
def test_a_certificate_that_runs_out_is_found_in_time(agency, days, health, threshold):
    """Its days are counted, and how urgent it has become."""
    agency.has(agency.file("agency"))
    now = ENDS - timedelta(days=days, hours=1)
    finding = looked(agency, now=now)["signing.certificate", "agency"]

    assert (finding.health, finding.measured["days"]) == (health, days)
    assert finding.measured.get("threshold") == threshold


def test_a_key_that_is_not_its_certificates_is_found(agency):
    """Somebody renewed the one and not the other."""
    key = agency.pem("p256") | {"certificates": agency.pem("p384")["certificates"]}
    agency.has(key)
    finding = looked(agency)["signing.key", "p256"]

    assert finding.health is Health.BAD
    assert "issued for this key" in str(finding.cure)


def test_a_wrong_password_is_found(agency):
    """Said without it."""
    agency.has(agency.file("agency", password="WRONG-ONE"))
    finding = looked(agency)["signing.key", "agency"]

    assert finding.health is Health.BAD
    assert "WRONG-ONE" not in str(finding)


def test_the_key_of_another_agency_is_found(tmp_path, pki):
    """A warning: codes change."""
    agency = Agency(tmp_path, pki).believe()
    agency.has(agency.file("agency"))

    assert looked(agency)["signing.agency", "agency"].health is Health.WARN


def test_what_does_not_sign_now_breaks_nothing(agency):
    """The one before may run out; the next one ought to be seen to before it is needed."""
    agency.has(agency.file("expired"), agency.file("agency"), agency.file("spare", of="expired"))
    keys = own_keys(load(agency.config))
    assert isinstance(keys, OwnKeys)
    keys.activate("agency")
    every = looked(agency)

    assert every["signing.certificate", "expired"].health is Health.GOOD
    assert every["signing.certificate", "spare"].health is Health.WARN


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def token(tmp_path, pki):
    needs.program("softhsm2-util", "softhsm2")
    needs.program("pkcs11-tool", "opensc")
    return pki.softhsm(tmp_path / "token", "agency")


def test_a_token_is_looked_at_without_a_pin(agency, token):
    """However wrong the one in the file is: nothing is told, so nothing can be locked."""
    agency.has(agency.token(token, pin="000000"))
    before = files(agency)
    for _ in range(12):  # more often than any token lets one try
        every = looked(agency)

    assert every["signing.token", "token"].health is Health.GOOD
    assert every["signing.certificate", "token"].health is Health.GOOD
    assert ("signing.key", "token") not in every
    assert files(agency) == before
    assert agency.has(agency.token(token)).run("cert", "check").returncode == 0


def test_a_pin_that_was_refused_is_found(agency, token):
    """The program that told it wrote that down; it is not told again to find that out."""
    agency.has(agency.token(token, pin="000000"))
    agency.run("cert", "show")
    finding = looked(agency)["signing.pin", "token"]

    assert finding.health is Health.BAD
    assert "000000" not in str(finding)


def test_a_token_that_is_gone_is_found(agency, token):
    """With how to see which ones are there."""
    agency.has(agency.token(token) | {"token": "another"})
    finding = looked(agency)["signing.key", "token"]

    assert finding.health is Health.BAD
    assert "plug it in" in str(finding.cure)


# ── authorities ──────────────────────────────────────────────────────────────────────────────────


def test_the_authorities_that_are_believed_are_counted_by_their_days(agency):
    """One that has run out is a warning: what was signed under it is judged by it still."""
    now = looked(agency, "anchors")
    later = looked(agency, "anchors", now=ENDS + timedelta(days=10_000))

    assert len(now) == len(later) == 3
    assert {one.health for one in now.values()} == {Health.GOOD}
    assert [one.health for one in later.values()].count(Health.WARN) == 2


def test_that_nobody_is_believed_is_found(tmp_path, pki):
    """No signature could be found VALID."""
    finding = looked(Agency(tmp_path, pki), "anchors")["trust.anchors", ""]

    assert finding.health is Health.WARN


def test_an_authority_somebody_else_put_there_is_found(agency):
    """As every verdict would stop for it."""
    (agency.data / "trust" / "mine.pem").write_text("x")

    assert looked(agency, "anchors")["trust.anchors", ""].health is Health.BAD
