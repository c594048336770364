"""
What a CMS SignedData (RFC 5652) holds, and whether it was made over a digest by its signer.

The bytes only: whether the signer is to be believed is `edge_node.notary.chain`. One signer
info and what it carries; detached, or over a time-stamp's own content.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import asn1crypto.pdf  # noqa: F401 - teaches asn1crypto Adobe's revocation attribute
from asn1crypto import cms, core
from pyhanko.sign.general import CMSExtractionError, extract_certificate_info, extract_signer_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_self_reported_ts, validate_sig_integrity

from edge_node.domain.message import Message, say
from edge_node.domain.signature import Sub, Verdict
from edge_node.notary.fences import FOREIGN
from edge_node.notary.strength import weakness
from edge_node.notary.trust import Evidence, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from asn1crypto import x509
    from pyhanko.sign.general import SignedDataCerts

    from edge_node.notary.trust import Trust

MOST_TOKENS: Final = 8  # time-stamps on one signature; more are not looked at


class Unreadable(ValueError):
    """There is no signature in these bytes; ``message`` says why, ``sub`` files it."""

    def __init__(self, message: Message, *, sub: Sub = Sub.FORMAT_FAILURE) -> None:
        """Keep the sentence and the sub-indication for the verdict."""
        super().__init__(message)
        self.message = message
        self.sub = sub


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature's parts."""

    content: cms.SignedData
    information: cms.SignerInfo
    certificate: x509.Certificate
    others: tuple[bytes, ...]  # further certificates, DER
    digest: str  # the algorithm: sha256 ...
    signed_at: datetime | None  # as the signer claims
    tokens: tuple[bytes, ...]  # time-stamps over the signature, DER
    evidence: tuple[Evidence, ...]  # embedded in the signature itself

    @property
    def digests(self) -> frozenset[str]:
        """The digest algorithms that its worth hangs on."""
        signing = self.information["signature_algorithm"]
        try:
            return frozenset({self.digest, signing.hash_algo})
        except ValueError:  # the algorithm names none, as Ed25519 and rsaEncryption do
            return frozenset({self.digest})

    def digest_of_signature(self, algorithm: str) -> bytes:
        """Return the digest of the raw signature, which a time-stamp is over."""
        return hashlib.new(algorithm, self.information["signature"].native).digest()


def read(contents: bytes) -> Signed:
    """Read a ContentInfo (DER, padding after it allowed); `Unreadable` says what is amiss."""
    try:
        content = _signed_data(cms.ContentInfo.load(contents))
        information = extract_signer_info(content)
        certificates = _certificates(content)
        return Signed(
            content=content,
            information=information,
            certificate=certificates.signer_cert,
            others=tuple(one.dump() for one in certificates.other_certs),
            digest=information["digest_algorithm"]["algorithm"].native,
            signed_at=extract_self_reported_ts(information),
            tokens=tuple(_unsigned(information, "signature_time_stamp_token"))[:MOST_TOKENS],
            evidence=tuple(_evidence(content, information)),
        )
    except Unreadable:
        raise
    except MemoryError:
        raise
    except FOREIGN as error:
        raise Unreadable(say("it cannot be read as a CMS signature")) from error


def breach(signed: Signed, digest: bytes) -> tuple[Verdict, Sub, Message] | None:
    """
    Say what breaks a signature over something with this ``digest``; None if it is sound.

    ``digest`` was made by ``signed.digest``.
    """
    kind = signed.content["encap_content_info"]["content_type"].native
    try:
        intact, genuine = validate_sig_integrity(
            signed.information, signed.certificate, kind, digest
        )
    except SignatureValidationError as error:
        return _refused(error)
    except MemoryError:
        raise
    except FOREIGN:
        return (
            Verdict.INVALID,
            Sub.SIG_CRYPTO_FAILURE,
            say("the signature was not made with the key of its certificate"),
        )
    if not genuine:
        return (
            Verdict.INVALID,
            Sub.SIG_CRYPTO_FAILURE,
            say("the signature was not made with the key of its certificate"),
        )
    if not intact:
        return (
            Verdict.INVALID,
            Sub.HASH_FAILURE,
            say("what was signed has been changed since"),
        )
    return None


def encapsulated(signed: Signed) -> bytes | None:
    """Return the content the signature carries itself; None where it is detached."""
    content = signed.content["encap_content_info"]["content"]
    return None if content is core.VOID or content.native is None else bytes(content)


def binds_its_certificate(signed: Signed) -> bool:
    """Whether the signed attributes name the certificate (RFC 5035), as PAdES asks."""
    names = {"signing_certificate", "signing_certificate_v2"}
    attributes = signed.information["signed_attrs"]
    return any(one["type"].native in names for one in attributes or ())


def weak_digest(signed: Signed, trust: Trust) -> Message | None:
    """Say which digest of the signature no longer holds, or its key; None if all do."""
    found = (weakness(signed.certificate.dump(), name, trust) for name in sorted(signed.digests))
    return next((message for message in found if message is not None), None)


def _signed_data(message: cms.ContentInfo) -> cms.SignedData:
    if message["content_type"].native != "signed_data":
        raise Unreadable(say("it holds no CMS signature"))
    return message["content"]


def _certificates(content: cms.SignedData) -> SignedDataCerts:
    try:
        return extract_certificate_info(content)
    except CMSExtractionError as error:
        raise Unreadable(
            say("it does not hold the certificate of its signer"),
            sub=Sub.NO_SIGNING_CERTIFICATE_FOUND,
        ) from error


def _refused(error: SignatureValidationError) -> tuple[Verdict, Sub, Message]:
    found = getattr(error.ades_subindication, "name", "")
    if found == Sub.NO_SIGNING_CERTIFICATE_FOUND.name:
        return (
            Verdict.INVALID,
            Sub.SIG_CRYPTO_FAILURE,
            say("the certificate beside the signature is not the one it was made with"),
        )
    return (
        Verdict.INVALID,
        Sub.FORMAT_FAILURE,
        say("the signature contradicts itself about what it signs or how"),
    )


def _unsigned(information: cms.SignerInfo, name: str) -> Iterator[bytes]:
    for attribute in information["unsigned_attrs"] or ():
        if attribute["type"].native == name:
            for value in attribute["values"]:
                yield value.dump()


def _evidence(content: cms.SignedData, information: cms.SignerInfo) -> Iterator[Evidence]:
    for choice in content["crls"] or ():
        if choice.name == "certificate_list":
            yield Evidence(kind=Kind.CRL, content=choice.chosen.dump())
    for attribute in information["signed_attrs"] or ():
        if attribute["type"].native == "adobe_revocation_info_archival":
            for archive in attribute["values"]:
                for one in archive["crl"] or ():
                    yield Evidence(kind=Kind.CRL, content=one.dump())
                for one in archive["ocsp"] or ():
                    yield Evidence(kind=Kind.OCSP, content=one.dump())
