"""Files that are no PDF, or not quite: each gets a verdict and a sentence, none an exception."""

from __future__ import annotations

import io
import random
import re
import subprocess
import sys
import zlib

import odd_pdfs
import pytest
import tampered_pdfs as forge
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from signed_pdfs import NOW, a_pdf, sign, trust, verified, with_empty_field

from edge_node.domain.message import freeze
from edge_node.domain.signature import Sub, Verdict
from edge_node.notary.pdf.verifying import verify

DAMAGED = "the PDF is damaged and cannot be read"
NO_PDF = "the file is no PDF, whatever its name says"
TABLE = re.compile(rb"startxref\s+(\d+)")


def _start(pdf):
    return int(TABLE.search(pdf)[1])


def _patched(pdf, offset, text):
    return pdf[:offset] + text + pdf[offset + len(text) :]


ODD = {
    "empty": (lambda _: b"", "the file is empty"),
    "zeros": (lambda _: bytes(5000), NO_PDF),
    "text": (lambda _: b"Dear all", NO_PDF),
    "a web page": (lambda _: b"<!DOCTYPE html><html><body>404</body></html>", NO_PDF),
    "a zip": (lambda _: b"PK\x03\x04" + bytes(100), NO_PDF),
    "a header": (lambda _: b"%PDF-1.7\n", DAMAGED),
    "truncated": (lambda pdf: pdf[: len(pdf) // 2], DAMAGED),
    "mail headers": (lambda pdf: b"Subject: x\n\n" + pdf, "something stands before the start"),
    "no startxref": (lambda pdf: pdf.replace(b"startxref", b"startxxxx"), DAMAGED),
    "no table": (lambda pdf: _patched(pdf, _start(pdf), b"xxxx"), DAMAGED),
    "a wrong startxref": (lambda pdf: TABLE.sub(b"startxref\n7", pdf), DAMAGED),
    "a startxref of words": (lambda pdf: TABLE.sub(b"startxref\nhere", pdf), DAMAGED),
    "a startxref behind the end": (lambda pdf: TABLE.sub(b"startxref\n9999999", pdf), DAMAGED),
    "no root": (lambda pdf: pdf.replace(b"/Root", b"/Rxxt"), DAMAGED),
    "its own predecessor": (
        lambda pdf: pdf.replace(b"trailer\n<<", b"trailer\n<< /Prev %d " % _start(pdf)),
        None,
    ),
}


@pytest.mark.parametrize(("make", "why"), ODD.values(), ids=ODD)
def test_what_is_no_whole_pdf_is_told(pki, make, why):
    """Whatever stands in the place of a PDF, the answer is a sentence about it."""
    found = verified(make(a_pdf()), pki).verdict

    assert not found.signed
    if why is not None:
        assert (found.verdict, found.sub) == (Verdict.INVALID, Sub.FORMAT_FAILURE)
        assert str(found.why).startswith(why)


def test_a_file_that_asks_for_a_password_is_not_looked_into(pki, tmp_path):
    """Nobody here has the password: that is not the signature's failure."""
    (tmp_path / "in.pdf").write_bytes(a_pdf())
    locking = ["--encrypt", "user", "owner", "256", "--", tmp_path / "in.pdf"]
    subprocess.run(["qpdf", *locking, tmp_path / "out.pdf"], check=True)

    found = verified((tmp_path / "out.pdf").read_bytes(), pki).verdict

    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
    assert "password" in str(found.why)


@pytest.mark.parametrize("depth", [100, 100_000])
@pytest.mark.parametrize("pair", [(b"[", b"]"), (b"<</A ", b">>")])
def test_a_file_nested_deep_is_told(pki, pair, depth):
    """A tower of brackets ends in a sentence and not in a stack."""
    tower = pair[0] * depth + b"1" + pair[1] * depth
    found = verified(a_pdf().replace(b"/Type /Catalog", b"/Type /Catalog /X " + tower), pki)

    assert found.verdict.verdict is not Verdict.VALID


def test_a_tree_of_fields_that_bites_its_tail_is_told(pki):
    """Fields that are their own children end in a sentence."""

    def change(writer):
        fields = writer.root["/AcroForm"]["/Fields"]
        field = fields[0].get_object()
        field[pdf_name("/Kids")] = generic.ArrayObject([fields.raw_get(0)])
        field.pop(pdf_name("/V"), None)
        writer.mark_update(fields.raw_get(0).reference)

    found = verified(forge.updated(with_empty_field(a_pdf()), change), pki).verdict

    assert found.verdict is not Verdict.VALID


FANNED = "the PDF's form has too many fields, or fields that hold themselves"


def test_fields_that_share_fields_are_not_walked_through(pki):
    """Eight storeys of ten fields each are few to write, and 10^8 to walk through."""
    found = verified(forge.updated(with_empty_field(a_pdf()), _fanned), pki).verdict

    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
    assert str(found.why) == FANNED
    assert found.for_good  # another look would find no more


def test_fields_that_shared_fields_once_are_not_walked_through(pki):
    """Nor where they came after one signature and were gone before the next."""

    def undone(writer):
        fields = writer.root["/AcroForm"]["/Fields"]
        fields.pop()
        writer.update_container(fields)

    first = sign(a_pdf(), pki, "person")
    between = forge.updated(forge.updated(first, _fanned), undone)
    found = verified(sign(between, pki, "agency", field="B"), pki, "person", "agency").verdict

    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
    assert "could not be compared" in str(found.why)


def test_a_file_that_tells_of_billions_of_objects_is_not_read(pki):
    """Rows that are not there would be made up, one by one, until no memory is left."""
    for widths in (b"/W[1 4 2]", b"/W[0 0 0]"):
        told = odd_pdfs.packed({}, table=widths + b"/Index[0 2147483647]")
        found = verified(told, pki).verdict

        assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
        assert str(found.why) == "the PDF is nested too deep or too large to look into"


def test_too_many_signatures_are_not_looked_into(pki):
    """Each signature costs a reading of the whole file: there is an end to it."""

    def change(writer):
        value = writer.add_object(generic.DictionaryObject({pdf_name("/Type"): pdf_name("/Sig")}))
        fields = [_field(writer, value, number) for number in range(101)]
        form = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject(fields)})
        writer.root["/AcroForm"] = writer.add_object(form)
        writer.update_root()

    found = verified(forge.updated(a_pdf(), change), pki).verdict

    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)


def test_a_signature_of_an_unknown_manner_is_not_checked(pki):
    """What nobody here can verify is not called broken, and names the manner."""
    signed = forge.in_place(sign(a_pdf(), pki), b"/ETSI.CAdES.detached", b"/adbe.x509.rsa_sha1")

    found = verified(signed, pki).verdict

    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
    assert "adbe.x509.rsa_sha1" in str(found.why)


def test_a_store_full_of_junk_harms_nobody(pki):
    """What cannot be read in a security store is left out."""

    def change(writer):
        bomb = generic.StreamObject(
            {pdf_name("/Filter"): pdf_name("/FlateDecode")},
            encoded_data=zlib.compress(bytes(200_000_000)),
        )
        junk = generic.StreamObject(stream_data=b"junk")
        entries = [writer.add_object(one) for one in (bomb, junk)]
        store = generic.DictionaryObject(
            {pdf_name(key): generic.ArrayObject(entries) for key in ("/Certs", "/OCSPs", "/CRLs")}
        )
        writer.root["/DSS"] = writer.add_object(store)
        writer.update_root()

    found = verified(forge.updated(sign(a_pdf(), pki), change), pki, "rsa2048").verdict

    assert found.verdict is Verdict.VALID


def test_a_spoilt_file_never_raises_and_is_never_valid(pki):
    """A few hundred signed files with bytes changed, lost or doubled: a sentence each."""
    signed = sign(a_pdf(), pki, level="B-LT")
    end = forge.gap(signed)[0]
    chance = random.Random(7)  # noqa: S311 - the same damage every time
    believed = trust(pki, "rsa2048", "tsa")
    for _ in range(60):
        found = verify(io.BytesIO(_spoilt(signed, end, chance)), believed, now=NOW).verdict
        assert found.verdict is not Verdict.VALID
        assert freeze(found.why)


def test_nothing_is_written_about_strangers_files(pki, capfd, caplog):
    """The libraries keep what they think of a file to themselves."""
    verified(forge.page_changed(sign(a_pdf(), pki)), pki, "rsa2048")
    verified(b"%PDF-1.7\njunk", pki)

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_the_package_is_light_to_import():
    """Whoever only passes trust and verdicts about imports none of the large libraries."""
    program = (
        "import sys, edge_node.notary.trust, edge_node.notary.pdf; "
        "print([name for name in ('pyhanko', 'asn1crypto', 'cryptography', 'lxml') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"


def _spoilt(pdf, end, chance):
    """Damage the signed bytes at random."""
    at = chance.randrange(20, end)
    kind = chance.randrange(4)
    if kind == 0:
        return pdf[:at] + bytes([pdf[at] ^ (1 << chance.randrange(8))]) + pdf[at + 1 :]
    if kind == 1:
        return pdf[:at] + pdf[at + chance.randrange(1, 50) :]
    if kind == 2:
        return pdf[:at] + pdf[at : at + 30] + pdf[at:]
    return pdf[:at] + chance.randbytes(9) + pdf[at + 9 :]


def _fanned(writer):
    """Add a field that holds ten times a field that holds ten times a field, and so on."""
    named = {pdf_name("/T"): generic.TextStringObject("f")}
    ref = writer.add_object(generic.DictionaryObject(named))
    for _ in range(8):
        kids = {pdf_name("/Kids"): generic.ArrayObject([ref] * 10)}
        ref = writer.add_object(generic.DictionaryObject(named | kids))
    fields = writer.root["/AcroForm"]["/Fields"]
    fields.append(ref)
    writer.update_container(fields)


def _field(writer, value, number):
    return writer.add_object(
        generic.DictionaryObject(
            {
                pdf_name("/FT"): pdf_name("/Sig"),
                pdf_name("/T"): generic.TextStringObject(f"S{number}"),
                pdf_name("/V"): value,
            }
        )
    )
