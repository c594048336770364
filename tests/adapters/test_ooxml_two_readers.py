"""Signed office files that two readers would read as two, and what is said of them."""

from __future__ import annotations

import io
import re
import zipfile

import office
import pytest
from lxml import etree
from office import SIGNATURE, a_docx, changed, edited, found_in, opened, packed, signed

from edge_node.domain.signature import Sub, Verdict

RELS = "word/_rels/document.xml.rels"
TYPES = "[Content_Types].xml"
ORIGIN_RELS = "_xmlsignatures/_rels/origin.sigs.rels"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture(scope="module")
def sound(pki):
    return signed(a_docx(), pki.signer("rsa2048"), stamp=pki.stamp)


SIGNATURE_XMLNS = 'xmlns="http://www.w3.org/2000/09/xmldsig#"'
REFERENCE = (
    '<Reference URI="#idOfficeObject"><DigestMethod/><DigestValue></DigestValue></Reference>'
)
EMPTY_LIST = "<Object Id={}><Manifest></Manifest></Object></Signature>"


def wrap(content):
    """Put the signature into another one, whose list is the attacker's."""
    inner = opened(content)[SIGNATURE].decode().partition("?>")[2]
    around = f"<Signature {SIGNATURE_XMLNS}><Object>{inner}</Object></Signature>"
    return changed(content, {SIGNATURE: around.encode()})


def move_list(content):
    """Put the signed list aside, where its id is still found, and another in its place."""
    root = etree.fromstring(opened(content)[SIGNATURE])
    aside = etree.SubElement(root, DS + "Object")
    aside.append(next(root.iter(DS + "Manifest")).getparent())
    text = etree.tostring(root).decode()
    text = text.replace("</Signature>", EMPTY_LIST.format('"mine"'))
    return changed(content, {SIGNATURE: text.encode()})


WRAPPED = {
    "within another": (wrap, "it is not one signature"),
    "a list beside the list": (move_list, "does not sign one list"),
    "an id given twice": (
        lambda content: edited(
            content, SIGNATURE, "</Signature>", EMPTY_LIST.format('"idPackageObject"')
        ),
        "two of its elements go by the id idPackageObject",
    ),
    "an id given twice in other letters": (
        lambda content: edited(
            content, SIGNATURE, "</Signature>", '<Object ID="idPackageObject"/></Signature>'
        ),
        "two of its elements go by the id idPackageObject",
    ),
    "properties of another": (
        lambda content: edited(
            content, SIGNATURE, 'Target="#idPackageSignature"><xd:Sig', 'Target="#x"><xd:Sig'
        ),
        "those of another signature",
    ),
    "two signed halves": (
        lambda content: edited(content, SIGNATURE, "<SignedInfo>", "<SignedInfo/><SignedInfo>"),
        "it has no SignedInfo, or two",
    ),
    "no end of references": (
        lambda content: edited(
            content, SIGNATURE, "</SignedInfo>", REFERENCE * 70 + "</SignedInfo>"
        ),
        "it signs nothing, or far too much",
    ),
    "no reference": (
        lambda content: changed(
            content,
            {
                SIGNATURE: re.sub(
                    rb"<Reference Type.*</Reference></SignedInfo>",
                    b"</SignedInfo>",
                    opened(content)[SIGNATURE],
                )
            },
        ),
        "it signs nothing, or far too much",
    ),
    "a reference outside": (
        lambda content: edited(content, SIGNATURE, '"#idOfficeObject"', '"http://192.0.2.1/"'),
        "it refers to http://192.0.2.1/, which it does not hold",
    ),
    "a signature over itself": (
        lambda content: edited(content, SIGNATURE, '"#idOfficeObject"', '"#idPackageSignature"'),
        "it signs itself",
    ),
    "a value that is no base64": (
        lambda content: edited(content, SIGNATURE, "<SignatureValue>", "<SignatureValue>?"),
        "its SignatureValue is not base64",
    ),
    "a document type": (
        lambda content: edited(
            content, SIGNATURE, "<Signature ", '<!DOCTYPE x [<!ENTITY y "z">]><Signature '
        ),
        "holds a document type declaration",
    ),
    "no XML": (lambda content: changed(content, {SIGNATURE: b"nothing"}), "not well-formed XML"),
    "attributes handed down": (
        lambda content: edited(content, SIGNATURE, "<Signature ", '<Signature xml:lang="vi" '),
        "hands xml: attributes down",
    ),
}


@pytest.mark.parametrize("how", WRAPPED)
@pytest.mark.forged
def test_a_signature_that_two_readers_would_read_as_two_is_refused(pki, sound, how):
    """A signature part is one signature over one list, and each id is there once."""
    wrapped, sentence = WRAPPED[how]
    found_in(wrapped(sound), pki, Verdict.INVALID, Sub.FORMAT_FAILURE, sentence)


def doubled(content, name):
    """Add a second entry under a name that some readers take for that of the document."""
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(name, b"<other/>")
    return target.getvalue()


PACKED = {
    "a byte before": (lambda content: b"x" + content, "bytes before its beginning"),
    "a script before": (
        lambda content: b"#!/bin/sh\n" + content,
        "bytes before its beginning",
    ),
    "a byte after": (lambda content: content + b"x", "bytes after it"),
    "a second ZIP after": (lambda content: content + packed({"a": b"b"}), "bytes before its"),
    "a comment": (lambda content: content[:-2] + b"\x05\x00after", "bytes after it"),
    "other letters": (lambda content: doubled(content, "WORD/Document.xml"), "two parts called"),
    "a slash": (lambda content: doubled(content, "/word/document.xml"), "two parts called"),
    "a backslash": (lambda content: doubled(content, "word\\document.xml"), "two parts called"),
    "an escape": (lambda content: doubled(content, "word/d%6Fcument.xml"), "two parts called"),
    "a folder of that name": (
        lambda content: doubled(content, "word/document.xml/"),
        "two parts called",
    ),
    "an unlisted signature": (
        lambda content: changed(content, {ORIGIN_RELS: office.related()}),
        "does not list its signatures",
    ),
    "a signature taken out": (
        lambda content: changed(content, {SIGNATURE: None}),
        "does not list its signatures",
    ),
    "cut short": (lambda content: content[:-30], "its end is missing"),
    "a document type in the relationships": (
        lambda content: edited(content, RELS, "<Relationships ", "<!DOCTYPE x><Relationships "),
        "/word/_rels/document.xml.rels holds a document type declaration",
    ),
    "a document type in the kinds": (
        lambda content: edited(content, TYPES, "<Types ", "<!DOCTYPE x><Types "),
        "holds a document type declaration",
    ),
    "two relationships of one id": (
        lambda content: edited(content, RELS, 'Id="rId2"', 'Id="rId1"'),
        "names two relationships rId1",
    ),
}


@pytest.mark.parametrize("how", PACKED)
@pytest.mark.forged
def test_a_package_that_two_readers_would_read_as_two_is_refused(pki, sound, how):
    """Bytes around the ZIP, parts of one name, or a list of signatures that is not all of them."""
    tampered, sentence = PACKED[how]
    found_in(tampered(sound), pki, Verdict.INVALID, Sub.FORMAT_FAILURE, sentence)
