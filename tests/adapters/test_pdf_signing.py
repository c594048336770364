"""Signing PDFs: every level by every key, found sound by us and by others; step by step."""

from __future__ import annotations

import io

import pytest
from our_pdfs import (
    a_key,
    digest_but,
    fill,
    openssl_agrees,
    our_sign,
    poppler_agrees,
    pyhanko_agrees,
    stamp_over,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from signed_pdfs import NOW, a_pdf, evidence, sign, stamp, trust, verified, with_empty_field

from edge_node.domain.signature import Coverage, Verdict
from edge_node.notary.cms import CmsForm
from edge_node.notary.pdf.longterm import EvidenceUnusable, store
from edge_node.notary.pdf.signing import begin
from edge_node.notary.pdf.verifying import verify
from edge_node.notary.trust import Evidence, Kind

KEYS = ("rsa2048", "rsa3072", "rsa4096", "p256", "p384")
LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", KEYS)
@pytest.mark.sound
def test_every_level_by_every_key_is_found_sound_by_all(pki, tmp_path, name, level):
    """Our own verifier, pyHanko, poppler and openssl agree on every level by every key."""
    pdf = a_pdf()

    signed = our_sign(pdf, pki, name, level=level)

    (mine, *stamps) = verified(signed, pki, name, "tsa").verdict.signatures
    assert signed.startswith(pdf)
    assert (mine.verdict, mine.profile) == (Verdict.VALID, f"PAdES-{level}")
    assert mine.algorithm.endswith("sha384" if name == "p384" else "sha256")
    assert mine.signed_at == NOW
    assert mine.stamped_at == (None if level == "B-B" else NOW)
    assert mine.warnings == ()
    assert [one.profile for one in stamps] == (["DTS"] if level == "B-LTA" else [])
    assert pyhanko_agrees(signed, pki, name, level=level)
    assert poppler_agrees(signed, tmp_path)
    assert openssl_agrees(signed, pki, tmp_path)


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
@pytest.mark.sound
def test_lasting_levels_need_nothing_from_outside(pki, level):
    """With evidence inside, the verdict is reached with pinned roots and nothing else."""
    signed = our_sign(a_pdf(), pki, "person", level=level)

    found = verify(io.BytesIO(signed), trust(pki, evidence=()), now=NOW)

    assert (found.verdict.verdict, found.wanted) == (Verdict.VALID, ())


@pytest.mark.parametrize("first", ["ours", "another's"])
@pytest.mark.sound
def test_earlier_signatures_stay_valid(pki, tmp_path, first):
    """The person's signature holds under the agency's with evidence and stamps, for everyone."""
    by = our_sign if first == "ours" else sign
    signed = by(a_pdf(), pki, "person", level="B-LTA")

    signed = our_sign(signed, pki, "agency", level="B-LTA", field="Seal")

    found = verified(signed, pki, "person", "agency", "tsa").verdict
    assert {one.verdict for one in found.signatures} == {Verdict.VALID}
    assert len(found.signatures) == 4
    assert pyhanko_agrees(signed, pki, "person", "agency", level="B-LTA")
    assert poppler_agrees(signed, tmp_path)
    assert openssl_agrees(signed, pki, tmp_path)


@pytest.mark.sound
def test_a_name_that_is_taken_gets_a_number(pki):
    """Three signatures that wish for the same field stand in three."""
    signed = a_pdf()
    for _ in range(3):
        signed = our_sign(signed, pki)

    found = verified(signed, pki, "rsa2048").verdict

    assert [one.name for one in found.signatures] == ["Signature", "Signature2", "Signature3"]
    assert found.verdict is Verdict.VALID


@pytest.mark.sound
def test_an_empty_field_of_that_name_is_filled(pki):
    """A field that its maker left for the signature is used and none is added."""
    signed = our_sign(with_empty_field(a_pdf(), "Later"), pki, field="Later")

    fields = PdfFileReader(io.BytesIO(signed)).root["/AcroForm"]["/Fields"]

    assert len(fields) == 1
    assert verified(signed, pki, "rsa2048").verdict.verdict is Verdict.VALID


@pytest.mark.sound
def test_a_certified_document_can_be_signed_further(pki):
    """Certifying permits further signatures, and both hold for pyHanko's own rules too."""
    signed = our_sign(a_pdf(), pki, "person", certify=True, level="B-T")
    signed = our_sign(signed, pki, "agency", level="B-LTA", field="Seal")

    assert verified(signed, pki, "person", "agency", "tsa").verdict.verdict is Verdict.VALID
    assert pyhanko_agrees(signed, pki, "person", "agency", level="B-LTA")


def test_the_key_may_be_elsewhere(pki):
    """What is written holds a gap only; a digest goes out and a signature comes back."""
    key = a_key(pki, "p256")
    form = CmsForm.of(key.certificate, key.chain, key.algorithm)
    target = io.BytesIO()

    begun = begin(
        io.BytesIO(a_pdf()), target, hashed="sha256", reserved=form.size(), at=NOW, field="Seal"
    )
    attributes = form.attributes(digest_but(begun.gap, target, "sha256"))
    fill(begun.gap, target, form.filled(attributes, key.sign(form.digest(attributes))))

    assert begun.field == "Seal"
    (found,) = verified(target.getvalue(), pki, "p256").verdict.signatures
    assert (found.verdict, found.coverage) == (Verdict.VALID, Coverage.WHOLE)


def test_nothing_is_written_behind_what_is_there():
    """A target that is not empty is the caller's mistake, and is left as it is."""
    target = io.BytesIO(b"something")

    with pytest.raises(ValueError, match="BytesIO"):
        begin(io.BytesIO(a_pdf()), target, hashed="sha256", reserved=500, at=NOW)

    assert target.getvalue() == b"something"


@pytest.mark.sound
def test_evidence_is_added_to_what_another_signed(pki):
    """A signature that came with a stamp only is made to last, and a second time adds nothing."""
    file = io.BytesIO(sign(a_pdf(), pki, "person", level="B-T"))
    held = evidence(pki, "person", "tsa")

    added = store(file, evidence=held, certificates=pki.signer("tsa").chain)
    size = len(file.getvalue())
    again = store(file, evidence=held, certificates=pki.signer("tsa").chain)

    assert (added, again, len(file.getvalue())) == (True, False, size)
    found = verify(io.BytesIO(file.getvalue()), trust(pki, evidence=()), now=NOW).verdict
    assert found.verdict is Verdict.VALID
    assert found.signatures[0].profile == "PAdES-B-LT"


@pytest.mark.sound
def test_a_document_is_stamped_again_and_again(pki):
    """Stamps upon stamps, over a document of another's, each with evidence before it."""
    file = io.BytesIO(stamp(sign(a_pdf(), pki, "person", level="B-LTA"), pki))
    for _ in range(2):
        store(file, evidence=evidence(pki, "person", "tsa"))
        stamp_over(file, lambda request: pki.stamp(request.der, at=NOW), "sha512")

    found = verified(file.getvalue(), pki, "person", "tsa").verdict

    assert {one.verdict for one in found.signatures} == {Verdict.VALID}
    assert [one.profile for one in found.signatures].count("DTS") == 4


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(kind=Kind.OCSP, content=b"\x30\x03\x0a\x01\x06"),  # "unauthorized"
        Evidence(kind=Kind.OCSP, content=b"junk"),
        Evidence(kind=Kind.CRL, content=b""),
        Evidence(kind=Kind.ISSUER, content=b"-----BEGIN junk"),
    ],
    ids=["refusing", "junk", "empty", "half"],
)
def test_junk_is_no_evidence(pki, evidence):
    """What cannot be read as an answer is refused, and the file is as it was."""
    pdf = sign(a_pdf(), pki)
    file = io.BytesIO(pdf)

    with pytest.raises(EvidenceUnusable, match="cannot be read as such"):
        store(file, evidence=[evidence])

    assert file.getvalue() == pdf
