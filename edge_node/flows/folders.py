"""What the flows ask of the exchange folder, as small protocols, like `ports` of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime
    from pathlib import Path

    from edge_node.domain.envelope import ItemId
    from edge_node.domain.errors import Permanent
    from edge_node.domain.message import Message

    Check = Callable[[], object]  # FolderMissing unless it is our exchange folder that is there
    Papers = Mapping[str, bytes]


class Drop(Protocol):
    """Something in the outbox that can be taken."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def secret(self) -> bool: ...


class Claimed(Protocol):
    """A drop that is ours."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def sheet(self) -> Path: ...
    @property
    def files(self) -> tuple[Path, ...]: ...
    @property
    def fault(self) -> Message | None: ...
    def named(self, name: str) -> Path | None: ...


class Scan(Protocol):
    """One look at a folder; what is ready is of the folder's own kind."""

    @property
    def ready(self) -> Sequence[Any]: ...
    @property
    def next_look(self) -> float | None: ...


class Outbox(Protocol):
    """Where the document software drops what is to be sent."""

    def scan(self, now: float) -> Scan: ...
    def claim(self, drop: Any, item_id: str) -> Claimed: ...  # noqa: ANN401 - a drop of its scan
    def unfinished(self) -> Sequence[str]: ...
    def take_up(self, item_id: str) -> Claimed | None: ...
    def name_of(self, item_id: str) -> str | None: ...
    def refuse_in_place(self, drop: Any, papers: Papers) -> None: ...  # noqa: ANN401 - likewise


class Files(Protocol):
    """Where a file is set aside without being opened."""

    def set_aside(self, item: ItemId, error: Permanent, now: datetime) -> None: ...


class Statuses(Protocol):
    """Where the document software drops what is to be reported."""

    def lying(self) -> Mapping[ItemId, Path]: ...
    def id_of(self, path: Path) -> ItemId: ...
    def whole(self, path: Path) -> bool: ...
    def scan(
        self, now: float, reading: Callable[[ItemId], AbstractContextManager[bool]]
    ) -> Scan: ...
    def read(self, path: Path) -> tuple[bytes, str]: ...
    def done(self, path: Path) -> Path: ...
    def failed(self, path: Path, papers: Papers) -> Path: ...


class Filing(Protocol):
    """Where a taken-in drop lies in the exchange folder."""

    def leave_no_claim(self, item: ItemId) -> None: ...
    def to_queued(self, item: ItemId, folder: str, name: str, status: bytes) -> str: ...
    def to_sent(self, item: ItemId, folder: str, name: str, day: date, status: bytes) -> str: ...
    def to_failed(
        self,
        item: ItemId,
        folder: str,
        name: str,
        day: date,
        papers: Papers,
        status: bytes | None,
    ) -> str: ...


class Inbox(Protocol):
    """Where incoming documents wait for the document software."""

    def check(self) -> None: ...
    def folder_name(
        self, received_at: datetime, sender: str, number: str, notation: str
    ) -> str: ...
    def preparing(self, item: ItemId) -> AbstractContextManager[Path]: ...
    def keep(self, item: ItemId, prepared: Path, name: str, files: Papers) -> str: ...
    def is_kept(self, item: ItemId) -> bool: ...
    def show(self, item: ItemId, folder: str) -> None: ...
    def is_taken(self, folder: str) -> bool: ...


class Receipts(Protocol):
    """Where the document software reads what became of its documents."""

    def name(self, what: str, *, number: int, at: datetime) -> str: ...
    def write(self, receipts: Papers) -> None: ...
