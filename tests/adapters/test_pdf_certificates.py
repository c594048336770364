"""What a signature is worth by its certificate, with and without a time-stamp that is trusted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pyhanko.sign.fields import SigSeedSubFilter
from signed_pdfs import NOW, a_pdf, evidence, sign, stamp, verified

from edge_node.domain.signature import Revocation, Sub, Verdict

INVALID, UNSURE, VALID = Verdict.INVALID, Verdict.INDETERMINATE, Verdict.VALID
IN_FORCE = datetime(2023, 5, 1, tzinfo=UTC)  # before `expired` ran out
BEFORE = datetime(2025, 5, 1, tzinfo=UTC)  # before `revoked` was
CONSTRAINED = Sub.CRYPTO_CONSTRAINTS_FAILURE


@pytest.mark.parametrize(
    ("name", "level", "verdict", "sub"),
    [
        ("expired", "B-B", UNSURE, Sub.OUT_OF_BOUNDS_NO_POE),
        ("expired", "B-T", INVALID, Sub.EXPIRED),
        ("revoked", "B-B", UNSURE, Sub.REVOKED_NO_POE),
        ("revoked", "B-T", INVALID, Sub.REVOKED),
        ("not-yet-valid", "B-B", INVALID, Sub.NOT_YET_VALID),
        ("not-yet-valid", "B-T", INVALID, Sub.NOT_YET_VALID),
        ("tls-only", "B-B", UNSURE, Sub.SIG_CONSTRAINTS_FAILURE),
        ("tls-only", "B-T", UNSURE, Sub.SIG_CONSTRAINTS_FAILURE),
        ("stranger", "B-B", UNSURE, Sub.NO_CERTIFICATE_CHAIN_FOUND),
        ("stranger", "B-T", UNSURE, Sub.NO_CERTIFICATE_CHAIN_FOUND),
        ("sha1", "B-B", UNSURE, CONSTRAINED),
        ("sha1", "B-T", UNSURE, CONSTRAINED),
        ("weak", "B-B", UNSURE, CONSTRAINED),
        ("weak", "B-T", UNSURE, CONSTRAINED),
        ("unlisted", "B-T", UNSURE, Sub.TRY_LATER),
        ("signature-only", "B-T", VALID, None),
        ("first-generation", "B-T", VALID, None),
        ("agency", "B-T", VALID, None),
    ],
)
@pytest.mark.forged
def test_a_certificate_that_does_not_do_is_told_apart(pki, name, level, verdict, sub):
    """Each thing that can be wrong with a certificate has its verdict and sub-indication."""
    asked = () if name in {"stranger", "first-generation", "unlisted"} else (name,)
    found = verified(sign(a_pdf(), pki, name, level=level), pki, *asked, "tsa").verdict

    assert (found.verdict, found.sub) == (verdict, sub)
    assert found.why.template.strip()


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
@pytest.mark.sound
def test_evidence_outlives_the_certificate(pki, level):
    """With a trusted stamp and evidence inside, a signature outlives its certificate."""
    signed = sign(a_pdf(), pki, "expired", level=level, at=IN_FORCE)

    found = verified(signed, pki).verdict.signatures[0]

    assert (found.verdict, found.sub) == (VALID, None)
    assert found.revocation is Revocation.GOOD
    assert (found.stamped_at, found.signed_at) == (IN_FORCE, IN_FORCE)


@pytest.mark.forged
def test_a_stamp_without_evidence_is_not_enough_later(pki):
    """Authorities forget whom they revoked once the certificate ran out: late answers are void."""
    signed = sign(a_pdf(), pki, "expired", level="B-T", at=IN_FORCE)

    found = verified(signed, pki, "expired").verdict

    assert (found.verdict, found.sub) == (UNSURE, Sub.TRY_LATER)


@pytest.mark.forged
def test_a_stamp_that_came_too_late_does_not_help(pki):
    """A stamp made after the certificate ran out shows the signature to be as young as that."""
    late = sign(a_pdf(), pki, "expired", level="B-T", at=IN_FORCE, stamped_at=NOW)

    assert verified(late, pki, "tsa").verdict.sub is Sub.EXPIRED


@pytest.mark.sound
def test_a_late_stamp_over_the_document_condemns_nobody(pki):
    """A document time-stamp years later does not say that the signature was made then."""
    late = stamp(sign(a_pdf(), pki, "expired", at=IN_FORCE), pki)

    found = verified(late, pki, "tsa").verdict

    assert (found.verdict, found.sub) == (UNSURE, Sub.OUT_OF_BOUNDS_NO_POE)


@pytest.mark.sound
def test_a_stamp_over_the_document_dates_what_is_under_it(pki):
    """A signature without a stamp of its own is as old as the document time-stamp over it."""
    signed = stamp(sign(a_pdf(), pki, "revoked", at=BEFORE), pki, at=BEFORE)

    assert verified(signed, pki, "revoked", "tsa").verdict.verdict is VALID


@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
@pytest.mark.sound
def test_a_revocation_after_the_stamp_changes_nothing(pki, level):
    """Signed and stamped while the certificate was good, a signature survives its revocation."""
    signed = sign(a_pdf(), pki, "revoked", level=level, at=BEFORE)

    found = verified(signed, pki, "revoked", "tsa").verdict

    assert (found.verdict, found.signatures[0].revocation) == (VALID, Revocation.GOOD)


@pytest.mark.parametrize(
    ("tsa", "why"),
    [
        ("expired-tsa", "the time-stamp was made while the authority's certificate was not in"),
        ("stranger-tsa", "no root that is trusted here stands above the certificate"),
        ("unfit-tsa", "the certificate was not issued for time-stamps"),
    ],
)
@pytest.mark.forged
def test_a_stamp_that_is_not_trusted_proves_nothing(pki, tsa, why):
    """A stamp by whoever may not make one is told and left out: the signature stands by itself."""
    found = verified(sign(a_pdf(), pki, level="B-T", tsa=tsa), pki, "rsa2048").verdict

    (mine,) = found.signatures
    assert (mine.verdict, mine.stamped_at, mine.stamped_by) == (VALID, None, "")
    assert str(mine.warnings[0]).startswith(f"its time-stamp does not count: {why}")


@pytest.mark.sound
def test_a_document_stamp_that_is_not_trusted_harms_nobody(pki):
    """A stranger's time-stamp over a valid signature is a warning about the stamp."""
    found = verified(stamp(sign(a_pdf(), pki), pki, tsa="stranger-tsa"), pki, "rsa2048").verdict

    assert [one.verdict for one in found.signatures] == [VALID, UNSURE]
    assert found.verdict is VALID
    assert "does not count" in str(found.warnings[0])


@pytest.mark.sound
def test_an_expired_authority_counts_under_a_later_stamp(pki):
    """A stamp whose authority has run out since is held up by a document time-stamp over it."""
    alone = sign(a_pdf(), pki, "expired", level="B-LT", at=IN_FORCE, tsa="expired-tsa")
    later = datetime(2023, 6, 1, tzinfo=UTC)
    under = stamp(alone, pki, at=later)
    held = (*evidence(pki, "expired-tsa", at=later), *evidence(pki, "tsa"))

    assert verified(alone, pki, "tsa").verdict.sub is Sub.OUT_OF_BOUNDS_NO_POE
    assert verified(under, pki, evidence=held).verdict.verdict is VALID


def test_an_expired_stamp_over_the_document_counts_under_a_later_one(pki):
    """A document time-stamp whose authority has run out since is held up by the next over it."""
    later = datetime(2023, 6, 1, tzinfo=UTC)
    first = stamp(sign(a_pdf(), pki, "expired", at=IN_FORCE), pki, at=IN_FORCE, tsa="expired-tsa")
    second = stamp(first, pki, at=later, field="Later")
    held = (*evidence(pki, "expired", "expired-tsa", at=later), *evidence(pki, "tsa"))

    alone = verified(first, pki, evidence=held).verdict
    under = verified(second, pki, evidence=held).verdict

    assert (alone.verdict, alone.sub) == (UNSURE, Sub.OUT_OF_BOUNDS_NO_POE)
    assert "the certificate ran out on 2024-01-01" in str(alone.signatures[1].why)
    assert under.verdict is VALID
    assert [one.stamped_at for one in under.signatures] == [None, IN_FORCE, later]


def test_a_stamp_of_the_future_dates_nothing(pki):
    """A trusted authority whose clock is years ahead leaves the signature without a time."""
    ahead = datetime(2029, 1, 1, tzinfo=UTC)
    own = sign(a_pdf(), pki, level="B-T", stamped_at=ahead)
    over = stamp(sign(a_pdf(), pki), pki, at=ahead)

    for signed in (own, over):
        found = verified(signed, pki, "rsa2048", "tsa").verdict
        assert (found.verdict, found.signatures[0].stamped_at) == (VALID, None)
        warned = [*found.warnings, *found.signatures[0].warnings]
        assert "a time that has not come yet" in str(warned[0])


@pytest.mark.parametrize("level", ["B-B", "B-T"])
@pytest.mark.forged
def test_sha_1_is_refused_in_words_of_its_own(pki, level):
    """A signature over SHA-1 is INDETERMINATE with its own sentence, stamped or not."""
    found = verified(sign(a_pdf(), pki, digest="sha1", level=level), pki, "rsa2048", "tsa").verdict

    assert (found.verdict, found.sub) == (UNSURE, CONSTRAINED)
    assert str(found.why) == "it uses SHA-1, which can be forged"


@pytest.mark.sound
def test_sha_1_of_old_documents_is_a_policy(pki):
    """Where policy accepts it for the archives, SHA-1 is a warning."""
    old = SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    signed = sign(a_pdf(), pki, digest="sha1", level="B-T", subfilter=old)

    (found,) = verified(signed, pki, "rsa2048", "tsa", legacy_sha1=True).verdict.signatures

    assert (found.verdict, found.algorithm) == (VALID, "rsa2048-sha1")
    assert "it uses SHA-1, which is accepted here for old documents only" in map(
        str, found.warnings
    )


def test_how_short_a_key_may_be_is_a_policy(pki):
    """The least length of an RSA key is given, and holds for authorities' keys as well."""
    signed = sign(a_pdf(), pki)

    assert verified(signed, pki, "rsa2048", minimum_rsa=3072).verdict.sub is CONSTRAINED
    assert verified(sign(a_pdf(), pki, "weak"), pki, "weak", minimum_rsa=1024).verdict.sub is None
