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
from edge_node.notary.certificates import facts, fingerprint, load
from edge_node.notary.claims import CLOCKS
from edge_node.notary.companions import Issuers, companions
from edge_node.notary.fences import FOREIGN
from edge_node.notary.findings import broken_path, no_path, revoked, unfit, unknown_revocation
from edge_node.notary.revocation import (
    Word,
    in_force,
    readable,
    relied_on,
    wanted_about,
    word_on,
)
from edge_node.notary.strength import BROKEN, weakness
from edge_node.notary.trust import Checking, Evidence, Judgement, Kind, Purpose, Trust, Wanted

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator
    from datetime import datetime

    from asn1crypto import x509
    from pyhanko_certvalidator.path import ValidationPath

    from edge_node.domain.message import Message
    from edge_node.notary.revocation import Piece
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
    except MemoryError:
        raise
    except FOREIGN:
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
        asked = Issuers(self.evidence)
        # Ours first: of two with one issuer and number the library keeps the first it meets.
        along = companions((*self.trust.intermediates, *self.others))
        registry = CertificateRegistry.build(along, cert_fetcher=asked)
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
        """
        Return the first path that holds; else the first that was tried, and what is wrong.

        What a certificate on every path raises that cannot be read is raised here.
        """
        context = self._context(registry, CertRevTrustPolicy(NO_REVOCATION), ())
        paths = context.path_builder.async_build_paths_lazy(self.leaf)
        failed: list[tuple[ValidationPath, Exception]] = []
        try:
            async for path in paths:
                try:
                    await async_validate_path(context, path)
                except MemoryError:
                    raise
                except FOREIGN as error:
                    failed.append((path, error))
                else:
                    return path, None
                if len(failed) == MOST_PATHS:
                    break
        finally:
            await paths.cancel()
        for path, why in failed:
            if isinstance(why, ValidationError):
                return path, why
        raise failed[0][1]

    async def _asked_for(self, path: ValidationPath, registry: CertificateRegistry) -> Judgement:
        """Judge a sound path by what is known of its certificates' revocation."""
        if self.trust.checking is Checking.NEVER:
            return self._judgement(None, path=path)
        checked = tuple(_asked(path))
        if not checked:  # it is pinned itself
            return self._judgement(None, path=path)
        pieces = tuple(readable(self.evidence))
        heard = [await self._heard(one, path, registry, pieces) for one, _ in checked]
        words = [word for word, _ in heard]
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
            evidence=tuple(
                hash_
                for (one, _), (_, used) in zip(checked, heard, strict=True)
                for hash_ in relied_on(used, one)
            ),
            wanted=wanted,
            warnings=self._unsure(words),
        )

    async def _heard(
        self,
        one: x509.Certificate,
        path: ValidationPath,
        registry: CertificateRegistry,
        pieces: tuple[Piece, ...],
    ) -> tuple[Word, tuple[Piece, ...]]:
        """
        Return what is known of a certificate of the path, and the pieces that tell it.

        A piece that cannot be read where it is looked into is passed over; which one that is, is
        found out by looking into each alone.
        """
        told = tuple(in_force(pieces, one))
        word = await self._word(one, path, registry, told)
        if word is None:
            told = tuple(
                [piece for piece in told if await self._word(one, path, registry, (piece,))]
            )
            word = await self._word(one, path, registry, told)
        return (word, told) if word else (Word(status=Revocation.UNKNOWN), ())

    async def _word(
        self,
        one: x509.Certificate,
        path: ValidationPath,
        registry: CertificateRegistry,
        pieces: tuple[Piece, ...],
    ) -> Word | None:
        """Return what these pieces tell of a certificate; None where one cannot be read."""
        policy = CertRevTrustPolicy(SOFTLY, retroactive_revinfo=True)
        try:
            context = self._context(registry, policy, pieces, grace=self.trust.grace)
            return await word_on(one, path, context)
        except MemoryError:
            raise
        except FOREIGN:
            return None

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
    except MemoryError:
        raise
    except FOREIGN:
        return CertificateFacts(
            subject="",
            issuer="",
            serial="",
            fingerprint=fingerprint(certificate),
            not_before=now,
            not_after=now,
        )
