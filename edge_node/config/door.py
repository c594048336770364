"""
The keys about the door: what becomes of a document by what is found in it.

By what its signatures are worth, a grade of secrecy that is printed on it, whether it is whole,
and for whom it is. What is found out about signatures is told beside the document whatever stands
here; whose signatures hold is `trust`'s affair. What leaves unsigned is `signing.unsigned`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.kinds import Kind, Unfit
from edge_node.config.shapes import Section
from edge_node.config.shapes import key as _key
from edge_node.domain.message import say
from edge_node.domain.signing import DoorAction

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.config.sheet import Scalar

# Of what this agency sends itself there is nothing to keep for later: it goes, or it is mended.
_LEAVING: Final = (DoorAction.DELIVER, DoorAction.WARN, DoorAction.REFUSE)


# There is nothing to hand over, or nobody here to hand it to.
_NOT_LET_IN: Final = (DoorAction.QUARANTINE, DoorAction.REFUSE)


def _read_kept_out(scalar: Scalar, _: Path) -> DoorAction:
    if scalar.text not in _NOT_LET_IN:
        raise Unfit
    return DoorAction(scalar.text)


def _read_leaving(scalar: Scalar, _: Path) -> DoorAction:
    if scalar.text not in _LEAVING:
        raise Unfit
    return DoorAction(scalar.text)


_ARRIVAL: Final = kinds.one_of(DoorAction)
_KEPT_OUT: Final = Kind(say("one of {choices}", choices=", ".join(_NOT_LET_IN)), _read_kept_out)
_DEPARTURE: Final = Kind(say("one of {choices}", choices=", ".join(_LEAVING)), _read_leaving)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingSection:
    """What is done with a document that came in, by its worst attachment and by its header."""

    # A signature in it is broken, revoked, or of something else than the file shows.
    invalid: DoorAction = field(default=DoorAction.QUARANTINE, metadata=_key(_ARRIVAL))
    # Nobody can tell what a signature in it is worth.
    indeterminate: DoorAction = field(default=DoorAction.WARN, metadata=_key(_ARRIVAL))
    # A PDF or Office file in it holds no signature.
    unsigned: DoorAction = field(default=DoorAction.DELIVER, metadata=_key(_ARRIVAL))
    # A grade of secrecy is printed on the first page of a file in it.
    secret: DoorAction = field(default=DoorAction.QUARANTINE, metadata=_key(_ARRIVAL))
    # It names its receivers, and this agency is none of them.
    wrong_recipient: DoorAction = field(default=DoorAction.QUARANTINE, metadata=_key(_KEPT_OUT))
    # Its header can be read, and an attachment cannot (or, for refuse, is not there).
    damaged: DoorAction = field(default=DoorAction.QUARANTINE, metadata=_key(_KEPT_OUT))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingSection:
    """What is done with a document that is to go out, likewise."""

    invalid: DoorAction = field(default=DoorAction.REFUSE, metadata=_key(_DEPARTURE))
    indeterminate: DoorAction = field(default=DoorAction.WARN, metadata=_key(_DEPARTURE))


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSection:
    """What is let in and out whose signatures are not all good."""

    incoming: IncomingSection = field(
        default=IncomingSection(), metadata=_key(Section(IncomingSection))
    )
    outgoing: OutgoingSection = field(
        default=OutgoingSection(), metadata=_key(Section(OutgoingSection))
    )
