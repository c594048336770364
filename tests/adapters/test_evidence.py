"""Evidence that is damaged, or forgetful, or read again and again: what it spoils and what not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pki import EXPIRED_AT
from signed_pdfs import NOW, evidence

from edge_node.domain.signature import Revocation, Sub, Verdict
from edge_node.notary import revocation
from edge_node.notary.chain import judge
from edge_node.notary.trust import Evidence, Kind, Trust

IN_FORCE = datetime(2023, 5, 1, tzinfo=UTC)  # before `expired` ran out
KEEPS = x509.ObjectIdentifier("2.5.29.60")  # ExpiredCertsOnCRL


def damaged(content, *, step):
    """Yield ``content`` with one byte changed, at one place after the other."""
    for place in range(0, len(content), step):
        for change in (0x01, 0x80):
            other = bytearray(content)
            other[place] ^= change
            yield bytes(other)


@pytest.mark.parametrize("kind", [Kind.OCSP, Kind.CRL])
def test_damaged_evidence_among_good_spoils_nothing(pki, kind):
    """Each piece is passed over by itself, wherever in it the damage is, embedded or fetched."""
    signer, good = pki.signer("p256").certificate, evidence(pki, "p256")
    whole = pki.ocsp("p256", at=NOW) if kind is Kind.OCSP else pki.crl("issuing-2", at=NOW)
    for content in damaged(whole, step=23):
        bad = Evidence(kind=kind, content=content)
        trust = Trust(roots=pki.roots, intermediates=pki.intermediates, evidence=(bad, *good))

        found = judge(signer, trust, now=NOW, evidence=(bad,))

        assert (found.verdict, found.revocation) == (Verdict.VALID, Revocation.GOOD)


def test_a_damaged_companion_spoils_nothing(pki):
    """One that came along is as good as not there, even where it goes by the name of ours."""
    signer = pki.signer("p256").certificate
    for content in damaged(pki.signer("issuing-2").certificate, step=17):
        held = (Evidence(kind=Kind.ISSUER, content=content), *evidence(pki, "p256"))
        trust = Trust(roots=pki.roots, intermediates=pki.intermediates, evidence=held)

        assert judge(signer, trust, now=NOW, others=(content,)).verdict is Verdict.VALID


def test_a_damaged_certificate_is_a_judgement(pki):
    """Nothing escapes, be it a kind of key that nobody knows; and none of them is VALID."""
    trust = Trust(roots=pki.roots, intermediates=pki.intermediates, evidence=evidence(pki, "p256"))
    for content in damaged(pki.signer("p256").certificate, step=7):
        assert judge(content, trust, now=NOW).verdict is not Verdict.VALID
    assert judge(content[:-1], trust, now=NOW).signer is None  # no day is made up for it
    assert judge(pki.signer("p256").certificate, trust, now=NOW).signer is not None


def keeping(pki, told):
    """Return a list of today with this value (DER) of ExpiredCertsOnCRL; None without any."""
    issuer = pki.signer("issuing-2")
    held = x509.load_der_x509_certificate(issuer.certificate)
    built = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(held.subject)
        .last_update(NOW - timedelta(days=1))
        .next_update(NOW + timedelta(days=1))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(held.public_key()), critical=False
        )
        .add_extension(x509.CRLNumber(9), critical=False)
    )
    if told is not None:
        built = built.add_extension(x509.UnrecognizedExtension(KEEPS, told), critical=False)
    return built.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)


def since(moment):
    written = f"{moment:%Y%m%d%H%M%SZ}".encode()
    return b"\x18" + bytes([len(written)]) + written


@pytest.mark.parametrize(
    ("told", "sub"),
    [
        (None, Sub.TRY_LATER),
        (since(EXPIRED_AT - timedelta(days=1)), None),
        (since(EXPIRED_AT), None),
        (since(EXPIRED_AT + timedelta(days=1)), Sub.TRY_LATER),
        (b"\x05\x00", Sub.TRY_LATER),
        (b"junk", Sub.TRY_LATER),
    ],
)
def test_a_list_tells_of_what_ran_out_as_far_back_as_it_says(pki, told, sub):
    """An authority forgets what ran out, or since when it does not (X.509, 9.5.2.8)."""
    of_root = Evidence(kind=Kind.CRL, content=pki.crl("root-2", at=NOW))
    late = Evidence(kind=Kind.CRL, content=keeping(pki, told))
    trust = Trust(roots=pki.roots, intermediates=pki.intermediates, evidence=(late, of_root))

    found = judge(pki.signer("expired").certificate, trust, now=NOW, at=IN_FORCE)

    assert found.sub is sub


def test_what_was_read_is_not_read_again_for_the_next_signature(pki):
    """Lists of authorities come to megabytes; when the file is done with, nothing is kept."""
    held = evidence(pki, "p256")
    revocation.forget()
    first = list(revocation.readable(held))

    assert all(
        one.parsed is other.parsed
        for one, other in zip(first, revocation.readable(held), strict=True)
    )
    revocation.forget()
    assert first[0].parsed is not next(iter(revocation.readable(held))).parsed
