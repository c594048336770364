"""
CMS SignedData (RFC 5652) put together around one raw signature over signed attributes.

The profile is that of PAdES baseline and CAdES (ETSI EN 319 142-1, EN 319 122-1): detached,
content type, message digest, ESS signing-certificate-v2 (RFC 5035) and the protection of the
algorithms (RFC 6211); no signing time, which a PDF says elsewhere. Who makes the raw signature,
and where the result is put, is left to others.

    form = CmsForm.of(certificate, chain, algorithm)     # once a key
    attributes = form.attributes(digest)                 # DER, of a document
    signature = key.sign(form.digest(attributes))
    cms = form.filled(attributes, signature)             # DER
    cms = with_stamp(cms, token)                         # once a stamp over `imprint(cms)` came
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from asn1crypto import algos, cms, core, tsp, x509

from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.notary.raw import Algorithm, longest, public_key

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIGNATURE_ALGORITHMS: Final = {
    Algorithm.RSA_SHA256: "sha256_rsa",
    Algorithm.P256_SHA256: "sha256_ecdsa",
    Algorithm.P384_SHA384: "sha384_ecdsa",
}
# Tags of DER (X.690, 8.1.2), and two values that are always the same.
_OCTETS, _SEQUENCE, _SET, _FIRST, _SECOND = b"\x04", b"\x30", b"\x31", b"\xa0", b"\xa1"
_VERSION: Final[bytes] = core.Integer(1).dump()
_KIND: Final[bytes] = cms.ContentType("signed_data").dump()
_STAMPED: Final[bytes] = cms.CMSAttributeType("signature_time_stamp_token").dump()
# The fields of a SignedData before its SignerInfos, and of a SignerInfo before what is unsigned.
_DATA_FIELDS: Final = (
    "version", "digest_algorithms", "encap_content_info", "certificates", "crls",
)  # fmt: skip
_SIGNED_FIELDS: Final = (
    "version", "sid", "digest_algorithm", "signed_attrs", "signature_algorithm", "signature",
)  # fmt: skip
_FRAME: Final = 64  # what an unsigned attribute and longer lengths around it add at most


class NotCms(EdgeNodeError):
    """Bytes that should be a SignedData with one signer are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsForm:
    """Everything of a SignedData that is the same for every document of one certificate."""

    algorithm: Algorithm
    longest: int  # bytes of a raw signature
    # What never changes, DER: the attributes, what stands before those and the signature in the
    # SignerInfo, and what stands before that in the SignedData.
    _constant: tuple[bytes, ...] = field(repr=False)
    _signer: bytes = field(repr=False)
    _signed: bytes = field(repr=False)
    _content: bytes = field(repr=False)

    @classmethod
    def of(cls, certificate: bytes, chain: Sequence[bytes], algorithm: Algorithm) -> CmsForm:
        """Prepare for a certificate and those above it, all DER. Raises ValueError for junk."""
        leaf = x509.Certificate.load(certificate, strict=True)
        public = public_key(certificate)
        if public is None:
            raise ValueError(leaf.public_key.algorithm)
        others = [x509.Certificate.load(der, strict=True) for der in chain]
        hashed = algos.DigestAlgorithm({"algorithm": algorithm.digest})
        signed = algos.SignedDigestAlgorithm({"algorithm": _SIGNATURE_ALGORITHMS[algorithm]})
        named = {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
        signer = cms.SignerIdentifier("issuer_and_serial_number", named)
        bundle = cms.CertificateSet(
            [cms.CertificateChoices("certificate", one) for one in (leaf, *others)]
        )
        kind = cms.EncapsulatedContentInfo({"content_type": "data"})
        return cls(
            algorithm=algorithm,
            longest=longest(public),
            _signer=_VERSION + signer.dump() + hashed.dump(),
            _signed=signed.dump(),
            _content=b"".join(
                (_VERSION, _der(_SET, hashed.dump()), kind.dump(), _FIRST + bundle.dump()[1:])
            ),
            _constant=(
                _attribute("content_type", "data").dump(),
                _attribute("signing_certificate_v2", _named(leaf)).dump(),
                _attribute(
                    "cms_algorithm_protection",
                    {"digest_algorithm": hashed, "signature_algorithm": signed},
                ).dump(),
            ),
        )

    def attributes(self, digest: bytes) -> bytes:
        """
        Return the signed attributes for a document, DER of a SET, as they are hashed.

        ``digest`` is of the document, made with the hash function of the algorithm.
        """
        told: bytes = _attribute("message_digest", digest).dump()
        in_order = sorted((*self._constant, told))  # as DER has a SET
        signed: bytes = core.Set(contents=b"".join(in_order)).dump()
        return signed

    def digest(self, attributes: bytes) -> bytes:
        """Return what the key is asked to sign."""
        return hashlib.new(self.algorithm.digest, attributes).digest()

    def filled(self, attributes: bytes, signature: bytes) -> bytes:
        """Return the SignedData, DER of a ContentInfo, with the raw ``signature`` in it."""
        told = _FIRST + attributes[1:]  # tagged implicitly: the same but for its first byte
        raw = _der(_OCTETS, signature)
        signer = _der(_SEQUENCE, self._signer, told, self._signed, raw)
        signed_data = _der(_SEQUENCE, self._content, _der(_SET, signer))
        return _der(_SEQUENCE, _KIND, _der(_FIRST, signed_data))

    def size(self, *, stamp: int = 0) -> int:
        """Return how many bytes to keep free for a SignedData with a stamp of that length."""
        empty = self.attributes(bytes(hashlib.new(self.algorithm.digest).digest_size))
        bare = len(self.filled(empty, bytes(self.longest)))
        return bare + (stamp + _FRAME if stamp else 0)


def imprint(signed_data: bytes, hashed: str = "sha256") -> bytes:
    """Return the digest of the raw signature in a SignedData: what is stamped. Raises `NotCms`."""
    signature = _signer_of(_content(signed_data))["signature"].native
    return hashlib.new(hashed, signature).digest()


def with_stamp(signed_data: bytes, token: bytes) -> bytes:
    """
    Return a SignedData (DER) with a time-stamp ``token`` (DER) over its signature put into it.

    A stamp that is there already stays. Raises `NotCms` where either is none.
    """
    content = _content(signed_data)
    _content(token)
    data, signer = content["content"], _signer_of(content)
    there = signer["unsigned_attrs"]
    kept = [] if isinstance(there, core.Void) else [one.dump() for one in there]
    stamp = _der(_SEQUENCE, _STAMPED, _der(_SET, token))
    told = _der(_SECOND, *sorted((*kept, stamp)))  # as DER has a SET
    # Not by asn1crypto: it takes 1 length in 256 for "indefinite" and then writes all below anew,
    # twice for each level that was changed; that took minutes.
    named = _der(_SEQUENCE, *(signer[name].dump() for name in _SIGNED_FIELDS), told)
    before = (data[name].dump() for name in _DATA_FIELDS)
    whole = _der(_SEQUENCE, *before, _der(_SET, named))
    return _der(_SEQUENCE, _KIND, _der(_FIRST, whole))


def _der(tag: bytes, *contents: bytes) -> bytes:
    """Return a value of DER: with its tag and length (X.690, 8.1.3) before it."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:  # noqa: PLR2004 - then the length is one byte
        return tag + bytes((size,)) + content
    told = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return tag + bytes((0x80 | len(told),)) + told + content


def _attribute(kind: str, value: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def _named(certificate: x509.Certificate) -> tsp.SigningCertificateV2:
    """Name a certificate by its SHA-256, which is the default and so not written (RFC 5035)."""
    issuer = x509.GeneralName("directory_name", certificate.issuer)
    issued = {"issuer": [issuer], "serial_number": certificate.serial_number}
    told = {"cert_hash": certificate.sha256, "issuer_serial": issued}
    return tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2(told)]})


def _content(der: bytes) -> cms.ContentInfo:
    try:
        content = cms.ContentInfo.load(der, strict=True)
        signers = content["content"]["signer_infos"]
        read = [(one["signature"].native, one["unsigned_attrs"].native) for one in signers]
    except (ValueError, TypeError, KeyError) as error:
        raise _no_cms() from error
    if len(read) != 1:
        raise _no_cms()
    return content


def _signer_of(content: cms.ContentInfo) -> cms.SignerInfo:
    return content["content"]["signer_infos"][0]


def _no_cms() -> NotCms:
    return NotCms(
        say("this is no CMS signature with one signer"),
        hint=say("nothing was changed; tell whoever maintains this node"),
    )
