"""What the flows ask of the directory of agencies, and of the axis that has its lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from edge_node.domain.directory import AgencyList, ListStanding, Reading, Unit
    from edge_node.domain.envelope import Agency
    from edge_node.domain.message import Message


class AgencyLists(Protocol):
    """The upstream exchange, as far as it lists agencies."""

    def list_agencies(
        self, which: AgencyList, take: Callable[[Agency], object], *, level: int = 1
    ) -> None: ...


class Reader(Protocol):
    """One list being read."""

    def take(self, agency: Agency) -> None: ...
    def finish(
        self, *, again: datetime, fresh: datetime, accept_loss: bool = False
    ) -> Reading: ...


class Keeping(Protocol):
    """The directory, as it is brought up to date."""

    def read(self, which: AgencyList, *, now: datetime) -> Reader: ...
    def standing(self) -> Mapping[AgencyList, ListStanding]: ...
    def failed(
        self, which: AgencyList, problem: Message, *, now: datetime, again: datetime
    ) -> None: ...


class KnownAgencies(Protocol):
    """The directory, as it is looked up."""

    def unit(self, code: str) -> Unit | None: ...
    def name(self, code: str) -> str: ...
    def nearest(self, code: str, name: str = "") -> Unit | None: ...
    def same_agency(self, code: str) -> frozenset[str]: ...
    def synced(self) -> datetime | None: ...
