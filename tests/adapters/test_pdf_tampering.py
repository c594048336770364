"""Signed PDFs that somebody has worked on: none is VALID, and each says what is wrong."""

from __future__ import annotations

import pytest
import tampered_pdfs as forge
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from signed_pdfs import a_pdf, a_signer, sign, stamp, verified, with_empty_field

from edge_node.domain.signature import Coverage, Sub, Verdict

ADDED = (Sub.HASH_FAILURE, "something was added to the document after it was signed")
CHANGED = (Sub.HASH_FAILURE, "what was signed has been changed since")
NOT_BY_THIS_KEY = (
    Sub.SIG_CRYPTO_FAILURE,
    "the signature was not made with the key of its certificate",
)
NOT_THIS_CERTIFICATE = (
    Sub.SIG_CRYPTO_FAILURE,
    "the certificate beside the signature is not the one it was made with",
)
DAMAGED = (Sub.FORMAT_FAILURE, "the PDF is damaged and cannot be read")
STRANGE = (Sub.FORMAT_FAILURE, "it signs a strange choice of the file's bytes")
OTHER_GAP = (
    Sub.FORMAT_FAILURE,
    "it leaves out of what it signs something else than itself",
)
CUT = (Sub.FORMAT_FAILURE, "it signs bytes that the file no longer has: the file was cut off")
MISSING = (Sub.FORMAT_FAILURE, "the signature itself is missing")
EMPTY = (Sub.FORMAT_FAILURE, "the signature itself is empty")
RANGELESS = (Sub.FORMAT_FAILURE, "it does not say which bytes of the file it signs")
JUNK = (Sub.FORMAT_FAILURE, "the field holds nothing that can be read as a signature")
NO_CMS = (Sub.FORMAT_FAILURE, "it cannot be read as a CMS signature")
CONTENT = (
    Sub.FORMAT_FAILURE,
    "the signature brings content of its own instead of signing the file",
)
SPOILT_START = (Sub.FORMAT_FAILURE, "something stands before the start of the PDF")

SIMPLE = {
    # bits
    forge.flipped_content: CHANGED,
    forge.flipped_signature: NOT_BY_THIS_KEY,
    forge.two_signers: NO_CMS,
    forge.bringing_its_content: CONTENT,
    forge.with_start: SPOILT_START,
    forge.cut_off: DAMAGED,
    # incremental saving, in order and not
    forge.page_changed: ADDED,
    forge.page_added: ADDED,
    forge.note_added: ADDED,
    forge.font_changed: ADDED,
    forge.retitled: ADDED,
    forge.nothing_updated: ADDED,
    forge.saved_without_xref: ADDED,
    forge.saved_with_old_xref: ADDED,
    forge.saved_with_broken_xref: DAMAGED,
    forge.saved_with_bare_trailer: DAMAGED,
    forge.with_tail: ADDED,
    # signature wrapping
    forge.wrapped: OTHER_GAP,
    forge.repeated: ADDED,
}
LATER = (
    forge.page_changed,
    forge.page_added,
    forge.note_added,
    forge.font_changed,
    forge.retitled,
    forge.nothing_updated,
    forge.saved_without_xref,
    forge.saved_with_old_xref,
    forge.with_tail,
)


@pytest.fixture(scope="module")
def signed(pki):
    return sign(a_pdf(), pki, level="B-T")


@pytest.fixture(scope="module")
def kept(pki):
    return {level: sign(a_pdf(), pki, level=level) for level in ("B-LT", "B-LTA")}


def told(pdf, pki, *names):
    found = verified(pdf, pki, "rsa2048", "tsa", *names).verdict
    return found.verdict, (found.sub, str(found.why))


@pytest.mark.parametrize(
    ("work", "said"), SIMPLE.items(), ids=lambda one: getattr(one, "__name__", "")
)
@pytest.mark.forged
def test_what_was_done_to_the_file_is_seen(pki, signed, work, said):
    """A changed bit, a revision with or without its table, a moved gap: all are INVALID."""
    assert told(work(signed), pki) == (Verdict.INVALID, said)


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
@pytest.mark.parametrize("work", LATER, ids=lambda one: one.__name__)
@pytest.mark.forged
def test_what_follows_the_evidence_is_seen(pki, kept, work, level):
    """That a security store may follow a signature lets nothing else in behind it."""
    assert told(work(kept[level]), pki) == (Verdict.INVALID, ADDED)


@pytest.mark.forged
def test_something_between_signature_and_evidence_is_seen(pki):
    """Content slipped in before a time-stamp is content added, though the time-stamp covers it."""
    forged = stamp(forge.page_changed(sign(a_pdf(), pki)), pki)
    first, second = verified(forged, pki, "rsa2048", "tsa").verdict.signatures

    assert (first.verdict, first.sub, str(first.why)) == (Verdict.INVALID, *ADDED)
    assert second.verdict is Verdict.VALID


@pytest.mark.forged
def test_a_form_changed_beside_the_evidence_is_seen(pki):
    """A revision that brings evidence and tells readers to draw the fields anew is a change."""

    def prepare(writer):
        fields = {pdf_name("/Fields"): generic.ArrayObject()}
        writer.root["/AcroForm"] = generic.DictionaryObject(fields)
        writer.update_root()

    def change(writer):
        writer.root["/AcroForm"][pdf_name("/NeedAppearances")] = generic.BooleanObject(value=True)
        writer.root["/DSS"] = writer.add_object(generic.DictionaryObject())
        writer.update_root()

    signed = sign(forge.updated(a_pdf(), prepare), pki)

    assert told(signed, pki)[0] is Verdict.VALID
    assert told(forge.updated(signed, change), pki) == (Verdict.INVALID, ADDED)


@pytest.mark.parametrize("other", ["p256", "person", "sha1"])
@pytest.mark.forged
def test_somebody_elses_certificate_is_seen(pki, signed, other):
    """Another certificate beside the signature is found out, also one with the same key."""
    forged = forge.swapped_certificate(signed, pki.signer(other).certificate)

    assert told(forged, pki) == (Verdict.INVALID, NOT_THIS_CERTIFICATE)


@pytest.mark.forged
def test_a_missing_certificate_is_told(pki, signed):
    """Without the signer's certificate nobody can say whose signature it is."""
    verdict, (sub, why) = told(forge.no_certificate(signed), pki)

    assert (verdict, sub) == (Verdict.INDETERMINATE, Sub.NO_SIGNING_CERTIFICATE_FOUND)
    assert why == "it does not hold the certificate of its signer"


@pytest.mark.forged
def test_a_signature_by_another_key_is_seen(pki):
    """A signature that a stranger made in somebody's name is not by the certificate's key."""
    stranger = a_signer(pki, "rsa2048", key_of="person")

    assert told(sign(a_pdf(), pki, signer=stranger), pki) == (Verdict.INVALID, NOT_BY_THIS_KEY)


@pytest.mark.forged
def test_the_signature_of_another_document_is_seen(pki, signed):
    """A signature carried over from another document is sound in itself and not over this one."""
    other = sign(a_pdf(text="Another"), pki, level="B-T")

    assert told(forge.signature_of(signed, other), pki) == (Verdict.INVALID, CHANGED)


# Universal signature forgery: a signature that some readers take for one and check nothing.
DICTIONARIES = {
    "no byte range": ("/ByteRange", None, RANGELESS),
    "null byte range": ("/ByteRange", generic.NullObject(), JUNK),
    "a number as byte range": ("/ByteRange", generic.NumberObject(7), JUNK),
    "no contents": ("/Contents", None, MISSING),
    "null contents": ("/Contents", generic.NullObject(), MISSING),
    "a number as contents": ("/Contents", generic.NumberObject(7), MISSING),
    "empty contents": ("/Contents", generic.ByteStringObject(b""), EMPTY),
    "zeros as contents": ("/Contents", generic.ByteStringObject(bytes(64)), EMPTY),
    "junk as contents": ("/Contents", generic.ByteStringObject(b"\1" * 64), NO_CMS),
}


@pytest.mark.parametrize(("key", "value", "said"), DICTIONARIES.values(), ids=DICTIONARIES)
@pytest.mark.forged
def test_a_signature_rewritten_later_is_seen(pki, signed, key, value, said):
    """A later revision that leaves out or spoils a part of the signature makes it none."""

    def change(dictionary):
        dictionary.pop(pdf_name(key))
        if value is not None:
            dictionary[key] = value

    assert told(forge.dictionary_edited(signed, change), pki) == (Verdict.INVALID, said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"/ByteRange", b"/ByteRangX", RANGELESS),
        (b"/Contents <", b"/ContentX <", MISSING),
    ],
)
@pytest.mark.forged
def test_a_signature_spoilt_in_place_is_seen(pki, signed, old, new, said):
    """The same done where the signature stands."""
    assert told(forge.in_place(signed, old, new), pki) == (Verdict.INVALID, said)


@pytest.mark.parametrize(
    ("text", "said"), [(b"null", MISSING), (b"<>", EMPTY), (b"<00>", EMPTY), (b"(0)", NO_CMS)]
)
@pytest.mark.forged
def test_a_gap_filled_with_nothing_is_seen(pki, signed, text, said):
    """The gap is not signed: whatever stands there instead of the signature is no signature."""
    start, end = forge.gap(signed)
    forged = signed[:start] + text.ljust(end - start) + signed[end:]

    assert told(forged, pki) == (Verdict.INVALID, said)


RANGES = {
    "nothing": ("0 0 0 0", STRANGE),
    "negative length": ("0 -5 {end} {rest}", STRANGE),
    "negative offset": ("0 {start} -{end} {rest}", STRANGE),
    "negative rest": ("0 {start} {end} -{rest}", STRANGE),
    "overlapping": ("0 {end} {start} {rest}", STRANGE),
    "not from the start": ("1 {start} {end} {rest}", STRANGE),
    "three numbers": ("0 {start} {end}", STRANGE),
    "six numbers": ("0 {start} {end} {rest} 0 0", STRANGE),
    "no whole numbers": ("0 1.5 {end} {rest}", STRANGE),
    "names": ("/A /B {end} {rest}", STRANGE),
    "a larger gap": ("0 {earlier} {end} {rest}", OTHER_GAP),
    "a gap elsewhere": ("0 {earlier} {start} {rest}", OTHER_GAP),
    "behind the end": ("0 {start} {end} {more}", CUT),
    "far behind the end": ("0 {start} {end} 999999999", CUT),
    "not to the end": ("0 {start} {end} {less}", CHANGED),
}


@pytest.mark.parametrize(("numbers", "said"), RANGES.values(), ids=RANGES)
@pytest.mark.forged
def test_an_odd_byte_range_is_seen(pki, signed, numbers, said):
    """A byte range is the whole file but the signature's own string, or it is refused."""
    start, end = forge.gap(signed)
    rest = len(signed) - end
    numbers = numbers.format(
        start=start, earlier=start - 500, end=end, rest=rest, more=rest + 9, less=rest - 9
    )

    assert told(forge.ranged(signed, *numbers.split()), pki) == (Verdict.INVALID, said)


SHADOWS = {
    "hide, made empty": (forge.with_cover, forge.uncovered),
    "hide, freed": (forge.with_cover, forge.freed),
    "replace, by a form": (forge.with_form, forge.filled),
    "replace, by a font": (lambda pdf: pdf, forge.font_changed),
    "hide and replace": (forge.with_second_tree, forge.trees_swapped),
}


@pytest.mark.parametrize(("prepare", "work"), SHADOWS.values(), ids=SHADOWS)
@pytest.mark.forged
def test_a_shadow_prepared_before_signing_is_seen(pki, prepare, work):
    """What was hidden in the document before it was signed, and brought out after, is a change."""
    signed = sign(prepare(a_pdf()), pki)
    forged = work(signed)

    assert told(signed, pki)[0] is Verdict.VALID
    assert told(forged, pki) == (Verdict.INVALID, ADDED)


@pytest.mark.parametrize("docmdp", [1, 2, 3])
@pytest.mark.parametrize("work", [forge.filled, forge.note_added], ids=["filled", "note"])
@pytest.mark.forged
def test_a_certification_that_permits_it_does_not_excuse_it(pki, docmdp, work):
    """Forms and notes can cover a page: no permission makes what they show the signer's word."""
    signed = sign(forge.with_form(a_pdf()), pki, docmdp=docmdp)

    assert told(work(signed), pki) == (Verdict.INVALID, ADDED)


@pytest.mark.forged
def test_a_form_filled_before_the_next_signature_is_left_to_a_person(pki):
    """Filled in between two signatures, a form is the second signer's word and not the first's."""
    filled = forge.filled(sign(forge.with_form(a_pdf()), pki))
    found = verified(sign(filled, pki, "agency", field="Seal"), pki, "rsa2048", "agency").verdict

    first, second = found.signatures
    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.SIG_CONSTRAINTS_FAILURE)
    assert str(first.why) == "fields of a form were filled in after this signature"
    assert (first.coverage, second.coverage) == (Coverage.CHANGED, Coverage.WHOLE)
    assert second.verdict is Verdict.VALID


@pytest.mark.forged
def test_a_change_signed_over_by_somebody_else_is_still_seen(pki, signed):
    """A later valid signature answers for the changed page; the earlier one is broken by it."""
    forged = sign(forge.page_changed(signed), pki, "agency", field="Seal")
    first, second = verified(forged, pki, "rsa2048", "tsa", "agency").verdict.signatures

    assert (first.verdict, first.sub) == (Verdict.INVALID, Sub.HASH_FAILURE)
    assert second.verdict is Verdict.VALID


@pytest.mark.parametrize("signed_over", [False, True], ids=["last", "signed over"])
@pytest.mark.forged
def test_a_field_laid_over_the_page_and_never_signed_is_seen(pki, signed, signed_over):
    """A signature field can show anything: one that nobody signed is a change."""
    forged = with_empty_field(signed)
    forged = sign(forged, pki, field="Seal") if signed_over else forged

    first = verified(forged, pki, "rsa2048", "tsa").verdict.signatures[0]

    assert (first.verdict, first.sub) == (Verdict.INVALID, Sub.HASH_FAILURE)


@pytest.mark.parametrize("first", [True, False], ids=["later", "prepared"])
@pytest.mark.forged
def test_a_time_stamp_laid_over_the_page_is_seen(pki, first):
    """Anybody can buy a time-stamp: one that shows something on a page is no mere evidence."""
    pdf = a_pdf()
    pdf = with_empty_field(sign(pdf, pki)) if first else sign(with_empty_field(pdf), pki)

    found = verified(stamp(pdf, pki, field="Later"), pki, "rsa2048", "tsa").verdict

    assert (found.verdict, found.sub) == (Verdict.INVALID, Sub.HASH_FAILURE)


@pytest.mark.forged
def test_a_stamp_nobody_asked_about_is_not_doubted(pki):
    """Over a forgery nothing is fetched: what lacks for its time-stamp says nothing against it."""
    stamped = sign(a_pdf(), pki, level="B-T")
    broken = verified(forge.page_changed(stamped), pki, evidence=()).verdict.signatures[0]
    sound = verified(stamped, pki, evidence=()).verdict.signatures[0]

    assert (broken.verdict, broken.sub) == (Verdict.INVALID, Sub.HASH_FAILURE)
    assert not any("does not count" in str(one) for one in broken.warnings)
    assert any("does not count" in str(one) for one in sound.warnings)


@pytest.mark.forged
def test_a_strangers_signature_on_top_makes_the_file_doubtful(pki, signed):
    """A signature that anybody could make may show anything on the page: the file is not VALID."""
    forged = sign(signed, pki, "stranger", field="Seal", box=(0, 0, 500, 800))
    found = verified(forged, pki, "rsa2048", "tsa").verdict

    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NO_CERTIFICATE_CHAIN_FOUND)


def test_every_sentence_is_of_its_own():
    """Different ways to break a signature are told in different words."""
    said = set(SIMPLE.values())

    assert len({why for _, why in said}) == len(said)
