"""
What the flow that removes payloads asks of the world.

Each method's words stand with the adapter that fulfils it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime
    from pathlib import Path

    from edge_node.domain.envelope import Digest
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.retention import Amount, Payload, Periods


class PayloadRows(Protocol):
    """What the queue knows of payloads."""

    def due(self, periods: Periods, *, now: datetime) -> Iterator[Payload]: ...
    def begin(
        self, payload: Payload, amount: Amount, periods: Periods, *, now: datetime
    ) -> Payload | None: ...
    def begun(self) -> Iterator[Payload]: ...
    def is_named(self, digest: Digest) -> bool: ...
    def end(self, item: ItemId) -> None: ...
    def note(self, text: Message, *, now: datetime) -> None: ...


class PayloadFiles(Protocol):
    """What lies on the disks of them."""

    def check(self) -> None: ...
    def weigh(self, payload: Payload) -> Amount: ...
    def remove(
        self, payload: Payload, wanted: Callable[[Digest], bool], now: datetime
    ) -> bool: ...
    def refused(self, before: date) -> Iterator[tuple[Path, datetime, Amount]]: ...
    def remove_refused(self, folder: Path) -> None: ...
    def receipts(self, before: date) -> Iterator[tuple[Path, datetime, Amount]]: ...
    def remove_receipt(self, path: Path) -> None: ...
