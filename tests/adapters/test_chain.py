"""Chains, revocation and time-stamps judged by what is at hand, as every format needs them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import algos, cms, ocsp, tsp
from signed_pdfs import NOW, evidence

from edge_node.domain.signature import Revocation, Sub, Verdict
from edge_node.notary.chain import judge
from edge_node.notary.stamped import read_stamp
from edge_node.notary.strength import algorithm, weakness
from edge_node.notary.trust import Checking, Evidence, Kind, Purpose, Trust

REVOKED = datetime(2025, 6, 1, tzinfo=UTC)
BEFORE, AFTER = REVOKED - timedelta(days=30), REVOKED + timedelta(days=30)


def believing(pki, *names, at=NOW, **given):
    held = {"roots": pki.roots, "intermediates": pki.intermediates}
    return Trust(**{**held, "evidence": evidence(pki, *names, at=at), **given})


def ocsp_only(pki, name, at=NOW):
    root = Evidence(kind=Kind.CRL, content=pki.crl("root-2", at=at))
    return (Evidence(kind=Kind.OCSP, content=pki.ocsp(name, at=at)), root)


def crl_only(pki, at=NOW):
    return tuple(
        Evidence(kind=Kind.CRL, content=pki.crl(name, at=at)) for name in ("root-2", "issuing-2")
    )


@pytest.mark.parametrize("given", ["ocsp", "crl"])
@pytest.mark.parametrize(
    ("at", "verdict", "sub", "revocation"),
    [
        (None, Verdict.INDETERMINATE, Sub.REVOKED_NO_POE, Revocation.REVOKED),
        (BEFORE, Verdict.VALID, None, Revocation.GOOD),
        (AFTER, Verdict.INVALID, Sub.REVOKED, Revocation.REVOKED),
    ],
)
def test_when_it_was_revoked_decides(pki, given, at, verdict, sub, revocation):
    """Fresh OCSP answers and CRLs alike tell what held at a proved time in the past."""
    pieces = ocsp_only(pki, "revoked") if given == "ocsp" else crl_only(pki)
    trust = believing(pki, evidence=pieces)

    found = judge(pki.signer("revoked").certificate, trust, now=NOW, at=at)

    assert (found.verdict, found.sub, found.revocation) == (verdict, sub, revocation)


def test_what_was_relied_on_is_kept(pki):
    """The answers that counted are named by their SHA-256, so that they can be kept."""
    pieces = ocsp_only(pki, "p256")
    trust = believing(pki, evidence=(*pieces, ocsp_only(pki, "p384")[0]))

    found = judge(pki.signer("p256").certificate, trust, now=NOW)

    assert set(found.evidence) == {hashlib.sha256(one.content).hexdigest() for one in pieces}


@pytest.mark.parametrize("days", [-400, 400])
def test_evidence_that_is_stale_does_not_count(pki, days):
    """An answer long before the moment says nothing about it; a later one does."""
    trust = believing(pki, "p256", at=NOW + timedelta(days=days))

    found = judge(pki.signer("p256").certificate, trust, now=NOW)

    assert found.sub is (Sub.TRY_LATER if days < 0 else None)
    assert bool(found.wanted) is (days < 0)


def test_a_list_that_tells_of_a_revocation_counts_beside_an_older_good_answer(pki):
    """Whoever signs with a stolen key brings the answer along that was given before."""
    before = Evidence(kind=Kind.OCSP, content=pki.ocsp("revoked", at=BEFORE))
    trust = believing(pki, evidence=(before, *crl_only(pki)), grace=timedelta(days=4000))

    found = judge(pki.signer("revoked").certificate, trust, now=NOW, at=AFTER)

    assert (found.verdict, found.sub) == (Verdict.INVALID, Sub.REVOKED)


def test_a_signer_that_is_pinned_itself_needs_nobody_to_vouch_for_it(pki):
    """Nobody stands above it who could revoke it."""
    signer = pki.signer("p256").certificate

    assert judge(signer, Trust(roots=(signer,)), now=NOW).verdict is Verdict.VALID


@pytest.mark.parametrize(("grace", "sub"), [(30, None), (10, Sub.TRY_LATER)])
def test_within_its_grace_an_answer_past_its_time_still_counts(pki, grace, sub):
    """Offline for some days, a node goes on believing what it was told last."""
    given = timedelta(days=grace)
    trust = believing(pki, "p256", at=NOW - timedelta(days=20), grace=given)

    found = judge(pki.signer("p256").certificate, trust, now=NOW)

    assert found.sub is sub


def test_an_answer_signed_by_somebody_else_does_not_count(pki):
    """An OCSP answer with a broken signature is as good as none."""
    response = ocsp.OCSPResponse.load(pki.ocsp("p256", at=NOW))
    basic = response["response_bytes"]["response"].parsed
    signature = bytearray(bytes(basic["signature"]))
    signature[-1] ^= 1
    basic["signature"] = bytes(signature)
    response["response_bytes"]["response"] = basic
    forged = Evidence(kind=Kind.OCSP, content=response.dump(force=True))
    root = Evidence(kind=Kind.CRL, content=pki.crl("root-2", at=NOW))

    found = judge(pki.signer("p256").certificate, believing(pki, evidence=(forged, root)), now=NOW)

    assert (found.sub, found.revocation) == (Sub.TRY_LATER, Revocation.UNKNOWN)


def test_junk_among_the_evidence_is_passed_over(pki):
    """What cannot be read as evidence is no reason to give up."""
    junk = tuple(Evidence(kind=kind, content=b"junk") for kind in Kind)
    held = (*junk, *evidence(pki, "p256"))

    found = judge(
        pki.signer("p256").certificate,
        believing(pki, evidence=held),
        now=NOW,
        others=[b"junk", pki.signer("p256").certificate[:-1]],
    )

    assert found.verdict is Verdict.VALID


@pytest.mark.parametrize("junk", [b"", b"junk", b"0\x82\xff\xff", bytes(100)])
def test_a_certificate_that_is_none_is_told(pki, junk):
    """Junk in the place of a certificate is a judgement like others."""
    found = judge(junk, believing(pki), now=NOW)

    assert (found.verdict, found.sub) == (
        Verdict.INDETERMINATE,
        Sub.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    )


def test_every_certificate_of_the_chain_is_asked_about_at_once(pki):
    """One round of fetching is enough: the signer's and the authority's places are all named."""
    found = judge(pki.signer("p256").certificate, believing(pki, evidence=()), now=NOW)

    assert [(one.kind, one.url.rsplit("/", 2)[-2]) for one in found.wanted] == [
        (Kind.OCSP, "ocsp"),
        (Kind.CRL, "issuing-2"),
        (Kind.CRL, "root-2"),
    ]
    request = ocsp.OCSPRequest.load(found.wanted[0].request)
    (asked,) = request["tbs_request"]["request_list"]
    assert asked["req_cert"]["serial_number"].native == pki.signer("p256").serial


def test_a_root_is_pinned_and_not_just_known(pki):
    """A root among the intermediates is not a root that is trusted."""
    trust = believing(pki, intermediates=(*pki.intermediates, pki.stranger_root))

    found = judge(pki.signer("stranger").certificate, trust, now=NOW)

    assert found.sub is Sub.NO_CERTIFICATE_CHAIN_FOUND


def test_no_roots_trust_nobody(pki):
    """An empty list of roots is not the operating system's list."""
    found = judge(pki.signer("p256").certificate, believing(pki, "p256", roots=()), now=NOW)

    assert found.sub is Sub.NO_CERTIFICATE_CHAIN_FOUND


def test_a_stamping_certificate_signs_no_documents_and_the_other_way_round(pki):
    """Each certificate does what it was issued for."""
    trust = believing(pki, "tsa", "p256")

    signing = judge(pki.signer("tsa").certificate, trust, now=NOW)
    stamping = judge(pki.signer("p256").certificate, trust, now=NOW, purpose=Purpose.STAMPING)

    assert {signing.sub, stamping.sub} == {Sub.SIG_CONSTRAINTS_FAILURE}
    assert str(signing.why) != str(stamping.why)


def token_of(pki, content, *, digest="sha256", at=NOW, tsa="tsa"):
    imprint = {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": digest}),
        "hashed_message": hashlib.new(digest, content).digest(),
    }
    request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
    answer = tsp.TimeStampResp.load(pki.stamp(request.dump(), at=at, tsa=tsa))
    return answer["time_stamp_token"].dump()


def stamped(pki, token, content=b"signed", **given):
    return read_stamp(
        token,
        lambda name: hashlib.new(name, content).digest(),
        believing(pki, "tsa"),
        now=NOW,
        **given,
    )


def test_a_token_proves_its_time(pki):
    """A token over the right thing by a trusted authority is trusted, and says who."""
    found = stamped(pki, token_of(pki, b"signed"))

    assert (found.trusted, found.at, found.authority) == (True, NOW, "Time tsa")


@pytest.mark.parametrize(("minutes", "trusted"), [(5, True), (6, False), (60 * 24 * 365, False)])
def test_a_token_of_the_future_proves_nothing(pki, minutes, trusted):
    """Two clocks may differ by minutes; a stamp of next year would date everything before it."""
    found = stamped(pki, token_of(pki, b"signed", at=NOW + timedelta(minutes=minutes)))

    assert found.trusted is trusted
    if not trusted:
        assert found.judgement.sub is Sub.TIMESTAMP_ORDER_FAILURE
        assert "a time that has not come yet" in str(found.judgement.why)


def test_a_token_over_something_else_proves_nothing(pki):
    """The imprint is compared with what was stamped."""
    found = stamped(pki, token_of(pki, b"something else"))

    assert (found.trusted, found.judgement.sub) == (False, Sub.HASH_FAILURE)
    assert str(found.judgement.why) == "the time-stamp was made over something else"


def test_a_token_that_was_changed_proves_nothing(pki):
    """Another time written into a token breaks the authority's signature."""
    token = cms.ContentInfo.load(token_of(pki, b"signed"))
    held = token["content"]["encap_content_info"]
    changed = held["content"].parsed
    changed["gen_time"] = NOW - timedelta(days=900)
    held["content"] = changed
    found = stamped(pki, token.dump(force=True))

    assert (found.trusted, found.judgement.verdict) == (False, Verdict.INVALID)


def test_a_token_over_sha_1_proves_nothing(pki):
    """Whatever has the same SHA-1 could be put under such a token."""
    found = stamped(pki, token_of(pki, b"signed", digest="sha1"))

    assert found.judgement.sub is Sub.CRYPTO_CONSTRAINTS_FAILURE


@pytest.mark.parametrize("junk", [b"", b"junk", bytes(50)])
def test_what_is_no_token_is_refused(pki, junk):
    """Junk in the place of a token is the caller's to tell."""
    with pytest.raises(ValueError, match=r"."):
        stamped(pki, junk)


def test_algorithms_are_named(pki):
    """Keys and digests have names that people know."""
    names = {
        name: algorithm(pki.signer(name).certificate, "sha384")
        for name in ("rsa3072", "p384", "weak")
    }

    assert names == {
        "rsa3072": "rsa3072-sha384",
        "p384": "ecdsa-p384-sha384",
        "weak": "rsa1024-sha384",
    }


@pytest.mark.parametrize(
    ("name", "digest", "weak"),
    [
        ("rsa2048", "sha256", False),
        ("p256", "sha512", False),
        ("p256", "sha1", True),
        ("p256", "md5", True),
        ("weak", "sha256", True),
    ],
)
def test_what_no_longer_holds_is_told(pki, name, digest, weak):
    """SHA-1, MD5 and short keys are weak, each in its own words."""
    trust = Trust(roots=(), checking=Checking.NEVER)

    assert (weakness(pki.signer(name).certificate, digest, trust) is not None) is weak
