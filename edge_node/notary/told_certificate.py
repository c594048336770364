"""
The question whether a certificate is good to sign with, and its answer, as packets.

What a child says is checked field by field: see `edge_node.notary.wire`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.signature import Revocation, Verdict
from edge_node.notary.told import (
    CHAIN,
    NAMES,
    WANTED,
    WARNINGS,
    Blobs,
    read_facts,
    read_message,
    read_sub,
    read_text,
    read_trust,
    read_wanted,
    tell_facts,
    tell_message,
    tell_texts,
    tell_trust,
    tell_wanted,
)
from edge_node.notary.trust import Appraisal, Judgement, Specimen
from edge_node.notary.wire import Fields, Garbled, Packet, sentences

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.notary.trust import Trust
    from edge_node.notary.wire import Plain

NUMBERS: Final = 20
_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
_QUESTION: Final = ("ask", "certificate", "chain", "trust", "now", "specimen")
_SPECIMEN: Final = ("digest", "signature", "hashed")
_APPRAISAL: Final = (
    "verdict", "why", "sub", "certificate", "chain", "revocation", "evidence", "wanted",
    "warnings", "numbers", "fits",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which certificate it is about (DER), who may vouch for it, and what its key made."""

    certificate: bytes
    chain: tuple[bytes, ...]
    trust: Trust
    now: datetime
    specimen: Specimen | None = None


def tell_question(question: Question) -> Packet:
    """Return the question as a packet."""
    blobs = Blobs()
    made = question.specimen
    specimen: Plain = None
    if made is not None:
        specimen = {
            "digest": blobs.add(made.digest),
            "signature": blobs.add(made.signature),
            "hashed": made.hashed,
        }
    body: dict[str, Plain] = {
        "ask": "certificate",
        "certificate": blobs.add(question.certificate),
        "chain": [blobs.add(one) for one in question.chain],
        "trust": tell_trust(question.trust, blobs),
        "now": question.now.isoformat(),
        "specimen": specimen,
    }
    return Packet(body=body, blobs=blobs.all)


def read_question(packet: Packet) -> Question:
    """Return the question in a packet; `Garbled` for anything else."""
    told = Fields.of(packet.body, packet.blobs, _QUESTION)
    return Question(
        certificate=told.blob("certificate"),
        chain=told.blobs_of("chain", CHAIN),
        trust=read_trust(told.value["trust"], packet.blobs),
        now=told.moment("now"),
        specimen=told.maybe("specimen", lambda name: _specimen(told.value[name], packet.blobs)),
    )


def tell_appraisal(appraisal: Appraisal) -> Packet:
    """Return what a certificate is worth, and what would make that surer, as a packet."""
    blobs = Blobs()
    judgement = appraisal.judgement
    body: dict[str, Plain] = {
        "verdict": judgement.verdict,
        "why": tell_message(judgement.why),
        "sub": judgement.sub,
        "certificate": tell_facts(judgement.certificate),
        "chain": [tell_facts(one) for one in judgement.chain[:CHAIN]],
        "revocation": judgement.revocation,
        "evidence": tell_texts(judgement.evidence),
        "wanted": tell_wanted(judgement.wanted, blobs),
        "warnings": sentences(judgement.warnings, tell_message, WARNINGS),
        "numbers": tell_texts(appraisal.numbers[:NUMBERS]),
        "fits": appraisal.fits,
    }
    return Packet(body=body, blobs=blobs.all)


def read_appraisal(packet: Packet) -> Appraisal:
    """Return what a certificate is worth; `Garbled` for anything else."""
    told = Fields.of(packet.body, packet.blobs, _APPRAISAL)
    verdict, sub = told.one_of("verdict", Verdict), read_sub(told)
    if verdict is Verdict.VALID and sub is not None:
        raise Garbled("verdict")
    judgement = Judgement(
        verdict=verdict,
        why=read_message(told.value["why"]),
        sub=sub,
        certificate=read_facts(told.value["certificate"]),
        chain=told.list_of("chain", CHAIN, read_facts),
        revocation=told.one_of("revocation", Revocation),
        evidence=told.list_of("evidence", NAMES, read_text),
        wanted=told.list_of("wanted", WANTED, lambda one: read_wanted(one, packet.blobs)),
        warnings=told.list_of("warnings", WARNINGS, read_message),
    )
    return Appraisal(
        judgement=judgement,
        numbers=told.list_of("numbers", NUMBERS, read_text),
        fits=told.maybe("fits", told.flag),
    )


def _specimen(value: Plain, blobs: tuple[bytes, ...]) -> Specimen:
    told = Fields.of(value, blobs, _SPECIMEN)
    hashed = told.text("hashed")
    if hashed not in _HASHES:
        raise Garbled("hashed")
    return Specimen(digest=told.blob("digest"), signature=told.blob("signature"), hashed=hashed)
