"""
A signature part of an office file, read into values: who signed what, as the part itself claims.

Nothing is believed here and nothing compared; but what would let two readers see two signatures
in one part (doubled ids, nested signatures, a manifest that is not signed) is refused.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.notary.ooxml.archive import PackageUnsound
from edge_node.notary.ooxml.markup import C14N, parse
from edge_node.notary.ooxml.xades import DSIG, MDSSI, XADES
from edge_node.notary.trust import Evidence, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from edge_node.domain.message import Message

MOST: Final = 64  # certificates, tokens or answers in one signature; the rest is not looked at
_DS: Final = f"{{{DSIG}}}"
_XD: Final = f"{{{XADES}}}"
_RELATIONSHIP: Final = f"{{{MDSSI}}}RelationshipReference"
_GROUP: Final = f"{{{MDSSI}}}RelationshipsGroupReference"
_PREFIXES: Final = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
_IDS: Final = frozenset({"id", "{http://www.w3.org/xml/1998/namespace}id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """One step from what is referred to, to what is digested."""

    method: str  # a URI
    prefixes: tuple[str, ...] = ()  # of exclusive canonicalization
    ids: frozenset[str] = frozenset()  # of relationships chosen
    types: frozenset[str] = frozenset()  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is signed, and the digest it had."""

    uri: str
    transforms: tuple[Transform, ...]
    method: str  # of the digest, a URI
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A time-stamp over the signature's value, and the canonical form of it that was stamped."""

    content: bytes
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What XAdES adds; `certificates` are the digests of the signer's and its issuers'."""

    certificates: tuple[tuple[str, bytes], ...]  # digest method and digest
    tokens: tuple[Token, ...]
    held: tuple[bytes, ...]  # further certificates, DER
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlSignature:
    """One signature part."""

    information: _Element  # SignedInfo
    canonicalization: Transform
    method: str  # of the signature, a URI
    value: bytes
    value_element: _Element
    references: tuple[tuple[Reference, _Element], ...]  # with what each refers to in this part
    manifest: tuple[Reference, ...]  # to parts of the file
    certificates: tuple[bytes, ...]  # DER, as KeyInfo holds them
    signed_at: datetime | None
    properties: Properties | None  # None without XAdES


def read(content: bytes, name: str) -> XmlSignature:
    """Read the part called ``name``; PackageUnsound says why it is no signature."""
    root = parse(content, name)
    if root.tag != _DS + "Signature" or len(list(root.iter(_DS + "Signature"))) != 1:
        raise _contradicts(say("it is not one signature"))
    by_id = _by_id(root)
    information = _one(root, _DS + "SignedInfo")
    value = _one(root, _DS + "SignatureValue")
    references = tuple(
        (one, _referred(one, by_id)) for one in map(_reference, _children(information))
    )
    if not 0 < len(references) <= MOST:
        raise _contradicts(say("it signs nothing, or far too much"))
    signed = {element for _, element in references}
    manifest = _manifest(root, signed)
    return XmlSignature(
        information=information,
        canonicalization=_transform(_one(information, _DS + "CanonicalizationMethod")),
        method=_one(information, _DS + "SignatureMethod").get("Algorithm") or "",
        value=_bytes(value),
        value_element=value,
        references=references,
        manifest=tuple(map(_reference, _children(manifest))),
        certificates=tuple(map(_bytes, root.iterfind(f"{_DS}KeyInfo//{_DS}X509Certificate")))[
            :MOST
        ],
        signed_at=_signed_at(root, signed),
        properties=_properties(root, signed),
    )


def _by_id(root: _Element) -> dict[str, _Element]:
    found: dict[str, _Element] = {}
    for element in root.iter("*"):
        for attribute, value in element.attrib.items():
            if str(attribute).lower() not in _IDS:
                continue
            if value in found:
                raise _contradicts(say("two of its elements go by the id {id}", id=str(value)))
            found[str(value)] = element
    return found


def _children(element: _Element) -> Iterator[_Element]:
    yield from element.iterchildren(_DS + "Reference")


def _referred(reference: Reference, by_id: dict[str, _Element]) -> _Element:
    element = by_id.get(reference.uri.removeprefix("#"))
    if element is None or not reference.uri.startswith("#"):
        raise _contradicts(say("it refers to {uri}, which it does not hold", uri=reference.uri))
    if element.tag == _DS + "Signature":
        raise _contradicts(say("it signs itself"))
    return element


def _manifest(root: _Element, signed: set[_Element]) -> _Element:
    found = list(root.iter(_DS + "Manifest"))
    if len(found) != 1 or not _within(found[0], signed):
        raise _contradicts(say("it does not sign one list of the parts it speaks for"))
    return found[0]


def _within(element: _Element, signed: set[_Element]) -> bool:
    return element in signed or any(above in signed for above in element.iterancestors())


def _reference(element: _Element) -> Reference:
    within = element.find(_DS + "Transforms")
    return Reference(
        uri=element.get("URI") or "",
        transforms=tuple(map(_transform, () if within is None else within.iterchildren("*"))),
        method=_one(element, _DS + "DigestMethod").get("Algorithm") or "",
        digest=_bytes(_one(element, _DS + "DigestValue")),
    )


def _transform(element: _Element) -> Transform:
    prefixes = element.find(_PREFIXES)
    listed = "" if prefixes is None else prefixes.get("PrefixList") or ""
    return Transform(
        method=element.get("Algorithm") or "",
        prefixes=tuple("" if one == "#default" else one for one in listed.split()),
        ids=frozenset(one.get("SourceId") or "" for one in element.iterchildren(_RELATIONSHIP)),
        types=frozenset(one.get("SourceType") or "" for one in element.iterchildren(_GROUP)),
    )


def _properties(root: _Element, signed: set[_Element]) -> Properties | None:
    found = list(root.iter(_XD + "SignedProperties"))
    if not found:
        return None
    around = found[0].getparent()
    if len(found) != 1 or around is None or not _within(found[0], signed):
        raise _contradicts(say("its properties are not signed, or there are two of them"))
    target = around.get("Target") or ""
    own = root.get("Id")
    if around.tag != _XD + "QualifyingProperties" or (own and target != f"#{own}"):
        raise _contradicts(say("its properties are those of another signature"))
    unsigned = f"{_XD}UnsignedProperties/{_XD}UnsignedSignatureProperties/"
    answers = {Kind.OCSP: "EncapsulatedOCSPValue", Kind.CRL: "EncapsulatedCRLValue"}
    return Properties(
        certificates=tuple(_named(found[0]))[:MOST],
        tokens=tuple(
            token
            for stamp in around.iterfind(f"{unsigned}{_XD}SignatureTimeStamp")
            for token in _tokens(stamp)
        )[:MOST],
        held=tuple(map(_bytes, around.iter(_XD + "EncapsulatedX509Certificate")))[:MOST],
        evidence=tuple(
            Evidence(kind=kind, content=_bytes(one))
            for kind, tag in answers.items()
            for one in around.iter(_XD + tag)
        )[:MOST],
    )


def _named(properties: _Element) -> Iterator[tuple[str, bytes]]:
    """Yield the digests of the certificates that XAdES, or its second edition, names."""
    for tag in ("SigningCertificate", "SigningCertificateV2"):
        for digest in properties.iterfind(f".//{_XD}{tag}/{_XD}Cert/{_XD}CertDigest"):
            method = _one(digest, _DS + "DigestMethod").get("Algorithm") or ""
            yield method, _bytes(_one(digest, _DS + "DigestValue"))


def _tokens(stamp: _Element) -> Iterator[Token]:
    form = stamp.find(_DS + "CanonicalizationMethod")
    method = C14N if form is None else form.get("Algorithm") or ""
    for element in stamp.iterchildren(_XD + "EncapsulatedTimeStamp"):
        yield Token(content=_bytes(element), method=method)


def _signed_at(root: _Element, signed: set[_Element]) -> datetime | None:
    """Return when the signature claims to have been made: by XAdES, else by Office's own word."""
    for tag in (_XD + "SigningTime", f"{{{MDSSI}}}Value"):
        for element in root.iter(tag):
            if _within(element, signed):
                try:
                    moment = datetime.fromisoformat(_text(element).strip())
                except ValueError:
                    continue
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _one(element: _Element, tag: str) -> _Element:
    found = list(element.iterchildren(tag))
    if len(found) != 1:
        raise _contradicts(say("it has no {element}, or two", element=tag.rpartition("}")[2]))
    return found[0]


def _text(element: _Element) -> str:
    """
    Return all text of an element, whatever comments stand in it; ValueError for elements in it.

    The canonical form that is signed has no comments, so that anybody may put some in: they
    change nothing, and least of all where a text ends.
    """
    if list(element.iterchildren("*")):
        raise ValueError(element.tag)
    return "".join([element.text or "", *(child.tail or "" for child in element)])


def _bytes(element: _Element) -> bytes:
    try:
        return base64.b64decode("".join(_text(element).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        name = str(element.tag).rpartition("}")[2]
        raise _contradicts(say("its {element} is not base64", element=name)) from error


def _contradicts(what: Message) -> PackageUnsound:
    return PackageUnsound(
        say("the signature cannot be read: {what}", what=what),
        hint=say("ask the signer to sign the document anew"),
    )
