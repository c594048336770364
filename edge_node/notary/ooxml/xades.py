"""
The signature part of an office file, written piece by piece in canonical form.

Layout as Office writes it (MS-OFFCRYPTO 2.5.2), with the signed properties of XAdES. Every piece
is text that already is its own canonical form, so what is signed is what is written; only the
namespace that the enclosing element declares has to be put back in (`standing_alone`). What is
signed and by whom is `edge_node.notary.ooxml.signing`.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from edge_node.notary.certificates import load
from edge_node.notary.ooxml import relationships
from edge_node.notary.ooxml.algorithms import SHA256
from edge_node.notary.ooxml.markup import C14N, escaped, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from asn1crypto import x509

DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
MDSSI: Final = "http://schemas.openxmlformats.org/package/2006/digital-signature"
OFFICE: Final = "http://schemas.microsoft.com/office/2006/digsig"
OBJECT: Final = DSIG + "Object"
SIGNED_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n'
_PATH: Final = "/-._~!$&'()*+,;=:@%"  # what a part's name may hold as it stands
_NO_PROVIDER: Final = "{00000000-0000-0000-0000-000000000000}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A part that is signed; of a relationship part the ids that are."""

    name: str
    content_type: str
    digest: bytes  # SHA-256
    ids: tuple[str, ...] = ()


def package_object(covered: Iterable[Covered], signing_time: datetime) -> str:
    """Return the Object that speaks for the parts of the file."""
    return (
        f'<Object Id="idPackageObject"><Manifest>{"".join(map(_of_part, covered))}</Manifest>'
        '<SignatureProperties><SignatureProperty Id="idSignatureTime" '
        f'Target="#idPackageSignature"><mdssi:SignatureTime xmlns:mdssi="{MDSSI}">'
        "<mdssi:Format>YYYY-MM-DDThh:mm:ssTZD</mdssi:Format>"
        f"<mdssi:Value>{_moment(signing_time)}</mdssi:Value></mdssi:SignatureTime>"
        "</SignatureProperty></SignatureProperties></Object>"
    )


def office_object(comments: str) -> str:
    """Return the Object that Office shows the particulars of a signature from."""
    return (
        '<Object Id="idOfficeObject"><SignatureProperties><SignatureProperty '
        'Id="idOfficeV1Details" Target="#idPackageSignature">'
        f'<SignatureInfoV1 xmlns="{OFFICE}"><SetupID></SetupID>'
        "<SignatureText></SignatureText><SignatureImage></SignatureImage>"
        f"<SignatureComments>{escaped(comments)}</SignatureComments>"
        "<WindowsVersion>10.0</WindowsVersion><OfficeVersion>16.0</OfficeVersion>"
        "<ApplicationVersion>16.0</ApplicationVersion><Monitors>1</Monitors>"
        "<HorizontalResolution>1920</HorizontalResolution>"
        "<VerticalResolution>1080</VerticalResolution><ColorDepth>32</ColorDepth>"
        f"<SignatureProviderId>{_NO_PROVIDER}</SignatureProviderId>"
        "<SignatureProviderUrl></SignatureProviderUrl>"
        "<SignatureProviderDetails>9</SignatureProviderDetails>"
        "<SignatureType>1</SignatureType></SignatureInfoV1>"
        "</SignatureProperty></SignatureProperties></Object>"
    )


def signed_properties(certificate: bytes, signing_time: datetime) -> str:
    """Return the properties of XAdES that are signed: when, and by which certificate."""
    read = load(certificate)
    return (
        '<xd:SignedProperties Id="idSignedProperties"><xd:SignedSignatureProperties>'
        f"<xd:SigningTime>{_moment(signing_time)}</xd:SigningTime><xd:SigningCertificate>"
        f"<xd:Cert><xd:CertDigest>{_digest(hashlib.sha256(certificate).digest())}"
        "</xd:CertDigest><xd:IssuerSerial>"
        f"<X509IssuerName>{escaped(_distinguished(read.issuer))}</X509IssuerName>"
        f"<X509SerialNumber>{read.serial_number}</X509SerialNumber></xd:IssuerSerial></xd:Cert>"
        "</xd:SigningCertificate><xd:SignaturePolicyIdentifier>"
        "<xd:SignaturePolicyImplied></xd:SignaturePolicyImplied></xd:SignaturePolicyIdentifier>"
        "</xd:SignedSignatureProperties></xd:SignedProperties>"
    )


def signed_info(package: str, office: str, properties: str, method: str) -> str:
    """Return what the key signs, over the two Objects and the signed properties."""
    return (
        f'<SignedInfo><CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{method}"></SignatureMethod>'
        + _reference("#idPackageObject", standing_alone(package), kind=OBJECT)
        + _reference("#idOfficeObject", standing_alone(office), kind=OBJECT)
        + _reference(
            "#idSignedProperties",
            standing_alone(properties),
            kind=SIGNED_PROPERTIES,
            transforms=_CANONICALIZED,
        )
        + "</SignedInfo>"
    )


def signature_value(signature: bytes) -> str:
    """Return the element that holds the signature, which a time-stamp is over."""
    return f"<SignatureValue>{_base64(signature)}</SignatureValue>"


def document(
    *,
    information: str,
    value: str,
    objects: str,
    properties: str,
    certificates: tuple[bytes, ...],
    token: bytes | None,
) -> bytes:
    """Return the whole signature part; the first of ``certificates`` is the signer's."""
    return (
        f'{_HEAD}<Signature xmlns="{DSIG}" Id="idPackageSignature">{information}{value}'
        f"<KeyInfo><X509Data><X509Certificate>{_base64(certificates[0])}</X509Certificate>"
        f"</X509Data></KeyInfo>{objects}"
        f'<Object><xd:QualifyingProperties xmlns:xd="{XADES}" Target="#idPackageSignature">'
        f"{properties}{_unsigned_properties(certificates[1:], token)}"
        "</xd:QualifyingProperties></Object></Signature>"
    ).encode()


def standing_alone(piece: str) -> bytes:
    """Return a piece as it is canonicalized: with the namespaces that stand around it."""
    name, attributes, rest = _opening(piece)
    around = f' xmlns="{DSIG}"'
    if name.startswith("xd:"):
        around += f' xmlns:xd="{XADES}"'
    return f"<{name}{around}{attributes}>{rest}".encode()


def _opening(piece: str) -> tuple[str, str, str]:
    tag, _, rest = piece.removeprefix("<").partition(">")
    name, blank, attributes = tag.partition(" ")
    return name, blank + attributes, rest


def _unsigned_properties(issuers: tuple[bytes, ...], token: bytes | None) -> str:
    held = ""
    if token is not None:
        held += (
            '<xd:SignatureTimeStamp Id="idSignatureTimeStamp">'
            f'<CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod>'
            f"<xd:EncapsulatedTimeStamp>{_base64(token)}</xd:EncapsulatedTimeStamp>"
            "</xd:SignatureTimeStamp>"
        )
    if issuers:
        rows = "".join(
            f"<xd:EncapsulatedX509Certificate>{_base64(one)}</xd:EncapsulatedX509Certificate>"
            for one in issuers
        )
        held += f"<xd:CertificateValues>{rows}</xd:CertificateValues>"
    if not held:
        return ""
    return (
        "<xd:UnsignedProperties><xd:UnsignedSignatureProperties>"
        f"{held}</xd:UnsignedSignatureProperties></xd:UnsignedProperties>"
    )


def _of_part(one: Covered) -> str:
    uri = f"{quote(one.name, safe=_PATH)}?ContentType={one.content_type}"
    chosen = "".join(
        f'<mdssi:RelationshipReference xmlns:mdssi="{MDSSI}" SourceId={quoted(each)}>'
        "</mdssi:RelationshipReference>"
        for each in one.ids
    )
    transforms = (
        f'<Transform Algorithm="{relationships.TRANSFORM}">{chosen}</Transform>{_CANONICALIZED}'
        if chosen
        else ""
    )
    return _referring(f"URI={quoted(uri)}", one.digest, transforms)


def _reference(uri: str, content: bytes, *, kind: str, transforms: str = "") -> str:
    digest = hashlib.sha256(content).digest()
    return _referring(f'Type="{kind}" URI="{uri}"', digest, transforms)


def _referring(attributes: str, digest: bytes, transforms: str) -> str:
    within = f"<Transforms>{transforms}</Transforms>" if transforms else ""
    return f"<Reference {attributes}>{within}{_digest(digest)}</Reference>"


def _digest(digest: bytes) -> str:
    return (
        f'<DigestMethod Algorithm="{SHA256}"></DigestMethod>'
        f"<DigestValue>{_base64(digest)}</DigestValue>"
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


_CANONICALIZED: Final = f'<Transform Algorithm="{C14N}"></Transform>'

_SHORT: Final = {
    "common_name": "CN",
    "organization_name": "O",
    "organizational_unit_name": "OU",
    "country_name": "C",
    "locality_name": "L",
    "state_or_province_name": "ST",
    "street_address": "STREET",
    "domain_component": "DC",
    "user_id": "UID",
}


def _distinguished(name: x509.Name) -> str:
    """Return a name as RFC 4514 writes it: the last part first."""
    return ",".join("+".join(map(_named, one)) for one in reversed(list(name.chosen)))


def _named(one: x509.NameTypeAndValue) -> str:
    kind = one["type"]
    return f"{_SHORT.get(kind.native, kind.dotted)}={_plain(str(one['value'].native))}"


def _plain(value: str) -> str:
    text = "".join(f"\\{letter}" if letter in ',+"\\<>;=' else letter for letter in value)
    if text[:1] in {" ", "#"}:
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(text) > 1 else text
