"""What verifying, stamping and signing are made of, by what the configuration says of them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_node.adapters.anchors import Anchors
from edge_node.adapters.appraising import Appraiser
from edge_node.adapters.examining import Examiner
from edge_node.adapters.fetching import Fetcher
from edge_node.adapters.grading import Grading
from edge_node.adapters.inquiring import Terms
from edge_node.adapters.key_fitness import KeyFitness
from edge_node.adapters.notary import Opener
from edge_node.adapters.ocr import Tesseract
from edge_node.adapters.own_keys import OwnKey, OwnKeys
from edge_node.adapters.pens import Stamps
from edge_node.adapters.preparing import Preparer
from edge_node.adapters.secret import read_secret, secret_path
from edge_node.adapters.signatory import Signatory
from edge_node.adapters.signing_key import OnToken, PemPlace, Pkcs12Place
from edge_node.adapters.stamping import Authority, Stamper
from edge_node.adapters.statements import Statements
from edge_node.adapters.stationery import Stationery
from edge_node.adapters.web import Reach
from edge_node.config import Unchecked
from edge_node.notary.trust import Checking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.appraising import Appraise
    from edge_node.adapters.examining import Examine, Finding
    from edge_node.adapters.signing_key import KeyPlace
    from edge_node.config import Config, SigningKeySection, StampServer
    from edge_node.domain.envelope import Digest
    from edge_node.domain.secrecy import Look
    from edge_node.domain.signing import Act, SigningWish
    from edge_node.protocol import edxml

# What nobody has told us again for so long is past its time, and its questions are not asked any
# more. It is some megabytes where a list of revocations is long.
_UNTOLD: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Looking:
    """Whoever looks into files for one lane, and the child that opens them for it."""

    examiner: Examiner
    opener: Opener
    reader: Tesseract | None = None  # of pages that are pictures

    @classmethod
    def of(cls, config: Config) -> Looking:
        """Return one whose child is started with the first file."""
        opener = Opener()
        return cls(examiner(config, opener.verify), opener, reader(config))

    def look(self, path: Path, *, now: datetime, within: timedelta) -> Finding:
        """Return what is found in a file, as `Examiner.look` does."""
        return self.examiner.look(path, now=now, within=within)

    def grades(
        self, path: Path, *, limits: edxml.Limits, by_machine: bool = False
    ) -> tuple[Look, ...]:
        """
        Return what looks at a file for a grade of secrecy came to, as `Grading.grades` does.

        ``by_machine``: pages that are pictures are read as well, where that is configured.
        """
        reader = self.reader if by_machine else None
        return Grading(opener=self.opener, reader=reader).grades(path, limits=limits)

    def rely_on(self, evidence: Iterable[str]) -> None:
        """Keep for good what verdicts relied on, by its digests."""
        self.examiner.fetcher.statements.rely_on(evidence)

    def tidy(self) -> None:
        """Take note of a child that has gone for want of work; costs nothing without one."""
        self.opener.tidy()

    def close(self) -> None:
        """End the child and all calls, from whatever thread; nothing is looked into any more."""
        self.examiner.fetcher.close()
        self.opener.close()


@dataclass(frozen=True, slots=True)
class Sealing:
    """Whoever signs for one lane, and the children that hold the key and prepare files for it."""

    signatory: Signatory
    keys: OwnKeys

    @classmethod
    def of(cls, config: Config, opener: Opener, *, clock: Callable[[], datetime]) -> Sealing:
        """Return one whose children are started with the first file; ``opener`` checks them."""
        keys = own_keys(config)
        return cls(signatory(config, keys, opener, clock=clock), keys)

    def sign(
        self, source: Path, target: Path, wish: SigningWish, *, digest: Digest | None = None
    ) -> Act:
        """Sign a file into another, as `Signatory.sign` does."""
        return self.signatory.sign(source, target, wish, digest=digest)

    def own_certificates(self) -> frozenset[str]:
        """Return the fingerprints of all certificates that keys of this node are known to have."""
        return self.keys.certificates()

    def tidy(self) -> None:
        """Take note of children that have gone for want of work."""
        self.signatory.tidy()
        self.keys.tidy()

    def close(self) -> None:
        """End the children and all calls, from whatever thread; nothing is signed any more."""
        self.signatory.close()
        self.keys.close()


@dataclass(frozen=True, slots=True)
class HeadStamps:
    """Whoever gets time-stamps over the journal, and the child that reads them."""

    stamps: Stamps

    @classmethod
    def of(cls, config: Config) -> HeadStamps:
        """Return one whose child is started with the first stamp."""
        return cls(_stamps(config, Preparer()))

    def over(self, chain: bytes) -> bytes:
        """Return a token (DER) over the bytes of a chain's hash; `NoStamp` where none is had."""
        digest = hashlib.new(self.stamps.hashed, chain).digest()
        return self.stamps.over("digest", digest).content

    def close(self) -> None:
        """End the child and all calls, from whatever thread; nothing is stamped any more."""
        self.stamps.stamper.close()
        self.stamps.preparer.close()


def forget_statements(config: Config, *, now: datetime) -> int:
    """
    Remove what authorities said long ago and no verdict relied on; return how many pieces.

    What a verdict relied on is kept as long as the packages are: it is what an agency shows where
    somebody asks, years later, why it took a document or returned it.
    """
    statements = Statements(config.folders.evidence)
    return statements.forget(before=now - _UNTOLD - config.trust.grace)


def reader(config: Config) -> Tesseract | None:
    """Return what reads pages that are pictures; None where nobody wants that."""
    return Tesseract() if config.intake.secrecy_unchecked is Unchecked.OCR else None


def examiner(config: Config, examine: Examine) -> Examiner:
    """Return what finds out what signatures are worth; ``examine`` opens the files."""
    return Examiner(
        examine=examine,
        anchors=Anchors(config.trusted),
        fetcher=_fetcher(config),
        terms=_terms(config),
    )


def appraiser(config: Config, appraise: Appraise) -> Appraiser:
    """Return what finds out whether a certificate can sign; ``appraise`` reads it."""
    return Appraiser(
        appraise=appraise,
        anchors=Anchors(config.trusted),
        fetcher=_fetcher(config),
        terms=_terms(config),
    )


def stamper(config: Config) -> Stamper:
    """Return what gets time-stamps; passwords are read when a server is asked."""
    return Stamper(
        authorities=tuple(map(_authority, config.stamps.servers)),
        timeout=config.stamps.timeout,
        tries=config.stamps.tries,
    )


def own_keys(config: Config) -> OwnKeys:
    """Return the agency's keys; passwords are read when a key is opened."""
    return OwnKeys(map(_own_key, config.signing.keys), config.folders.data)


def own_places(config: Config) -> tuple[OwnKey, ...]:
    """Return where each of the agency's keys lies, for whoever only looks."""
    return tuple(map(_own_key, config.signing.keys))


def key_fitness(config: Config, keys: OwnKeys, appraise: Appraise) -> KeyFitness:
    """Return what finds out whether a key may sign; ``appraise`` reads its certificate."""
    agency = config.agency
    return KeyFitness(
        keys=keys,
        appraiser=appraiser(config, appraise),
        codes=(agency.code, *agency.aliases),
    )


def signatory(
    config: Config,
    keys: OwnKeys,
    opener: Opener,
    *,
    clock: Callable[[], datetime],
    name: str = "",
) -> Signatory:
    """
    Return what signs for the agency; ``opener`` looks at the results and at the certificate.

    ``name`` is that of a key; without it, the one signs that is active whenever one is asked for.

    It hires a child of its own to prepare signatures, which its `close` ends.
    """
    preparer = Preparer()
    stamps = _stamps(config, preparer)
    return Signatory(
        key=partial(keys.key, name),
        preparer=preparer,
        stamps=stamps,
        examiner=examiner(config, opener.verify),
        appraiser=appraiser(config, opener.appraise),
        sight=Stationery.of(config.signing.look).sight,
        clock=clock,
    )


def _stamps(config: Config, preparer: Preparer) -> Stamps:
    return Stamps(
        stamper=stamper(config),
        preparer=preparer,
        hashed=config.stamps.hash.value,
        policy=config.stamps.policy,
    )


def _own_key(key: SigningKeySection) -> OwnKey:
    return OwnKey(
        name=key.name,
        place=_place(key),
        password_file=key.password_file,
        environment=key.environment,
    )


def _place(key: SigningKeySection) -> KeyPlace:
    if key.pkcs12 is not None:
        return Pkcs12Place(path=key.pkcs12)
    if key.pem is not None:
        return PemPlace(key=key.pem, certificates=key.certificates or key.pem)
    return OnToken(
        module=str(key.module),
        label=key.token,
        serial=key.serial,
        key_label=key.key_label,
        key_id=bytes.fromhex(key.key_id),
    )


def _authority(server: StampServer) -> Authority:
    def secret() -> bytes:
        return read_secret(secret_path(server.password_file, os.environ))

    return Authority(url=server.url, user=server.user, secret=secret)


def _fetcher(config: Config) -> Fetcher:
    trust = config.trust
    return Fetcher(
        statements=Statements(config.folders.evidence),
        reach=Reach(hosts=trust.hosts, private=trust.private),
        timeout=trust.timeout,
        grace=trust.grace,
    )


def _terms(config: Config) -> Terms:
    trust = config.trust
    return Terms(
        checking=Checking(trust.revocation),
        legacy_sha1=trust.legacy_sha1,
        minimum_rsa=trust.minimum_rsa,
        grace=trust.grace,
    )
