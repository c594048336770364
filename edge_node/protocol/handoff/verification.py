"""
`verification.json`: what was found out about the signatures of an incoming document.

Verdicts are reached elsewhere; here they get their form.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from edge_node.domain.message import say
from edge_node.domain.time import iso
from edge_node.protocol.handoff.files import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from edge_node.domain.envelope import Digest
    from edge_node.domain.message import Message
    from edge_node.protocol.handoff.inbound import InboundFile


class Verdict(StrEnum):
    """What can be said of a signature (ETSI EN 319 102-1): sound, broken, or not to be known."""

    VALID = "VALID"
    INVALID = "INVALID"
    INDETERMINATE = "INDETERMINATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureVerdict:
    """One signature: who by, when by its own word and by a time-stamp, and what it is worth."""

    verdict: Verdict
    signer: str = ""  # the subject of the certificate
    signed_at: datetime | None = None  # as the signature claims
    stamped_at: datetime | None = None  # as a time-stamp authority says
    chain: tuple[str, ...] = ()  # subjects, from the signer's issuer to the root
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVerdict:
    """One attachment of the inbox and the signatures it holds."""

    file: str
    digest: Digest
    verdict: Verdict
    why: str = ""
    signatures: tuple[SignatureVerdict, ...] = ()


def write_verification(files: Iterable[FileVerdict], *, checked_at: datetime | None) -> bytes:
    """Return the verification.json of one inbox folder; None where nothing was checked."""
    return dump(
        {
            "schema": 1,
            "checked_at": iso(checked_at) if checked_at else None,
            "attachments": [_file(file) for file in files],
        }
    )


def unverified(files: Iterable[InboundFile], *, tell: Callable[[Message], str]) -> bytes:
    """Return the verification.json of files whose signatures nobody looked for."""
    verdict, why = Verdict.INDETERMINATE, tell(say("not checked"))
    return write_verification(
        (
            FileVerdict(file=file.name, digest=file.digest, verdict=verdict, why=why)
            for file in files
        ),
        checked_at=None,
    )


def _file(file: FileVerdict) -> dict[str, object]:
    return {
        "file": file.file,
        "sha256": file.digest,
        "verdict": str(file.verdict),
        "why": file.why,
        "signatures": [_signature(signature) for signature in file.signatures],
    }


def _signature(signature: SignatureVerdict) -> dict[str, object]:
    return {
        "verdict": str(signature.verdict),
        "signer": signature.signer,
        "signed_at": iso(signature.signed_at) if signature.signed_at else None,
        "stamped_at": iso(signature.stamped_at) if signature.stamped_at else None,
        "chain": list(signature.chain),
        "why": signature.why,
    }
