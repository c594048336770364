"""
What can be said of a signature, in the terms of ETSI EN 319 102-1 (clause 5.1.3).

Values only: who reaches a verdict is `edge_node.notary`, what is done with one is policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.message import Message


class Verdict(StrEnum):
    """Whether a signature is sound, broken, or cannot be known."""

    VALID = "VALID"  # TOTAL-PASSED
    INVALID = "INVALID"  # TOTAL-FAILED
    INDETERMINATE = "INDETERMINATE"

    @property
    def indication(self) -> str:
        """The main status indication of the standard."""
        return _INDICATIONS[self]


_INDICATIONS: Final = {
    Verdict.VALID: "TOTAL-PASSED",
    Verdict.INVALID: "TOTAL-FAILED",
    Verdict.INDETERMINATE: "INDETERMINATE",
}


class Sub(StrEnum):
    """Why a verdict is not VALID: the sub-indications of the standard that occur here."""

    # TOTAL-FAILED
    FORMAT_FAILURE = "FORMAT_FAILURE"  # cannot be read as a signature of its kind
    HASH_FAILURE = "HASH_FAILURE"  # what was signed has been changed
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"  # not made with the key of its certificate
    REVOKED = "REVOKED"  # the certificate was revoked before the signature was made
    EXPIRED = "EXPIRED"  # made after the certificate had run out
    NOT_YET_VALID = "NOT_YET_VALID"  # made before the certificate began to hold
    # INDETERMINATE
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"  # coverage, key usage, later changes
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"  # SHA-1, a key that is too short
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"  # to none of the pinned roots
    REVOKED_NO_POE = "REVOKED_NO_POE"  # revoked by now; nobody knows when it was signed
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"  # run out by now, likewise
    NO_POE = "NO_POE"
    TRY_LATER = "TRY_LATER"  # revocation cannot be asked now
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    NOT_CHECKED = "CUSTOM"  # nobody could look: a bomb, a crash, a time limit


class Coverage(StrEnum):
    """How much of the file a signature speaks for."""

    WHOLE = "whole"  # every byte but its own, or every part that is shown
    EXTENDED = "extended"  # and what came later is signatures and their evidence only
    CHANGED = "changed"  # what is shown was changed afterwards
    PARTIAL = "partial"  # something that is shown was never covered


class Bears(StrEnum):
    """What a document itself bears, in a word: its main file, as it was sent or came in."""

    UNKNOWN = ""  # nobody looked, or could
    UNSIGNED = "unsigned"
    SIGNED = "signed"
    STAMPED = "stamped"  # signed, and a time-stamp authority says when
    INVALID = "invalid"  # a signature in it does not hold


class Revocation(StrEnum):
    """What is known of the signing certificate's being revoked."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """A certificate as a person wants to see it."""

    subject: str  # its common name, or all of its subject where it has none
    issuer: str
    serial: str  # hexadecimal
    fingerprint: str  # SHA-256 of its DER, hexadecimal
    not_before: datetime
    not_after: datetime
    thumbprint: str = ""  # SHA-1 of its DER, by which Windows shows it; proves nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureVerdict:
    """One signature: who by, when by its own word and by a time-stamp, and what it is worth."""

    verdict: Verdict
    why: Message
    sub: Sub | None = None  # None for VALID
    name: str = ""  # of the form field, or of the signature's part in the package
    profile: str = ""  # PAdES-B-B to B-LTA, CMS, XAdES-T, XML-DSig ...; of a stamp: DTS
    signer: CertificateFacts | None = None
    signed_at: datetime | None = None  # as the signature claims
    stamped_at: datetime | None = None  # as a time-stamp authority says, if that is trusted
    stamped_by: str = ""
    chain: tuple[CertificateFacts, ...] = ()  # from the signer's issuer to the root
    coverage: Coverage = Coverage.WHOLE
    uncovered: tuple[str, ...] = ()  # what the signature does not speak for
    algorithm: str = ""  # rsa2048-sha256, ecdsa-p256-sha256 ...
    revocation: Revocation = Revocation.UNKNOWN
    evidence: tuple[str, ...] = ()  # SHA-256 of the OCSP answers, CRLs and tokens relied on
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVerdict:
    """A file and the signatures in it; the worst of them, or why there is nothing to say."""

    verdict: Verdict
    why: Message
    sub: Sub | None = None
    signatures: tuple[SignatureVerdict, ...] = ()
    signed: bool = False  # whether there is any signature (a lone document time-stamp is none)
    signable: bool = True  # PDF and Office files are; those of other kinds are not looked into
    for_good: bool = False  # where it cannot be read: that lies in the file, and will stay so
    warnings: tuple[Message, ...] = ()

    @property
    def shows_signature(self) -> bool:
        """Whether a signature was found, and not only a trace of one in what cannot be read."""
        return any(one.profile != "DTS" for one in self.signatures)

    @property
    def relied_on(self) -> tuple[str, ...]:
        """The evidence that counted for any of the signatures, by its SHA-256."""
        digests = (digest for one in self.signatures for digest in one.evidence)
        return tuple(dict.fromkeys(digests))
