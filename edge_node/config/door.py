"""
The keys about the door: what becomes of a document by what its signatures are worth.

What is found out about them is told beside the document whatever stands here; whose signatures
hold is `trust`'s affair. What leaves without a signature is `signing.unsigned`.
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


def _read_leaving(scalar: Scalar, _: Path) -> DoorAction:
    if scalar.text not in _LEAVING:
        raise Unfit
    return DoorAction(scalar.text)


_ARRIVAL: Final = kinds.one_of(DoorAction)
_DEPARTURE: Final = Kind(say("one of {choices}", choices=", ".join(_LEAVING)), _read_leaving)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingSection:
    """What is done with a document that came in, by the worst of its attachments."""

    # A signature in it is broken, revoked, or of something else than the file shows.
    invalid: DoorAction = field(default=DoorAction.QUARANTINE, metadata=_key(_ARRIVAL))
    # Nobody can tell what a signature in it is worth.
    indeterminate: DoorAction = field(default=DoorAction.WARN, metadata=_key(_ARRIVAL))
    # A PDF or Office file in it holds no signature.
    unsigned: DoorAction = field(default=DoorAction.DELIVER, metadata=_key(_ARRIVAL))


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
