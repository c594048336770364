"""PDFs that were signed: soundly, several times, oddly, or changed afterwards."""

from __future__ import annotations

import odd_pdfs as pdf
import tampered_pdfs as forge
from odd_world import Odd, odds
from pyhanko.sign.fields import SigSeedSubFilter
from signed_pdfs import a_pdf, of_size, sign, stamp, with_empty_field

MEGABYTE = 1 << 20


def _times(world, count):
    made = world.pdf
    for number in range(count):
        made = sign(made, world.pki, "p256", field=f"S{number}")
    return made


def _hundred(world, path):
    """Sign 100 MB of what no filter makes smaller."""
    path.write_bytes(sign(of_size(100 * MEGABYTE, 10), world.pki, "person"))


def _stored(world, more):
    """Sign a PDF with evidence, and add an odd store behind it."""
    root = more % b"/Pages 2 0 R"
    return pdf.appended(sign(pdf.of({}), world.pki, "person"), {1: root})


SOUND = (
    *odds(
        {
            "signed.pdf: signed by a person": lambda w: w.signed,
            "signed-b-t.pdf: signed at B-T": lambda w: sign(w.pdf, w.pki, "person", level="B-T"),
            "signed-b-lta.pdf: signed at B-LTA": lambda w: w.kept,
            "signed-b-t-agency.pdf: signed by a person, then the agency": lambda w: sign(
                w.kept, w.pki, "agency", field="Seal", level="B-LTA"
            ),
            "signed-5.pdf: signed five times": lambda w: _times(w, 5),
            "signed-8.pdf: signed eight times": lambda w: _times(w, 8),
            "signed-adobe.pdf: signed in the manner of before PAdES": lambda w: sign(
                w.pdf, w.pki, "person", subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED
            ),
            "signed-sha512.pdf: signed by SHA-512": lambda w: sign(
                w.pdf, w.pki, "person", digest="sha512"
            ),
            "signed-visible.pdf: a signature that shows": lambda w: sign(
                w.pdf, w.pki, "person", box=(50, 50, 200, 100)
            ),
            "signed-hybrid.pdf: a hybrid file, signed": lambda w: sign(
                pdf.hybrid(w.pdf), w.pki, "person"
            ),
            "signed-in-streams.pdf: objects in streams, signed": lambda w: sign(
                pdf.packed({}), w.pki, "person"
            ),
            "signed-field.pdf: signed in a field that waited": lambda w: sign(
                with_empty_field(w.pdf), w.pki, "person", field="Later"
            ),
            "signed-and-field.pdf: signed, and a field that waits": lambda w: sign(
                with_empty_field(w.pdf), w.pki, "person"
            ),
            "certified-2.pdf: certified, forms allowed": lambda w: sign(
                w.pdf, w.pki, "person", docmdp=2
            ),
            "certified-3.pdf: certified, notes allowed": lambda w: sign(
                w.pdf, w.pki, "person", docmdp=3
            ),
            "certified-2-field.pdf: certified, and a field that waits": lambda w: sign(
                with_empty_field(w.pdf), w.pki, "person", docmdp=2
            ),
            "certified-2-twice.pdf: certified, then signed": lambda w: sign(
                sign(w.pdf, w.pki, "person", docmdp=2), w.pki, "agency", field="B"
            ),
            "signed-leaf-only.pdf: only the signer's certificate in it": lambda w: sign(
                w.pdf, w.pki, "person", leaf_only=True
            ),
            "signed-2000-pages.pdf: 2 000 pages, signed": lambda w: sign(
                pdf.of_pages(2000), w.pki, "person"
            ),
            "signed-1000-twice.pdf: 1 000 pages, signed twice": lambda w: sign(
                sign(pdf.of_pages(1000), w.pki, "person"), w.pki, "agency", field="B"
            ),
        },
        valid=True,
        signs=True,
    ),
    *odds(
        {
            "stamped-only.pdf: a time-stamp and no signature": lambda w: stamp(w.pdf, w.pki),
        },
        signs=True,
    ),
    *odds(
        {
            "certified-1.pdf: certified, no change allowed": lambda w: sign(
                w.pdf, w.pki, "person", docmdp=1
            ),
        },
        valid=True,
    ),
    Odd(name="signed-hundred.pdf", what="100 MB, signed", put=_hundred, valid=True, signs=True),
)

DOUBTED = (
    *odds(
        {
            "by-revoked.pdf: by a revoked certificate": lambda w: sign(w.pdf, w.pki, "revoked"),
            "by-expired.pdf: by an expired certificate": lambda w: sign(w.pdf, w.pki, "expired"),
            "by-stranger.pdf: by a stranger": lambda w: sign(w.pdf, w.pki, "stranger"),
            "by-server.pdf: by a server's certificate": lambda w: sign(w.pdf, w.pki, "tls-only"),
            "by-weak.pdf: by a key of 1 024 bits": lambda w: sign(w.pdf, w.pki, "weak"),
            "by-sha1.pdf: by SHA-1": lambda w: sign(w.pdf, w.pki, "person", digest="sha1"),
            "unknown-manner.pdf: a signature of an unknown manner": lambda w: forge.in_place(
                w.signed, b"/ETSI.CAdES.detached", b"/adbe.x509.rsa_sha1"
            ),
        },
        signs=True,
    ),
)


def _ranged_whole(one):
    return forge.ranged(one, 0, len(one), len(one), 0)


_CHANGES = {
    "flipped-content": ("a bit of the page changed", forge.flipped_content),
    "flipped-signature": ("a bit of the signature changed", forge.flipped_signature),
    "no-certificate": ("no certificate in the signature", forge.no_certificate),
    "two-signers": ("two signers in one signature", forge.two_signers),
    "its-own-content": ("a signature that brings what it signs", forge.bringing_its_content),
    "page-changed": ("a page changed later", forge.page_changed),
    "page-added": ("a page added later", forge.page_added),
    "note-added": ("a note laid over the page later", forge.note_added),
    "retitled": ("a word changed later", forge.retitled),
    "nothing-updated": ("a revision that changes nothing", forge.nothing_updated),
    "without-xref": ("an object behind the end", forge.saved_without_xref),
    "with-old-xref": ("an object behind the end, and the old table", forge.saved_with_old_xref),
    "with-broken-xref": ("an object behind the end, and no table", forge.saved_with_broken_xref),
    "bare-trailer": ("an object behind the end, and a trailer", forge.saved_with_bare_trailer),
    "tail": ("a comment behind the end", forge.with_tail),
    "start": ("text before the start", forge.with_start),
    "cut-off": ("the end lost", forge.cut_off),
    "wrapped": ("the signed end moved away", forge.wrapped),
    "repeated": ("one signature in two fields", forge.repeated),
    "ranges-minus": ("a byte range below zero", lambda one: forge.ranged(one, -1, 10, 20, 30)),
    "ranges-all": ("a byte range of the whole file", _ranged_whole),
    "ranges-far": ("a range behind the end", lambda one: forge.ranged(one, 0, 9, 99, 9999999)),
    "ranges-short": ("a byte range of two numbers", lambda one: forge.ranged(one, 0, 10)),
    "zeroed": ("the signature overwritten by zeros", lambda one: _gap_of(one, b"0")),
    "filled": ("the signature overwritten by junk", lambda one: _gap_of(one, b"A")),
    "hybrid-later": ("made hybrid later", pdf.hybrid),
    "no-form": ("the form taken out later", lambda one: forge.updated(one, _formless)),
}  # fmt: skip


def _gap_of(one, letter):
    start, end = forge.gap(one)
    return one[: start + 1] + letter * (end - start - 2) + one[end - 1 :]


def _formless(writer):
    del writer.root["/AcroForm"]
    writer.update_root()


_SHADOWS = {
    "shadow-replace": ("a field filled over the page", forge.with_form, forge.filled),
    "shadow-hide": ("a picture taken off the page", forge.with_cover, forge.uncovered),
    "shadow-freed": ("a picture marked free", forge.with_cover, forge.freed),
    "shadow-tree": ("another tree of pages shown", forge.with_second_tree, forge.trees_swapped),
    "shadow-font": ("another font shown", lambda p: p, forge.font_changed),
}


def _shadow(world, prepare, work):
    return work(sign(prepare(world.pdf), world.pki, "person"))


CHANGED = (
    *odds(
        {
            "certified-1-note.pdf: certified, no change allowed, and a note": lambda w: (
                forge.note_added(sign(w.pdf, w.pki, "person", docmdp=1))
            ),
            "certified-1-signed.pdf: certified, no change allowed, and signed": lambda w: sign(
                sign(w.pdf, w.pki, "person", docmdp=1), w.pki, "agency", field="B", forced=True
            ),
            "certified-3-note.pdf: certified, notes allowed, and a note": lambda w: (
                forge.note_added(sign(w.pdf, w.pki, "person", docmdp=3))
            ),
            "certificate-swapped.pdf: somebody else's certificate": lambda w: (
                forge.swapped_certificate(w.signed, w.pki.signer("agency").certificate)
            ),
            "signature-of-another.pdf: another document's signature": lambda w: forge.signature_of(
                w.signed, sign(a_pdf(text="Other"), w.pki, "person")
            ),
            "dates-odd.pdf: a signing time of letters": lambda w: forge.dictionary_edited(
                w.signed, lambda one: one.update({"/M": one["/Filter"]})
            ),
            "store-later.pdf: signed, then an odd store of evidence": lambda w: _stored(
                w, b"<</Type/Catalog%s/DSS 7>>"
            ),
            "by-later.pdf: by a certificate of the future": lambda w: sign(
                w.pdf, w.pki, "not-yet-valid"
            ),
            "1000-pages-changed.pdf: 1 000 pages, signed, and a note": lambda w: forge.note_added(
                sign(pdf.of_pages(1000), w.pki, "person")
            ),
        },
        signs=None,
    ),
    *(
        Odd(
            name=f"changed-{name}.pdf",
            what=what,
            make=lambda w, work=work: work(w.signed),
            signs=None,
        )
        for name, (what, work) in _CHANGES.items()
    ),
    *(
        Odd(
            name=f"{name}.pdf",
            what=what,
            make=lambda w, prepare=prepare, work=work: _shadow(w, prepare, work),
            signs=None,
        )
        for name, (what, prepare, work) in _SHADOWS.items()
    ),
    *(
        Odd(
            name=f"kept-{name}.pdf",
            what=f"evidence, then {what}",
            make=lambda w, work=work: work(w.kept),
            signs=None,
        )
        for name, what, work in (
            ("page-changed", "a page changed", forge.page_changed),
            ("note-added", "a note", forge.note_added),
            ("cut-off", "the end lost", forge.cut_off),
        )
    ),
)
FILES = (*SOUND, *DOUBTED, *CHANGED)
