"""
Verdicts, trust and sentences as packets between parent and child, and back into values.

What a child says is checked field by field: see `edge_node.notary.wire`. It is cut rather than
refused where a stranger's file can make it long.
"""

from __future__ import annotations

from datetime import timedelta
from string import Formatter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import Message
from edge_node.domain.signature import (
    CertificateFacts,
    Coverage,
    FileVerdict,
    Revocation,
    SignatureVerdict,
    Sub,
    Verdict,
)
from edge_node.notary.trust import Checking, Evidence, Examined, Kind, Trust, Wanted
from edge_node.notary.wire import Fields, Garbled, Packet, clean, fits, sentences, within

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from edge_node.notary.wire import Plain

SIGNATURES: Final = 300
WARNINGS: Final = 100
CHAIN: Final = 20
NAMES: Final = 200  # of parts that a signature does not cover
WANTED: Final = 200
CERTIFICATES: Final = 5000
NAME: Final = 300  # characters in a sentence; whoever wrote the file gave the name
_SECOND: Final = timedelta(seconds=1)
_PLACES: Final = 20  # in one sentence
_DEPTH: Final = 4  # of sentences in sentences
_LONGEST_NUMBER: Final = 1 << 63

_FACTS: Final = (
    "subject", "issuer", "serial", "fingerprint", "not_before", "not_after", "thumbprint",
)  # fmt: skip
_SIGNATURE: Final = (
    "verdict", "why", "sub", "name", "profile", "signer", "signed_at", "stamped_at", "stamped_by",
    "chain", "coverage", "uncovered", "algorithm", "revocation", "evidence", "warnings",
)  # fmt: skip
_FILE: Final = (
    "verdict",
    "why",
    "sub",
    "signatures",
    "signed",
    "signable",
    "for_good",
    "warnings",
)
_TRUST: Final = (
    "roots", "intermediates", "evidence", "checking", "legacy_sha1", "minimum_rsa", "grace",
)  # fmt: skip


class Blobs:
    """The bytes of a packet that is being put together."""

    def __init__(self) -> None:
        """Begin with none."""
        self._held: list[bytes] = []

    def add(self, blob: bytes) -> int:
        """Take bytes along and return by what number the body names them."""
        self._held.append(blob)
        return len(self._held) - 1

    @property
    def all(self) -> tuple[bytes, ...]:
        """All that were added, in order."""
        return tuple(self._held)


def tell_message(message: Message) -> Plain:
    """Return a sentence as JSON says it."""
    kept: dict[str, Plain] = {name: _kept(value) for name, value in message.values.items()}
    return [message.template, kept]


def read_message(value: Plain, *, depth: int = _DEPTH) -> Message:
    """Return a sentence that was received; its places are names and nothing that computes."""
    if not isinstance(value, list) or len(value) != 2 or not depth:  # noqa: PLR2004 - a pair
        raise Garbled("sentence")
    template, values = value
    if not isinstance(template, str) or not isinstance(values, dict) or len(values) > _PLACES:
        raise Garbled("sentence")
    if template != clean(template) or not _places(template) <= values.keys():
        raise Garbled("sentence")
    read = {name: _read_value(one, depth) for name, one in values.items()}
    return Message(template, MappingProxyType(read)) if read else Message(template)


def tell_examined(examined: Examined) -> Packet:
    """Return a verdict and what would make it surer as a packet."""
    blobs = Blobs()
    wanted = tell_wanted(examined.wanted, blobs)
    return Packet(
        body={"verdict": _tell_file(examined.verdict), "wanted": wanted}, blobs=blobs.all
    )


def read_examined(packet: Packet) -> Examined:
    """Return the verdict in a packet; `Garbled` for anything else."""
    told = Fields.of(packet.body, packet.blobs, ("verdict", "wanted"))
    return Examined(
        verdict=_read_file(told.value["verdict"]),
        wanted=told.list_of("wanted", WANTED, lambda one: read_wanted(one, packet.blobs)),
    )


def tell_trust(trust: Trust, blobs: Blobs) -> Plain:
    """Return whom to believe as JSON says it; certificates and evidence are added to ``blobs``."""
    return {
        "roots": [blobs.add(one) for one in trust.roots],
        "intermediates": [blobs.add(one) for one in trust.intermediates],
        "evidence": tell_evidence(trust.evidence, blobs),
        "checking": trust.checking,
        "legacy_sha1": trust.legacy_sha1,
        "minimum_rsa": trust.minimum_rsa,
        "grace": trust.grace // _SECOND,
    }


def read_trust(value: Plain, blobs: tuple[bytes, ...]) -> Trust:
    """Return whom to believe."""
    told = Fields.of(value, blobs, _TRUST)
    return Trust(
        roots=told.blobs_of("roots", CERTIFICATES),
        intermediates=told.blobs_of("intermediates", CERTIFICATES),
        evidence=read_evidence(told, "evidence"),
        checking=told.one_of("checking", Checking),
        legacy_sha1=told.flag("legacy_sha1"),
        minimum_rsa=told.number("minimum_rsa", 0, 1 << 16),
        grace=_SECOND * told.number("grace", 0, 1 << 32),
    )


def tell_evidence(evidence: Iterable[Evidence], blobs: Blobs) -> Plain:
    """Return what was fetched as JSON says it; the bytes of it are added to ``blobs``."""
    return [[one.kind, blobs.add(one.content)] for one in evidence]


def read_evidence(told: Fields, name: str) -> tuple[Evidence, ...]:
    """Return what was fetched."""
    return told.list_of(name, CERTIFICATES, lambda one: _read_evidence(one, told.blobs))


def _tell_file(verdict: FileVerdict) -> Plain:
    return {
        "verdict": verdict.verdict,
        "why": tell_message(verdict.why),
        "sub": verdict.sub,
        "signatures": [_tell_signature(one) for one in verdict.signatures[:SIGNATURES]],
        "signed": verdict.signed,
        "signable": verdict.signable,
        "for_good": verdict.for_good,
        "warnings": sentences(verdict.warnings, tell_message, WARNINGS),
    }


def _read_file(value: Plain) -> FileVerdict:
    told = Fields.of(value, (), _FILE)
    verdict, sub = told.one_of("verdict", Verdict), read_sub(told)
    signed = told.flag("signed")
    signatures = told.list_of("signatures", SIGNATURES, _read_signature)
    if verdict is Verdict.VALID and (sub is not None or not signed or not _hold(signatures)):
        raise Garbled("verdict")
    return FileVerdict(
        verdict=verdict,
        why=read_message(told.value["why"]),
        sub=sub,
        signatures=signatures,
        signed=signed,
        signable=told.flag("signable"),
        for_good=told.flag("for_good"),
        warnings=told.list_of("warnings", WARNINGS, read_message),
    )


def _hold(signatures: tuple[SignatureVerdict, ...]) -> bool:
    """Whether a file may be VALID by its signatures: there are some, and all of them are."""
    own = [one.verdict for one in signatures if one.profile != "DTS"]
    stamps = [one.verdict for one in signatures if one.profile == "DTS"]
    return bool(own) and set(own) == {Verdict.VALID} and Verdict.INVALID not in stamps


def _tell_signature(verdict: SignatureVerdict) -> Plain:
    return {
        "verdict": verdict.verdict,
        "why": tell_message(verdict.why),
        "sub": verdict.sub,
        "name": clean(verdict.name),
        "profile": verdict.profile,
        "signer": tell_facts(verdict.signer) if verdict.signer else None,
        "signed_at": _tell_moment(verdict.signed_at),
        "stamped_at": _tell_moment(verdict.stamped_at),
        "stamped_by": clean(verdict.stamped_by),
        "chain": [tell_facts(one) for one in verdict.chain[:CHAIN]],
        "coverage": verdict.coverage,
        "uncovered": tell_texts(verdict.uncovered),
        "algorithm": verdict.algorithm,
        "revocation": verdict.revocation,
        "evidence": tell_texts(verdict.evidence),
        "warnings": sentences(verdict.warnings, tell_message, WARNINGS),
    }


def _read_signature(value: Plain) -> SignatureVerdict:
    told = Fields.of(value, (), _SIGNATURE)
    verdict, sub = told.one_of("verdict", Verdict), read_sub(told)
    if verdict is Verdict.VALID and sub is not None:
        raise Garbled("verdict")
    return SignatureVerdict(
        verdict=verdict,
        why=read_message(told.value["why"]),
        sub=sub,
        name=told.text("name"),
        profile=told.text("profile"),
        signer=told.maybe("signer", lambda name: read_facts(told.value[name])),
        signed_at=told.maybe("signed_at", told.moment),
        stamped_at=told.maybe("stamped_at", told.moment),
        stamped_by=told.text("stamped_by"),
        chain=told.list_of("chain", CHAIN, read_facts),
        coverage=told.one_of("coverage", Coverage),
        uncovered=told.list_of("uncovered", NAMES, read_text),
        algorithm=told.text("algorithm"),
        revocation=told.one_of("revocation", Revocation),
        evidence=told.list_of("evidence", NAMES, read_text),
        warnings=told.list_of("warnings", WARNINGS, read_message),
    )


def _tell_moment(moment: datetime | None) -> Plain:
    return within(moment).isoformat() if moment is not None else None


def tell_wanted(wanted: Iterable[Wanted], blobs: Blobs) -> Plain:
    """Return what would make an answer surer, as JSON says it; requests go to ``blobs``."""
    return [
        {"kind": one.kind, "url": one.url, "request": blobs.add(one.request)}
        for one in [one for one in wanted if fits(one.url)][:WANTED]
    ]


def tell_facts(facts: CertificateFacts) -> Plain:
    """Return what a person wants to see of a certificate, as JSON says it."""
    return {
        "subject": clean(facts.subject),
        "issuer": clean(facts.issuer),
        "serial": clean(facts.serial),
        "fingerprint": facts.fingerprint,
        "not_before": _tell_moment(facts.not_before),
        "not_after": _tell_moment(facts.not_after),
        "thumbprint": facts.thumbprint,
    }


def read_facts(value: Plain) -> CertificateFacts:
    """Return what a person wants to see of a certificate."""
    told = Fields.of(value, (), _FACTS)
    return CertificateFacts(
        subject=told.text("subject"),
        issuer=told.text("issuer"),
        serial=told.text("serial"),
        fingerprint=told.text("fingerprint"),
        not_before=told.moment("not_before"),
        not_after=told.moment("not_after"),
        thumbprint=told.text("thumbprint"),
    )


def read_wanted(value: Plain, blobs: tuple[bytes, ...]) -> Wanted:
    """Return one thing that would make an answer surer."""
    told = Fields.of(value, blobs, ("kind", "url", "request"))
    url = told.value["url"]
    if not isinstance(url, str) or not fits(url):
        raise Garbled("url")
    return Wanted(kind=told.one_of("kind", Kind), url=url, request=told.blob("request"))


def _read_evidence(value: Plain, blobs: tuple[bytes, ...]) -> Evidence:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a pair
        raise Garbled("evidence")
    told = Fields({"kind": value[0], "content": value[1]}, blobs)
    return Evidence(kind=told.one_of("kind", Kind), content=told.blob("content"))


def read_sub(told: Fields) -> Sub | None:
    """Return the sub-indication, or None."""
    return told.maybe("sub", lambda name: told.one_of(name, Sub))


def tell_texts(texts: Iterable[str]) -> Plain:
    """Return texts, cut to what is sensible, as JSON says them."""
    return [clean(text) for text, _ in zip(texts, range(NAMES), strict=False)]


def read_text(value: Plain) -> str:
    """Return one text of a list."""
    return Fields({"text": value}).text("text")


def _kept(value: object) -> Plain:
    if isinstance(value, Message):
        return tell_message(value)
    if isinstance(value, int) and -_LONGEST_NUMBER < value < _LONGEST_NUMBER:
        return value
    return clean(str(value), most=NAME)


def _read_value(value: Plain, depth: int) -> Message | str | int:
    if isinstance(value, list):
        return read_message(value, depth=depth - 1)
    if isinstance(value, int) and -_LONGEST_NUMBER < value < _LONGEST_NUMBER:
        return value
    return read_text(value)


def _places(template: str) -> set[str]:
    """Return the names of a sentence's places; `Garbled` where one would compute something."""
    try:
        parts = [part[1:] for part in Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        raise Garbled("sentence") from error
    for name, form, conversion in parts:
        if not name or not name.isidentifier() or form or conversion not in {None, "r", "s"}:
            raise Garbled("sentence")
    return {name for name, _, _ in parts if name}
