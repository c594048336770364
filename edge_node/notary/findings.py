"""What is wrong with a certificate or its chain, as verdict, sub-indication and sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    NotYetValidError,
    PathValidationError,
)

from edge_node.domain.message import say
from edge_node.domain.signature import Sub, Verdict
from edge_node.notary.certificates import facts
from edge_node.notary.claims import UNASKABLE
from edge_node.notary.trust import Purpose

if TYPE_CHECKING:
    from datetime import datetime

    from asn1crypto import x509
    from pyhanko_certvalidator.errors import ValidationError

    from edge_node.notary.revocation import Word
    from edge_node.notary.trust import Finding

# A certificate with these purposes and no other was never meant for documents.
OTHER_TRADES: Final = frozenset({"server_auth", "code_signing", "time_stamping", "ocsp_signing"})


def no_path(leaf: x509.Certificate) -> Finding:
    """Say that no root we trust stands above the certificate."""
    return (
        Verdict.INDETERMINATE,
        Sub.NO_CERTIFICATE_CHAIN_FOUND,
        say(
            "no root that is trusted here stands above the certificate, which was issued by "
            "{issuer}",
            issuer=facts(leaf).issuer,
        ),
    )


def broken_path(error: ValidationError, *, at: datetime | None) -> Finding:
    """Say what breaks the chain from the certificate to its root."""
    itself = isinstance(error, PathValidationError) and error.is_ee_cert
    if isinstance(error, DisallowedAlgorithmError):
        return (
            Verdict.INDETERMINATE,
            Sub.CRYPTO_CONSTRAINTS_FAILURE,
            say("a certificate of the chain was signed by an algorithm or key that is too weak"),
        )
    if isinstance(error, ExpiredError) and itself:
        return expired(error.expired_dt, at=at)
    if isinstance(error, NotYetValidError) and itself:
        return (
            Verdict.INVALID,
            Sub.NOT_YET_VALID,
            say(
                "the certificate is not valid before {date} and was used earlier",
                date=_day(error.valid_from),
            ),
        )
    if isinstance(error, ExpiredError | NotYetValidError):
        return (
            Verdict.INDETERMINATE,
            Sub.CHAIN_CONSTRAINTS_FAILURE if at else Sub.OUT_OF_BOUNDS_NO_POE,
            say("the certificate of an authority above the signer's was not in force"),
        )
    return (
        Verdict.INDETERMINATE,
        Sub.CHAIN_CONSTRAINTS_FAILURE,
        say("the chain from the certificate to its root does not hold"),
    )


def expired(end: datetime, *, at: datetime | None) -> Finding:
    """Say that the certificate ran out, before the signature as far as is known."""
    if at is not None:
        return (
            Verdict.INVALID,
            Sub.EXPIRED,
            say("the certificate ran out on {date}, before it was used", date=_day(end)),
        )
    return (
        Verdict.INDETERMINATE,
        Sub.OUT_OF_BOUNDS_NO_POE,
        say(
            "the certificate ran out on {date}, and no time-stamp that is trusted proves "
            "that it was used before",
            date=_day(end),
        ),
    )


def revoked(leaf: x509.Certificate, word: Word, *, at: datetime | None, itself: bool) -> Finding:
    """Say that the certificate, or an authority's above it, has been revoked."""
    if not itself:
        return (
            Verdict.INDETERMINATE,
            Sub.REVOKED_CA_NO_POE,
            say("the certificate of an authority above the signer's has been revoked"),
        )
    since = word.since or leaf.not_valid_before
    if at is not None:
        return (
            Verdict.INVALID,
            Sub.REVOKED,
            say(
                "the certificate was revoked on {date}, before it was used",
                date=_day(since),
            ),
        )
    return (
        Verdict.INDETERMINATE,
        Sub.REVOKED_NO_POE,
        say(
            "the certificate was revoked on {date}, and no time-stamp that is trusted "
            "proves that it was used before",
            date=_day(since),
        ),
    )


def unknown_revocation(*, askable: bool) -> Finding:
    """Say that it is not known whether the certificate has been revoked."""
    why = (
        say("it could not be found out whether the certificate has been revoked")
        if askable
        else UNASKABLE
    )
    return Verdict.INDETERMINATE, Sub.TRY_LATER, why


def unfit(leaf: x509.Certificate, purpose: Purpose) -> Finding | None:
    """Say that the certificate was issued for something else; None if it fits."""
    if purpose is Purpose.SIGNING:
        fits = _may_sign(leaf)
        why = say("the certificate was not issued for signing documents")
    else:
        # RFC 3161, 2.3: critical, so that whoever does not know the purpose refuses the token.
        critical = "extended_key_usage" in leaf.critical_extensions
        fits = critical and "time_stamping" in _purposes(leaf)
        why = say("the certificate was not issued for time-stamps")
    return None if fits else (Verdict.INDETERMINATE, Sub.SIG_CONSTRAINTS_FAILURE, why)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _may_sign(leaf: x509.Certificate) -> bool:
    usage = leaf.key_usage_value
    if usage is not None and not usage.native & {"digital_signature", "non_repudiation"}:
        return False
    purposes = _purposes(leaf)
    return not purposes or not purposes <= OTHER_TRADES


def _purposes(leaf: x509.Certificate) -> set[str]:
    value = leaf.extended_key_usage_value
    return set() if value is None else set(value.native)
