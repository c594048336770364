"""
Whether a key of ours is fit to sign: opened, tried, and its certificate weighed.

A trial signature is made over a digest of chance, and checked by the certificate in the child that
reads it. What is found is told and not acted upon; nothing is signed that means anything.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

from edge_node.domain.belonging import Belonging, belonging
from edge_node.domain.errors import Outage
from edge_node.domain.message import say
from edge_node.domain.signature import Revocation, Sub, Verdict
from edge_node.notary.claims import UNASKABLE
from edge_node.notary.trust import Checking, Specimen, Trust

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge_node.adapters.appraising import Appraiser, Weighed
    from edge_node.adapters.own_keys import OwnKeys, OwnSigningKey, Role
    from edge_node.adapters.signing_key import KeyFacts
    from edge_node.domain.message import Message
    from edge_node.domain.signature import CertificateFacts
    from edge_node.notary.trust import Appraisal

SOON: Final = 30  # days before its end a certificate is to be replaced
_TRIAL: Final = 32  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a key is not fit to sign, and what a person can do about it."""

    why: Message
    hint: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReport:
    """What is known of one key."""

    name: str
    role: Role
    certificate: CertificateFacts | None = None  # None where it could not be opened or read
    algorithm: str = ""
    days: int = 0  # until the certificate runs out, negative afterwards
    numbers: tuple[str, ...] = ()  # what its subject goes by
    belonging: Belonging = Belonging.UNSAID
    # Only where it was checked:
    chain: tuple[CertificateFacts, ...] = ()
    revocation: Revocation | None = None
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Message, ...] = ()

    @property
    def fit(self) -> bool:
        """Whether it may sign; for which agency is another question."""
        return self.certificate is not None and not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFitness:
    """Joins the keys, who weighs certificates, and the codes of the agency."""

    keys: OwnKeys
    appraiser: Appraiser
    codes: tuple[str, ...]

    def glance(self, name: str, *, now: datetime) -> KeyReport:
        """Return what a key says of itself; it is opened, and nobody else is asked."""
        report = KeyReport(name=name, role=self.keys.role(name))
        try:
            facts = self.keys.key(name).facts()
        except Outage as trouble:
            return _unopened(report, trouble)
        trust = Trust(roots=(), checking=Checking.NEVER)
        read = self.appraiser.appraise(facts.certificate, facts.chain, trust, now=now)
        report = self._described(report, facts, read, now)
        unread = () if report.certificate else (Fault(why=read.judgement.why),)
        return replace(report, faults=unread)

    def check(self, name: str, *, now: datetime) -> KeyReport:
        """
        Return whether a key is fit to sign: opened and tried, its certificate good and whose.

        Raises UnknownItem, KeysUnsound and AnchorsUnsound; what is wrong with the key is told.
        """
        report = KeyReport(name=name, role=self.keys.role(name))
        key = self.keys.key(name)
        try:
            facts = key.facts()
            specimen = _specimen(key, facts)
        except Outage as trouble:
            return _unopened(report, trouble)
        found = self.appraiser.weigh(facts.certificate, facts.chain, now=now, specimen=specimen)
        report = self._described(report, facts, found.appraisal, now)
        judgement = found.appraisal.judgement
        return replace(
            report,
            chain=judgement.chain,
            revocation=judgement.revocation,
            faults=tuple(_faults(found)),
            warnings=(*judgement.warnings, *(_soon(report) if report.certificate else ())),
        )

    def signs(self, name: str, *, now: datetime) -> bool:
        """Have a key sign a trial; return whether that fits its certificate. Raises `Outage`."""
        key = self.keys.key(name)
        facts = key.facts()
        specimen = _specimen(key, facts)
        trust = Trust(roots=(), checking=Checking.NEVER)
        read = self.appraiser.appraise(
            facts.certificate, facts.chain, trust, now=now, specimen=specimen
        )
        return bool(read.fits)

    def _described(
        self, report: KeyReport, facts: KeyFacts, read: Appraisal, now: datetime
    ) -> KeyReport:
        known = read.judgement.signer
        return replace(
            report,
            certificate=known,
            algorithm=facts.algorithm,
            days=(known.not_after - now).days if known else 0,
            numbers=read.numbers,
            belonging=belonging(read.numbers, self.codes),
        )


def _unopened(report: KeyReport, trouble: Outage) -> KeyReport:
    return replace(report, faults=(Fault(why=trouble.message, hint=trouble.hint),))


def _specimen(key: OwnSigningKey, facts: KeyFacts) -> Specimen:
    """Have the key sign something of chance."""
    hashed = facts.algorithm.rpartition("-")[2]
    digest = hashlib.new(hashed, secrets.token_bytes(_TRIAL)).digest()
    return Specimen(digest=digest, signature=key.sign(digest, facts), hashed=hashed)


def _faults(found: Weighed) -> Iterator[Fault]:
    read = found.appraisal
    if not read.fits:
        yield Fault(
            why=say("the trial signature does not fit the certificate"),
            hint=say("the key is another one than the certificate's; ask who issued them"),
        )
    judgement = read.judgement
    if judgement.verdict is not Verdict.VALID:
        first = advice(found)
        yield Fault(why=judgement.why, hint=first)
        more = chain((one for one in found.hints if one != first), repeat(None))
        yield from (
            Fault(why=note, hint=hint) for note, hint in zip(found.notes, more, strict=False)
        )


def advice(found: Weighed) -> Message | None:
    """Return what a person can do about a certificate: first about what could not be had."""
    judgement = found.appraisal.judgement
    if judgement.sub is Sub.SIG_CONSTRAINTS_FAILURE:
        return say("have a certificate issued that is for signing documents")
    if judgement.sub is not Sub.TRY_LATER:
        return remedy(judgement.sub)
    if judgement.why.template == UNASKABLE.template:
        return say("set trust.revocation to if_possible, or have another certificate issued")
    return next(iter(found.hints), None) or remedy(judgement.sub)


def remedy(sub: Sub | None) -> Message | None:
    """Return what a person can do about a certificate that is not good to sign with."""
    if sub is Sub.NOT_YET_VALID:
        return say("check the clock of this machine, or wait until the certificate is valid")
    if sub is Sub.NO_CERTIFICATE_CHAIN_FOUND:
        return say("believe the root above it, if it is the right one: edge-node trust add FILE")
    if sub in {Sub.EXPIRED, Sub.REVOKED}:
        return say(
            "have a new certificate issued, name its key in signing.keys, then: edge-node cert"
            " stage NAME; until then nothing is signed with this key"
        )
    if sub is Sub.TRY_LATER:
        return say("check the network and trust.hosts, then try again")
    return None


def _soon(report: KeyReport) -> Iterator[Message]:
    if 0 <= report.days < SOON:
        yield say("the certificate runs out in {days} days", days=report.days)
