"""Content controls of a Word file that show what stands outside of the text."""

from __future__ import annotations

import re

from office import OFFICE, SIGNATURE, a_docx, changed, edited, examined, opened, signed

from edge_node.domain.signature import Coverage, Sub, Verdict

CORE = "docProps/core.xml"
ROOT = "_rels/.rels"
CUSTOM = "customXml/item9.xml"
DOCUMENT = "word/document.xml"
# As Word writes it for a title that is shown in the text.
TITLE = (
    "<w:sdt><w:sdtPr><w:dataBinding w:prefixMappings=\"xmlns:ns0='http://purl.org/dc/elements/1.1/'"
    " xmlns:ns1='http://schemas.openxmlformats.org/package/2006/metadata/core-properties' \""
    ' w:xpath="/ns1:coreProperties[1]/ns0:title[1]"'
    ' w:storeItemID="{6C3C8BC8-F283-45AE-878A-BAB7291924A1}"/></w:sdtPr><w:sdtContent/></w:sdt>'
)
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"


def bound(content=None):
    """Return a letter whose text shows its title."""
    return edited(content or a_docx(), DOCUMENT, "<w:body>", f"<w:body>{TITLE}")


def as_office_signs(content, pki, monkeypatch, **more):
    """Sign and leave the properties out, whatever is bound to them."""
    with monkeypatch.context() as before:
        before.setattr("edge_node.notary.ooxml.extent.binds", lambda _: False)
        return signed(content, pki.signer("p256"), **more)


def titled(content, title="Another"):
    return edited(content, CORE, "</cp:coreProperties>", f"<!--{title}--></cp:coreProperties>")


def led_elsewhere(content):
    """Have the relationship of the properties lead to others."""
    other = changed(content, {"docProps/core9.xml": opened(content)[CORE]})
    named = edited(
        other,
        "[Content_Types].xml",
        "</Types>",
        '<Override PartName="/docProps/core9.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>',
    )
    return edited(named, ROOT, CORE, "docProps/core9.xml")


def test_properties_that_the_text_shows_are_signed(pki):
    """Whoever changes the title afterwards changes what was signed."""
    sound = signed(bound(), pki.signer("p256"))

    listed = re.findall(r'URI="/([^"?]+)\?ContentType=', opened(sound)[SIGNATURE].decode())
    assert {CORE, "docProps/app.xml"} <= set(listed)
    assert examined(sound, pki).verdict is Verdict.VALID
    for change in (titled, led_elsewhere):
        found = examined(change(sound), pki)
        assert (found.verdict, found.sub) == (Verdict.INVALID, Sub.HASH_FAILURE)


def test_properties_that_a_stranger_did_not_sign_and_the_text_shows_are_named(pki, monkeypatch):
    """They may have been others: nobody can tell."""
    sound = as_office_signs(bound(), pki, monkeypatch)
    for content in (sound, titled(sound), led_elsewhere(sound)):
        found = examined(content, pki)

        assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.SIG_CONSTRAINTS_FAILURE)
        assert found.signatures[0].coverage is Coverage.PARTIAL
        assert any(name.startswith("/docProps/core") for name in found.signatures[0].uncovered)


def test_properties_that_nothing_shows_matter_to_nobody(pki):
    """Systems that keep documents write into them, and Office signs none."""
    plain = signed(a_docx(), pki.signer("p256"))
    for content in (plain, titled(plain)):
        found = examined(content, pki)

        assert found.verdict is Verdict.VALID
        assert found.signatures[0].uncovered == ()


def with_macros(content):
    """Return a document as Word saves one that may hold macros."""
    types = opened(content)["[Content_Types].xml"].decode()
    kind = re.search(r'/word/document.xml" ContentType="([^"]+)"', types)[1]
    return edited(content, "[Content_Types].xml", kind, MACROS)


def with_custom_xml(content):
    """Put in what Office does not sign, and controls may show."""
    rels = "word/_rels/document.xml.rels"
    row = f'<Relationship Id="rId9" Type="{OFFICE}/customXml" Target="../{CUSTOM}"/>'
    added = edited(content, rels, "</Relationships>", f"{row}</Relationships>")
    return changed(added, {CUSTOM: b"<x/>"})


def test_a_document_with_macros_shows_them_as_well(pki, monkeypatch):
    """Its main part is of another kind, and its controls are the same."""
    controls, none = with_macros(bound()), with_macros(a_docx())
    key = pki.signer("p256")

    beside = as_office_signs(controls, pki, monkeypatch, allow_macros=True)
    custom = with_custom_xml(signed(controls, key, allow_macros=True))
    for content, part in ((beside, CORE), (custom, CUSTOM)):
        found = examined(content, pki)
        assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.SIG_CONSTRAINTS_FAILURE)
        assert any(name.startswith(f"/{part}") for name in found.signatures[0].uncovered)
    unbound = with_custom_xml(signed(none, key, allow_macros=True))
    assert examined(unbound, pki).verdict is Verdict.VALID
