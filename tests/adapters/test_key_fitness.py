"""Whether a key of ours is fit to sign: opened, tried, weighed, and whose it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import needs
import pytest
import rogue
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pki_plan import AGENCY_CODE, ENDS

from edge_node.adapters.anchors import Anchors, AnchorsUnsound, certificates_in
from edge_node.adapters.appraising import Appraiser
from edge_node.adapters.fetching import Fetcher
from edge_node.adapters.inquiring import Terms
from edge_node.adapters.key_fitness import KeyFitness
from edge_node.adapters.notary import Opener
from edge_node.adapters.own_keys import OwnKey, OwnKeys, OwnSigningKey, Role
from edge_node.adapters.signing_key import OnToken, PemPlace
from edge_node.adapters.statements import Statements
from edge_node.adapters.web import Reach
from edge_node.domain.belonging import Belonging
from edge_node.domain.errors import UnknownItem
from edge_node.domain.signature import Revocation
from edge_node.notary.trust import Checking


@pytest.fixture(scope="module")
def opener():
    opener = Opener()
    yield opener
    opener.close()


@pytest.fixture
def fitness(pki, tmp_path, opener):
    """Give what looks at these keys of the infrastructure; closed with the test."""
    made = []

    def fitness(
        *names, codes=(AGENCY_CODE,), more=(), terms=None, roots=pki.roots, private="127.0.0.0/8"
    ):
        keys = OwnKeys([*(a_key(pki, name) for name in names), *more], tmp_path)
        made.append(keys)
        anchors = Anchors(tmp_path / "trust")
        for root in roots:
            anchors.add(*certificates_in(root))
        fetcher = Fetcher(
            statements=Statements(tmp_path / "evidence"),
            reach=Reach(private=(ip_network(private),)),
            timeout=timedelta(seconds=20),
        )
        asks = Appraiser(
            appraise=opener.appraise, anchors=anchors, fetcher=fetcher, terms=terms or Terms()
        )
        return KeyFitness(keys=keys, appraiser=asks, codes=codes)

    yield fitness
    for keys in made:
        keys.close()


def a_key(pki, name):
    signer = pki.signer(name)
    place = PemPlace(key=signer.key_path, certificates=signer.certificate_path)
    return OwnKey(name=name, place=place)


def checked(fitness, name, now=None):
    return fitness.check(name, now=now or datetime.now(UTC))


def reasons(report):
    return " / ".join(str(fault.why) for fault in report.faults)


def test_a_fit_key_is_known_from_end_to_end(fitness):
    """By its certificate alone, as it lies there: the issuer is fetched, the responder asked."""
    report = checked(fitness("agency"), "agency")

    assert (report.fit, report.faults, report.warnings) == (True, (), ())
    assert (report.role, report.belonging) == (Role.ACTIVE, Belonging.OURS)
    assert (report.numbers, report.algorithm) == ((AGENCY_CODE,), "rsa-pkcs1-sha256")
    assert (report.revocation, len(report.chain)) == (Revocation.GOOD, 2)


@pytest.mark.parametrize(
    ("name", "why", "hint"),
    [
        ("expired", "the certificate ran out on 2024-01-01", "new certificate"),
        ("not-yet-valid", "the certificate is not valid before 2044-01-01", "check the clock"),
        ("revoked", "the certificate was revoked on 2025-06-01", "new certificate"),
        ("tls-only", "the certificate was not issued for signing documents", "for signing"),
        ("stranger", "no root that is trusted here stands above", "edge-node trust add FILE"),
    ],
)
def test_what_is_not_fit_says_why(fitness, name, why, hint):
    """One sentence, and what can be done about it where something can."""
    report = checked(fitness("agency", name), name)

    assert not report.fit
    assert why in reasons(report)
    assert hint in " / ".join(str(fault.hint) for fault in report.faults)


def test_where_nobody_knows_of_revocation_the_network_is_not_to_blame(fitness, pki, tmp_path):
    """Its issuer lies beside it, and neither of them names whom to ask."""
    signer = pki.signer("unlisted")
    beside = tmp_path / "beside.pem"
    pems = [
        x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in pki.intermediates
    ]
    beside.write_bytes(signer.certificate_path.read_bytes() + b"".join(pems))
    own = OwnKey(name="own", place=PemPlace(key=signer.key_path, certificates=beside))
    (fault,) = checked(fitness(more=[own]), "own").faults

    assert "names no place that knows" in str(fault.why)
    assert "trust.revocation" in str(fault.hint)


def test_whoever_may_not_be_asked_is_named_with_the_key_that_lets_it_be(fitness):
    """The network is in order; it is the configuration that does not admit it."""
    report = checked(fitness("agency", private="10.9.0.0/16"), "agency")

    assert "lies in a network that is not public" in reasons(report)
    hints = [str(fault.hint) for fault in report.faults if fault.hint]
    assert any("trust.private" in hint for hint in hints)
    assert not any("check the network" in hint for hint in hints)


def test_a_key_that_cannot_be_opened_is_told_and_not_raised(fitness, tmp_path):
    """Others are looked at all the same."""
    place = PemPlace(key=tmp_path / "gone", certificates=tmp_path / "gone")
    looks = fitness("agency", more=[OwnKey(name="gone", place=place)])

    for report in (checked(looks, "gone"), looks.glance("gone", now=datetime.now(UTC))):
        assert (report.fit, report.certificate, report.role) == (False, None, Role.SPARE)
        assert "gone cannot be opened" in reasons(report)


def test_a_glance_asks_nobody_and_judges_nothing(fitness):
    """An expired certificate is described; how many days ago it ran out is a number."""
    looks = fitness("expired", roots=())
    now = datetime.now(UTC)
    report = looks.glance("expired", now=now)

    assert report.certificate.issuer == "Cơ quan chứng thực số chuyên dùng Chính phủ G2"
    assert report.days == (report.certificate.not_after - now).days < 0
    assert (report.faults, report.revocation) == ((), None)


def test_a_certificate_nobody_could_look_into_is_told_of(fitness):
    """The child that reads it crashes: nothing is known, and nothing is fit."""
    looks = fitness("agency")
    opener = Opener(command=rogue.command("crashing"))
    blind = replace(looks, appraiser=replace(looks.appraiser, appraise=opener.appraise))
    try:
        reports = (blind.glance("agency", now=datetime.now(UTC)), checked(blind, "agency"))
    finally:
        opener.close()

    for report in reports:
        assert (report.fit, report.certificate) == (False, None)
        assert "crashed" in reasons(report)


def test_a_certificate_that_ends_soon_is_warned_of(fitness):
    """A month before, while there is time to have a new one issued."""
    looks = fitness("agency", terms=Terms(checking=Checking.NEVER))

    def warnings(days):
        report = checked(looks, "agency", ENDS - timedelta(days=days, hours=1))
        return report.fit, [str(one) for one in report.warnings]

    assert warnings(31) == (True, [])
    assert warnings(20) == (True, ["the certificate runs out in 20 days"])


def test_whose_it_is_does_not_decide_whether_it_is_fit(fitness):
    """The certificate names another agency; whether that is right, a person says."""
    report = checked(fitness("agency", codes=("H37.02",)), "agency")

    assert (report.fit, report.belonging) == (True, Belonging.ANOTHERS)


def test_a_signature_by_another_key_is_noticed(fitness, monkeypatch):
    """A token may answer with whatever key it likes: the certificate decides."""
    looks = fitness("agency", "p256")
    forged = looks.keys.key("p256").sign(bytes(32))
    monkeypatch.setattr(OwnSigningKey, "sign", lambda *_: forged)

    assert "the trial signature does not fit the certificate" in reasons(checked(looks, "agency"))


def test_a_key_on_a_token_is_tried_like_any_other(fitness, pki, tmp_path):
    """Its PIN is in a file, its certificate on the token."""
    needs.program("softhsm2-util", "softhsm2")
    token = pki.softhsm(tmp_path / "token", "p384")
    (tmp_path / "pin").write_text(token.pin)
    (tmp_path / "pin").chmod(0o600)
    own = OwnKey(
        name="token",
        place=OnToken(module=token.module, label=token.label),
        password_file=str(tmp_path / "pin"),
        environment=token.environment,
    )
    report = checked(fitness(more=[own]), "token")

    assert (report.fit, report.algorithm) == (True, "ecdsa-p384-sha384")


def test_what_is_nobodys_fault_is_raised(fitness, tmp_path):
    """A name nobody configured, and a folder of roots that somebody else can write to."""
    looks = fitness("agency")
    with pytest.raises(UnknownItem):
        checked(looks, "seal")
    (tmp_path / "trust").chmod(0o777)
    with pytest.raises(AnchorsUnsound):
        checked(looks, "agency")
