"""
What one agency asks of a document another has from it: to give it back, change it, or replace it.

A request travels as a document (`BussinessDocType` 1 to 3) or, to have something back, as a status
message 13. It is answered with status 15 or 16; a clerk decides, never a node.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import AgencyCode, BusinessKind, Reference
from edge_node.domain.errors import Transient
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from edge_node.domain.document import Document
    from edge_node.domain.envelope import Digest, Stored
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message

CHANGES: Final = frozenset({BusinessKind.RECALL, BusinessKind.UPDATE, BusinessKind.REPLACE})


class ChangeState(StrEnum):
    """How far a request has come."""

    ASKED = "asked"  # nobody has answered yet
    AGREEING = "agreeing"  # we agreed to give it back; what we have of it is still to be destroyed
    AGREED = "agreed"  # status 15
    REFUSED = "refused"  # status 16
    STOPPED = "stopped"  # nothing was to be asked: the document never reached the receiver


_GIVEN_BACK: Final = frozenset({ChangeState.AGREEING, ChangeState.AGREED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One request about one document, to or of one agency.

    ``item`` is our id of the document it is about, None as long as we do not have that;
    ``carrier`` is our id of the request itself. ``agency`` is who was asked, where we ask, and who
    asks, where we are asked.
    """

    id: str
    asked_by_us: bool
    kind: BusinessKind
    carrier: ItemId
    item: ItemId | None
    document_id: str
    agency: AgencyCode
    state: ChangeState
    created: datetime
    at: datetime
    code: str = ""
    promulgated: date | None = None
    carrier_id: str = ""  # the request's own DocumentId; '' where it came as status 13
    reason: str = ""
    note: str = ""  # what was answered

    @property
    def about(self) -> Reference:
        """The document as an answer names it, to whoever asked us."""
        return Reference(
            organ=self.agency,
            code=self.code,
            document_id=self.document_id,
            promulgated=self.promulgated,
        )

    @property
    def subject(self) -> ItemId:
        """What an answer is filed under: the document, or the request where we have no more."""
        return self.item or self.carrier

    @property
    def was_agreed(self) -> bool:
        """Whether the document was to be given back, and that was agreed to."""
        return self.kind is BusinessKind.RECALL and self.state in _GIVEN_BACK

    def gives_back(self, document: Document) -> bool:
        """
        Tell whether it was agreed to and means this very document, so that that is destroyed.

        By the DocumentId, and where nothing speaks against it: numbers begin anew each year, a
        corrected document keeps its number, and some software gives one id to all it sends.
        """
        day = document.promulgated
        return (
            self.was_agreed
            and bool(self.document_id)
            and self.document_id == document.document_id
            and self.code in {"", document.code}
            and (self.promulgated is None or self.promulgated == day)
            and (day is None or day <= in_vietnam(self.created).date())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """That a newer document answers, recalls, changes or replaces an older one."""

    item: ItemId
    kind: str  # reply, recall, update or replace
    document_id: str
    organ: str
    code: str
    older: ItemId | None  # None: we do not have it (yet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """One item of which nothing may remain: its package, and its folder ('' where it has none)."""

    item: ItemId
    digest: Digest
    size: int
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was found of a document before any of it was destroyed."""

    taken: bool  # the document software has a copy of its own
    attachments: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What was destroyed, when, on which request, and where copies remain that are not ours."""

    item: ItemId
    change: str
    at: datetime
    digest: Digest
    size: int
    attachments: int | None
    destroyed: tuple[Message, ...]
    remains: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallPlan:
    """
    What having a document back comes to, as it stands in one moment.

    ``stopped`` are those it has not left for, ``asked`` all others. ``rest``: for whom else the
    envelopes that are stopped were to leave. ``unknown``: who is asked and never was a receiver.
    ``before``: for whom that was done already, here or by another request.
    """

    item: ItemId | None  # the document; None: we know of none such, and ask all the same
    asked: tuple[AgencyCode, ...] = ()
    stopped: tuple[AgencyCode, ...] = ()
    rest: tuple[tuple[ItemId, tuple[AgencyCode, ...]], ...] = ()
    unknown: tuple[AgencyCode, ...] = ()
    before: tuple[AgencyCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """
    A plan, and what has to be there before it is carried out.

    ``packages`` take the place of those that are stopped, by the envelope; ``leaves`` are the
    receivers the request's own package names, or, where it goes as status 13, ``bodies`` holds
    each of these.
    """

    plan: RecallPlan
    leaves: tuple[AgencyCode, ...] = ()
    packages: Mapping[ItemId, Stored] = field(default_factory=dict)
    bodies: Mapping[AgencyCode, tuple[bytes, Stored]] = field(default_factory=dict)


class Overtaken(Transient):
    """What was planned does not fit any more: something has left, or come back, meanwhile."""


def targets(document: Document) -> tuple[Reference, ...]:
    """
    Return the older documents a request is about; nothing for one that brings something new.

    They are its sender's own. What `Bussiness` does not name is looked for in `ResponseFor`, where
    some senders name it alone.
    """
    business, organ = document.business, document.sender.code
    if business.kind not in CHANGES:
        return ()
    if business.kind is BusinessKind.REPLACE and business.replaces:
        ids = tuple(dict.fromkeys(each.document_id for each in business.replaces))
    else:
        ids = (business.document_id,) if business.document_id else ()
    if not ids:
        return tuple(_own(each, organ) for each in document.reply_to)
    return tuple(_named(document, each) for each in ids)


def replies(document: Document) -> tuple[Reference, ...]:
    """Return the documents it answers: what a request only points back to is none of them."""
    asked = {(each.document_id, each.code) for each in targets(document)}
    own = document.sender.code
    return tuple(
        each
        for each in document.reply_to
        if not (asked and each.organ == own and _is_among(each, asked))
    )


def _is_among(reference: Reference, asked: set[tuple[str, str]]) -> bool:
    if reference.document_id:
        return reference.document_id in {document_id for document_id, _ in asked}
    return reference.code in {code for _, code in asked}


def _named(document: Document, document_id: str) -> Reference:
    """Return the pointer to a document, with what a ResponseFor knows beside its id."""
    beside = next((each for each in document.reply_to if each.document_id == document_id), None)
    return Reference(
        organ=document.sender.code,
        document_id=document_id,
        code=beside.code if beside else "",
        promulgated=beside.promulgated if beside else None,
    )


def _own(reference: Reference, organ: AgencyCode) -> Reference:
    return Reference(
        organ=organ,
        code=reference.code,
        document_id=reference.document_id,
        promulgated=reference.promulgated,
    )
