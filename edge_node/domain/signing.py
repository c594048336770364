"""
What can be asked of signing, and what there is to say of a signature once it is made.

Values only: how a signature is made is `edge_node.notary`, when one is made is policy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.envelope import Digest, Stored
    from edge_node.domain.looks import Showing
    from edge_node.domain.message import Message


class Level(StrEnum):
    """How long a signature can be verified (ETSI EN 319 142-1, 6; EN 319 132-1, 6)."""

    B_B = "B-B"  # as long as the certificate holds
    B_T = "B-T"  # with a time-stamp: whether it held when it was signed
    B_LT = "B-LT"  # with evidence: without asking anybody
    B_LTA = "B-LTA"  # with a time-stamp over the evidence: as long as that one holds


LASTING: Final = frozenset({Level.B_LT, Level.B_LTA})  # these carry evidence


class SigningPolicy(StrEnum):
    """Which of the documents handed over are signed on their way out."""

    NEVER = "never"
    IF_UNSIGNED = "if-unsigned"  # what carries no signature yet
    ALWAYS = "always"  # on top of what others signed
    REQUIRE_SIGNER_FIRST = "require-signer-first"  # only what a person has signed before


class Unsigned(StrEnum):
    """What becomes of a document that would leave without a signature."""

    ALLOW = "allow"
    WARN = "warn"
    REFUSE = "refuse"


class DoorAction(StrEnum):
    """What is done at the door with a document whose signatures are not all good."""

    DELIVER = "deliver"
    WARN = "warn"  # delivered, with the reason beside it
    QUARANTINE = "quarantine"  # kept until a person decides
    REFUSE = "refuse"


class LookKind(StrEnum):
    """How a signature shows on the page of a PDF."""

    NONE = "none"
    SEAL = "seal"  # a picture
    TEXT = "text"  # who signed and when, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningWish:
    """How one file is to be signed, and by whose word."""

    level: Level = Level.B_T
    showing: Showing | None = None  # on the page of a PDF; None for not at all
    field: str = "Signature"  # of a PDF: one that is empty is filled, else one is made
    certify: bool = False  # permit nothing but further signatures and forms in a PDF afterwards
    operator: str = ""  # who has it signed
    basis: str = ""  # on which grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One signature that was made: of which file, with which key, when, and by whose word."""

    file: str  # its name, without the folder
    key: str  # as the configuration names it
    subject: str  # of the certificate: its common name, or all of it where it has none
    fingerprint: str  # SHA-256 of the certificate's DER, hexadecimal
    at: datetime  # as the signature claims
    level: Level
    stamped_by: str = ""  # the time-stamp authority; empty without a time-stamp
    stamped_at: datetime | None = None
    operator: str = ""  # who had it signed
    basis: str = ""  # on which grounds
    unseen: Message | None = None  # why it does not show on the page, where that was asked for
    # The signed file as it was written; None where the act is told by a record.
    stored: Stored | None = field(default=None, compare=False)


SIGNED: Final = "signed"  # the event in the history of a document


def told(act: Act) -> Message:
    """Say who had which file signed, and how."""
    stamped = (
        say(", stamped by {authority} at {at}", authority=act.stamped_by, at=iso(act.stamped_at))
        if act.stamped_at
        else ""
    )
    return say(
        "{file} by {subject} (key {key}, {level}){stamped}, on the order of {operator}: {basis}",
        file=act.file,
        subject=act.subject,
        key=act.key,
        level=str(act.level),
        stamped=stamped,
        operator=act.operator,
        basis=act.basis,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCopy:
    """What leaves in place of a file that was signed, and what it was made of."""

    act: Act
    source: Digest  # of the file as it was handed over
    path: Path
    stored: Stored  # as it was when the act was entered
    whole: bool = True  # whether it is still that
