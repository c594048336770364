"""
What the queue holds: outgoing envelopes with their receivers, incoming items, claims on both.

An envelope is one package on its way: one `sendEdoc`, whatever the number of its receivers. Its
receivers' fates are tracked one by one, because (document, receiver) is the unit that must arrive
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.signature import Bears

if TYPE_CHECKING:
    from datetime import date, datetime

    from edge_node.domain.change import Recall
    from edge_node.domain.document import AgencyCode, Document, Reference
    from edge_node.domain.fate import Fate
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.signing import Act
    from edge_node.domain.standing import Given

AxisId = NewType("AxisId", str)  # the axis's own id of a delivery
Digest = NewType("Digest", str)  # SHA-256 of the bytes, lower-case hex


# What stands in the place of its kind in the row of a canary that came back: a document to the
# axis, and to everybody else nothing.
CANARY = "canary"


class MessageType(StrEnum):
    """The axis's two kinds of message; both travel by the same calls."""

    DOCUMENT = "edoc"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Bytes in the spool: their SHA-256 and how many there are."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One package to be offered to the axis, as the queue holds it."""

    id: ItemId
    item: ItemId  # the outgoing document it carries, or the incoming one a status reports on
    message: MessageType
    sender: AgencyCode
    receivers: tuple[AgencyCode, ...]
    package: Stored
    state: Sending = Sending.QUEUED
    urgency: int = 0
    deadline: datetime | None = None  # no wait between two tries goes past it
    axis_id: AxisId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A drop, read and packed, as the queue takes it in."""

    id: ItemId
    document: Document
    package: Stored
    fingerprint: str
    name: str  # of the drop, as the software called it
    ref: str = ""
    warnings: tuple[Message, ...] = ()
    resend: bool = False  # that another went by its name before is no mistake
    acts: tuple[Act, ...] = ()  # the agency's own signatures on its files
    signed: Bears = Bears.UNKNOWN  # what the document itself bears
    recall: Recall | None = None  # what it comes to, where it has another document back


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """
    A document that went by the same DocumentId, or number and date, before.

    The fingerprint is empty where only its papers are known; ``folder`` says where it lies.
    """

    id: ItemId
    name: str
    fingerprint: str
    fates: tuple[Fate, ...]
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """
    One item the axis had for us: a document or a status message.

    Where the digest is empty, its bytes were too many for us; ``package.size`` is the least
    there are.
    """

    id: ItemId
    axis_id: AxisId
    message: MessageType
    sender: str  # as the axis lists it, raw
    package: Stored
    created: datetime
    state: Receiving = Receiving.RECEIVED
    folder: str = ""  # what it is called in the inbox, entered before it comes into sight there
    about: Reference | None = None  # the document it is, as long as it has a folder
    barred: bool = False  # it can be read; the door did not let it in
    released: bool = False  # a person lets it in all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """A document the door does not let in, and why; ``refusal`` is the status 02 to return it."""

    document: Document
    fingerprint: str
    reason: Message
    refusal: Given | None = None  # None: it is kept for a person
    unfit: bool = False  # it counts as unreadable: damaged, or for somebody else
    answer: bool = False  # tell the axis so (`fail`), where it is kept
    signed: Bears = Bears.UNKNOWN  # what the document itself bears


class Lane(StrEnum):
    """The kinds of work that wait in the queue; each flow claims from its own."""

    PUSH = "push"  # offer a document's envelope to the axis
    REPORT = "report"  # offer a status's envelope to the axis
    ACKNOWLEDGE = "acknowledge"  # tell the axis that we have an item
    DELIVER = "deliver"  # hand an incoming document to the inbox
    APPLY = "apply"  # enter an incoming status with the document it is about
    INTAKE = "intake"  # see a drop through that a crash cut off
    STATUSES = "statuses"  # take a file of statuses/ that a crash may have cut off
    DESTROY = "destroy"  # destroy what we have of a document that was given back


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on one item until the lease ends; the token tells which claim it was."""

    lane: Lane
    item: ItemId
    token: int
    attempt: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One item of the axis's list of what waits for us (`getReceivedEdocList`)."""

    axis_id: AxisId
    message: MessageType
    sender: str
    receiver: str
    status: str  # initial, processing, done, fail
    created: str  # the axis's own stamp, raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One row of the axis's list of what we sent (`getSentEdocList`): one per receiver."""

    axis_id: AxisId  # senderDocId: what sendEdoc answered
    receiver: str
    title: str
    notation: str
    sent_at: str
    send_status: str
    send_note: str
    receive_status: str
    receive_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One unit of the axis's directory (`getAgenciesList` and its two siblings)."""

    code: str
    name: str
    id: str = ""
    parent: str = ""
    mail: str = ""
    other_code: str = ""  # the same unit's code of the other generation
    deleted: bool = False
    modified: date | None = None
    version: str = ""  # of its entry, in the axis's own counting
