"""Odd PDFs before signing: what is signed all the same, and what is refused with a reason."""

from __future__ import annotations

import errno
import io
import re
import subprocess
from pathlib import Path

import pytest
from odd_pdfs import hybrid
from our_pdfs import our_sign, poppler_agrees, pyhanko_agrees, stamp_over
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    SigFieldSpec,
    SigSeedValFlags,
    SigSeedValueSpec,
    append_signature_field,
)
from signed_pdfs import NOW, a_pdf, sign, stamp, verified, with_empty_field, written
from tampered_pdfs import updated

from edge_node.domain.errors import DiskTrouble, NotSignable, Permanent
from edge_node.domain.signature import Verdict
from edge_node.notary.pdf.longterm import begin_stamp, store
from edge_node.notary.pdf.preflight import examine
from edge_node.notary.pdf.signing import begin
from edge_node.notary.trust import Evidence, Kind

DAMAGED = "the PDF is damaged and cannot be read"
NO_PDF = "the file is no PDF, whatever its name says"
STARTXREF = re.compile(rb"startxref\s+(\d+)")

BROKEN = {
    "empty": (lambda _: b"", "the file is empty"),
    "text": (lambda _: b"Dear all", NO_PDF),
    "a web page": (lambda _: b"<!DOCTYPE html><html></html>", NO_PDF),
    "a header": (lambda _: b"%PDF-1.7\n", DAMAGED),
    "truncated": (lambda pdf: pdf[: len(pdf) // 2], DAMAGED),
    "cut at its end": (lambda pdf: pdf[:-40], DAMAGED),
    "leading junk": (lambda pdf: b"junk\n" + pdf, "something stands before the start of the PDF"),
    "zeros behind": (
        lambda pdf: pdf + bytes(3000),
        "so many blanks stand behind the PDF that programs do not find its end",
    ),
    "no startxref": (lambda pdf: pdf.replace(b"startxref", b"startxxxx"), DAMAGED),
    "a wrong startxref": (lambda pdf: STARTXREF.sub(b"startxref\n7", pdf), DAMAGED),
    "a shifted table": (lambda pdf: pdf.replace(b"%PDF-1.3\n", b"%PDF-1.3\n%%%%\n"), DAMAGED),
    "no pages": (lambda pdf: pdf.replace(b"/Pages", b"/Pxges"), DAMAGED),
}


@pytest.mark.parametrize(("make", "why"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_refused_with_a_reason(make, why):
    """Nothing is repaired or signed that does not hold together; the target stays empty."""
    assert _refused(make(a_pdf())) == why


def test_a_file_locked_with_a_password_is_refused(tmp_path):
    """Nobody signs what cannot be looked into."""
    locked = _rearranged(a_pdf(), tmp_path, "--encrypt", "user", "owner", "256", "--")

    assert _refused(locked) == "the PDF is locked with a password and cannot be looked into"


@pytest.mark.parametrize("streams", ["one", "many"])
@pytest.mark.parametrize("told", ["catalog", "configuration"])
def test_a_dynamic_form_is_refused(told, streams):
    """A form that is laid out anew at every opening has no pages that could be signed."""
    pdf = updated(a_pdf(), lambda writer: _xfa(writer, told, streams))

    assert _refused(pdf) == "the PDF is a dynamic XFA form, which has no fixed pages to sign"


@pytest.mark.sound
def test_a_static_form_is_signed(pki):
    """A form that only describes its fields a second time is signed like any PDF."""
    pdf = updated(a_pdf(), lambda writer: _xfa(writer, "nowhere", "many"))

    assert verified(our_sign(pdf, pki), pki, "rsa2048").verdict.verdict is Verdict.VALID


@pytest.mark.parametrize("level", ["B-B", "B-LTA"])
def test_a_certification_that_forbids_every_change_is_obeyed(pki, level):
    """P=1 permits evidence and time-stamps only: one more signature would break the first."""
    certified = sign(a_pdf(), pki, docmdp=1, level=level)

    assert _refused(certified) == (
        "an earlier signature forbids every change, and so every further signature"
    )


@pytest.mark.sound
def test_a_certified_document_may_still_be_made_to_last(pki):
    """What permits no change permits evidence and document time-stamps (ISO 32000-2, 12.8.2.2)."""
    file = io.BytesIO(sign(a_pdf(), pki, docmdp=1, level="B-T"))

    store(file, evidence=[Evidence(kind=Kind.CRL, content=pki.crl(at=NOW))])
    stamp_over(file, lambda request: pki.stamp(request.der, at=NOW))

    assert verified(file.getvalue(), pki, "rsa2048", "tsa").verdict.verdict is Verdict.VALID


@pytest.mark.parametrize("docmdp", [2, 3])
def test_no_field_is_added_to_the_pages_of_a_certified_document(pki, docmdp):
    """A new field that shows would count as a change; one that does not show does no harm."""
    certified = sign(a_pdf(), pki, docmdp=docmdp)

    with pytest.raises(NotSignable, match="has no empty field for one more signature"):
        examine(io.BytesIO(certified), field="Seal", seen=True)

    signed = our_sign(certified, pki, "agency", field="Seal")
    assert verified(signed, pki, "rsa2048", "agency").verdict.verdict is Verdict.VALID
    assert pyhanko_agrees(signed, pki, "rsa2048", "agency")


@pytest.mark.sound
def test_the_empty_field_of_a_certified_document_is_used(pki):
    """The one place that was left for it is where the signature goes."""
    certified = sign(with_empty_field(a_pdf(), "Later"), pki, docmdp=2)

    ground = examine(io.BytesIO(certified), field="Seal", seen=True)

    assert (ground.field, ground.fresh) == ("Later", False)


def test_of_several_empty_fields_one_must_be_named(pki):
    """Nobody guesses who was meant to sign where."""
    certified = sign(with_empty_field(with_empty_field(a_pdf()), "Other"), pki, docmdp=2)

    with pytest.raises(NotSignable, match="several empty signature fields: Later, Other"):
        examine(io.BytesIO(certified), field="Seal", seen=True)
    assert examine(io.BytesIO(certified), field="Other", seen=True).field == "Other"


def test_only_the_first_signature_certifies(pki):
    """A document that is signed cannot be certified any more; one that is only stamped can."""
    signed = _refused(sign(a_pdf(), pki), certify=True)

    assert signed == (
        "only the first signature can certify a document, and this one is signed already"
    )
    examine(io.BytesIO(stamp(a_pdf(), pki)), field="Seal", seen=False, certify=True)


def test_a_field_that_was_locked_stays_empty(pki):
    """Whoever locked the form by signing is obeyed."""
    locked = sign(_with_field(lock=FieldMDPSpec(FieldMDPAction.ALL)), pki, field="First")

    assert _refused(locked) == "an earlier signature locked the field Signature"


@pytest.mark.sound
def test_a_field_that_locks_the_form_does_so_when_we_sign_it(pki):
    """The maker's wish that signing locks the form is written into our signature."""
    signed = our_sign(_with_field(lock=FieldMDPSpec(FieldMDPAction.ALL)), pki, field="First")

    assert verified(signed, pki, "rsa2048").verdict.verdict is Verdict.VALID
    assert pyhanko_agrees(signed, pki, "rsa2048")
    assert _refused(signed) == "an earlier signature locked the field Signature"


def test_a_field_with_demands_is_refused(pki):
    """A field that asks for a reason, a level or an issuer is not filled past its demands."""
    demands = SigSeedValueSpec(flags=SigSeedValFlags.REASONS, reasons=["I agree"])

    assert _refused(_with_field(seed_value_dict=demands), field="First") == (
        "the field First asks for a certain kind of signature"
    )
    our_sign(_with_field(seed_value_dict=demands), pki)  # into a field of its own


ARRANGED = {
    "linearized": ["--linearize"],
    "object streams": ["--object-streams=generate"],
    "for its owner only": ["--encrypt", "", "owner", "256", "--"],
    "for its owner only, AES-128": ["--encrypt", "", "owner", "128", "--use-aes=y", "--"],
    "for its owner only, RC4": [
        "--allow-weak-crypto",
        *["--encrypt", "", "owner", "128", "--use-aes=n", "--"],
    ],
}


@pytest.mark.parametrize("level", ["B-B", "B-LTA"])
@pytest.mark.parametrize("qpdf", ARRANGED.values(), ids=ARRANGED)
@pytest.mark.sound
def test_files_arranged_otherwise_are_signed(pki, tmp_path, qpdf, level):
    """Linearized, packed or protected for its owner: signed twice, both found sound by all."""
    pdf = _rearranged(a_pdf(3), tmp_path, *qpdf)

    signed = our_sign(our_sign(pdf, pki, "person"), pki, "agency", level=level, field="Seal")

    assert signed.startswith(pdf)
    assert verified(signed, pki, "person", "agency", "tsa").verdict.verdict is Verdict.VALID
    assert poppler_agrees(signed, tmp_path)


@pytest.mark.sound
def test_a_hybrid_file_is_signed(pki, tmp_path):
    """Word writes two kinds of cross-reference at once; that is no reason to send it back."""
    pdf = hybrid(a_pdf())

    signed = our_sign(pdf, pki, level="B-LTA")

    assert verified(signed, pki, "rsa2048", "tsa").verdict.verdict is Verdict.VALID
    assert pyhanko_agrees(signed, pki, "rsa2048", level="B-LTA")
    assert poppler_agrees(signed, tmp_path)


@pytest.mark.sound
def test_text_behind_the_end_is_no_obstacle(pki):
    """A line that a gateway appended is signed along with the rest."""
    signed = our_sign(a_pdf() + b"\nscanned by gateway\n", pki)

    assert verified(signed, pki, "rsa2048").verdict.verdict is Verdict.VALID


def test_title_and_dates_are_left_alone(pki):
    """A signature adds a signature: what the document says of itself stays as it was."""
    pdf = a_pdf()
    added = our_sign(pdf, pki)[len(pdf) :]

    assert b"/ModDate" not in added
    assert b"/Producer" not in added


@pytest.mark.parametrize("room", [0, 1500, 4000])
def test_a_full_disk_is_no_fault_of_the_document(room):
    """When the target cannot be written, that is said, and nothing of it is left."""
    target = _Full(room)

    with pytest.raises(DiskTrouble, match="the signed file cannot be written: No space left"):
        begin(io.BytesIO(a_pdf(9)), target, hashed="sha256", reserved=2000, at=NOW)

    assert target.getvalue() == b""


def test_a_full_disk_harms_no_signed_file(pki):
    """When evidence or a stamp does not fit, the signature that was there still holds."""
    signed = sign(a_pdf(), pki, level="B-T")
    file = _Full(len(signed) + 1000)
    file.room, room = 1 << 30, file.room
    file.write(signed)
    file.room = room

    with pytest.raises(DiskTrouble):
        begin_stamp(file, reserved=10_000)
    with pytest.raises(DiskTrouble):
        store(file, certificates=[*pki.roots, *pki.intermediates])

    assert file.getvalue() == signed


class _Full(io.BytesIO):
    """A file on a disk that has room for so many bytes."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def write(self, piece):
        if self.tell() + len(piece) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(piece)


def _refused(pdf, *, field="Signature", certify=False):
    """Return the reason why a PDF is not signed; nothing may have been written by then."""
    target = io.BytesIO()
    with pytest.raises(NotSignable) as told:
        begin(
            io.BytesIO(pdf),
            target,
            hashed="sha256",
            reserved=2000,
            at=NOW,
            field=field,
            certify=certify,
        )
    assert target.getvalue() == b""
    assert isinstance(told.value, Permanent)
    assert str(told.value.hint)
    return str(told.value)


def _with_field(**spec):
    writer = IncrementalPdfFileWriter(io.BytesIO(a_pdf()))
    names = {"lock": "field_mdp_spec"}
    given = {names.get(key, key): value for key, value in spec.items()}
    append_signature_field(writer, SigFieldSpec("First", **given))
    return written(writer)


def _xfa(writer, told, streams):
    """Make the file a form of Adobe's XML kind; ``told`` is where it says that it is dynamic."""
    dynamic = b"<dynamicRender>required</dynamicRender>" if told == "configuration" else b""
    parts = [b"<config>%s</config>" % dynamic, b"<template/>"]
    refs = [writer.add_object(generic.StreamObject(stream_data=part)) for part in parts]
    named = [generic.TextStringObject("config"), refs[0], generic.TextStringObject("t"), refs[1]]
    form = generic.DictionaryObject(
        {
            pdf_name("/Fields"): generic.ArrayObject(),
            pdf_name("/XFA"): refs[0] if streams == "one" else generic.ArrayObject(named),
        }
    )
    writer.root["/AcroForm"] = writer.add_object(form)
    if told == "catalog":
        writer.root["/NeedsRendering"] = generic.BooleanObject(value=True)
    writer.update_root()


def _rearranged(pdf, folder, *options):
    source, target = Path(folder, "in.pdf"), Path(folder, "out.pdf")
    source.write_bytes(pdf)
    subprocess.run(["qpdf", *options, source, target], check=True)
    return target.read_bytes()
