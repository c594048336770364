"""What a person may do about a document that has not arrived: keep it, drop it, give it up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_node.domain.document import AgencyCode
    from edge_node.domain.item import ItemId


class Halt(StrEnum):
    """How a document is kept from going on."""

    HOLD = "hold"  # it stays here until it is released
    CANCEL = "cancel"  # it is withdrawn, for good
    EXPIRE = "expire"  # nobody tries any more; it lies with what failed


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltPlan:
    """For whom it is halted, and which envelopes carry on to whom without them."""

    item: ItemId
    halt: Halt
    receivers: tuple[AgencyCode, ...]
    rest: tuple[tuple[ItemId, tuple[AgencyCode, ...]], ...] = ()
