from __future__ import annotations

import hashlib
import io
import re
import zipfile
from datetime import timedelta

import needs
import office
import pytest
from lxml import etree
from office import NOW, SIGNATURE, a_docx, an_xlsx, changed, edited, examined, opened, signed

from edge_node.domain.errors import NotSignable
from edge_node.domain.signature import Coverage, Verdict
from edge_node.notary.ooxml import relationships
from edge_node.notary.ooxml.archive import PackageUnsound
from edge_node.notary.ooxml.signing import begin

KEYS = ["rsa2048", "rsa3072", "rsa4096", "p256", "p384"]
SIGNATURES = ("_xmlsignatures/sig1.xml", "_xmlsignatures/sig2.xml")
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
ORIGIN = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"
ORIGIN_TYPE = (
    '<Default Extension="sigs" ContentType="application/vnd.openxmlformats-package.'
    'digital-signature-origin"/>'
)
ADDED = {
    "_xmlsignatures/origin.sigs",
    "_xmlsignatures/_rels/origin.sigs.rels",
    "_xmlsignatures/sig1.xml",
}


@pytest.mark.parametrize("form", office.FORMATS)
@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("stamped", [False, True], ids=["plain", "stamped"])
@pytest.mark.sound
def test_what_was_signed_is_never_called_invalid(pki, form, name, stamped):
    """Every format and kind of key, stamped or not, once and twice: each speaks for the whole."""
    stamp = pki.stamp if stamped else None
    once = signed(office.FORMATS[form](), pki.signer(name), stamp=stamp)
    twice = signed(once, pki.signer("person"), stamp=stamp, at=NOW + timedelta(hours=1))

    for content, count in ((once, 1), (twice, 2)):
        found = examined(content, pki, now=NOW + timedelta(hours=2))
        assert (found.verdict, found.sub, found.signed) == (Verdict.VALID, None, True), found.why
        assert len(found.signatures) == count
        for one in found.signatures:
            assert (one.coverage, one.uncovered, one.warnings) == (Coverage.WHOLE, (), ())
            assert one.profile == ("XAdES-T" if stamped else "XAdES-BES")
            assert bool(one.stamped_at) is stamped


@pytest.mark.parametrize("form", office.FORMATS)
@pytest.mark.parametrize("name", KEYS)
@pytest.mark.sound
def test_xmlsec_accepts_every_signature(pki, tmp_path, form, name):
    """Another implementation of XML signatures finds every digest and both signatures sound."""
    needs.program("xmlsec1", "xmlsec1")
    once = signed(office.FORMATS[form](), pki.signer(name), stamp=pki.stamp)
    twice = signed(once, pki.signer("agency"))

    assert len(opened(twice)) > len(opened(once))
    for part in SIGNATURES:
        office.by_xmlsec(twice, part, tmp_path / part.replace("/", "-"), pki)


def test_everything_but_the_properties_is_signed(pki):
    """The list of what is signed names every part but the properties, .rels and all."""
    parts = opened(signed(a_docx(), pki.signer("p256")))

    listed = set(re.findall(r'URI="/([^"?]+)\?ContentType=', parts[SIGNATURE].decode()))

    beside = {name for name in parts if name.startswith("docProps/")}
    assert beside
    assert listed == parts.keys() - beside - ADDED - {"[Content_Types].xml"}


@pytest.mark.sound
def test_a_part_nothing_leads_to_is_signed_too(pki):
    """Otherwise nobody could tell it from one that was put in afterwards."""
    odd = changed(a_docx(), {"word/left-behind.xml": b"<x/>"})

    found = examined(signed(odd, pki.signer("p256")), pki)

    assert (found.verdict, found.signatures[0].uncovered) == (Verdict.VALID, ())


def test_other_entries_are_copied_as_they_are_packed(pki):
    """Only the list of kinds, the package's relationships and the signature are packed anew."""
    before, after = a_docx(), signed(a_docx(), pki.signer("p256"))

    changed_names = {name for name, one in raw(after).items() if raw(before).get(name) != one}

    assert changed_names == ADDED | {"[Content_Types].xml", "_rels/.rels"}


def raw(content):
    """Return the packed bytes of each entry."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            one.filename: content[start : start + one.compress_size]
            for one in archive.infolist()
            for start in [one.header_offset + 30 + len(one.filename)]
        }


@pytest.mark.sound
def test_blanks_between_relationships_go_with_the_first_signature_only(pki):
    """LibreOffice signs them and others do not: they may only go while nobody has signed."""
    blank = office.a_pptx()
    first = signed(blank, pki.signer("p256"))
    assert b"\n  <Relationship" in opened(blank)["_rels/.rels"]
    assert not [name for name, one in opened(first).items() if b"\n  <Relationship" in one]

    indented = office.related(
        ("rId1", f"{office.OFFICE}/slide", "slides/slide1.xml"),
    )
    other = changed(first, {"ppt/_rels/presentation.xml.rels": indented})
    second = signed(other, pki.signer("rsa2048"))
    assert opened(second)["ppt/_rels/presentation.xml.rels"] == indented
    assert examined(second, pki).verdict is Verdict.VALID


def test_office_is_told_what_the_signature_is_for(pki):
    """The purpose goes into the signature as it is, but for what no XML may hold."""
    told = "Phát hành văn bản <đi> & lưu"
    content = signed(a_docx(), pki.signer("p256"), comments=f"{told}\x00\x1b\ud800")

    root = etree.fromstring(opened(content)[SIGNATURE])

    assert next(root.iter("{*}SignatureComments")).text == told
    assert examined(content, pki).verdict is Verdict.VALID


def test_names_of_agencies_stand_in_the_signature_as_they_are(pki):
    """The issuer's name is written as RFC 4514 has it, Vietnamese letters and all."""
    root = etree.fromstring(opened(signed(a_docx(), pki.signer("agency")))[SIGNATURE])

    assert next(root.iter("{*}X509IssuerName")).text == (
        "CN=Cơ quan chứng thực số chuyên dùng Chính phủ G2,O=Ban Cơ yếu Chính phủ,C=VN"
    )


@pytest.mark.sound
def test_a_relationship_that_leads_nowhere_does_not_keep_from_signing(pki):
    """Office writes such relationships (Target="NULL"); they are signed as they stand."""
    rels = "word/_rels/document.xml.rels"
    odd = edited(a_docx(), rels, 'Target="webSettings.xml"', 'Target="NULL"')

    found = examined(signed(odd, pki.signer("p256")), pki)

    assert found.verdict is Verdict.VALID


MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
PLAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def with_macros():
    return edited(a_docx(), "[Content_Types].xml", PLAIN, MACROS)


def with_a_project():
    """Return a .docx that carries macros all the same."""
    types = edited(
        a_docx(),
        "[Content_Types].xml",
        "<Override",
        '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/><Override',
    )
    return changed(types, {"word/vbaProject.bin": b"\xd0\xcf"})


@pytest.mark.parametrize("content", [with_macros, with_a_project])
def test_macros_are_not_signed_unless_asked_for(pki, content):
    """Whoever signs macros signs what a program will do; that is nobody's default."""
    with pytest.raises(NotSignable, match="macros"):
        signed(content(), pki.signer("p256"))

    asked_for = signed(content(), pki.signer("p256"), allow_macros=True)
    assert examined(asked_for, pki).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "content",
    [
        lambda: edited(a_docx(), "[Content_Types].xml", PLAIN, "application/vnd.ms-visio"),
        lambda: edited(a_docx(), "_rels/.rels", '/officeDocument"', '/other"'),
    ],
    ids=["visio", "no document"],
)
def test_only_office_documents_are_signed(pki, content):
    """Another kind of package is refused with what to save it as."""
    with pytest.raises(NotSignable, match="only Word, Excel and PowerPoint") as refused:
        signed(content(), pki.signer("p256"))
    assert "save it as .docx" in str(refused.value.hint)


def test_a_part_of_no_kind_is_not_signed(pki):
    """A signature names the kind of each part, so each must have one."""
    with pytest.raises(NotSignable, match=r"of what kind /word/thing\.strange is"):
        signed(changed(a_docx(), {"word/thing.strange": b"?"}), pki.signer("p256"))


def test_a_weak_key_is_refused_before_anything_is_read(pki):
    """RSA of 1024 bits signs nothing here."""
    weak = pki.signer("weak")
    with pytest.raises(NotSignable, match="of a kind nothing is signed with"):
        begin(io.BytesIO(b""), certificate=weak.certificate, signing_time=NOW)


@pytest.mark.parametrize(("name", "other"), [("rsa2048", "person"), ("p256", "p384")])
def test_a_signature_by_another_key_never_gets_into_the_file(pki, name, other):
    """A mix-up of keys is noticed while it can still be mended."""
    certificate = pki.signer(name).certificate
    draft = begin(io.BytesIO(a_docx()), certificate=certificate, signing_time=NOW)
    strange = office.the_key(pki.signer(other))
    digest = hashlib.new(strange.algorithm.digest, b"another file").digest()
    with pytest.raises(NotSignable, match="was not made by the key of the certificate"):
        draft.signed(strange.sign(digest))
    with pytest.raises(NotSignable, match="was not made by the key of the certificate"):
        draft.signed(b"nonsense")


def test_an_unreadable_file_is_not_signed(pki):
    """What cannot be read strictly is not signed either."""
    with pytest.raises(PackageUnsound, match="is not a readable"):
        signed(b"%PDF-1.7", pki.signer("p256"))


def test_a_workbook_is_signed_without_being_held_in_memory(pki, tmp_path):
    """Eight megabytes of sheet cost a fraction of that: it is read in pieces and copied packed."""
    import tracemalloc

    sheet = b"<sheetData>" + b"<row/>" * (8 << 20 >> 3) + b"</sheetData>"
    path = tmp_path / "large.xlsx"
    path.write_bytes(changed(an_xlsx(), {"xl/media/image1.xml": sheet}))
    key = office.the_key(pki.signer("p256"))
    tracemalloc.start()
    with path.open("rb") as source, (tmp_path / "signed.xlsx").open("wb") as target:
        draft = begin(source, certificate=key.certificate, signing_time=NOW)
        draft.signed(key.sign(draft.digest)).finish(target)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 << 20


def test_an_origin_without_signatures_counts_as_unsigned(pki):
    """Office leaves the origin behind when it takes a signature out; the next is a first one."""
    blank = changed(
        office.a_pptx(),
        {
            "_xmlsignatures/origin.sigs": b"",
            "_rels/.rels": office.related(
                ("rId1", f"{office.OFFICE}/officeDocument", "ppt/presentation.xml"),
                ("rId2", ORIGIN, "_xmlsignatures/origin.sigs"),
            ),
        },
    )
    blank = edited(blank, "[Content_Types].xml", "<Override", f"{ORIGIN_TYPE}<Override")
    content = signed(blank, pki.signer("p256"))

    assert not [name for name, one in opened(content).items() if b"\n  <Relationship" in one]
    found = examined(content, pki)
    assert (found.verdict, len(found.signatures)) == (Verdict.VALID, 1)


def test_relationships_are_read_once_however_many_signed_them(pki, monkeypatch):
    """Each signature speaks for the same parts: what the parts hold is the same for all."""
    content = a_docx()
    for name in ("p256", "p384", "rsa2048"):
        content = signed(content, pki.signer(name))
    read, count = [], relationships.blanks_between
    monkeypatch.setattr(
        relationships, "blanks_between", lambda *told: read.append(told[1]) or count(*told)
    )

    found = examined(content, pki)

    assert (found.verdict, len(found.signatures)) == (Verdict.VALID, 3)
    assert len(read) == len(set(read)) > 1
