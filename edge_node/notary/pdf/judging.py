"""
Brings together what was found out about one signature of a PDF into its verdict.

The order is that of EN 319 102-1: can it be read, is it over these bytes and by this key, what
was done to the file since, do its algorithms still hold, and only then who made it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

from edge_node.domain.message import Message, say
from edge_node.domain.signature import (
    Coverage,
    SignatureVerdict,
    Sub,
    Verdict,
)
from edge_node.notary.chain import judge
from edge_node.notary.claims import ahead, doubts_of_time, of_the_signer
from edge_node.notary.cms_reading import binds_its_certificate, breach, encapsulated, weak_digest
from edge_node.notary.fences import FOREIGN
from edge_node.notary.pdf.places import digest, ranges
from edge_node.notary.stamped import read_stamp
from edge_node.notary.strength import algorithm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import BinaryIO

    from edge_node.notary.cms_reading import Signed
    from edge_node.notary.pdf.coverage import Reach
    from edge_node.notary.pdf.places import Fault, Place
    from edge_node.notary.pdf.store import Store
    from edge_node.notary.trust import Finding, Judgement, Stamp, Trust, Wanted


@dataclass(slots=True, kw_only=True)
class Bench:
    """What all signatures of one file are judged with; ``known_by`` moves back with each stamp."""

    file: BinaryIO
    trust: Trust
    now: datetime
    store: Store
    known_by: datetime | None = None  # a later document time-stamp proves the signature older
    wanted: list[Wanted] = field(default_factory=list)


def faulty(fault: Fault) -> SignatureVerdict:
    """Return the verdict on a field whose signature cannot be read."""
    failed = fault.reason.sub is Sub.FORMAT_FAILURE
    return SignatureVerdict(
        verdict=Verdict.INVALID if failed else Verdict.INDETERMINATE,
        sub=fault.reason.sub,
        why=fault.reason.message,
        name=fault.name,
        profile="DTS" if fault.stamp else "",
        coverage=Coverage.PARTIAL,
    )


def judge_signature(bench: Bench, place: Place, reach: Reach) -> SignatureVerdict:
    """Return the verdict on a person's or an agency's signature."""
    signed = place.signed
    stamps = _stamps(bench, signed)
    stamp = min((one for one in stamps if one.trusted), key=lambda one: one.at, default=None)
    judgement = _judged(bench, signed, stamp)
    found = (
        _breach(bench.file, place)
        or reach.finding
        or _weak(signed, bench.trust)
        or ahead(_claimed(place), stamp.at if stamp else bench.now)
        or of_the_signer(judgement)
    )
    verdict, sub, why = found
    unasked = verdict is Verdict.INVALID  # nobody asks anybody about a forgery
    if not unasked:
        bench.wanted.extend(judgement.wanted)
        bench.wanted.extend(wish for one in stamps for wish in one.judgement.wanted)
    return SignatureVerdict(
        verdict=verdict,
        sub=sub,
        why=why,
        name=place.name,
        profile=_profile(place, stamps, bench),
        signer=judgement.signer,
        signed_at=_claimed(place),
        stamped_at=stamp.at if stamp else None,
        stamped_by=stamp.authority if stamp else "",
        chain=judgement.chain,
        coverage=reach.coverage,
        algorithm=_algorithm(signed),
        revocation=judgement.revocation,
        evidence=judgement.relied_on(stamp),
        warnings=tuple(_warnings(signed, place, judgement, stamps, bench, unasked=unasked)),
    )


def judge_stamp(bench: Bench, place: Place, reach: Reach) -> SignatureVerdict:
    """Return the verdict on a document time-stamp; one that holds dates all before it."""
    signed = place.signed
    area = ranges(place.embedded)
    read = partial(
        read_stamp,
        place.embedded.pkcs7_content,
        lambda name: digest(bench.file, area, name),
        bench.trust,
        now=bench.now,
        others=bench.store.certificates,
        evidence=bench.store.evidence,
    )
    stamp = read(at=bench.known_by)
    if stamp.judgement.sub in {Sub.EXPIRED, Sub.REVOKED}:
        stamp = read(at=None)  # as in `_judged`: a later stamp can only help
    judgement = stamp.judgement
    bench.wanted.extend(judgement.wanted)
    broken = judgement.verdict is Verdict.INVALID
    verdict, sub, why = (None if broken else reach.finding) or (
        judgement.verdict,
        judgement.sub,
        judgement.why,
    )
    trusted = verdict is Verdict.VALID
    if trusted:
        bench.known_by = stamp.at
    return SignatureVerdict(
        verdict=verdict,
        sub=sub,
        why=say("the time-stamp is over all before it and trusted") if trusted else why,
        name=place.name,
        profile="DTS",
        signer=judgement.signer,
        stamped_at=stamp.at if trusted else None,
        stamped_by=stamp.authority if trusted else "",
        chain=judgement.chain,
        coverage=reach.coverage,
        algorithm=_algorithm(signed),
        revocation=judgement.revocation,
        evidence=(*judgement.evidence, stamp.fingerprint),
        warnings=judgement.warnings,
    )


def _judged(bench: Bench, signed: Signed, stamp: Stamp | None) -> Judgement:
    """
    Judge the signer's certificate at the best time there is for the signature.

    A document time-stamp may be years younger than the signature under it: that the certificate
    had run out by then does not say that it had when it signed. So it can only help.
    """
    judged = partial(
        judge,
        signed.certificate.dump(),
        bench.trust,
        now=bench.now,
        others=(*signed.others, *bench.store.certificates),
        evidence=(*signed.evidence, *bench.store.evidence),
    )
    judgement = judged(at=stamp.at if stamp else bench.known_by)
    if stamp is None and judgement.sub in {Sub.EXPIRED, Sub.REVOKED}:
        return judged(at=None)
    return judgement


def _stamps(bench: Bench, signed: Signed) -> list[Stamp]:
    """Read the time-stamps over the signature; those that are none are passed over."""
    found = []
    for token in signed.tokens:
        try:
            stamp = read_stamp(
                token,
                signed.digest_of_signature,
                bench.trust,
                now=bench.now,
                at=bench.known_by,
                others=bench.store.certificates,
                evidence=(*signed.evidence, *bench.store.evidence),
            )
        except MemoryError:
            raise
        except FOREIGN:
            continue
        found.append(stamp)
    return found


def _breach(file: BinaryIO, place: Place) -> Finding | None:
    signed = place.signed
    if encapsulated(signed) is not None:
        why = say("the signature brings content of its own instead of signing the file")
        return Verdict.INVALID, Sub.FORMAT_FAILURE, why
    return breach(signed, digest(file, ranges(place.embedded), signed.digest))


def _weak(signed: Signed, trust: Trust) -> Finding | None:
    weak = weak_digest(signed, trust)
    if weak is None:
        return None
    return Verdict.INDETERMINATE, Sub.CRYPTO_CONSTRAINTS_FAILURE, weak


def _claimed(place: Place) -> datetime | None:
    """Return when it was made by its own word: a signed attribute, or /M in the dictionary."""
    try:
        claimed = place.embedded.self_reported_timestamp
    except MemoryError:
        raise
    except FOREIGN:
        return None
    return claimed if claimed is None or claimed.tzinfo else claimed.replace(tzinfo=UTC)


def _warnings(
    signed: Signed,
    place: Place,
    judgement: Judgement,
    stamps: Sequence[Stamp],
    bench: Bench,
    *,
    unasked: bool,
) -> list[Message]:
    told = list(judgement.warnings)
    trusted = [one.at for one in stamps if one.trusted]
    known = min(trusted, default=bench.now)
    # What was never asked for is nothing to hold against a stamp.
    doubted = [one for one in stamps if not (unasked and one.judgement.wanted)]
    told.extend(doubts_of_time(_claimed(place), known, doubted))
    if place.filter == "/adbe.pkcs7.detached":
        told.append(say("it is an older kind of signature (adbe.pkcs7.detached), not PAdES"))
    if not binds_its_certificate(signed):
        told.append(say("it does not name the certificate it was made with"))
    if "sha1" in signed.digests and bench.trust.legacy_sha1:
        told.append(say("it uses SHA-1, which is accepted here for old documents only"))
    return told


def _profile(place: Place, stamps: Sequence[Stamp], bench: Bench) -> str:
    if place.filter == "/adbe.pkcs7.detached":
        return "CMS"
    if not stamps:
        return "PAdES-B-B"
    if not bench.store:
        return "PAdES-B-T"
    return "PAdES-B-LTA" if bench.known_by else "PAdES-B-LT"


def _algorithm(signed: Signed) -> str:
    try:
        return algorithm(signed.certificate.dump(), signed.digest)
    except MemoryError:
        raise
    except FOREIGN:  # a key of a kind that nobody here has a name for
        return signed.digest
