"""
`receipts/`: one small file for each thing that happened to an outgoing document.

What a receipt says is not known here. The document software deletes what it has read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.domain.names import safe_name
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge_node.adapters.exchange import Exchange

_MODE: Final = 0o660  # the software's group reads them and takes them away


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts of one exchange folder."""

    exchange: Exchange

    def name(self, what: str, *, number: int, at: datetime) -> str:
        """
        Return the file name of what happened at ``at``, as the ``number``-th event of this node.

        It is `YYYYMMDD-HHMMSS-mmm_<number>_<what>.json` in Vietnam's time, so that names sort as
        things happened, within a millisecond too. The same event gives the same name: what is
        written again after a crash replaces itself.
        """
        moment = in_vietnam(at)
        stamp = f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03}"
        word = safe_name(what.replace("/", "-").replace("\\", "-"), limit=40)
        return f"{stamp}_{number:07}_{word}.json"

    def write(self, receipts: Mapping[str, bytes]) -> None:
        """Write receipts by their names; each seen whole or not at all, all durable on return."""
        durable.write_all(self.exchange.receipts, receipts, mode=_MODE)
