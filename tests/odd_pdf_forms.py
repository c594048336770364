"""PDFs whose pages or forms are odd, and the very large ones."""

from __future__ import annotations

import functools
import zlib

import odd_pdfs as pdf
from odd_world import Odd, odds
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from signed_pdfs import a_pdf, with_empty_field

HUNDRED = 100 << 20
CATALOG = b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>"


def with_pages(tree, more=None):
    return pdf.of({2: tree} | (more or {}))


def with_page(inner):
    return pdf.of({3: b"<</Type/Page/Parent 2 0 R/Resources<<>>%s>>" % inner})


def with_form(form, more=None):
    return pdf.of({1: CATALOG, 10: form} | (more or {}))


def with_fields(*fields):
    """Return a PDF with a form of such fields (bodies of objects 20, 21 ...)."""
    refs = b" ".join(b"%d 0 R" % number for number in range(20, 20 + len(fields)))
    return with_form(b"<</Fields[%s]/SigFlags 3>>" % refs, dict(enumerate(fields, start=20)))


def xfa(told, *, streams="many", extra=b""):
    """Return a form of Adobe's XML kind; ``told`` is where it says that it is dynamic, if so."""
    dynamic = b"<dynamicRender>required</dynamicRender>" if told == "configuration" else b""
    more = {
        20: pdf.stream(b"<config>%s</config>" % dynamic),
        21: pdf.stream(b"<template/>" + extra),
    }
    held = b"20 0 R" if streams == "one" else b"[(config)20 0 R(template)21 0 R]"
    rendered = b"/NeedsRendering true" if told == "catalog" else b""
    more[1] = b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R%s>>" % rendered
    return with_form(b"<</Fields[]/XFA %s>>" % held, more)


def _branches(depth):
    """Return a tree of pages that is only a stem."""
    objects = {
        number: b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 1)
        for number in range(10, 10 + depth)
    }
    objects[2] = b"<</Type/Pages/Kids[10 0 R]/Count 1>>"
    objects[10 + depth] = b"<</Type/Page/MediaBox[0 0 1 1]/Resources<<>>>>"
    return pdf.of(objects)


def _children(depth):
    """Return a form whose fields are a stem, with a signature at its end."""
    objects = {
        number: b"<</T(f)/Kids[%d 0 R]/Parent %d 0 R>>" % (number + 1, number - 1)
        for number in range(20, 20 + depth)
    }
    objects[20 + depth] = b"<</T(last)/FT/Sig/Parent %d 0 R>>" % (19 + depth)
    return with_form(b"<</Fields[20 0 R]>>", objects)


def _many_fields(count, kind):
    fields = [b"<</T(f%d)/FT/%s>>" % (number, kind) for number in range(count)]
    return with_fields(*fields)


def _large(_, path):
    """Write a PDF with an attachment of 100 MB in it, most of it a hole."""
    sound = pdf.of({4: pdf.stream(b"", length=b"%d" % HUNDRED)})
    before, _, after = sound.partition(b"\nendstream")
    start = pdf.start_of(sound) + HUNDRED
    after = pdf.starting_at(b"\nendstream" + after, b"%d" % start)
    with path.open("wb") as file:
        file.write(before)
        file.seek(HUNDRED, 1)
        file.write(after)


def _described(writer):
    """Put a title with text before and behind zeros into the description."""
    info = generic.DictionaryObject({pdf_name("/Title"): generic.TextStringObject("a\0b")})
    writer.trailer["/Info"] = writer.add_object(info)


PAGES = (
    *odds(
        {
            "pages-none.pdf: no page": lambda _: with_pages(b"<</Type/Pages/Kids[]/Count 0>>"),
            "pages-no-tree.pdf: no tree of pages": lambda _: pdf.of({1: b"<</Type/Catalog>>"}),
            "pages-nowhere.pdf: /Pages leads nowhere": lambda _: pdf.of({2: None}),
            "pages-number.pdf: a number for the tree": lambda _: with_pages(b"42"),
            "pages-null.pdf: null for the tree": lambda _: with_pages(b"null"),
            "pages-array.pdf: an array for the tree": lambda _: with_pages(b"[3 0 R]"),
            "pages-page.pdf: a page for the tree": lambda _: with_pages(pdf.PAGE[3]),
            "pages-catalog.pdf: the catalogue for the tree": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 1 0 R>>"}
            ),
            "pages-no-kids.pdf: a tree without /Kids": lambda _: with_pages(
                b"<</Type/Pages/Count 1>>"
            ),
            "pages-kids-number.pdf: a number for /Kids": lambda _: with_pages(
                b"<</Type/Pages/Kids 3/Count 1>>"
            ),
            "pages-kids-odd.pdf: null, a number and a string for pages": lambda _: with_pages(
                b"<</Type/Pages/Kids[null 7(x)]/Count 3>>"
            ),
            "pages-ring.pdf: a tree that is its own branch": lambda _: with_pages(
                b"<</Type/Pages/Kids[2 0 R]/Count 1>>"
            ),
            "pages-ring-of-two.pdf: two branches, each on the other": lambda _: with_pages(
                b"<</Type/Pages/Kids[9 0 R]/Count 1>>",
                {9: b"<</Type/Pages/Kids[2 0 R]/Count 1/Parent 2 0 R>>"},
            ),
            "pages-deeper.pdf: a page 20 000 branches deep": lambda _: _branches(20_000),
            "count-minus.pdf: -1 pages": lambda _: with_pages(
                b"<</Type/Pages/Kids[3 0 R]/Count -1>>"
            ),
            "count-none.pdf: no /Count": lambda _: with_pages(b"<</Type/Pages/Kids[3 0 R]>>"),
            "count-name.pdf: /Count /Many": lambda _: with_pages(
                b"<</Type/Pages/Kids[3 0 R]/Count/Many>>"
            ),
            "notes-number.pdf: a number for annotations": lambda _: with_page(
                b"/MediaBox[0 0 9 9]/Annots 7"
            ),
        }
    ),
    *odds(
        {
            "pages-twice.pdf: one page 1 000 times": lambda _: with_pages(
                b"<</Type/Pages/Kids[" + b"3 0 R " * 1000 + b"]/Count 1000>>"
            ),
            "pages-fan.pdf: branches of ten, of ten, ... : 10^9 pages": lambda _: _fan(),
            "pages-deep.pdf: a page 400 branches deep": lambda _: _branches(400),
            "count-huge.pdf: 10^12 pages, it says": lambda _: with_pages(
                b"<</Type/Pages/Kids[3 0 R]/Count 1000000000000>>"
            ),
            "box-none.pdf: a page of no size": lambda _: with_page(b""),
            "box-empty.pdf: a page of nothing": lambda _: with_page(b"/MediaBox[0 0 0 0]"),
            "box-turned.pdf: a page from right to left": lambda _: with_page(
                b"/MediaBox[595 842 0 0]"
            ),
            "box-huge.pdf: a page of 10^30": lambda _: with_page(
                b"/MediaBox[0 0 1%s 1]" % (b"0" * 30)
            ),
            "box-words.pdf: a size in words": lambda _: with_page(b"/MediaBox(A4)"),
            "box-two.pdf: a size of two numbers": lambda _: with_page(b"/MediaBox[595 842]"),
            "crop-outside.pdf: cut beside the page": lambda _: with_page(
                b"/MediaBox[0 0 9 9]/CropBox[99 99 999 999]"
            ),
            "turned-45.pdf: turned by 45 degrees": lambda _: with_page(
                b"/MediaBox[0 0 9 9]/Rotate 45"
            ),
            "turned-word.pdf: turned by a word": lambda _: with_page(
                b"/MediaBox[0 0 9 9]/Rotate/Left"
            ),
            "units.pdf: units of -5": lambda _: with_page(b"/MediaBox[0 0 9 9]/UserUnit -5"),
            "notes-ring.pdf: annotations that are the page": lambda _: with_page(
                b"/MediaBox[0 0 9 9]/Annots[3 0 R]"
            ),
            "contents-nowhere.pdf: contents that are not there": lambda _: pdf.of({4: None}),
            "contents-many.pdf: contents in 20 000 pieces": lambda _: with_page(
                b"/MediaBox[0 0 9 9]/Contents[" + b"4 0 R " * 20_000 + b"]"
            ),
            "contents-bomb.pdf: contents that unpack to 300 MB": lambda _: pdf.of(
                {4: pdf.stream(_bomb(), b"/Filter/FlateDecode")}
            ),
            "no-text-map.pdf: letters without a map to Unicode": lambda _: _unmapped(),
            "title-zero.pdf: a zero in the title": lambda w: w.updated(_described),
            "pages-5000.pdf: 5 000 pages": lambda _: pdf.of_pages(5000),
            "pages-10000.pdf: 10 000 pages": lambda _: pdf.of_pages(10_000),
        },
        signs=True,
    ),
    Odd(name="hundred-megabytes.pdf", what="100 MB", put=_large, signs=True),
)


@functools.cache
def _bomb():
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()


def _fan():
    """Return a tree whose branches are each other's, so that it has 10^9 leaves."""
    objects = {
        number: b"<</Type/Pages/Kids[" + b"%d 0 R " % (number + 1) * 10 + b"]/Count 10>>"
        for number in range(10, 19)
    }
    objects[2] = b"<</Type/Pages/Kids[10 0 R]/Count 1000000000>>"
    objects[19] = b"<</Type/Page/MediaBox[0 0 1 1]>>"
    return pdf.of(objects)


def _unmapped():
    font = b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[7 0 R]>>"
    return pdf.of(
        {
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</Font<</F 6 0 R>>>>"
            b"/Contents 4 0 R>>",
            4: pdf.stream(b"BT /F 9 Tf <00010002> Tj ET"),
            6: font,
            7: b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDSystemInfo<<>>>>",
        }
    )


SIG = b"<</T(S)/FT/Sig%s>>"
FORMS = (
    *odds(
        {
            "form-null.pdf: null for a form": lambda _: with_form(b"null"),
            "form-nowhere.pdf: a form that is not there": lambda _: pdf.of({1: CATALOG}),
            "form-empty.pdf: an empty form": lambda _: with_form(b"<<>>"),
            "form-catalog.pdf: the catalogue for a form": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 1 0 R>>"}
            ),
            "form-direct.pdf: a form in the catalogue itself": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]>>>>"}
            ),
            "fields-null.pdf: null for the fields": lambda _: with_form(b"<</Fields null>>"),
            "fields-parents.pdf: a field that is its own parent": lambda _: with_fields(
                b"<</T(a)/FT/Sig/Parent 20 0 R>>"
            ),
            "fields-deep.pdf: a field 200 storeys deep": lambda _: _children(200),
            "fields-many.pdf: 1 000 fields of text": lambda _: _many_fields(1000, b"Tx"),
            "fields-to-sign.pdf: 500 empty signature fields": lambda _: _many_fields(500, b"Sig"),
            "field-empty.pdf: one empty signature field": lambda w: with_empty_field(w.pdf),
            "field-no-name.pdf: a field without a name": lambda _: with_fields(b"<</FT/Sig>>"),
            "field-same-name.pdf: two fields of one name": lambda _: with_fields(
                SIG % b"", SIG % b""
            ),
            "field-dots.pdf: a name of dots": lambda _: with_fields(b"<</T(a..b.)/FT/Sig>>"),
            "field-long.pdf: a name of 100 000 letters": lambda _: with_fields(
                b"<</T(" + b"n" * 100_000 + b")/FT/Sig>>"
            ),
            "field-vietnamese.pdf: a Vietnamese name": lambda _: with_fields(
                b"<</T<%s>/FT/Sig>>" % ("\ufeffChữ ký số".encode("utf-16-be").hex().encode())
            ),
            "field-ours.pdf: a field of text of the name we use": lambda _: with_fields(
                b"<</T(Signature)/FT/Tx>>"
            ),
            "field-of-text.pdf: a field of text with a signature in it": lambda _: with_fields(
                b"<</T(x)/FT/Tx/V<</Type/Sig>>>>"
            ),
            "field-no-kind.pdf: a field of no kind": lambda _: with_fields(b"<</T(x)>>"),
            "value-null.pdf: null for a signature": lambda _: with_fields(SIG % b"/V null"),
            "value-empty.pdf: an empty signature": lambda _: with_fields(SIG % b"/V<<>>"),
            "flags-odd.pdf: a word for flags": lambda _: with_form(b"<</Fields[]/SigFlags/Yes>>"),
            "certified-nowhere.pdf: certified by a signature that is not there": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/Perms<</DocMDP 77 0 R>>>>"}
            ),
            "certified-page.pdf: certified by a page": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/Perms<</DocMDP 3 0 R>>>>"}
            ),
            "usage-rights.pdf: usage rights of Adobe's (UR3)": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/Perms<</UR3<</Type/Sig>>>>>>"}
            ),
            "xfa-static.pdf: a static XFA form": lambda _: xfa("nowhere"),
            "xfa-number.pdf: a number for an XFA form": lambda _: with_form(
                b"<</Fields[]/XFA 7>>"
            ),
            "xfa-array.pdf: numbers for an XFA form": lambda _: with_form(
                b"<</Fields[]/XFA[1 2 3]>>"
            ),
            "store-number.pdf: a number for the store of evidence": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/DSS 7>>"}
            ),
            "store-ring.pdf: a store of evidence that is the catalogue": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/DSS 1 0 R>>"}
            ),
            "store-pages.pdf: pages for evidence": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/DSS<</Certs[3 0 R]/CRLs 3 0 R>>>>"}
            ),
        },
        signs=True,
    ),
    *odds(
        {
            "form-number.pdf: a number for a form": lambda _: with_form(b"42"),
            "form-array.pdf: an array for a form": lambda _: with_form(b"[]"),
            "fields-number.pdf: a number for the fields": lambda _: with_form(b"<</Fields 42>>"),
            "fields-odd.pdf: null, a number and a string for fields": lambda _: with_form(
                b"<</Fields[null 7(x)]>>"
            ),
            "fields-nowhere.pdf: fields that are not there": lambda _: with_form(
                b"<</Fields[77 0 R 78 0 R]>>"
            ),
            "fields-ring.pdf: a field that is its own child": lambda _: with_fields(
                b"<</T(a)/Kids[20 0 R]>>"
            ),
            "fields-ring-of-two.pdf: two fields, each the other's child": lambda _: with_fields(
                b"<</T(a)/Kids[21 0 R]>>", b"<</T(b)/Kids[20 0 R]>>"
            ),
            "fields-deeper.pdf: a field 1 200 storeys deep": lambda _: _children(1200),
            "fields-fan.pdf: fields of ten, of ten, ... : 10^8 fields": lambda _: _fields_fan(),
            "field-number.pdf: a number for a name": lambda _: with_fields(b"<</T 7/FT/Sig>>"),
            "field-half.pdf: a name of half a letter (UTF-16)": lambda _: with_fields(
                b"<</T<FEFFD8>/FT/Sig>>"
            ),
            "field-surrogate.pdf: a name of a lone surrogate": lambda _: with_fields(
                b"<</T<FEFFD800>/FT/Sig>>"
            ),
            "value-number.pdf: a number for a signature": lambda _: with_fields(SIG % b"/V 7"),
            "value-string.pdf: a text for a signature": lambda _: with_fields(
                SIG % b"/V(signed!)"
            ),
            "value-nowhere.pdf: a signature that is not there": lambda _: with_fields(
                SIG % b"/V 77 0 R"
            ),
            "value-itself.pdf: a field that is its own signature": lambda _: with_fields(
                SIG % b"/V 20 0 R"
            ),
            "value-stream.pdf: a stream for a signature": lambda _: with_fields(SIG % b"/V 4 0 R"),
            "value-half.pdf: a signature without bytes": lambda _: with_fields(
                SIG
                % b"/V<</Type/Sig/SubFilter/adbe.pkcs7.detached/ByteRange[0 9 20 9]/Contents<>>>"
            ),
            "value-zeros.pdf: a signature of zeros": lambda _: with_fields(
                SIG % b"/V<</Type/Sig/SubFilter/ETSI.RFC3161/ByteRange[0 9 20 9]/Contents<0000>>>"
            ),
            "value-ring.pdf: a signature in another's place": lambda _: with_fields(
                SIG % b"/V 21 0 R", SIG % b"/V 20 0 R"
            ),
            "value-many.pdf: 200 signatures of nothing": lambda _: with_fields(
                *([SIG % b"/V<</Type/Sig>>"] * 200)
            ),
            "lock-odd.pdf: a number for what is locked": lambda _: with_fields(
                b"<</T(Signature)/FT/Sig/Lock 7>>"
            ),
            "seed-odd.pdf: a number for what is asked of a signature": lambda _: with_fields(
                b"<</T(Signature)/FT/Sig/SV 7>>"
            ),
            "seed-demands.pdf: a field that asks for a certain signature": lambda _: with_fields(
                b"<</T(Signature)/FT/Sig/SV<</Type/SV/Ff 63/SubFilter[/adbe.x509.rsa_sha1]>>>>"
            ),
            "certified-number.pdf: certified by a number": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/Perms<</DocMDP 7>>>>"}
            ),
            "certified-odd.pdf: a number for permissions": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/Perms 7>>"}
            ),
            "xfa-dynamic.pdf: a dynamic XFA form, says its configuration": lambda _: xfa(
                "configuration"
            ),
            "xfa-one.pdf: a dynamic XFA form in one stream": lambda _: xfa(
                "configuration", streams="one"
            ),
            "xfa-rendered.pdf: a dynamic XFA form, says its catalogue": lambda _: xfa("catalog"),
            "xfa-nowhere.pdf: an XFA form that is not there": lambda _: with_form(
                b"<</Fields[]/XFA 77 0 R>>"
            ),
            "xfa-bomb.pdf: an XFA form of 300 MB": lambda _: with_form(
                b"<</Fields[]/XFA 20 0 R>>", {20: pdf.stream(_bomb(), b"/Filter/FlateDecode")}
            ),
        }
    ),
)


def _fields_fan():
    objects = {
        number: b"<</T(f)/Kids[" + b"%d 0 R " % (number + 1) * 10 + b"]>>"
        for number in range(20, 28)
    }
    objects[28] = b"<</T(last)/FT/Sig>>"
    return with_form(b"<</Fields[20 0 R]>>", objects)


WRITTEN = (
    *odds(
        {
            "linearized.pdf: arranged for the web": lambda w: w.qpdf(w.pdf, "--linearize"),
            "object-streams.pdf: all in streams of objects": lambda w: w.qpdf(
                w.pdf, "--object-streams=generate"
            ),
            "qdf.pdf: written out for people to edit": lambda w: w.qpdf(w.pdf, "--qdf"),
            "uncompressed.pdf: no stream packed": lambda w: w.qpdf(
                w.pdf, "--stream-data=uncompress"
            ),
            "thirty-pages.pdf: thirty pages of text": lambda _: a_pdf(pages=30),
        },
        signs=True,
    ),
)
FILES = (*PAGES, *FORMS, *WRITTEN)
