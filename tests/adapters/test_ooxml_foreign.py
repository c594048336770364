from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import office
import pytest
from office import NOW, OFFICE, a_docx, an_xlsx, changed, edited, examined, signed

from edge_node.domain.signature import Coverage, Sub, Verdict
from edge_node.notary.ooxml.verifying import verify
from edge_node.notary.trust import Checking, Trust

SIGNED = Path(__file__).parent.parent / "data" / "signed"
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def examined_there(name, **more):
    trust = Trust(roots=((SIGNED / "root.der").read_bytes(),), checking=Checking.NEVER, **more)
    with (SIGNED / name).open("rb") as file:
        return verify(file, trust, now=LATER).verdict


@pytest.mark.parametrize(
    ("name", "algorithm", "unseen"),
    [
        ("poi.docx", "rsa2048-sha256", True),
        ("poi-exclusive.docx", "rsa2048-sha384", True),
        ("poi-sha512.xlsx", "rsa2048-sha512", False),
        ("libreoffice.docx", "rsa2048-sha256", False),
        ("libreoffice.xlsx", "rsa2048-sha256", False),
    ],
)
@pytest.mark.sound
def test_signatures_by_other_programs_are_accepted(name, algorithm, unseen):
    """Apache POI leaves custom XML out, as Office does; LibreOffice signs blanks as well."""
    found = examined_there(name)

    assert (found.verdict, found.sub) == (Verdict.VALID, None), found.why
    (one,) = found.signatures
    assert (one.algorithm, one.coverage) == (algorithm, Coverage.WHOLE)
    assert one.signer.subject == "Signer of the samples"
    assert f"{one.signed_at:%Y-%m-%d %H:%M}".startswith("2026-11-22 04:3")
    assert any("/customXml/" in part for part in one.uncovered) is unseen
    assert [str(each)[:30] for each in one.warnings] == ["the signature does not speak f"] * unseen


@pytest.mark.sound
def test_sha1_counts_for_old_files_only_and_only_if_so_decided():
    """SHA-1 can be forged, so who accepts it says so, and is reminded."""
    found = examined_there("poi-sha1.xlsx")
    assert (found.verdict, found.sub) == (
        Verdict.INDETERMINATE,
        Sub.CRYPTO_CONSTRAINTS_FAILURE,
    )

    accepted = examined_there("poi-sha1.xlsx", legacy_sha1=True)
    assert accepted.verdict is Verdict.VALID
    assert any("SHA-1" in str(one) for one in accepted.signatures[0].warnings)


@pytest.mark.parametrize("name", sorted(path.name for path in SIGNED.glob("*.*x")))
@pytest.mark.forged
def test_a_change_in_a_file_signed_elsewhere_is_found(name):
    """Whoever signed it, a changed text is INVALID."""
    content = (SIGNED / name).read_bytes()
    part = "word/styles.xml" if name.endswith("docx") else "xl/styles.xml"
    trust = Trust(roots=((SIGNED / "root.der").read_bytes(),), checking=Checking.NEVER)

    altered = io.BytesIO(changed(content, {part: b"<other/>"}))

    found = verify(altered, trust, now=LATER).verdict
    assert (found.verdict, found.sub) == (Verdict.INVALID, Sub.HASH_FAILURE)


CUSTOM = "customXml/item9.xml"


def with_custom_xml(content):
    rels = "word/_rels/document.xml.rels"
    row = f'<Relationship Id="rId9" Type="{OFFICE}/customXml" Target="../{CUSTOM}"/>'
    added = edited(content, rels, "</Relationships>", f"{row}</Relationships>")
    return changed(added, {CUSTOM: b"<x/>"})


@pytest.mark.forged
def test_custom_xml_that_nobody_signed_matters_where_it_is_shown(pki):
    """Office never signs it. It is shown only where a content control is bound to it."""
    unbound = examined(with_custom_xml(signed(a_docx(), pki.signer("p256"))), pki)
    assert unbound.verdict is Verdict.VALID
    assert unbound.signatures[0].uncovered
    assert "which is not shown" in str(unbound.signatures[0].warnings[0])

    document = edited(
        a_docx(),
        "word/document.xml",
        "<w:body>",
        '<w:body><w:sdt><w:dataBinding w:xpath="/x"/></w:sdt>',
    )
    bound = examined(with_custom_xml(signed(document, pki.signer("p256"))), pki)
    assert (bound.verdict, bound.sub) == (Verdict.INDETERMINATE, Sub.SIG_CONSTRAINTS_FAILURE)
    assert bound.signatures[0].coverage is Coverage.PARTIAL


@pytest.mark.sound
def test_a_plain_file_holds_no_signature(pki):
    """That is no error: what to do with unsigned files is policy."""
    for content in (a_docx(), an_xlsx(), office.a_pptx()):
        found = examined(content, pki)
        assert (found.verdict, found.signed, found.signatures) == (
            Verdict.INDETERMINATE,
            False,
            (),
        )
        assert str(found.why) == "it holds no signature"


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"%PDF-1.7 ", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"\0" * 4096],
    ids=["empty", "short", "pdf", "encrypted", "zeros"],
)
def test_what_is_no_office_file_is_left_undecided(pki, content):
    """Nothing shows that it was ever signed, so nothing says that a signature is broken."""
    found = examined(content, pki)
    assert (found.verdict, found.sub, found.signed) == (
        Verdict.INDETERMINATE,
        Sub.NOT_CHECKED,
        False,
    )


@pytest.mark.sound
def test_a_stranger_is_sound_and_not_trusted(pki):
    """The signature holds; nobody here knows who stands behind it."""
    found = examined(signed(a_docx(), pki.signer("stranger")), pki)
    assert (found.verdict, found.sub) == (
        Verdict.INDETERMINATE,
        Sub.NO_CERTIFICATE_CHAIN_FOUND,
    )


@pytest.mark.sound
def test_a_stamp_keeps_a_signature_after_its_certificate_ran_out(pki):
    """With a trusted time before the end the signature is VALID; without, nobody knows."""
    before = datetime(2023, 6, 1, tzinfo=UTC)
    signer = pki.signer("expired")

    stamped = examined(signed(a_docx(), signer, stamp=pki.stamp, at=before), pki)
    plain = examined(signed(a_docx(), signer, at=before), pki)

    assert (stamped.verdict, stamped.signatures[0].stamped_at) == (Verdict.VALID, before)
    assert (plain.verdict, plain.sub) == (Verdict.INDETERMINATE, Sub.OUT_OF_BOUNDS_NO_POE)


@pytest.mark.forged
def test_a_stamp_over_another_signature_does_not_count(pki):
    """Its time is not that of this signature: it stays out, with a warning."""
    stamped = signed(a_docx("other"), pki.signer("p256"), stamp=pki.stamp)
    plain = signed(a_docx(), pki.signer("p256"), stamp=pki.stamp)
    ours, theirs = (office.opened(one)[office.SIGNATURE].decode() for one in (plain, stamped))
    tag = "xd:EncapsulatedTimeStamp>"
    swapped = ours.replace(ours.split(tag)[1], theirs.split(tag)[1])

    found = examined(changed(plain, {office.SIGNATURE: swapped.encode()}), pki)

    (one,) = found.signatures
    assert (one.verdict, one.stamped_at) == (Verdict.VALID, None)
    assert [str(each) for each in one.warnings] == [
        "its time-stamp does not count: the time-stamp was made over something else"
    ]


@pytest.mark.sound
def test_a_clock_seven_hours_ahead_is_a_warning(pki):
    """Clocks that call Vietnamese time UTC are common; later than that nothing explains."""
    seven = timedelta(hours=7)
    ahead = examined(signed(a_docx(), pki.signer("p256"), at=NOW + seven), pki)
    assert ahead.verdict is Verdict.VALID
    assert "wrong zone" in str(ahead.signatures[0].warnings[0])

    beyond = examined(signed(a_docx(), pki.signer("p256"), at=NOW + 2 * seven), pki)
    assert (beyond.verdict, beyond.sub) == (Verdict.INDETERMINATE, Sub.TIMESTAMP_ORDER_FAILURE)


def test_what_would_help_to_know_more_is_named(pki):
    """Where revocation must be known, the places that know it come back with the verdict."""
    file = io.BytesIO(signed(a_docx(), pki.signer("p256")))
    found = verify(file, office.trusting(pki, checking=Checking.REQUIRED), now=NOW)

    assert (found.verdict.verdict, found.verdict.sub) == (Verdict.INDETERMINATE, Sub.TRY_LATER)
    assert any(one.url.startswith(pki.url) for one in found.wanted)


def test_a_stamp_that_is_none_is_passed_over(pki):
    """Whatever stands in its place, the signature is what it is without."""
    stamped = signed(a_docx(), pki.signer("p256"), stamp=pki.stamp)
    part = office.opened(stamped)[office.SIGNATURE].decode()
    tag = "xd:EncapsulatedTimeStamp>"
    broken = part.replace(part.split(tag)[1], "AAAA</")

    found = examined(changed(stamped, {office.SIGNATURE: broken.encode()}), pki)

    (one,) = found.signatures
    assert (one.verdict, one.profile, one.stamped_at) == (Verdict.VALID, "XAdES-BES", None)
