"""What runs out soon, in sentences for whoever asks how the node fares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.cli.written import day
from edge_node.node.attention import running_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from edge_node.adapters.expiring import RunningOut
    from edge_node.domain.message import Message


def certificates(found: Iterable[RunningOut], now: datetime) -> Iterator[Message]:
    """Say of each certificate until when it is valid, and what is to be done."""
    for one in found:
        notice = running_out(one, now, written=day)
        if notice is not None:
            yield from notice.sentences
