"""What signatures are worth, told to a person and as values."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import typer

from edge_node.adapters.disk import shown
from edge_node.catalogue import here
from edge_node.cli.columns import print_facts
from edge_node.cli.values import fields_of, told
from edge_node.cli.written import below, day, second
from edge_node.domain.message import say
from edge_node.domain.signature import Coverage, Revocation, Sub, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.examining import Finding
    from edge_node.domain.message import Message
    from edge_node.domain.signature import CertificateFacts, FileVerdict, SignatureVerdict

_STAMP: Final = "DTS"
_VERDICTS: Final[Mapping[Verdict, Message]] = MappingProxyType(
    {
        Verdict.VALID: say("valid"),
        Verdict.INVALID: say("not valid"),
        Verdict.INDETERMINATE: say("nobody can tell"),
    }
)
_COVERAGES: Final[Mapping[Coverage, Message]] = MappingProxyType(
    {
        Coverage.WHOLE: say("the whole file"),
        Coverage.EXTENDED: say("all but signatures and evidence that were added later"),
        Coverage.CHANGED: say("the file was changed afterwards"),
        Coverage.PARTIAL: say("a part of the file only"),
    }
)
_REVOCATIONS: Final[Mapping[Revocation, Message]] = MappingProxyType(
    {
        Revocation.GOOD: say("not revoked"),
        Revocation.REVOKED: say("revoked"),
        Revocation.UNKNOWN: say("not known"),
    }
)


def finding_values(path: Path, finding: Finding) -> dict[str, object]:
    """Return what was found in a file as plain values."""
    verdict = finding.verdict
    head = {"file": shown(path), "indication": verdict.verdict.indication}
    tail = {"notes": map(told, finding.notes), "hints": map(told, finding.hints)}
    return head | fields_of(verdict) | {name: list(said) for name, said in tail.items()}


def finding_sheet(path: Path, finding: Finding) -> None:
    """Print what was found in a file: the verdict first, then signature by signature."""
    verdict = finding.verdict
    print_facts(
        [
            (here("file"), shown(path)),
            (here("verdict"), heading(verdict)),
            (here("why"), told(verdict.why)),
            *below(here("warning"), verdict.warnings),
            *below(here("note"), finding.notes),
            *below(told(say("hint")), finding.hints),
        ]
    )
    for signature in verdict.signatures:
        typer.echo("")
        print_facts(_signature(signature))


def _signature(one: SignatureVerdict) -> Iterable[tuple[str, str]]:
    profile = f" ({one.profile})" if one.profile else ""
    title = here("time-stamp") if one.profile == _STAMP else here("signature")
    yield title, f"{one.name}{profile}".strip() or "?"
    yield here("verdict"), _verdict(one.verdict, one.sub)
    yield here("why"), told(one.why)
    if one.signer is not None:
        yield here("signer"), one.signer.subject
        yield here("certificate"), _certificate(one.signer)
        yield "SHA-256", one.signer.fingerprint
        yield "SHA-1", one.signer.thumbprint
    yield here("signed at"), _moment(one.signed_at, here("as it says itself"))
    by = here("by {authority}").format(authority=one.stamped_by) if one.stamped_by else ""
    yield here("stamped"), _moment(one.stamped_at, by)
    yield here("chain"), " < ".join(above.subject for above in one.chain)
    yield here("covers"), told(_COVERAGES[one.coverage])
    yield here("not covered"), ", ".join(one.uncovered)
    yield here("revocation"), told(_REVOCATIONS[one.revocation])
    yield here("algorithm"), one.algorithm
    yield from below(here("warning"), one.warnings)


def heading(verdict: FileVerdict) -> str:
    """Return what is said of a file before all else: of an unsigned one that it is unsigned."""
    if verdict.verdict is Verdict.INDETERMINATE and not verdict.signed:
        if verdict.sub is None:
            return told(say("not signed"))
        if not verdict.signable:
            return told(say("not checked"))
    return _verdict(verdict.verdict, verdict.sub)


def _verdict(verdict: Verdict, sub: Sub | None) -> str:
    named = sub and sub is not Sub.NOT_CHECKED  # the standard calls that CUSTOM: no word for this
    mark = f"{verdict}, {sub}" if named else f"{verdict}"
    return f"{told(_VERDICTS[verdict])} ({mark})"


def _certificate(facts: CertificateFacts) -> str:
    return here("number {serial}, valid from {begin} until {end}").format(
        serial=facts.serial, begin=day(facts.not_before), end=day(facts.not_after)
    )


def _moment(moment: datetime | None, note: str) -> str:
    return f"{second(moment)} ({note})" if moment and note else second(moment)
