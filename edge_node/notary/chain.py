"""
Whether a certificate leads to a pinned root and was good when it was used.

Over pyhanko-certvalidator, without its network: revocation evidence and issuers come from what
was handed in, and what is missing is named. What was signed, and with which bytes, is not
looked at here.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, ValidationError
from pyhanko_certvalidator.fetchers.api import CertificateFetcher
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    CertRevTrustPolicy,
    DisallowWeakAlgorithmsPolicy,
    RevocationCheckingPolicy,
)
from pyhanko_certvalidator.registry import CertificateRegistry
from pyhanko_certvalidator.validate import async_validate_path

from edge_node.domain.message import say
from edge_node.domain.signature import CertificateFacts, Revocation, Sub, Verdict
from edge_node.notary.certificates import bundled, facts, fingerprint, issuer_places, load
from edge_node.notary.claims import CLOCKS
from edge_node.notary.findings import broken_path, no_path, revoked, unfit, unknown_revocation
from edge_node.notary.revocation import in_force, readable, relied_on, wanted_about, word_on
from edge_node.notary.strength import BROKEN, weakness
from edge_node.notary.trust import Checking, Evidence, Judgement, Kind, Purpose, Trust, Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Iterable, Iterator
    from datetime import datetime

    from asn1crypto import crl, x509
    from pyhanko_certvalidator.path import ValidationPath

    from edge_node.domain.message import Message
    from edge_node.notary.revocation import Piece, Word
    from edge_node.notary.trust import Finding

MOST_PATHS: Final = 16  # cross certificates make a few; hostile ones make any number
SOFTLY: Final = RevocationCheckingPolicy.from_legacy("soft-fail")  # of responders themselves


def judge(
    certificate: bytes,
    trust: Trust,
    *,
    now: datetime,
    at: datetime | None = None,
    others: Iterable[bytes] = (),
    evidence: Iterable[Evidence] = (),
    purpose: Purpose = Purpose.SIGNING,
) -> Judgement:
    """
    Judge ``certificate`` (DER) for something signed ``at`` a proved time; None if none is proved.

    ``others`` are certificates (DER) and ``evidence`` the revocation evidence that came with the
    signature; both are added to those of ``trust``. Without a proved time all is judged for
    ``now``, and a certificate that has run out or was revoked is INDETERMINATE
    (OUT_OF_BOUNDS_NO_POE, REVOKED_NO_POE); with one it is INVALID (EXPIRED, REVOKED).

    Covers: chain, validity, revocation, key usage, weak algorithms of the chain and keys that
    are too short. The digest of the signature itself is the caller's: `strength.weakness`.
    Never raises for what ``certificate``, ``others`` or ``evidence`` hold: that is a Judgement.
    """
    try:
        case = _Case(
            leaf=load(certificate),
            trust=trust,
            now=now,
            at=at,
            others=tuple(others),
            evidence=(*evidence, *trust.evidence),
            purpose=purpose,
        )
        return _finished(case.judgement())
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError, RecursionError):
        return Judgement(
            verdict=Verdict.INDETERMINATE,
            sub=Sub.CERTIFICATE_CHAIN_GENERAL_FAILURE,
            why=say("the signer's certificate, or one above it, cannot be read"),
            certificate=_known(certificate, now),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One certificate and all that is known about it."""

    leaf: x509.Certificate
    trust: Trust
    now: datetime
    at: datetime | None
    others: tuple[bytes, ...]
    evidence: tuple[Evidence, ...]
    purpose: Purpose

    async def judgement(self) -> Judgement:
        asked = _Issuers(self.evidence)
        registry = CertificateRegistry.build(self._others(), cert_fetcher=asked)
        try:
            path, error = await self._path(registry)
        except PathBuildingError:
            return self._judgement(no_path(self.leaf), wanted=asked.wanted)
        if error is not None:
            return self._judgement(broken_path(error, at=self.at), path=path)
        wrong = unfit(self.leaf, self.purpose) or self._weak()
        if wrong is not None:
            return self._judgement(wrong, path=path)
        return await self._asked_for(path, registry)

    async def _path(
        self, registry: CertificateRegistry
    ) -> tuple[ValidationPath, ValidationError | None]:
        """Return the first path that holds; else the first that was tried, and what is wrong."""
        context = self._context(registry, CertRevTrustPolicy(NO_REVOCATION), ())
        paths = context.path_builder.async_build_paths_lazy(self.leaf)
        failed: list[tuple[ValidationPath, ValidationError]] = []
        try:
            async for path in paths:
                try:
                    await async_validate_path(context, path)
                except ValidationError as error:
                    failed.append((path, error))
                else:
                    return path, None
                if len(failed) == MOST_PATHS:
                    break
        finally:
            await paths.cancel()
        return failed[0]

    async def _asked_for(self, path: ValidationPath, registry: CertificateRegistry) -> Judgement:
        """Judge a sound path by what is known of its certificates' revocation."""
        if self.trust.checking is Checking.NEVER:
            return self._judgement(None, path=path)
        pieces = tuple(in_force(readable(self.evidence), self.leaf))
        policy = CertRevTrustPolicy(SOFTLY, retroactive_revinfo=True)
        context = self._context(registry, policy, pieces, grace=self.trust.grace)
        checked = tuple(_asked(path))
        if not checked:  # it is pinned itself
            return self._judgement(None, path=path)
        words = [await word_on(one, path, context) for one, _ in checked]
        wanted = tuple(
            place
            for (one, issuer), word in zip(checked, words, strict=True)
            if word.status is Revocation.UNKNOWN
            for place in wanted_about(one, issuer)
        )
        return self._judgement(
            self._revocation_finding(words, wanted),
            path=path,
            revocation=words[0].status,
            evidence=tuple(hash_ for one, _ in checked for hash_ in relied_on(pieces, one)),
            wanted=wanted,
            warnings=self._unsure(words),
        )

    def _revocation_finding(self, words: list[Word], wanted: tuple[Wanted, ...]) -> Finding | None:
        for number, word in enumerate(words):
            if word.status is Revocation.REVOKED:
                return revoked(self.leaf, word, at=self.at, itself=number == 0)
        unknown = any(word.status is Revocation.UNKNOWN for word in words)
        if unknown and self.trust.checking is Checking.REQUIRED:
            return unknown_revocation(askable=bool(wanted))
        return None

    def _unsure(self, words: list[Word]) -> tuple[Message, ...]:
        if self.trust.checking is Checking.REQUIRED or all(
            word.status is not Revocation.UNKNOWN for word in words
        ):
            return ()
        return (say("nobody could be asked whether the certificate has been revoked"),)

    def _weak(self) -> Finding | None:
        short = weakness(self.leaf.dump(), "sha256", self.trust)
        if short is None:
            return None
        return Verdict.INDETERMINATE, Sub.CRYPTO_CONSTRAINTS_FAILURE, short

    def _judgement(
        self,
        finding: Finding | None,
        *,
        path: ValidationPath | None = None,
        revocation: Revocation = Revocation.UNKNOWN,
        evidence: tuple[str, ...] = (),
        wanted: tuple[Wanted, ...] = (),
        warnings: tuple[Message, ...] = (),
    ) -> Judgement:
        sound = (Verdict.VALID, None, say("the certificate leads to a root that is trusted"))
        verdict, sub, why = finding or sound
        return Judgement(
            verdict=verdict,
            sub=sub,
            why=why,
            certificate=facts(self.leaf),
            chain=() if path is None else tuple(facts(one) for one in _above(path)),
            revocation=revocation,
            evidence=tuple(dict.fromkeys(evidence)),
            wanted=wanted,
            warnings=warnings,
        )

    def _context(
        self,
        registry: CertificateRegistry,
        policy: CertRevTrustPolicy,
        pieces: tuple[Piece, ...],
        *,
        grace: timedelta = timedelta(),
    ) -> ValidationContext:
        weak = BROKEN if self.trust.legacy_sha1 else BROKEN | {"sha1"}
        return ValidationContext(
            trust_roots=[load(root) for root in self.trust.roots],
            certificate_registry=registry,
            moment=self.at or self.now,
            ocsps=[piece.parsed for piece in pieces if piece.kind is Kind.OCSP],
            crls=[piece.parsed for piece in pieces if piece.kind is Kind.CRL],
            revinfo_policy=policy,
            algorithm_usage_policy=DisallowWeakAlgorithmsPolicy(
                weak, rsa_key_size_threshold=self.trust.minimum_rsa
            ),
            time_tolerance=CLOCKS + grace,
        )

    def _others(self) -> Iterator[x509.Certificate]:
        for der in (*self.others, *self.trust.intermediates):
            try:
                yield load(der)
            except ValueError:
                continue  # a companion that cannot be read helps nobody and harms nobody


class _Issuers(CertificateFetcher):
    """Answers for missing issuers from what was handed in, and writes down what was not."""

    def __init__(self, evidence: tuple[Evidence, ...]) -> None:
        self._held = [
            one
            for piece in evidence
            if piece.kind is Kind.ISSUER
            for one in _readable(piece.content)
        ]
        self._places: dict[str, Wanted] = {}

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        return tuple(self._places.values())

    async def fetch_cert_issuers(
        self, cert: x509.Certificate
    ) -> AsyncGenerator[x509.Certificate, None]:
        found = [one for one in self._held if one.subject == cert.issuer]
        for one in found:
            yield one
        if not found:
            for url in issuer_places(cert):
                self._places[url] = Wanted(kind=Kind.ISSUER, url=url)

    async def fetch_crl_issuers(
        self,
        certificate_list: crl.CertificateList,  # noqa: ARG002 - the library's signature
    ) -> AsyncGenerator[x509.Certificate, None]:
        nobody: tuple[x509.Certificate, ...] = ()  # CRLs come with their issuers' chain here
        for one in nobody:
            yield one

    def fetched_certs(self) -> Iterable[x509.Certificate]:
        return self._held


def _readable(content: bytes) -> list[x509.Certificate]:
    try:
        return list(bundled(content))
    except (ValueError, KeyError, TypeError):
        return []


def _finished(work: Coroutine[None, None, Judgement]) -> Judgement:
    """Run to its end what never waits for anything: no event loop, hence no sockets."""
    try:
        work.send(None)
    except StopIteration as done:
        judgement: Judgement = done.value
        return judgement
    work.close()
    raise NotImplementedError


def _asked(path: ValidationPath) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
    """Yield each certificate that may be revoked with its issuer, the leaf first."""
    upwards = list(path)[::-1]
    yield from itertools.pairwise(upwards)


def _above(path: ValidationPath) -> list[x509.Certificate]:
    return list(path)[:-1][::-1]


def _known(certificate: bytes, now: datetime) -> CertificateFacts:
    """Return what can be said of a certificate that may be unreadable."""
    try:
        return facts(load(certificate))
    except (ValueError, KeyError, TypeError, AttributeError):
        return CertificateFacts(
            subject="",
            issuer="",
            serial="",
            fingerprint=fingerprint(certificate),
            not_before=now,
            not_after=now,
        )
