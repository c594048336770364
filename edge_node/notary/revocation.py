"""
Whether one certificate of a path was revoked at a moment, by the evidence at hand.

The evidence is checked by pyhanko-certvalidator: its signature, who may give it, what it is
about and for when. An answer given later than the moment speaks about it too; one given after
the certificate ran out does not, because authorities then forget it (RFC 5280, 3.3; RFC 6960,
4.4.4).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from asn1crypto import crl, ocsp
from pyhanko_certvalidator.errors import (
    CRLValidationError,
    OCSPValidationError,
    OCSPValidationIndeterminateError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.revinfo.validate_crl import verify_crl
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

from edge_node.domain.signature import Revocation
from edge_node.notary.certificates import crl_places, fingerprint, ocsp_places, ocsp_question
from edge_node.notary.fences import FOREIGN
from edge_node.notary.trust import Kind, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asn1crypto import x509
    from pyhanko_certvalidator.context import ValidationContext
    from pyhanko_certvalidator.path import ValidationPath

    from edge_node.notary.trust import Evidence


EXPIRED_TOO: Final = "2.5.29.60"  # ExpiredCertsOnCRL (X.509, 9.5.2.8)
_KEPT: Final = 16  # pieces; one judgement follows another over the same few


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What is known of one certificate."""

    status: Revocation
    since: datetime | None = None  # of REVOKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An OCSP answer or a CRL, read once."""

    kind: Kind
    parsed: ocsp.OCSPResponse | crl.CertificateList
    given_at: datetime
    remembers_since: datetime | None  # what ran out since then is still told of (ArchiveCutoff)
    fingerprint: str  # SHA-256 of its DER
    issuer: bytes = b""  # of a CRL: the name, DER
    serials: frozenset[int] = frozenset()  # of an OCSP answer

    def is_about(self, certificate: x509.Certificate) -> bool:
        """Whether the certificate, or all of its issuer's, is what it speaks about."""
        if self.kind is Kind.CRL:
            return bool(self.issuer == certificate.issuer.dump())
        return certificate.serial_number in self.serials


async def word_on(
    certificate: x509.Certificate, path: ValidationPath, context: ValidationContext
) -> Word:
    """
    Find out whether ``certificate``, one of ``path``, was revoked at the context's moment.

    A revocation that is told of in a list counts beside a good answer: that may be older, and
    whoever signs with a stolen key chooses what evidence a file brings along.
    """
    good = False
    try:
        good = await _ocsp_is_good(certificate, path, context)
        await verify_crl(certificate, path, context)
    except RevokedError as error:
        return Word(status=Revocation.REVOKED, since=error.revocation_dt)
    except (CRLValidationError, ValidationError):
        return Word(status=Revocation.GOOD if good else Revocation.UNKNOWN)
    return Word(status=Revocation.GOOD)


async def _ocsp_is_good(
    certificate: x509.Certificate, path: ValidationPath, context: ValidationContext
) -> bool:
    try:
        await verify_ocsp_response(certificate, path, context)
    except OCSPValidationIndeterminateError as error:
        # The library says nothing of an answer that is in order and tells of a revocation
        # after the moment: then the certificate was good at it.
        return not error.failures and _revoked_later(certificate, context)
    except OCSPValidationError:
        return False
    return True


def _revoked_later(certificate: x509.Certificate, context: ValidationContext) -> bool:
    for response in context.ocsps:
        for answer in _answers(response):
            status = answer["cert_status"]
            if answer["cert_id"]["serial_number"].native == certificate.serial_number:
                if status.name != "revoked":
                    return False
                if status.chosen["revocation_time"].native <= context.moment:
                    return False
    return True


def readable(evidence: Iterable[Evidence]) -> Iterator[Piece]:
    """Yield the OCSP answers and CRLs that can be read at all, each once."""
    for one in dict.fromkeys(evidence):
        piece = None if one.kind is Kind.ISSUER else _read(one)
        if piece is not None:
            yield piece


def forget() -> None:
    """Keep nothing of what was read for one file: the next brings its own."""
    _read.cache_clear()


@functools.lru_cache(maxsize=_KEPT)
def _read(evidence: Evidence) -> Piece | None:
    try:
        return (_list if evidence.kind is Kind.CRL else _answer)(evidence.content)
    except MemoryError:
        raise
    except FOREIGN:
        return None


def in_force(pieces: Iterable[Piece], certificate: x509.Certificate) -> Iterator[Piece]:
    """Yield what was not given after the certificate ran out, when it may have been forgotten."""
    end = certificate["tbs_certificate"]["validity"]["not_after"].native
    for piece in pieces:
        remembered = piece.remembers_since is not None and piece.remembers_since <= end
        if piece.given_at <= end or remembered or not piece.is_about(certificate):
            yield piece


def relied_on(pieces: Iterable[Piece], certificate: x509.Certificate) -> Iterator[str]:
    """Yield the SHA-256 of each piece that speaks about the certificate."""
    return (piece.fingerprint for piece in pieces if piece.is_about(certificate))


def wanted_about(certificate: x509.Certificate, issuer: x509.Certificate) -> Iterator[Wanted]:
    """Yield where somebody with a network may ask about the certificate; OCSP first."""
    for url in ocsp_places(certificate):
        question = ocsp_question(certificate, issuer)
        yield Wanted(kind=Kind.OCSP, url=url, request=question)
    for url in crl_places(certificate):
        yield Wanted(kind=Kind.CRL, url=url)


def _list(content: bytes) -> Piece:
    parsed = crl.CertificateList.load(content)
    listed = parsed["tbs_cert_list"]
    return Piece(
        kind=Kind.CRL,
        parsed=parsed,
        issuer=parsed.issuer.dump(),
        given_at=listed["this_update"].native,
        remembers_since=_expired_too(listed),
        fingerprint=fingerprint(content),
    )


def _expired_too(listed: crl.TbsCertList) -> datetime | None:
    """Return since when a list keeps what has run out; None where it does not say so clearly."""
    for one in listed["crl_extensions"] or ():
        if one["extn_id"].dotted == EXPIRED_TOO:
            told = one["extn_value"].parsed.native
            if isinstance(told, datetime) and told.tzinfo is not None:
                return told
    return None


def _answer(content: bytes) -> Piece:
    parsed = ocsp.OCSPResponse.load(content)
    answers = _answers(parsed)
    kept = [one.archive_cutoff_value for one in answers]
    return Piece(
        kind=Kind.OCSP,
        parsed=parsed,
        serials=frozenset(one["cert_id"]["serial_number"].native for one in answers),
        given_at=max(one["this_update"].native for one in answers),
        remembers_since=max((one.native for one in kept if one is not None), default=None),
        fingerprint=fingerprint(content),
    )


def _answers(response: ocsp.OCSPResponse) -> tuple[ocsp.SingleResponse, ...]:
    if response["response_status"].native != "successful":
        return ()
    return tuple(response.response_data["responses"])
