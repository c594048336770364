"""What became of a document at one receiver, apart from the envelopes that carried it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.document import AgencyCode
    from edge_node.domain.lifecycle import Sending


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What has become of one outgoing document at one of its receivers."""

    receiver: AgencyCode
    name: str
    state: Sending
    status: str = ""  # the last business status the receiver sent, raw
    reason: str = ""
    at: datetime | None = None
