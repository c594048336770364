"""
What an RFC 3161 time-stamp token proves, and when.

Asking an authority for one and checking its answer is `edge_node.notary.stamps`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from asn1crypto import tsp

from edge_node.domain.message import say
from edge_node.domain.signature import Sub, Verdict
from edge_node.notary.certificates import facts, fingerprint
from edge_node.notary.chain import judge
from edge_node.notary.claims import AHEAD, CLOCKS
from edge_node.notary.cms_reading import breach, encapsulated, read, weak_digest
from edge_node.notary.fences import FOREIGN
from edge_node.notary.trust import Evidence, Judgement, Purpose, Stamp, Trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from edge_node.domain.message import Message
    from edge_node.notary.cms_reading import Signed

TOKEN: Final = "tst_info"  # noqa: S105 - the content type of a time-stamp token, no secret


def read_stamp(
    token: bytes,
    digest: Callable[[str], bytes],
    trust: Trust,
    *,
    now: datetime,
    at: datetime | None = None,
    others: Iterable[bytes] = (),
    evidence: Iterable[Evidence] = (),
) -> Stamp:
    """
    Judge a time-stamp ``token`` (DER ContentInfo) over what ``digest`` answers for its algorithm.

    ``digest`` is called with a name such as ``sha256`` and returns the digest of what was stamped.
    ``at`` is a time at which the token provably existed (a later stamp over it); else None.
    A token over something else or broken has an INVALID judgement; never raises for its content
    but `ValueError` when it is no token at all.
    """
    signed, stated = _opened(token)
    moment: datetime = stated["gen_time"].native
    judgement = _broken(signed, stated, digest, trust, moment) or _ahead(signed, moment, now)
    judgement = judgement or judge(
        signed.certificate.dump(),
        trust,
        now=now,
        at=at,
        others=(*signed.others, *others),
        evidence=(*signed.evidence, *evidence),
        purpose=Purpose.STAMPING,
    )
    return Stamp(
        at=moment,
        authority=judgement.certificate.subject,
        judgement=judgement,
        fingerprint=fingerprint(token),
    )


def _opened(token: bytes) -> tuple[Signed, tsp.TSTInfo]:
    signed = read(token)
    held = signed.content["encap_content_info"]
    if held["content_type"].native != TOKEN or not isinstance(held["content"].parsed, tsp.TSTInfo):
        raise ValueError("no time-stamp token")
    return signed, held["content"].parsed


def _broken(
    signed: Signed,
    stated: tsp.TSTInfo,
    digest: Callable[[str], bytes],
    trust: Trust,
    moment: datetime,
) -> Judgement | None:
    """Say what is wrong with the token itself; None if it is sound."""
    imprint = stated["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    own = hashlib.new(signed.digest, encapsulated(signed) or b"").digest()
    found = breach(signed, own)
    if found is not None:
        verdict, sub, _ = found
        return _judged(signed, verdict, sub, say("the time-stamp is broken"))
    if _over(digest, algorithm) != imprint["hashed_message"].native:
        why = say("the time-stamp was made over something else")
        return _judged(signed, Verdict.INVALID, Sub.HASH_FAILURE, why)
    weak = weak_digest(signed, trust)
    if weak is None and algorithm == "sha1" and not trust.legacy_sha1:
        weak = say("it uses SHA-1, which can be forged")
    if weak is not None:
        return _judged(signed, Verdict.INDETERMINATE, Sub.CRYPTO_CONSTRAINTS_FAILURE, weak)
    validity = signed.certificate["tbs_certificate"]["validity"]
    if not validity["not_before"].native <= moment <= validity["not_after"].native:
        why = say("the time-stamp was made while the authority's certificate was not in force")
        return _judged(signed, Verdict.INVALID, Sub.EXPIRED, why)
    return None


def _ahead(signed: Signed, moment: datetime, now: datetime) -> Judgement | None:
    """Refuse a time that has not come yet: it would prove that all sorts of things were before."""
    if moment <= now + CLOCKS:
        return None
    return _judged(signed, Verdict.INDETERMINATE, Sub.TIMESTAMP_ORDER_FAILURE, AHEAD)


def _over(digest: Callable[[str], bytes], algorithm: str) -> bytes | None:
    try:
        return digest(algorithm)
    except MemoryError:
        raise
    except FOREIGN:  # an algorithm nobody here knows
        return None


def _judged(signed: Signed, verdict: Verdict, sub: Sub, why: Message) -> Judgement:
    return Judgement(verdict=verdict, sub=sub, why=why, certificate=facts(signed.certificate))
