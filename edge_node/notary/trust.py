"""
What a judgement of certificates starts from, and what it comes to.

Values only, cheap to import on both sides of the pipe. `edge_node.notary.chain.judge` reaches
the judgement, `edge_node.notary.stamped.read_stamp` that of a time-stamp token. Neither asks a
network: they use what was handed in and name what is `Wanted`; whoever may fetch does, and asks
once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from edge_node.domain.signature import Revocation, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.message import Message
    from edge_node.domain.signature import CertificateFacts, FileVerdict, Sub

    Finding = tuple[Verdict, Sub | None, Message]  # no sub-indication for VALID


class Kind(StrEnum):
    """What a piece of evidence is, and what can be asked for."""

    OCSP = "ocsp"  # an OCSPResponse (RFC 6960)
    CRL = "crl"  # a CertificateList (RFC 5280)
    ISSUER = "issuer"  # a certificate, or a PKCS#7 that holds certificates


class Checking(StrEnum):
    """How much a missing word on revocation weighs."""

    REQUIRED = "required"  # INDETERMINATE, TRY_LATER
    IF_POSSIBLE = "if_possible"  # a warning
    NEVER = "never"  # nobody looks


class Purpose(StrEnum):
    """What the certificate that is judged was used for."""

    SIGNING = "signing"  # key usage nonRepudiation or digitalSignature
    STAMPING = "stamping"  # extended key usage timeStamping (RFC 3161, 2.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Something fetched or embedded that speaks about certificates, in DER."""

    kind: Kind
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What would help to know more: to be POSTed where there is a request, else fetched."""

    kind: Kind
    url: str  # as the certificate says; http, https or ldap
    request: bytes = b""  # an OCSPRequest in DER; empty for a CRL or an issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom to believe, for signers and time-stamp authorities alike."""

    roots: tuple[bytes, ...]  # DER; pinned: nothing is asked about them
    intermediates: tuple[bytes, ...] = ()  # DER; signatures often carry only their leaf
    evidence: tuple[Evidence, ...] = ()
    checking: Checking = Checking.REQUIRED
    legacy_sha1: bool = False  # SHA-1 is a warning and not CRYPTO_CONSTRAINTS_FAILURE
    minimum_rsa: int = 2048  # bits
    grace: timedelta = timedelta()  # past their time OCSP answers and CRLs still count


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a certificate is worth for something it did at some time."""

    verdict: Verdict
    why: Message
    certificate: CertificateFacts
    sub: Sub | None = None  # None for VALID
    chain: tuple[CertificateFacts, ...] = ()  # from its issuer to the root, where one was found
    revocation: Revocation = Revocation.UNKNOWN  # of the certificate itself
    evidence: tuple[str, ...] = ()  # SHA-256 of the OCSP answers and CRLs relied on
    wanted: tuple[Wanted, ...] = ()
    warnings: tuple[Message, ...] = ()

    @property
    def signer(self) -> CertificateFacts | None:
        """Whose certificate it is; None where it cannot be read, and no day in it is known."""
        return self.certificate if self.certificate.serial else None

    def relied_on(self, stamp: Stamp | None) -> tuple[str, ...]:
        """Return the digests of all that was relied on, for what it did at a stamped time."""
        more = (*stamp.judgement.evidence, stamp.fingerprint) if stamp else ()
        return tuple(dict.fromkeys((*self.evidence, *more)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a time-stamp token proves; ``at`` counts only where ``judgement`` is VALID."""

    at: datetime
    authority: str  # the common name of who stamped
    judgement: Judgement
    fingerprint: str  # SHA-256 of the token

    @property
    def trusted(self) -> bool:
        """Whether its time is proved."""
        return self.judgement.verdict is Verdict.VALID


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The verdict on a file, and what would make it surer."""

    verdict: FileVerdict
    wanted: tuple[Wanted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A signature made on trial, over a digest of nothing that matters."""

    digest: bytes
    signature: bytes  # raw: RSA PKCS #1 v1.5, or ECDSA as DER
    hashed: str  # the hash function of the digest: sha256, sha384 or sha512


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """What a certificate is worth for signing now."""

    judgement: Judgement
    numbers: tuple[str, ...] = ()  # its subject's, as written there: `MST:0400260612`, `H37.02`
    fits: bool | None = None  # whether its key made the specimen; None where there was none

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """What would make it surer."""
        return self.judgement.wanted
