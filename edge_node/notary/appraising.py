"""
Whether a certificate is good to sign with now.

What `chain.judge` says of it for this very moment, in the words of whoever is about to sign; the
numbers its subject gives; and whether a trial signature was made by its key. What a file that was
signed is worth is not asked here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.domain.signature import Sub
from edge_node.notary.certificates import load
from edge_node.notary.chain import judge
from edge_node.notary.raw import fits, public_key
from edge_node.notary.told_certificate import read_question, tell_appraisal
from edge_node.notary.trust import Appraisal, Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge_node.domain.message import Message
    from edge_node.notary.trust import Judgement, Specimen, Trust
    from edge_node.notary.wire import Packet

# userid, organizationIdentifier, serialNumber: see `edge_node.domain.belonging`.
_NUMBERS: Final = ("0.9.2342.19200300.100.1.1", "2.5.4.97", "2.5.4.5")
_UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError)


def appraise(
    certificate: bytes,
    chain: tuple[bytes, ...],
    trust: Trust,
    *,
    now: datetime,
    specimen: Specimen | None = None,
) -> Appraisal:
    """
    Judge ``certificate`` (DER), with those above it that are at hand, for signing at ``now``.

    VALID only where it is in force, leads to a root of ``trust``, may sign, and where nobody
    revoked it. Never raises for what the bytes hold.
    """
    judgement = judge(certificate, trust, now=now, at=now, others=chain, purpose=Purpose.SIGNING)
    return Appraisal(
        judgement=replace(judgement, why=_why(judgement)),
        numbers=_numbers(certificate),
        fits=None if specimen is None else _fits(certificate, specimen),
    )


def answer(packet: Packet) -> Packet:
    """Answer the request `certificate`; see `told_certificate` for its form."""
    asked = read_question(packet)
    return tell_appraisal(
        appraise(
            asked.certificate, asked.chain, asked.trust, now=asked.now, specimen=asked.specimen
        )
    )


def _why(judgement: Judgement) -> Message:
    """Return the reason as it is for whoever has not signed yet."""
    known = judgement.certificate
    if judgement.sub is Sub.EXPIRED:
        return say("the certificate ran out on {date}", date=f"{known.not_after:%Y-%m-%d}")
    if judgement.sub is Sub.NOT_YET_VALID:
        return say(
            "the certificate is not valid before {date}", date=f"{known.not_before:%Y-%m-%d}"
        )
    if judgement.sub is Sub.REVOKED:
        date = judgement.why.values.get("date", "?")
        return say("the certificate was revoked on {date}", date=date)
    return judgement.why


def _numbers(certificate: bytes) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(_written(certificate)))
    except _UNREADABLE:
        return ()


def _written(certificate: bytes) -> Iterator[str]:
    for part in load(certificate).subject.chosen:
        for entry in part:
            if entry["type"].dotted in _NUMBERS:
                yield str(entry["value"].native)


def _fits(certificate: bytes, specimen: Specimen) -> bool:
    """Return whether the trial signature was made by the certificate's key."""
    try:
        key = public_key(certificate)
        return key is not None and fits(key, specimen.signature, specimen.digest, specimen.hashed)
    except _UNREADABLE:
        return False
