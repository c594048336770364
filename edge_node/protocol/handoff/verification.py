"""
`verification.json`: what was found out about the signatures of an incoming document.

Verdicts are reached elsewhere, and what is done because of them is policy; here both get their
form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.domain.time import iso
from edge_node.protocol.handoff.files import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from edge_node.domain.envelope import Digest
    from edge_node.domain.message import Message
    from edge_node.domain.signature import FileVerdict, SignatureVerdict
    from edge_node.domain.signing import DoorAction

    Tell = Callable[[Message], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """One attachment, what its signatures are worth, and what the rules ask for because of it."""

    file: str  # its name in the inbox
    digest: Digest
    verdict: FileVerdict
    action: DoorAction
    notes: tuple[Message, ...] = ()  # what could not be had to be surer


def write_verification(
    files: Iterable[Inspected], *, checked_at: datetime, tell: Tell, released: bool = False
) -> bytes:
    """
    Return the verification.json of one inbox folder, its sentences in the reader's language.

    ``released``: a person had it handed over, whatever the rules ask for.
    """
    return dump(
        {
            "schema": 1,
            "checked_at": iso(checked_at),
            "released": released,
            "attachments": [_file(file, tell) for file in files],
        }
    )


def _file(file: Inspected, tell: Tell) -> dict[str, object]:
    verdict = file.verdict
    return {
        "file": file.file,
        "sha256": file.digest,
        "verdict": str(verdict.verdict),
        "indication": verdict.verdict.indication,
        "sub": _text(verdict.sub),
        "why": tell(verdict.why),
        "signed": verdict.signed,
        "action": str(file.action),
        "warnings": [tell(message) for message in (*verdict.warnings, *file.notes)],
        "signatures": [_signature(signature, tell) for signature in verdict.signatures],
    }


def _signature(one: SignatureVerdict, tell: Tell) -> dict[str, object]:
    return {
        "verdict": str(one.verdict),
        "indication": one.verdict.indication,
        "sub": _text(one.sub),
        "why": tell(one.why),
        "name": one.name,
        "profile": one.profile,
        "signer": one.signer.subject if one.signer else "",
        "signer_fingerprint": one.signer.fingerprint if one.signer else "",
        "signed_at": _moment(one.signed_at),
        "stamped_at": _moment(one.stamped_at),
        "stamped_by": one.stamped_by,
        "chain": [above.subject for above in one.chain],
        "coverage": str(one.coverage),
        "uncovered": list(one.uncovered),
        "algorithm": one.algorithm,
        "revocation": str(one.revocation),
        "evidence": list(one.evidence),
        "warnings": [tell(message) for message in one.warnings],
    }


def _moment(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _text(sub: object) -> str | None:
    return str(sub) if sub else None
