"""Whether a certificate is good to sign with: by a child that reads it, and what is fetched."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
import rogue
from pki_plan import AGENCY_CODE

from edge_node.adapters.anchors import Anchors, certificates_in
from edge_node.adapters.appraising import Appraiser
from edge_node.adapters.fetching import Fetcher
from edge_node.adapters.inquiring import Terms
from edge_node.adapters.notary import Opener
from edge_node.adapters.statements import Statements
from edge_node.adapters.web import Reach
from edge_node.domain.signature import Revocation, Sub, Verdict
from edge_node.notary.appraising import appraise
from edge_node.notary.keys import from_pem
from edge_node.notary.told_certificate import (
    Question,
    read_appraisal,
    read_question,
    tell_appraisal,
    tell_question,
)
from edge_node.notary.trust import Checking, Specimen, Trust
from edge_node.notary.wire import Garbled

NOW = datetime.now(UTC)
DIGEST = hashlib.sha256(b"trial").digest()


@pytest.fixture(scope="module")
def opener():
    opener = Opener()
    yield opener
    opener.close()


@pytest.fixture
def appraiser(tmp_path, pki, opener):
    anchors = Anchors(tmp_path / "trust")
    for root in pki.roots:
        anchors.add(*certificates_in(root))
    fetcher = Fetcher(
        statements=Statements(tmp_path / "evidence"),
        reach=Reach(private=(ip_network("127.0.0.0/8"),)),
        timeout=timedelta(seconds=10),
    )
    return Appraiser(appraise=opener.appraise, anchors=anchors, fetcher=fetcher)


def alone(pki):
    """Return the trust of a node that asks nobody."""
    return Trust(roots=pki.roots, checking=Checking.NEVER)


def specimen(signer, digest=DIGEST):
    key = from_pem(signer.key_pem, signer.certificate_path.read_bytes(), None, name="key")
    return Specimen(digest=digest, signature=key.sign(digest), hashed="sha256")


@pytest.mark.parametrize(
    ("name", "verdict", "sub", "why"),
    [
        ("person", Verdict.VALID, None, "leads to a root that is trusted"),
        ("agency", Verdict.VALID, None, "leads to a root that is trusted"),
        ("first-generation", Verdict.VALID, None, "leads to a root that is trusted"),
        ("expired", Verdict.INVALID, Sub.EXPIRED, "the certificate ran out on 2024-01-01"),
        ("not-yet-valid", Verdict.INVALID, Sub.NOT_YET_VALID, "is not valid before 2044-01-01"),
        ("revoked", Verdict.INVALID, Sub.REVOKED, "the certificate was revoked on 2025-06-01"),
        ("tls-only", Verdict.INDETERMINATE, Sub.SIG_CONSTRAINTS_FAILURE, "not issued for signing"),
        ("weak", Verdict.INDETERMINATE, Sub.CRYPTO_CONSTRAINTS_FAILURE, "1024 bits is too short"),
        ("unlisted", Verdict.INDETERMINATE, Sub.TRY_LATER, "names no place that knows"),
        ("stranger", Verdict.INDETERMINATE, Sub.NO_CERTIFICATE_CHAIN_FOUND, "no root that is"),
    ],
)
def test_what_is_not_good_to_sign_with_is_known_before(appraiser, pki, name, verdict, sub, why):
    """Run out, not yet, revoked, for something else, unknown: in the words of who would sign."""
    signer = pki.signer(name)
    found = appraiser.weigh(signer.certificate, signer.chain, now=datetime.now(UTC))
    judgement = found.appraisal.judgement

    assert (judgement.verdict, judgement.sub) == (verdict, sub)
    assert why in str(judgement.why)
    assert judgement.certificate.fingerprint == hashlib.sha256(signer.certificate).hexdigest()


def test_what_is_lacking_is_fetched(appraiser, pki):
    """A key that comes without its chain is traced to a root, and OCSP is asked."""
    found = appraiser.weigh(pki.signer("person").certificate, now=datetime.now(UTC))

    assert found.appraisal.judgement.revocation is Revocation.GOOD
    assert len(found.appraisal.judgement.chain) == 2
    assert {piece.kind.value for piece in found.evidence} >= {"issuer", "ocsp"}


def test_without_an_answer_on_revocation_nobody_can_tell(appraiser, pki, tmp_path):
    """What could not be had is a note; whoever asks for less gets a warning instead."""
    deaf = Fetcher(statements=Statements(tmp_path / "none"), reach=Reach())
    signer = pki.signer("person")

    def weigh(terms):
        one = Appraiser(
            appraise=appraiser.appraise, anchors=appraiser.anchors, fetcher=deaf, terms=terms
        )
        return one.weigh(signer.certificate, signer.chain, now=NOW)

    strict, mild = weigh(Terms()), weigh(Terms(checking=Checking.IF_POSSIBLE))

    assert strict.appraisal.judgement.sub is Sub.TRY_LATER
    assert strict.notes
    assert mild.appraisal.judgement.verdict is Verdict.VALID
    assert mild.appraisal.judgement.warnings


@pytest.mark.parametrize("name", ["person", "p256"])
def test_a_trial_signature_is_checked_by_the_certificate(opener, pki, name):
    """The one its key made fits, one over something else or by another key does not."""
    signer, other = pki.signer(name), pki.signer("signature-only")
    made = specimen(signer)

    def fits(specimen):
        asked = (signer.certificate, signer.chain, alone(pki))
        return opener.appraise(*asked, now=NOW, specimen=specimen).fits

    assert fits(None) is None
    assert fits(made) is True
    assert fits(Specimen(digest=bytes(32), signature=made.signature, hashed="sha256")) is False
    assert fits(specimen(other)) is False
    assert fits(Specimen(digest=DIGEST, signature=b"", hashed="sha256")) is False


def test_the_numbers_of_the_subject_are_told(opener, pki):
    """The Government writes the agency's code as the user id; a person has none here."""
    numbers = [
        opener.appraise(pki.signer(name).certificate, (), alone(pki), now=NOW).numbers
        for name in ("agency", "person")
    ]

    assert numbers == [(AGENCY_CODE,), ()]


def test_the_answer_is_the_same_as_without_a_child(opener, pki):
    """Packets change nothing of what is found, whatever it is."""
    for name in pki.signers:
        signer = pki.signer(name)
        asked = (signer.certificate, signer.chain, Trust(roots=pki.roots))
        assert opener.appraise(*asked, now=NOW) == appraise(*asked, now=NOW), name


@pytest.mark.parametrize("der", [b"", b"certificate", b"0\x82\xff\xff"])
def test_what_is_no_certificate_is_good_for_nothing(opener, pki, der):
    """Nothing is raised, whatever lies where a certificate should."""
    found = opener.appraise(
        der, (der,), alone(pki), now=NOW, specimen=specimen(pki.signer("p256"))
    )

    assert found.judgement.verdict is Verdict.INDETERMINATE
    assert (found.fits, found.numbers) == (False, ())


@pytest.mark.parametrize("way", ["crashing", "nonsense", "exhausted"])
def test_a_child_that_is_lost_over_a_certificate_leaves_it_untold(pki, way):
    """No answer is no leave to sign."""
    opener = Opener(command=rogue.command(way))
    try:
        found = opener.appraise(pki.signer("p256").certificate, (), alone(pki), now=NOW)
    finally:
        opener.close()

    assert found.judgement.sub is Sub.NOT_CHECKED
    assert found.wanted == ()


@pytest.mark.parametrize(
    "change",
    [
        {"certificate": 7},
        {"chain": [0] * 21},
        {"now": "2026-01-01"},
        {"specimen": {"digest": 0, "signature": 0, "hashed": "md5"}},
        {"more": 1},
    ],
)
def test_a_question_that_cannot_have_been_meant_is_not_answered(pki, change):
    """The child believes the parent as little as the parent the child."""
    signer = pki.signer("p256")
    question = Question(certificate=signer.certificate, chain=(), trust=alone(pki), now=NOW)
    packet = tell_question(question)
    assert read_question(packet) == question

    with pytest.raises(Garbled):
        read_question(replace(packet, body={**packet.body, **change}))


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "VALID"},
        {"fits": "yes"},
        {"numbers": ["x"] * 21},
        {"revocation": "never"},
        {"why": ["{0.__class__}", {}]},
        {"more": 1},
    ],
)
def test_an_answer_that_cannot_have_been_meant_is_not_believed(pki, change):
    """VALID with a reason against it, what is no yes or no, sentences that compute."""
    expired = pki.signer("expired")
    told = tell_appraisal(appraise(expired.certificate, expired.chain, alone(pki), now=NOW))
    assert read_appraisal(told).judgement.sub is Sub.EXPIRED

    with pytest.raises(Garbled):
        read_appraisal(replace(told, body={**told.body, **change}))
