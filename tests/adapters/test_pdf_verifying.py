"""Signed PDFs that nobody has touched: found sound, with who, when and how far."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from odd_pdfs import hybrid
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from signed_pdfs import (
    NOW,
    a_pdf,
    evidence,
    sign,
    stamp,
    trust,
    verified,
    with_empty_field,
    written,
)

from edge_node.domain.signature import Coverage, Revocation, Sub, Verdict
from edge_node.notary.pdf.verifying import verify
from edge_node.notary.trust import Checking, Evidence, Kind

KEYS = ("rsa2048", "rsa3072", "rsa4096", "p256", "p384")
LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
ALGORITHMS = {
    "rsa2048": "rsa2048-sha256",
    "rsa3072": "rsa3072-sha256",
    "rsa4096": "rsa4096-sha256",
    "p256": "ecdsa-p256-sha256",
    "p384": "ecdsa-p384-sha256",
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", KEYS)
@pytest.mark.sound
def test_every_level_of_every_key_is_found_sound(pki, tmp_path, name, level):
    """Each PAdES level by each kind of key is VALID, and poppler finds its bytes sound too."""
    signed = sign(a_pdf(), pki, name, level=level)

    (mine, *stamps) = verified(signed, pki, name, "tsa").verdict.signatures

    assert (mine.verdict, mine.sub) == (Verdict.VALID, None)
    assert mine.profile == f"PAdES-{level}"
    assert mine.algorithm == ALGORITHMS[name]
    assert mine.signer.subject == f"Signer {name}"
    assert [one.subject for one in mine.chain] == [
        "Cơ quan chứng thực số chuyên dùng Chính phủ G2",
        "Cơ quan chứng thực số gốc G2",
    ]
    assert mine.signed_at == NOW
    assert mine.stamped_at == (None if level == "B-B" else NOW)
    assert mine.stamped_by == ("" if level == "B-B" else "Time tsa")
    assert mine.coverage is (Coverage.WHOLE if level in {"B-B", "B-T"} else Coverage.EXTENDED)
    assert mine.revocation is Revocation.GOOD
    assert mine.evidence
    assert mine.warnings == ()
    assert [one.profile for one in stamps] == (["DTS"] if level == "B-LTA" else [])
    assert _poppler_agrees(signed, tmp_path)


@pytest.mark.sound
def test_the_agency_signs_what_the_person_signed(pki, tmp_path):
    """The person's signature holds under the agency's seal, its evidence and its time-stamp."""
    signed = sign(a_pdf(), pki, "person", level="B-T", box=(50, 600, 200, 700))
    signed = sign(signed, pki, "agency", level="B-LTA", field="Seal", box=(50, 50, 150, 150))

    found = verified(signed, pki, "person", "agency", "tsa").verdict

    assert found.verdict is Verdict.VALID
    assert found.signed
    assert [(one.verdict, one.coverage, one.name[:4]) for one in found.signatures] == [
        (Verdict.VALID, Coverage.EXTENDED, "Sign"),
        (Verdict.VALID, Coverage.EXTENDED, "Seal"),
        (Verdict.VALID, Coverage.EXTENDED, "Time"),
    ]
    assert _poppler_agrees(signed, tmp_path)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("docmdp", [1, 2, 3])
@pytest.mark.sound
def test_a_certified_document_is_sound(pki, tmp_path, docmdp, level):
    """A certification that permits nothing, forms or notes holds, with evidence and stamps."""
    signed = sign(a_pdf(), pki, docmdp=docmdp, level=level)

    assert verified(signed, pki, "rsa2048", "tsa").verdict.verdict is Verdict.VALID
    assert _poppler_agrees(signed, tmp_path)


@pytest.mark.parametrize("docmdp", [2, 3])
@pytest.mark.parametrize(
    "field",
    [{"field": "Later"}, {"field": "Seal"}, {"field": "Seal", "box": (50, 50, 150, 150)}],
    ids=["empty", "unseen", "seen"],
)
@pytest.mark.sound
def test_a_certified_document_is_signed_further(pki, docmdp, field):
    """A certification that permits signing holds when one signs, in an old field or a new one."""
    signed = sign(with_empty_field(a_pdf()), pki, docmdp=docmdp)
    signed = sign(signed, pki, "agency", **field)

    found = verified(signed, pki, "rsa2048", "agency").verdict

    assert [one.verdict for one in found.signatures] == [Verdict.VALID, Verdict.VALID]


def test_a_certification_that_permits_nothing_is_not_signed_over(pki):
    """A signature after a certification that forbids it breaks nothing, but is not allowed."""
    signed = sign(sign(a_pdf(), pki, docmdp=1), pki, "agency", field="Seal", forced=True)

    first, second = verified(signed, pki, "rsa2048", "agency").verdict.signatures

    assert (first.verdict, first.sub) == (Verdict.INDETERMINATE, Sub.SIG_CONSTRAINTS_FAILURE)
    assert str(first.why) == "this signature forbids later ones, and yet there are some"
    assert second.verdict is Verdict.VALID


@pytest.mark.sound
def test_many_signatures_and_stamps_in_turn(pki):
    """Four people, two document time-stamps between them and one at the end: all hold."""
    pdf = a_pdf()
    for number, name in enumerate(("person", "p256", "p384", "agency")):
        pdf = sign(pdf, pki, name, field=f"Field{number}")
        pdf = stamp(pdf, pki, field=f"Stamp{number}") if number != 1 else pdf

    found = verified(pdf, pki, "person", "p256", "p384", "agency", "tsa").verdict

    assert found.verdict is Verdict.VALID
    assert [one.profile for one in found.signatures].count("DTS") == 3
    assert {one.verdict for one in found.signatures} == {Verdict.VALID}


@pytest.mark.sound
def test_a_hybrid_file_is_read(pki):
    """A file with two kinds of cross-reference at once, as Word writes them, can be verified."""
    updated = written(IncrementalPdfFileWriter(io.BytesIO(a_pdf())))
    signed = sign(hybrid(updated), pki)

    assert verified(signed, pki, "rsa2048").verdict.verdict is Verdict.VALID


@pytest.mark.parametrize("qpdf", [["--linearize"], ["--object-streams=generate"]])
@pytest.mark.sound
def test_files_arranged_otherwise_are_read(pki, tmp_path, qpdf):
    """Linearized files and files whose objects stand in streams are verified like others."""
    signed = sign(sign(_rearranged(a_pdf(3), tmp_path, *qpdf), pki), pki, "agency", field="Seal")

    assert verified(signed, pki, "rsa2048", "agency").verdict.verdict is Verdict.VALID


@pytest.mark.sound
def test_a_file_that_only_its_owner_may_change_is_read(pki, tmp_path):
    """A PDF encrypted under its owner's password alone opens for everybody, signed or not."""
    locked = _rearranged(a_pdf(), tmp_path, "--encrypt", "", "owner", "256", "--")
    writer = IncrementalPdfFileWriter(io.BytesIO(locked))
    writer.encrypt("")
    signed = sign(locked, pki, writer=writer)

    assert verified(locked, pki).verdict.sub is None
    assert verified(signed, pki, "rsa2048").verdict.verdict is Verdict.VALID


@pytest.mark.sound
def test_a_file_without_signatures_is_no_failure(pki):
    """No signature is nothing to be wrong: INDETERMINATE, unsigned, and policy decides."""
    found = verified(a_pdf(), pki).verdict

    assert (found.verdict, found.sub, found.signed) == (Verdict.INDETERMINATE, None, False)
    assert str(found.why) == "it holds no signature"


@pytest.mark.sound
def test_an_empty_field_is_no_signature(pki):
    """A field that waits for a signature is none."""
    assert not verified(with_empty_field(a_pdf()), pki).verdict.signed


@pytest.mark.sound
def test_a_lone_time_stamp_is_no_signature(pki):
    """A document time-stamp says when and not who: the file counts as unsigned."""
    found = verified(stamp(a_pdf(), pki), pki, "tsa").verdict

    assert (found.verdict, found.signed) == (Verdict.INDETERMINATE, False)
    assert [one.verdict for one in found.signatures] == [Verdict.VALID]


@pytest.mark.sound
def test_line_ends_behind_the_last_byte_change_nothing(pki):
    """A gateway that appends a line end has added nothing that anybody sees."""
    found = verified(sign(a_pdf(), pki) + b"\r\n", pki, "rsa2048").verdict

    assert found.verdict is Verdict.VALID
    assert found.signatures[0].coverage is Coverage.EXTENDED


@pytest.mark.parametrize("level", ["B-B", "B-LT", "B-LTA"])
@pytest.mark.parametrize("blanks", [b" " * 41, bytes(500), b"\f\r\n" * 300])
def test_blanks_behind_the_end_change_nothing(pki, level, blanks):
    """Some programs fill a file up to a block; nothing can be hidden in what shows nothing."""
    padded = sign(a_pdf(), pki, level=level) + blanks

    assert verified(padded, pki, "rsa2048", "tsa").verdict.verdict is Verdict.VALID


def test_more_blanks_than_programs_read_past_are_not_called_damage(pki):
    """The signature may well hold: nobody finds the end of the file to look."""
    found = verified(sign(a_pdf(), pki) + bytes(3000), pki, "rsa2048").verdict

    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
    assert "so many blanks" in str(found.why)


@pytest.mark.parametrize("behind", [b"%%EOX", b"x" + b" " * 60, b" " * 60 + b"x"])
def test_what_is_no_blank_behind_the_end_is_an_addition(pki, behind):
    """However many blanks stand around it."""
    found = verified(sign(a_pdf(), pki, level="B-LT") + behind, pki, "rsa2048", "tsa").verdict

    assert (found.verdict, found.sub) == (Verdict.INVALID, Sub.HASH_FAILURE)


@pytest.mark.sound
def test_a_clock_seven_hours_ahead_is_a_warning(pki):
    """Local time passed off as UTC is met in the field: it is told and does not fail."""
    ahead = sign(a_pdf(), pki, level="B-T", claimed=NOW + timedelta(hours=7, minutes=5))
    (found,) = verified(ahead, pki, "rsa2048", "tsa").verdict.signatures

    assert found.verdict is Verdict.VALID
    assert [str(one) for one in found.warnings] == [
        "the time it claims is ahead, as of a clock set to the wrong zone"
    ]


@pytest.mark.forged
def test_a_clock_that_no_zone_explains_is_not_believed(pki):
    """More than seven hours ahead, the claim cannot be true."""
    ahead = sign(a_pdf(), pki, claimed=NOW + timedelta(hours=7, minutes=6))
    (found,) = verified(ahead, pki, "rsa2048").verdict.signatures

    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.TIMESTAMP_ORDER_FAILURE)


@pytest.mark.sound
def test_the_older_kind_of_signature_is_told(pki):
    """adbe.pkcs7.detached, as the Government's programmes wrote for years, is a warning."""
    signed = sign(a_pdf(), pki, level="B-T", subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED)
    (found,) = verified(signed, pki, "rsa2048", "tsa").verdict.signatures

    assert (found.verdict, found.profile) == (Verdict.VALID, "CMS")
    assert "adbe.pkcs7.detached" in str(found.warnings[0])


@pytest.mark.sound
def test_a_signature_with_its_leaf_only_is_helped_by_the_local_store(pki):
    """The issuing authority is often not embedded: it is asked for, or taken from the store."""
    signed = sign(a_pdf(), pki, leaf_only=True)

    bare = verified(signed, pki, "rsa2048")
    helped = verified(signed, pki, "rsa2048", intermediates=pki.intermediates)

    assert bare.verdict.sub is Sub.NO_CERTIFICATE_CHAIN_FOUND
    assert [one.kind for one in bare.wanted] == [Kind.ISSUER]
    assert helped.verdict.verdict is Verdict.VALID


@pytest.mark.parametrize("form", ["der", "pem", "pkcs7"])
@pytest.mark.sound
def test_an_issuer_that_was_fetched_completes_the_chain(pki, form):
    """What was wanted and brought is used: the issuer, in any form that servers give it in."""
    signed = sign(a_pdf(), pki, leaf_only=True)
    issuer = x509.load_der_x509_certificate(pki.signer("issuing-2").certificate)
    content = {
        "der": lambda: issuer.public_bytes(Encoding.DER),
        "pem": lambda: issuer.public_bytes(Encoding.PEM),
        "pkcs7": lambda: pkcs7.serialize_certificates([issuer], Encoding.DER),
    }[form]()
    issuer = Evidence(kind=Kind.ISSUER, content=content)

    found = verified(signed, pki, evidence=(issuer, *evidence(pki, "rsa2048")))

    assert found.verdict.verdict is Verdict.VALID


@pytest.mark.sound
def test_what_is_missing_is_named_and_suffices(pki):
    """Without evidence the answer is TRY_LATER and a list; with the listed pieces it is VALID."""
    signed = sign(a_pdf(), pki, level="B-T")

    bare = verified(signed, pki, evidence=())

    assert (bare.verdict.verdict, bare.verdict.sub) == (Verdict.INDETERMINATE, Sub.TRY_LATER)
    kinds = [one.kind for one in bare.wanted]
    assert (kinds.count(Kind.OCSP), kinds.count(Kind.CRL)) == (2, 2)  # signer and authority
    fetched = tuple(_fetched(one) for one in bare.wanted)
    now = datetime.now(UTC)
    again = verify(io.BytesIO(signed), trust(pki, evidence=fetched), now=now)
    assert (again.verdict.verdict, again.wanted) == (Verdict.VALID, ())


@pytest.mark.parametrize("checking", [Checking.IF_POSSIBLE, Checking.NEVER])
@pytest.mark.sound
def test_a_node_without_a_network_may_do_without_revocation(pki, checking):
    """Where policy says so, a missing word on revocation is a warning, or nobody's business."""
    found = verified(sign(a_pdf(), pki), pki, evidence=(), checking=checking)

    assert found.verdict.verdict is Verdict.VALID
    told = found.verdict.signatures[0].warnings
    assert len(told) == (1 if checking is Checking.IF_POSSIBLE else 0)
    assert bool(found.wanted) is (checking is Checking.IF_POSSIBLE)


@pytest.mark.sound
def test_what_another_program_signs_is_found_sound(pki, tmp_path):
    """Poppler's signatures, one after the other and with no authority inside, hold as ours do."""
    token = pki.softhsm(tmp_path / "token", "rsa2048", "agency")
    store = _nss_store(tmp_path / "nss", token)
    (tmp_path / "0.pdf").write_bytes(a_pdf())
    for number, name in enumerate(("rsa2048", "agency")):
        command = ["pdfsig", tmp_path / f"{number}.pdf", tmp_path / f"{number + 1}.pdf"]
        command += ["-nssdir", store, "-nss-pwd", token.pin, "-kpw", token.pin]
        command += ["-add-signature", "-nick", f"{token.label}:{name}"]
        # It crashes in NSS on its way out, with the file long written.
        subprocess.run(
            command, check=False, capture_output=True, env=os.environ | token.environment
        )
    signed = (tmp_path / "2.pdf").read_bytes()
    now = datetime.now(UTC)

    found = verified(
        signed, pki, "rsa2048", "agency", now=now, intermediates=pki.intermediates
    ).verdict

    assert [(one.verdict, one.coverage) for one in found.signatures] == [
        (Verdict.VALID, Coverage.EXTENDED),
        (Verdict.VALID, Coverage.WHOLE),
    ]


def _nss_store(folder, token):
    """Make a store of NSS that finds its keys in the token."""
    folder.mkdir()
    program = (
        "import ctypes, sys; nss = ctypes.CDLL('libnss3.so'); "
        "assert not nss.NSS_InitReadWrite(sys.argv[1].encode()); "
        "assert not nss.SECMOD_AddNewModule(b'token', sys.argv[2].encode(), 0, 0); "
        "nss.NSS_Shutdown()"
    )
    command = [sys.executable, "-c", program, f"sql:{folder}", token.module]
    subprocess.run(command, check=True, env=os.environ | token.environment)
    return f"sql:{folder}"


def _poppler_agrees(signed, folder):
    """Whether pdfsig finds every signature sound (it does not judge document time-stamps)."""
    path = folder / "signed.pdf"
    path.write_bytes(signed)
    command = ["pdfsig", "-nocert", path]
    told = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    count = told.count("Signature Type: ETSI.CAdES.detached")
    return count > 0 and told.count("Signature is Valid.") == count


def _rearranged(pdf, folder, *options):
    (folder / "in.pdf").write_bytes(pdf)
    subprocess.run(["qpdf", *options, folder / "in.pdf", folder / "out.pdf"], check=True)
    return (folder / "out.pdf").read_bytes()


def _fetched(wanted):
    if wanted.request:
        headers = {"Content-Type": "application/ocsp-request"}
        answer = httpx.post(wanted.url, content=wanted.request, headers=headers)
    else:
        answer = httpx.get(wanted.url)
    return Evidence(kind=wanted.kind, content=answer.raise_for_status().content)
