"""Everything that was seen done to a signed office file, and what is said of it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
import zlib
from contextlib import suppress

import office
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from office import OFFICE, SIGNATURE, a_docx, changed, edited, examined, found_in, opened, signed

from edge_node.domain.signature import Coverage, Sub, Verdict

DOCUMENT = "word/document.xml"
RELS = "word/_rels/document.xml.rels"
TYPES = "[Content_Types].xml"
ORIGIN_RELS = "_xmlsignatures/_rels/origin.sigs.rels"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture(scope="module")
def sound(pki):
    return signed(a_docx(link="https://example.vn/"), pki.signer("rsa2048"), stamp=pki.stamp)


def add_relationship(content, kind, target, *, name=RELS, mode=""):
    row = f'<Relationship Id="rId99" Type="{kind}" Target="{target}"{mode}/></Relationships>'
    return edited(content, name, "</Relationships>", row)


def flip(content, name):
    part = bytearray(opened(content)[name])
    part[len(part) // 2] ^= 1
    return changed(content, {name: bytes(part)})


def of_kind(content, name, kind):
    row = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'
    return edited(content, TYPES, "</Types>", row)


def add_macros(content):
    added = of_kind(content, "word/vbaProject.bin", "application/vnd.ms-office.vbaProject")
    related = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    added = add_relationship(added, related, "vbaProject.bin")
    return changed(added, {"word/vbaProject.bin": b"\xd0\xcf"})


def replace_document(content):
    """Have a second document beside the signed one, and lead to it first."""
    other = of_kind(content, "word/other.xml", "application/xml")
    other = changed(other, {"word/other.xml": b"<other/>"})
    return add_relationship(
        other, f"{OFFICE}/officeDocument", "word/other.xml", name="_rels/.rels"
    )


def add_frame(content):
    """Add a new part that a relationship of the document leads to."""
    added = changed(content, {"word/media/image9.png": b"\x89PNG"})
    added = of_kind(added, "word/media/image9.png", "image/png")
    return add_relationship(added, f"{OFFICE}/image", "media/image9.png")


EXTERNAL = ' TargetMode="External"'
CHANGES = {
    "a byte of the text": (
        lambda content: flip(content, DOCUMENT),
        "/word/document.xml was changed after signing",
    ),
    "a byte of the styles": (
        lambda content: flip(content, "word/styles.xml"),
        "/word/styles.xml was changed after signing",
    ),
    "a part taken out": (
        lambda content: changed(content, {"word/styles.xml": None}),
        "/word/styles.xml was removed after signing",
    ),
    "a picture added": (add_frame, "added after signing: /word/media/image9.png"),
    "macros added": (add_macros, "added after signing: /word/vbaProject.bin"),
    "macros nothing leads to": (
        lambda content: changed(
            of_kind(content, "x/vbaProject.bin", "application/octet-stream"),
            {"x/vbaProject.bin": b"\xd0\xcf"},
        ),
        "added after signing: /x/vbaProject.bin",
    ),
    "a remote template": (
        lambda content: add_relationship(
            content, f"{OFFICE}/attachedTemplate", "http://192.0.2.1/x.dotm", mode=EXTERNAL
        ),
        r"added after signing: /word/_rels/document.xml.rels#rId99 \(attachedTemplate\)",
    ),
    "relationships of a part that had none": (
        lambda content: changed(
            content,
            {
                "word/_rels/settings.xml.rels": office.related(
                    ("rId1", f"{OFFICE}/attachedTemplate", "evil.dotm")
                )
            },
        ),
        "added after signing: /word/_rels/settings.xml.rels#rId1",
    ),
    "a second document": (replace_document, "added after signing: "),
    "the ribbon": (
        lambda content: add_relationship(
            content,
            "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility",
            "customUI/customUI.xml",
            name="_rels/.rels",
        ),
        r"added after signing: /_rels/.rels#rId99 \(extensibility\)",
    ),
    "a relationship taken out": (
        lambda content: changed(
            content,
            {
                RELS: re.sub(
                    rb'<Relationship Id="rId4"[^>]*(/>|></Relationship>)',
                    b"",
                    opened(content)[RELS],
                )
            },
        ),
        "relationships in /word/_rels/document.xml.rels were changed",
    ),
    "a link led elsewhere": (
        lambda content: edited(content, RELS, "https://example.vn/", "https://example.com/"),
        "relationships in /word/_rels/document.xml.rels were changed",
    ),
    "the document led elsewhere": (
        lambda content: edited(content, "_rels/.rels", "word/document.xml", "word/styles.xml"),
        "relationships in /_rels/.rels were changed",
    ),
    "the kind of the document": (
        lambda content: edited(
            content,
            TYPES,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            "application/vnd.ms-word.document.macroEnabled.main+xml",
        ),
        "the kind of /word/document.xml was changed after signing",
    ),
    "a kind hidden by an extension": (
        lambda content: edited(content, TYPES, '/word/styles.xml"', '/word/style.xml"'),
        "the kind of /word/styles.xml was changed after signing",
    ),
    "the signed list": (
        lambda content: edited(content, SIGNATURE, "/word/styles.xml?", "/word/style.xml?"),
        "what the signature says of itself was changed",
    ),
    "the claimed time": (
        lambda content: edited(content, SIGNATURE, "<xd:SigningTime>2026", "<xd:SigningTime>2025"),
        "what the signature says of itself was changed",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.forged
def test_a_change_after_signing_is_named(pki, sound, change):
    """Whatever is shown and was changed, added or taken out is INVALID, and is named."""
    tampered, sentence = CHANGES[change]
    found = found_in(tampered(sound), pki, Verdict.INVALID, Sub.HASH_FAILURE, sentence)
    if "says of itself" not in sentence:
        assert found.signatures[0].coverage is Coverage.CHANGED


@pytest.mark.forged
def test_a_change_breaks_both_of_two_signatures(pki, sound):
    """Each signature speaks for the file as a whole, so a change counts against each."""
    twice = signed(sound, pki.signer("p384"))
    for one in examined(flip(twice, DOCUMENT), pki).signatures:
        assert (one.verdict, one.sub) == (Verdict.INVALID, Sub.HASH_FAILURE)


@pytest.mark.forged
def test_a_part_nothing_leads_to_is_left_to_policy(pki, sound):
    """It is not shown; but nobody signed it either."""
    odd = changed(of_kind(sound, "word/x.xml", "text/xml"), {"word/x.xml": b"<x/>"})
    found = found_in(
        odd,
        pki,
        Verdict.INDETERMINATE,
        Sub.SIG_CONSTRAINTS_FAILURE,
        "does not speak for /word/x.xml",
        Coverage.PARTIAL,
    )
    assert found.signatures[0].uncovered == ("/word/x.xml",)


@pytest.mark.forged
def test_a_link_nobody_signed_is_left_to_policy(pki, sound):
    """Some programs never sign where links lead, so it may have been there before."""
    odd = add_relationship(sound, f"{OFFICE}/hyperlink", "https://example.com/", mode=EXTERNAL)
    sub = Sub.SIG_CONSTRAINTS_FAILURE
    found_in(odd, pki, Verdict.INDETERMINATE, sub, r"#rId99 \(hyperlink\)", Coverage.PARTIAL)


@pytest.mark.sound
def test_document_properties_may_change(pki, sound):
    """They are not signed, as Office does not sign them: it writes into them on its own."""
    assert examined(flip(sound, "docProps/core.xml"), pki).verdict is Verdict.VALID


def swap_information(content, pki):
    """Take the signed half of a signature over another file by the same signer."""
    other = etree.fromstring(opened(signed(a_docx("other"), pki.signer("rsa2048")))[SIGNATURE])
    mine = etree.fromstring(opened(content)[SIGNATURE])
    for tag in ("SignedInfo", "SignatureValue"):
        mine.replace(mine.find(DS + tag), other.find(DS + tag))
    return changed(content, {SIGNATURE: etree.tostring(mine)})


@pytest.mark.forged
def test_the_signed_half_of_another_signature_does_not_fit(pki, sound):
    """It is genuine, and speaks of other content."""
    sentence = "what the signature says of itself was changed"
    swapped = swap_information(sound, pki)
    found_in(swapped, pki, Verdict.INVALID, Sub.HASH_FAILURE, sentence)


def weaken_list(content):
    """Have the list give the digest of a part by SHA-1, and rightly so."""
    parts = opened(content)
    old = base64.b64encode(hashlib.sha256(parts[DOCUMENT]).digest()).decode()
    new = base64.b64encode(hashlib.sha1(parts[DOCUMENT]).digest()).decode()  # noqa: S324
    root = etree.fromstring(parts[SIGNATURE])
    value = next(one for one in root.iter(DS + "DigestValue") if one.text == old)
    value.text = new
    value.getprevious().set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")
    return changed(content, {SIGNATURE: etree.tostring(root)})


@pytest.mark.forged
def test_a_weaker_digest_cannot_be_slipped_in(pki, sound):
    """Which digest is used is signed, too."""
    sentence = "what the signature says of itself was changed"
    found_in(weaken_list(sound), pki, Verdict.INVALID, Sub.HASH_FAILURE, sentence)
    method = '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256">'
    weaker = edited(sound, SIGNATURE, method, method.replace("xmlenc#sha256", "xmlenc#sha512"))
    sentence = "not made with the key of its certificate"
    found_in(weaker, pki, Verdict.INVALID, Sub.SIG_CRYPTO_FAILURE, sentence)


def replace_certificate(content, new):
    root = etree.fromstring(opened(content)[SIGNATURE])
    root.find(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate").text = base64.b64encode(new)
    return changed(content, {SIGNATURE: etree.tostring(root)})


@pytest.mark.forged
def test_a_signature_is_nobody_elses(pki, sound):
    """Neither another key's certificate fits it, nor another certificate of the same key."""
    other = replace_certificate(sound, pki.signer("person").certificate)
    sentence = "not made with the key of its certificate"
    found_in(other, pki, Verdict.INVALID, Sub.SIG_CRYPTO_FAILURE, sentence)
    twin = replace_certificate(sound, pki.signer("first-generation").certificate)
    sentence = "is not the one it was made with"
    found_in(twin, pki, Verdict.INVALID, Sub.SIG_CRYPTO_FAILURE, sentence)


@pytest.mark.forged
def test_a_signature_without_its_certificate_cannot_be_checked(pki, sound):
    """Whoever made it may be known later; here nobody is named."""
    bare = edited(sound, SIGNATURE, "X509Certificate>", "X509Other>", count=2)
    found_in(
        bare,
        pki,
        Verdict.INDETERMINATE,
        Sub.NO_SIGNING_CERTIFICATE_FOUND,
        "does not hold the certificate of its signer",
    )


@pytest.mark.forged
def test_an_unknown_method_is_not_guessed_at(pki, sound):
    """MD5 and whatever comes next are named, and left undecided."""
    old = edited(sound, SIGNATURE, "xmldsig-more#rsa-sha256", "xmldsig-more#rsa-md5")
    sub = Sub.CRYPTO_CONSTRAINTS_FAILURE
    found_in(old, pki, Verdict.INDETERMINATE, sub, "not accepted here: .*rsa-md5")


@pytest.fixture(scope="module")
def damaged(sound):
    """Return the signed file with one bit flipped, at a place between 0 and 1 of its length."""

    def flipped(place, bit):
        content = bytearray(sound)
        content[int(place * len(content))] ^= 1 << bit
        return bytes(content)

    return flipped


@pytest.fixture(scope="module")
def differing(sound):
    """Say which parts of a file are not as they were."""

    def names(content):
        before = opened(sound)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name for name in before if before[name] != now(archive, name)}

    def now(archive, name):
        with suppress(KeyError, zlib.error, zipfile.BadZipFile):
            return archive.read(name)

    return names


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@pytest.mark.forged
def test_no_flipped_bit_goes_unnoticed_or_escapes(pki, damaged, differing, place, bit):
    """Wherever a file is damaged there is a verdict, and VALID only for what was signed."""
    content = damaged(place, bit)
    if examined(content, pki).verdict is Verdict.VALID:
        changed_folders = {name.partition("/")[0] for name in differing(content)}
        assert changed_folders <= {"docProps", "_xmlsignatures"}


def commented(content, tag):
    """Put comments into the text of one element of the signature, where they do most harm."""
    part = opened(content)[SIGNATURE].decode()
    begin = part.index(f"<{tag}>") + len(tag) + 2
    end = part.index(f"</{tag}>")
    text = part[begin:end]
    split = f"{text[:10]}<!-- b -->{text[10:]}<!---->"
    return changed(content, {SIGNATURE: f"{part[:begin]}{split}{part[end:]}".encode()})


@pytest.mark.parametrize(
    "tag",
    [
        "xd:SigningTime",
        "SignatureValue",
        "DigestValue",
        "X509Certificate",
        "xd:EncapsulatedTimeStamp",
    ],
)
def test_comments_in_a_signature_change_nothing(pki, sound, tag):
    """They are not signed, and anybody may put them in: the day alone would be another time."""
    (before,) = examined(sound, pki).signatures

    (after,) = examined(commented(sound, tag), pki).signatures

    assert after == before
    assert (after.verdict, after.signed_at) == (Verdict.VALID, office.NOW)


def test_elements_in_the_place_of_text_are_no_signature(pki, sound):
    """What is read of them would depend on who reads."""
    content = edited(sound, SIGNATURE, "<SignatureValue>", "<SignatureValue><a>AAAA</a>")

    found_in(content, pki, Verdict.INVALID, Sub.FORMAT_FAILURE, "SignatureValue is not base64")
