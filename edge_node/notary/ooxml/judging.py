"""
Brings together what was found out about one signature of an office file into its verdict.

The order is that of EN 319 102-1: can it be read, was it made by this key, is it over the file as
it is now, do its algorithms still hold, and only then who made it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from edge_node.domain.message import Message, say
from edge_node.domain.signature import Coverage, SignatureVerdict, Sub, Verdict
from edge_node.notary.chain import judge
from edge_node.notary.claims import ahead, doubts_of_time, of_the_signer
from edge_node.notary.fences import FOREIGN
from edge_node.notary.ooxml.algorithms import DIGESTS, SIGNATURES, fits
from edge_node.notary.ooxml.archive import PackageUnsound
from edge_node.notary.ooxml.comparing import Compared, compare
from edge_node.notary.ooxml.markup import C14N, canonical, canonicalizes
from edge_node.notary.ooxml.reading import XmlSignature, read
from edge_node.notary.raw import public_key
from edge_node.notary.stamped import read_stamp
from edge_node.notary.strength import algorithm, weakness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from edge_node.notary.ooxml.comparing import Contents
    from edge_node.notary.ooxml.package import Part
    from edge_node.notary.trust import Finding, Judgement, Stamp, Trust, Wanted


@dataclass(slots=True, kw_only=True)
class Bench:
    """What all signatures of one file are judged with."""

    contents: Contents
    trust: Trust
    now: datetime
    wanted: list[Wanted] = field(default_factory=list)


def judge_signature(bench: Bench, part: Part) -> SignatureVerdict:
    """Return the verdict on the signature in a part; one that cannot be read is INVALID."""
    try:
        signature = read(bench.contents.package.content(part), part.name)
        certificate = _signer(signature)
        if certificate is None:
            why = say("it does not hold the certificate of its signer")
            return _without(part.name, Sub.NO_SIGNING_CERTIFICATE_FOUND, why)
        return _judged(bench, part.name, signature, certificate)
    except PackageUnsound as error:
        return _without(part.name, Sub.FORMAT_FAILURE, error.message)
    except MemoryError:
        raise
    except FOREIGN:
        why = say("{part} holds nothing that can be read as a signature", part=part.name)
        return _without(part.name, Sub.FORMAT_FAILURE, why)


def _without(name: str, sub: Sub, why: Message) -> SignatureVerdict:
    failed = sub is Sub.FORMAT_FAILURE
    return SignatureVerdict(
        verdict=Verdict.INVALID if failed else Verdict.INDETERMINATE,
        sub=sub,
        why=why,
        name=name,
        coverage=Coverage.PARTIAL,
    )


def _judged(
    bench: Bench, name: str, signature: XmlSignature, certificate: bytes
) -> SignatureVerdict:
    breach = _breach(signature, certificate)
    compared = compare(bench.contents, signature.manifest)
    stamps = [] if breach else list(_stamps(bench, signature))
    stamp = next((one for one in stamps if one.trusted), None)
    judgement = judge(
        certificate,
        bench.trust,
        now=bench.now,
        at=stamp.at if stamp else None,
        others=_others(signature),
        evidence=signature.properties.evidence if signature.properties else (),
    )
    bench.wanted.extend(judgement.wanted)
    verdict, sub, why = (
        breach
        or compared.finding
        or _weak(signature, certificate, bench.trust)
        or ahead(signature.signed_at, stamp.at if stamp else bench.now)
        or of_the_signer(judgement)
    )
    return SignatureVerdict(
        verdict=verdict,
        sub=sub,
        why=why,
        name=name,
        profile=_profile(signature, stamps),
        signer=judgement.signer,
        signed_at=signature.signed_at,
        stamped_at=stamp.at if stamp else None,
        stamped_by=stamp.authority if stamp else "",
        chain=judgement.chain,
        coverage=compared.coverage,
        uncovered=compared.uncovered,
        algorithm=_algorithm(signature, certificate),
        revocation=judgement.revocation,
        evidence=judgement.relied_on(stamp),
        warnings=tuple(_warnings(bench, signature, compared, judgement, stamps)),
    )


def _signer(signature: XmlSignature) -> bytes | None:
    """Return the certificate whose key made the signature, or the first where none did."""
    for certificate in signature.certificates:
        if _made_by(signature, certificate):
            return certificate
    return next(iter(signature.certificates), None)


def _made_by(signature: XmlSignature, certificate: bytes) -> bool:
    key = public_key(certificate)
    form = signature.canonicalization
    if key is None or signature.method not in SIGNATURES or not canonicalizes(form.method):
        return False
    signed = canonical(signature.information, form.method, form.prefixes)
    return fits(key, signature.value, signed, signature.method)


def _breach(signature: XmlSignature, certificate: bytes) -> Finding | None:
    """Say what breaks the signature in itself; None when it is sound."""
    for method, known in _methods(signature):
        if not known:
            why = say("it uses a method that is not accepted here: {method}", method=method or "?")
            return Verdict.INDETERMINATE, Sub.CRYPTO_CONSTRAINTS_FAILURE, why
    if not _made_by(signature, certificate):
        why = say("the signature was not made with the key of its certificate")
        return Verdict.INVALID, Sub.SIG_CRYPTO_FAILURE, why
    for reference, element in signature.references:
        form = reference.transforms[0] if reference.transforms else None
        content = canonical(element, form.method if form else C14N, form.prefixes if form else ())
        if hashlib.new(DIGESTS[reference.method], content).digest() != reference.digest:
            why = say("what the signature says of itself was changed after signing")
            return Verdict.INVALID, Sub.HASH_FAILURE, why
    return _of_another(signature, certificate)


def _methods(signature: XmlSignature) -> Iterator[tuple[str, bool]]:
    """Yield every method the signature itself uses, and whether it is known here."""
    yield signature.method, signature.method in SIGNATURES
    yield signature.canonicalization.method, canonicalizes(signature.canonicalization.method)
    for reference, _ in signature.references:
        yield reference.method, reference.method in DIGESTS
        for number, one in enumerate(reference.transforms):
            yield one.method, not number and canonicalizes(one.method)


def _of_another(signature: XmlSignature, certificate: bytes) -> Finding | None:
    """Refuse a signature that names another certificate than the one beside it."""
    named = signature.properties.certificates if signature.properties else ()
    for method, digest in named[:1]:
        if method not in DIGESTS or hashlib.new(DIGESTS[method], certificate).digest() != digest:
            why = say("the certificate beside the signature is not the one it was made with")
            return Verdict.INVALID, Sub.SIG_CRYPTO_FAILURE, why
    return None


def _stamps(bench: Bench, signature: XmlSignature) -> Iterator[Stamp]:
    """Yield the time-stamps over the signature; those that are none are passed over."""
    properties = signature.properties
    for token in properties.tokens if properties else ():
        if not canonicalizes(token.method):
            continue
        stamped = canonical(signature.value_element, token.method)
        try:
            stamp = read_stamp(
                token.content,
                partial(_digest_of, stamped),
                bench.trust,
                now=bench.now,
                others=_others(signature),
                evidence=properties.evidence if properties else (),
            )
        except MemoryError:
            raise
        except FOREIGN:
            continue
        bench.wanted.extend(stamp.judgement.wanted)
        yield stamp


def _digest_of(content: bytes, name: str) -> bytes:
    return hashlib.new(name, content).digest()


def _others(signature: XmlSignature) -> tuple[bytes, ...]:
    held = signature.properties.held if signature.properties else ()
    return (*signature.certificates, *held)


def _digests(signature: XmlSignature) -> set[str]:
    """Return the digest algorithms that the worth of the signature hangs on."""
    references = [one for one, _ in signature.references] + list(signature.manifest)
    return {DIGESTS[one.method] for one in references} | {SIGNATURES[signature.method][1]}


def _weak(signature: XmlSignature, certificate: bytes, trust: Trust) -> Finding | None:
    for name in sorted(_digests(signature)):
        weak = weakness(certificate, name, trust)
        if weak is not None:
            return Verdict.INDETERMINATE, Sub.CRYPTO_CONSTRAINTS_FAILURE, weak
    return None


def _warnings(
    bench: Bench,
    signature: XmlSignature,
    compared: Compared,
    judgement: Judgement,
    stamps: Sequence[Stamp],
) -> list[Message]:
    told = [*judgement.warnings, *compared.warnings]
    trusted = next((one for one in stamps if one.trusted), None)
    known = trusted.at if trusted else bench.now
    told.extend(doubts_of_time(signature.signed_at, known, stamps))
    if signature.properties is None or not signature.properties.certificates:
        told.append(say("it does not name the certificate it was made with"))
    if bench.trust.legacy_sha1 and "sha1" in _known_digests(signature):
        told.append(say("it uses SHA-1, which is accepted here for old documents only"))
    return told


def _known_digests(signature: XmlSignature) -> set[str]:
    try:
        return _digests(signature)
    except KeyError:  # a method nobody here knows, which has its own verdict
        return set()


def _profile(signature: XmlSignature, stamps: Sequence[Stamp]) -> str:
    properties = signature.properties
    if properties is None:
        return "XML-DSig"
    if not stamps:
        return "XAdES-BES"
    return "XAdES-X-L" if properties.evidence else "XAdES-T"


def _algorithm(signature: XmlSignature, certificate: bytes) -> str:
    _, name = SIGNATURES.get(signature.method, ("", "?"))
    try:
        return algorithm(certificate, name)
    except MemoryError:
        raise
    except FOREIGN:  # a key of a kind that nobody here has a name for
        return name
