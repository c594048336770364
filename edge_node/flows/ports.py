"""
What the flows ask of the world, as small protocols; of the exchange folder, `folders` says it.

The adapters fulfil them without knowing; `node` introduces the two to each other, and each
method's words stand with the adapter that fulfils it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime, timedelta
    from pathlib import Path

    from edge_node.domain.deadlines import Alarm, Duty, Open
    from edge_node.domain.document import AgencyCode, Document, Reference, StatusMessage
    from edge_node.domain.envelope import (
        AxisId,
        Barred,
        Claim,
        Digest,
        Earlier,
        Envelope,
        Incoming,
        Lane,
        Listed,
        MessageType,
        NewDocument,
        Sent,
        Stored,
    )
    from edge_node.domain.fate import Fate
    from edge_node.domain.item import ItemId
    from edge_node.domain.lifecycle import SendingEvent
    from edge_node.domain.message import Message
    from edge_node.domain.order import Arrival
    from edge_node.domain.record import Dossier, Happening, Unconfirmed
    from edge_node.domain.recovery import Papers
    from edge_node.domain.repeats import Resemblance
    from edge_node.domain.search import Trail
    from edge_node.domain.signature import Bears
    from edge_node.domain.standing import Given
    from edge_node.domain.trial import Ending, Suspect
    from edge_node.flows.folders import Claimed

    Due = Callable[[Lane], datetime | None]


class Flow(Protocol):
    """
    One thing that happens by itself.

    Whoever owns its thread calls `wake` when the bell rings and `turn` until there is nothing
    left; `rest` tells how long it may then sleep unless the bell rings (None: for ever).
    """

    def wake(self) -> None: ...
    def turn(self, now: datetime) -> bool: ...
    def rest(self, now: datetime) -> timedelta | None: ...


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object: ...


class Axis(Protocol):
    """The upstream exchange."""

    def send(
        self,
        package: BinaryIO,
        stored: Stored,
        *,
        message: MessageType,
        sender: AgencyCode,
        receivers: Sequence[AgencyCode] = (),
    ) -> AxisId: ...
    def list_received(
        self, message: MessageType, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[Listed]: ...
    def fetch(self, axis_id: AxisId, sink: Sink) -> None: ...
    def acknowledge(self, axis_id: AxisId, status: str) -> None: ...
    def list_sent(self, message: MessageType, axis_id: AxisId | None = None) -> list[Sent]: ...


class Room(Protocol):
    """What is left on the disks and of memory."""

    def for_new(self, size: int = 0) -> None: ...
    def for_delivery(self, size: int) -> None: ...


class SpoolWriter(Protocol):
    """A package that is being written; ``stored`` names it once its block has ended."""

    stored: Stored

    def write(self, data: bytes, /) -> int: ...


class Journal(Protocol):
    """The record of what happened."""

    def enter(self, item: ItemId, event: str, *, text: Message, now: datetime) -> None: ...


class Spool(Protocol):
    """Our private folder of packages, by digest."""

    def store(self) -> AbstractContextManager[SpoolWriter]: ...
    def open(self, digest: Digest) -> BinaryIO: ...
    def room(self) -> AbstractContextManager[Path]: ...


class Before(Protocol):
    """What was sent before, as the queue knows it."""

    def earlier(self, document: Document) -> list[Earlier]: ...
    def reused(self, document: Document) -> tuple[ItemId, str] | None: ...


class Outgoing(Before, Protocol):
    """What leaves, as the queue keeps it."""

    def add(
        self,
        new: NewDocument,
        *,
        now: datetime,
        compare: Callable[[Sequence[Earlier]], None] | None = None,
    ) -> None: ...
    def holds(self, item: ItemId) -> bool: ...
    def claim(
        self, message: MessageType, *, now: datetime, lease: timedelta, to_send: bool = True
    ) -> tuple[Claim, Envelope] | None: ...
    def body(self, envelope: ItemId) -> bytes: ...
    def settle(
        self,
        claim: Claim,
        event: SendingEvent,
        *,
        now: datetime,
        axis_id: AxisId | None = None,
        reason: Message | None = None,
        due: datetime | None = None,
        outcome: str = "",
    ) -> None: ...
    def unanswered(
        self,
        claim: Claim,
        *,
        clock: Callable[[], datetime],
        wait: timedelta,
        reason: Message,
        outcome: str = "",
    ) -> None: ...
    def defer(
        self,
        claim: Claim,
        *,
        now: datetime,
        until: datetime,
        reason: Message,
        outcome: str = "deferred",
        asked: bool = False,
    ) -> None: ...
    def give_back(self, claim: Claim, *, now: datetime, behind: timedelta | None) -> None: ...
    def fates(self, item: ItemId) -> tuple[Fate, ...]: ...
    def envelope(self, item: ItemId, receiver: str) -> Envelope: ...
    def happened(
        self,
        item: ItemId,
        receiver: str,
        event: SendingEvent,
        *,
        now: datetime,
        reason: Message | None = None,
    ) -> bool: ...
    def resend(
        self,
        item: ItemId,
        receivers: Sequence[AgencyCode],
        package: Stored,
        *,
        now: datetime,
    ) -> None: ...


class Unsure(Protocol):
    """What the queue knows of envelopes the axis gave no answer for."""

    def trail(self, envelope: Envelope, *, clock: Callable[[], datetime]) -> Trail: ...
    def unknown(self, axis_ids: Sequence[AxisId]) -> list[AxisId]: ...
    def may_have_left(self, envelope: Envelope) -> bool: ...
    def unconfirmed(
        self, *, before: datetime, limit: int, after: Unconfirmed | None = None
    ) -> list[Unconfirmed]: ...


class Held(Protocol):
    """That sending is paused."""

    @property
    def since(self) -> datetime: ...


class Sends(Protocol):
    """How much was sent and handed over, in this life and in others."""

    def held(self) -> Held | None: ...
    def note(self) -> None: ...


class Arriving(Protocol):
    """What arrives, as the queue keeps it."""

    def known(self, axis_ids: Iterable[AxisId]) -> dict[AxisId, Incoming]: ...
    def unknown(self, axis_ids: Iterable[AxisId]) -> set[AxisId]: ...
    def fitting(self, limit: int) -> list[Listed]: ...
    def add(
        self, listed: Listed, package: Stored, body: bytes | None, *, now: datetime
    ) -> ItemId: ...
    def refuse(
        self,
        listed: Listed,
        reason: Message,
        *,
        size: int,
        answer: bool,
        now: datetime,
        elsewhere: Message | None = None,
    ) -> ItemId: ...
    def set_aside(
        self, listed: Listed, package: Stored, reason: Message, *, now: datetime
    ) -> ItemId: ...
    def name(self, item: ItemId, document: Document, *, now: datetime) -> None: ...
    def acknowledge_again(self, item: ItemId, *, now: datetime) -> None: ...
    def claim(
        self, lane: Lane, *, now: datetime, lease: timedelta
    ) -> tuple[Claim, Incoming] | None: ...
    def defer(self, claim: Claim, *, until: datetime, reason: Message) -> None: ...
    def give_back(self, claim: Claim) -> None: ...
    def body(self, item: ItemId) -> bytes: ...
    def acknowledged(
        self, claim: Claim, *, now: datetime, reason: Message | None = None
    ) -> None: ...
    def may_be_handed_over(self, item: ItemId) -> bool: ...
    def was_aside(self, item: ItemId) -> bool: ...
    def resemblance(self, item: ItemId, document: Document, fingerprint: str) -> Resemblance: ...
    def prepared(
        self,
        claim: Claim,
        document: Document,
        folder: str,
        *,
        fingerprint: str,
        now: datetime,
        alarm: Message | None = None,
        like: Resemblance | None = None,
        signed: Bears = ...,
    ) -> Incoming | None: ...
    def unprepared(self, claim: Claim, *, now: datetime) -> Incoming | None: ...
    def repeated(
        self, claim: Claim, document: Document, fingerprint: str, *, first: ItemId, now: datetime
    ) -> None: ...
    def delivered(self, claim: Claim, arrival: Given | None, *, now: datetime) -> None: ...
    def applied(
        self,
        claim: Claim,
        message: StatusMessage,
        *,
        now: datetime,
        also: Collection[str] = (),
    ) -> bool: ...
    def quarantine(
        self,
        claim: Claim,
        reason: Message,
        *,
        now: datetime,
        answer: bool,
        document: Document | None = None,
    ) -> None: ...
    def turned_away(self, claim: Claim, barred: Barred, *, now: datetime) -> None: ...
    def offered(self) -> list[tuple[ItemId, str]]: ...
    def taken(self, items: Mapping[ItemId, Arrival | None], *, now: datetime) -> None: ...


class Speaking(Protocol):
    """What we say of documents we received."""

    def reference(
        self, *, item: str = "", document_id: str = ""
    ) -> tuple[ItemId, Reference] | None: ...
    def give(
        self, item: ItemId, given: Given, *, now: datetime, first: Given | None = None
    ) -> bool: ...


class Marks(Protocol):
    """What the node remembers of itself, by name."""

    def get(self, name: str) -> str | None: ...
    def put(self, name: str, value: str) -> None: ...
    def remove(self, *names: str) -> None: ...
    def count(self, name: str) -> int: ...
    def counts(self, prefix: str) -> dict[str, int]: ...


class History(Protocol):
    """What the document software has not been told yet."""

    def untold(self, *, limit: int) -> list[Happening]: ...
    def told(self, happenings: Sequence[Happening]) -> None: ...


class Alarms(Protocol):
    """What is still to be done in time, and what people were warned of."""

    def open(self, duty: Duty, *, since: datetime, first: date, last: date) -> list[Open]: ...
    def on(self, duty: Duty) -> set[Alarm]: ...
    def begin(self, alarms: Mapping[Alarm, Message | None], *, now: datetime) -> None: ...
    def end(self, alarms: Iterable[Alarm], *, now: datetime) -> None: ...
    def forget(self, *, before: datetime) -> None: ...


class Paperwork(Protocol):
    """Which folders do not tell yet how their document stands."""

    def untold(self, *, limit: int) -> list[Dossier]: ...
    def filed(self, dossier: Dossier, folder: str) -> None: ...


class Stranded(Protocol):
    """The claimed drops that a crash cut off, as the queue counts them."""

    def enter(self, items: Iterable[ItemId], *, now: datetime) -> list[ItemId]: ...
    def forget(self, found: Iterable[ItemId]) -> set[ItemId]: ...
    def begin(self, item: ItemId, *, now: datetime, lease: timedelta) -> Claim | None: ...
    def finish(self, claim: Claim) -> None: ...
    def give_back(self, claim: Claim) -> None: ...


class Trials(Protocol):
    """What the node died over too often, as the queue keeps it."""

    def suspects(self) -> list[Suspect]: ...
    def left(self, suspect: Suspect) -> Claim | None: ...
    def let_go(self, suspect: Suspect, *, due: datetime) -> None: ...
    def finish(self, claim: Claim) -> None: ...


class Alone(Protocol):
    """A child process for one item."""

    def run(self, suspect: Suspect, *, within: timedelta) -> Ending: ...


class Learning(Protocol):
    """What the queue is taught."""

    def holds(self, item: ItemId) -> bool: ...
    def catch_up(self, papers: Papers, *, now: datetime) -> bool: ...
    def enter(
        self,
        papers: Papers,
        document: Document | None,
        package: Stored | None,
        *,
        sender: AgencyCode,
        folder: str,
        name: str,
        now: datetime,
    ) -> None: ...


class Filed(Protocol):
    """A folder of the exchange folder, and what its papers say."""

    @property
    def folder(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def papers(self) -> Papers | None: ...


class Shelves(Protocol):
    """Where drops lie with our papers."""

    def all(self) -> Iterable[Filed]: ...
    def drop(self, item: ItemId, folder: str) -> Claimed | None: ...
