"""
The keys about signing: what is signed on its way out, with which keys, and how that looks.

Where a key lies is here, and where its password; neither of them is. Which of the keys signs is
told by the command `edge-node cert`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.patterns import hexadecimal, length, variable, word
from edge_node.config.shapes import Many, Section, Table
from edge_node.config.shapes import key as _key
from edge_node.domain.signing import Level, LookKind, SigningPolicy, Unsigned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeySection:
    """One key of the agency: in a PKCS #12 file, in PEM files, or on a token (PKCS #11)."""

    # What people call it: in commands, in the log and in the history of a document.
    name: str = field(metadata=_key(word))
    # A .p12 or .pfx file, with its certificates.
    pkcs12: Path | None = field(default=None, metadata=_key(kinds.path))
    # A PEM file, and the one of its certificates; None for the same.
    pem: Path | None = field(default=None, metadata=_key(kinds.path))
    certificates: Path | None = field(default=None, metadata=_key(kinds.path))
    # The library of the token's vendor, and what tells the token and the key from others; what is
    # left empty goes by the only one there is.
    module: Path | None = field(default=None, metadata=_key(kinds.path))
    token: str = field(default="", metadata=_key(kinds.text))
    serial: str = field(default="", metadata=_key(kinds.text))
    key_label: str = field(default="", metadata=_key(kinds.text))
    key_id: str = field(default="", metadata=_key(hexadecimal))
    # All that the vendor's library finds of an environment.
    environment: Mapping[str, str] = field(
        default_factory=lambda: _NOTHING,
        metadata=_key(Table(variable, kinds.text, _NOTHING)),
    )
    # Where the password or PIN is: an absolute path, or `credential:NAME`; empty for none.
    password_file: str = field(default="", metadata=_key(kinds.secret_place))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookSection:
    """How the agency's signature shows on the page of a PDF (Decree 30/2020/NĐ-CP)."""

    kind: LookKind = field(default=LookKind.NONE, metadata=_key(kinds.one_of(LookKind)))
    # The image of the seal, a PNG with a transparent ground.
    seal: Path | None = field(default=None, metadata=_key(kinds.path))
    # The seal's real size in millimetres.
    width: float = field(default=0.0, metadata=_key(length))
    height: float = field(default=0.0, metadata=_key(length))
    # A TrueType file of the Times kind, for the words; None for the one this machine has.
    font: Path | None = field(default=None, metadata=_key(kinds.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSection:
    """What the agency signs, on whose word, and with what."""

    # Which of the documents handed over are signed on their way out.
    documents: SigningPolicy = field(
        default=SigningPolicy.NEVER, metadata=_key(kinds.one_of(SigningPolicy))
    )
    # What becomes of a document that would leave without a signature.
    unsigned: Unsigned = field(default=Unsigned.ALLOW, metadata=_key(kinds.one_of(Unsigned)))
    # How long a signature can be verified.
    level: Level = field(default=Level.B_T, metadata=_key(kinds.one_of(Level)))
    # Who has it signed and on which grounds, where a drop does not say.
    operator: str = field(default="", metadata=_key(kinds.text))
    basis: str = field(default="", metadata=_key(kinds.text))
    # The first one signs until `edge-node cert activate` names another.
    keys: tuple[SigningKeySection, ...] = field(
        default=(), metadata=_key(Many(Section(SigningKeySection)))
    )
    look: LookSection = field(default=LookSection(), metadata=_key(Section(LookSection)))
