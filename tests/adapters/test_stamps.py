"""Time-stamps: asked for over loopback, checked by us and by openssl, and every useless answer."""

from __future__ import annotations

import subprocess
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512

import needs
import pytest
from asn1crypto import cms, core, tsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from pki import BEGUN, EXPIRED_AT

from edge_node.notary import stamps

DIGEST = sha256(b"a signature").digest()
MOMENT = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


def posted(url, request):
    """Send a request to an authority, as its protocol says."""
    query = urllib.request.Request(  # noqa: S310 - loopback
        url, request.der, {"Content-Type": stamps.CONTENT_TYPE}
    )
    with urllib.request.urlopen(query) as answer:  # noqa: S310 - loopback
        assert answer.headers["Content-Type"] == stamps.ANSWER_TYPE
        return answer.read()


def test_a_stamp_is_asked_for_and_checked(pki):
    """The authority's own time comes back, with a token that names its certificate."""
    request = stamps.ask(DIGEST)
    before = datetime.now(UTC).replace(microsecond=0)
    stamp = stamps.read(posted(pki.tsa_url, request), request)
    assert before <= stamp.moment <= datetime.now(UTC) + timedelta(seconds=1)
    assert stamp.certificate == pki.signer("tsa").certificate
    assert stamp.policy
    assert stamp.serial


def test_openssl_accepts_the_token(pki, tmp_path):
    """The token that is handed on is the one an independent verifier accepts."""
    needs.program("openssl", "openssl")
    request = stamps.ask(DIGEST)
    (tmp_path / "token").write_bytes(stamps.read(pki.stamp(request.der), request).token)
    command = ["openssl", "ts", "-verify", "-digest", DIGEST.hex(), "-token_in"]
    command += ["-in", tmp_path / "token", "-CAfile", pki.ca_path]
    command += ["-untrusted", pki.signer("tsa").chain_path]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "Verification: OK" in done.stdout, done.stderr


def test_openssl_reads_the_request(tmp_path):
    """The request says what is wanted: the digest, a nonce, the certificate."""
    needs.program("openssl", "openssl")
    (tmp_path / "query").write_bytes(stamps.ask(DIGEST, nonce=0xABCDEF).der)
    command = ["openssl", "ts", "-query", "-in", tmp_path / "query", "-text"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for words in ("sha256", "Nonce: 0xABCDEF", "Certificate required: yes"):
        assert words in told


def test_two_requests_for_one_digest_differ():
    """An old answer can never pass for a new one."""
    assert stamps.ask(DIGEST).nonce != stamps.ask(DIGEST).nonce


def test_a_stamp_says_the_moment_of_the_authority(pki):
    """Not ours: the time is what the authority says it is."""
    request = stamps.ask(DIGEST)
    assert stamps.read(pki.stamp(request.der, at=MOMENT), request).moment == MOMENT


def test_another_hash_function_can_be_stamped(pki):
    """The imprint may be made with any of the SHA-2 functions."""
    request = stamps.ask(sha512(b"a signature").digest(), "sha512")
    assert stamps.read(pki.stamp(request.der), request).token


def test_a_stamp_of_an_unknown_root_is_sound_in_itself(pki):
    """Whether an authority is trusted is judged elsewhere."""
    request = stamps.ask(DIGEST)
    stamp = stamps.read(pki.stamp(request.der, tsa="stranger-tsa"), request)
    assert stamp.certificate == pki.signer("stranger-tsa").certificate


def refused(answer, request, words):
    """Read an answer that must be refused by a sentence with these words, and a hint."""
    with pytest.raises(stamps.StampUnusable) as caught:
        stamps.read(answer, request)
    assert words in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "answer", [b"", b"<html>login</html>", b"\x30\x00", b"\x30\x03\x02\x01\x00", b"\x00" * 4000]
)
def test_a_page_instead_of_an_answer_is_named_so(answer):
    """A portal or a proxy answers with a page, and sometimes with the right content type."""
    refused(answer, stamps.ask(DIGEST), "no time-stamp answer")


def test_more_than_an_answer_is_none(pki):
    """What follows the answer was put there by somebody else."""
    request = stamps.ask(DIGEST)
    refused(pki.stamp(request.der) + b"more", request, "no time-stamp answer")


@pytest.mark.parametrize("cut", [10, 100, 1000])
def test_half_an_answer_is_none(pki, cut):
    """The connection ended early."""
    request = stamps.ask(DIGEST)
    refused(pki.stamp(request.der)[:-cut], request, "no time-stamp answer")


def without_token(status):
    """Return an answer that is a status and nothing more (asn1crypto's own class makes none)."""
    only = tsp.PKIStatusInfo(status).dump()
    return core.Sequence(contents=only).dump()


def test_a_refusal_is_said_in_the_words_of_the_authority():
    """Status, reason and text of the authority reach whoever must act."""
    status = {
        "status": "rejection",
        "status_string": ["Hợp đồng đã hết hạn"],
        "fail_info": {"unaccepted_policy"},
    }
    answer = without_token(status)
    words = "refused: rejection, unaccepted_policy, Hợp đồng đã hết hạn"
    refused(answer, stamps.ask(DIGEST), words)


def test_a_grant_without_a_stamp_is_none():
    """Granted, and nothing sent."""
    answer = without_token({"status": "granted"})
    refused(answer, stamps.ask(DIGEST), "sent none")


def test_a_stamp_of_another_digest_is_refused(pki):
    """A stamp of something else proves nothing of this."""
    request = stamps.ask(DIGEST, nonce=5)
    other = stamps.ask(sha256(b"another").digest(), nonce=5)
    refused(pki.stamp(other.der), request, "of something else")


def test_an_old_stamp_of_the_same_digest_is_refused(pki):
    """The nonce shows that the answer was made for this request."""
    first, second = stamps.ask(DIGEST), stamps.ask(DIGEST)
    refused(pki.stamp(first.der), second, "answers another request")


def test_a_stamp_by_another_policy_is_refused(pki):
    """A policy that was asked for is the one that must be told."""
    request = stamps.ask(DIGEST, policy="1.2.3.4")
    refused(pki.stamp(request.der), request, "the policy 1.3.6.1.4.1.4146.2.3")


def test_an_authority_whose_certificate_ran_out_is_refused(pki):
    """It still answers; what it answers is of no worth."""
    request = stamps.ask(DIGEST)
    late = pki.stamp(request.der, tsa="expired-tsa")
    refused(late, request, "certificate did not hold")
    early = pki.stamp(request.der, tsa="expired-tsa", at=EXPIRED_AT - timedelta(days=1))
    assert stamps.read(early, request).moment < EXPIRED_AT
    too_early = pki.stamp(request.der, at=BEGUN - timedelta(days=1))
    refused(too_early, request, "certificate did not hold")


def test_a_certificate_that_is_not_for_stamps_alone_is_refused(pki):
    """RFC 3161 asks for the one purpose, and critically so."""
    request = stamps.ask(DIGEST)
    refused(pki.stamp(request.der, tsa="unfit-tsa"), request, "not for time-stamps alone")


def altered(answer, change):
    """Return an answer whose SignedData was changed."""
    read = tsp.TimeStampResp.load(answer)
    change(read["time_stamp_token"]["content"])
    return read.dump(force=True)


def later(signed):
    told = signed["encap_content_info"]["content"].parsed
    told["gen_time"] = MOMENT + timedelta(days=1)
    signed["encap_content_info"]["content"] = cms.ParsableOctetString(told.dump(force=True))


def flipped(signed):
    signature = bytearray(signed["signer_infos"][0]["signature"].native)
    signature[20] ^= 1
    signed["signer_infos"][0]["signature"] = bytes(signature)


def without(kind):
    def change(signed):
        signer = signed["signer_infos"][0]
        kept = [one for one in signer["signed_attrs"] if one["type"].native != kind]
        signer["signed_attrs"] = kept

    return change


def bare(signed):
    signed["certificates"] = []


def unsigned(signed):
    signed["signer_infos"] = []


def by_sha1(signed):
    signed["signer_infos"][0]["digest_algorithm"] = {"algorithm": "sha1"}


def other_content(signed):
    signed["encap_content_info"]["content_type"] = "data"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (later, "is broken"),
        (flipped, "is broken"),
        (without("message_digest"), "is broken"),
        (without("content_type"), "is broken"),
        (without("signing_certificate"), "does not hold the certificate"),
        (bare, "does not hold the certificate"),
        (unsigned, "something else than a stamp"),
        (by_sha1, "sha1, which is not safe"),
        (other_content, "something else than a stamp"),
    ],
)
def test_an_altered_stamp_is_refused(pki, change, words):
    """Whatever of it was changed on the way is found out."""
    request = stamps.ask(DIGEST)
    answer = pki.stamp(request.der, at=MOMENT)
    assert stamps.read(altered(answer, lambda _: None), request)
    refused(altered(answer, change), request, words)


def sealed_again(pki, answer, *, kind="tst_info", pss=False):
    """Return an answer signed anew by the authority's key, differently."""

    def change(signed):
        signer = signed["signer_infos"][0]
        for one in signer["signed_attrs"]:
            if one["type"].native == "content_type":
                one["values"] = [kind]
        attributes = cms.CMSAttributes(list(signer["signed_attrs"])).dump()
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
        if pss:
            named = {"hash_algorithm": {"algorithm": "sha256"}, "salt_length": 32}
            named["mask_gen_algorithm"] = {
                "algorithm": "mgf1",
                "parameters": {"algorithm": "sha256"},
            }
            signer["signature_algorithm"] = {"algorithm": "rsassa_pss", "parameters": named}
        signer["signed_attrs"] = cms.CMSAttributes.load(attributes)
        signer["signature"] = pki.signer("tsa").key.sign(attributes, scheme, hashes.SHA256())

    return altered(answer, change)


@pytest.mark.parametrize("pss", [False, True])
def test_a_stamp_may_be_signed_by_either_padding_of_rsa(pki, pss):
    """PKCS #1 v1.5 is what most authorities use, PSS what some do."""
    request = stamps.ask(DIGEST)
    answer = sealed_again(pki, pki.stamp(request.der, at=MOMENT), pss=pss)
    assert stamps.read(answer, request).moment == MOMENT


def test_a_signature_over_something_else_is_no_stamp(pki):
    """The authority's key may sign other things; its signature over those is no stamp."""
    request = stamps.ask(DIGEST)
    answer = sealed_again(pki, pki.stamp(request.der), kind="data")
    refused(answer, request, "is broken")


def test_another_certificate_of_the_same_name_is_refused(pki):
    """The stamp names its certificate by digest; a renewed one with the same key is not it."""
    request = stamps.ask(DIGEST)
    expired = cms.Certificate.load(pki.signer("expired-tsa").certificate)

    def exchanged(signed):
        signed["certificates"] = [cms.CertificateChoices("certificate", expired)]
        sid = {"issuer": expired.issuer, "serial_number": expired.serial_number}
        signed["signer_infos"][0]["sid"] = cms.SignerIdentifier("issuer_and_serial_number", sid)

    answer = altered(pki.stamp(request.der, at=MOMENT), exchanged)
    refused(answer, request, "does not hold the certificate")


def test_every_cut_and_every_flipped_byte_is_refused_or_harmless(pki):
    """Whatever bytes come back, the answer is a stamp of ours or one of our sentences."""
    request = stamps.ask(DIGEST)
    answer = pki.stamp(request.der, at=MOMENT)
    for place in range(0, len(answer), 7):
        broken = bytearray(answer)
        broken[place] ^= 0x41
        with suppress(stamps.StampUnusable):
            assert stamps.read(bytes(broken), request).moment == MOMENT
