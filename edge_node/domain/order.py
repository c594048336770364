"""What the document software hands us to send, and what it tells of what it received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from edge_node.domain.document import Document, Staff
    from edge_node.domain.message import Message
    from edge_node.domain.receipt import ReasonCode
    from edge_node.domain.signing import SigningPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file a drop names: `role` is "main", "annex" or nothing."""

    file: str
    description: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Who ordered a signature by the agency, on what basis, and what is to be signed."""

    operator: str = ""  # both are as configured where the drop names neither
    basis: str = ""
    policy: SigningPolicy | None = None  # None: as configured


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One drop, read: the document to send, the files that go with it, and how to treat it."""

    document: Document
    files: tuple[NamedFile, ...]
    resend: bool = False  # it was sent before with other content, and is meant
    ref: str = ""  # the software's own key, returned in every receipt
    signing: Signing | None = None
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The entry in the agency's own register of incoming documents (so den)."""

    number: str
    registered: date | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOrder:
    """One file of `statuses/`, read: which incoming document, and what to report of it."""

    id: str = ""  # ours, as document.json in the inbox gives it
    document_id: str = ""  # or the edXML DocumentId; one of the two is there
    status: str
    note: str = ""
    reason: ReasonCode | None = None
    at: datetime | None = None
    arrival: Arrival | None = None
    staff: Staff | None = None
