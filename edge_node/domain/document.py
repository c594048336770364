"""
An official document as the axis describes it: who, to whom, number and notation, about what.

The values carry what an edXML header can carry (QCVN 102:2016 as real software writes it), in the
field's own terms; how it looks in XML is `edge_node.protocol.edxml`'s affair, how it looks in the
exchange folder `edge_node.protocol.handoff`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final, NewType, TypeAlias

from edge_node.domain.errors import Permanent
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date, datetime

AgencyCode = NewType("AgencyCode", str)
# Whoever tells every code the agency of a code goes by.
SameAgency: TypeAlias = "Callable[[str], Collection[str]]"

# Old codes (QCVN 102: `000.00.13.H53`), new ones (QD 20/2020: `H37.02.02`) and what lives beside
# them in real directories (`vxp.saas.03`, `28.22.H17`): one pattern accepts them all, the strict
# forms only serve to warn.
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,34}")
_STRICT_CODES: Final = (
    re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}"),
    re.compile(r"[A-Z]\d{2}(\.[A-Z0-9]{1,3})*"),
)


class BadAgencyCode(Permanent):
    """The text cannot be the code of an agency."""


def agency_code(text: str) -> AgencyCode:
    """Return the text as an agency's code; BadAgencyCode when no directory could hold it."""
    if not _CODE.fullmatch(text):
        raise BadAgencyCode(
            say("not an agency code: {code!r}", code=text[:60]),
            hint=say("a code looks like H37.02 or 000.00.13.H53"),
        )
    return AgencyCode(text)


def only_itself(code: str) -> Collection[str]:
    """Return every code the agency of this code goes by, as far as nobody knows of others."""
    return (code,)


def is_usual_code(code: str) -> bool:
    """Tell whether the code has one of the two forms the regulations describe."""
    return any(form.fullmatch(code) for form in _STRICT_CODES)


class Priority(IntEnum):
    """Urgency as the axis numbers it (0 to 4)."""

    NORMAL = 0  # thường
    URGENT = 1  # khẩn
    VERY_URGENT = 2  # thượng khẩn
    EXPRESS = 3  # hỏa tốc
    EXPRESS_TIMED = 4  # hỏa tốc hẹn giờ


class BusinessKind(StrEnum):
    """What a package wants of its receiver (`BussinessDocType` 0 to 3)."""

    NEW = "new"
    RECALL = "recall"
    UPDATE = "update"
    REPLACE = "replace"


class ReceiverAction(StrEnum):
    """What an update does to one receiver of the older document (`ReceiverType` 1 and 0)."""

    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An agency as a header names it; only the code is certain to be there."""

    code: AgencyCode
    name: str = ""
    in_charge: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """The kind of document; receivers match on the name, the numbers are not agreed upon."""

    name: str
    type: int | None = None
    detail: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed: the authority signed under, the position, the name."""

    competence: str = ""
    position: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who handled it."""

    department: str = ""
    department_id: str = ""
    name: str = ""
    staff_id: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Another document, pointed at (`ResponseFor`): answered, recalled, or reported on."""

    organ: AgencyCode
    code: str = ""  # number and notation in one: 7816/VPCP-TTĐT
    document_id: str = ""
    promulgated: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverChange:
    """One receiver an update adds or removes."""

    code: AgencyCode
    action: ReceiverAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One older document a replacement stands for, and the receivers it concerns."""

    document_id: str
    receivers: tuple[AgencyCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """Why the package travels (`Bussiness`): new, recall, update or replace."""

    kind: BusinessKind = BusinessKind.NEW
    reason: str = ""
    document_id: str = ""
    paper: bool = False  # a paper copy follows
    metadata_changes: bool = False
    receiver_changes: tuple[ReceiverChange, ...] = ()
    replaces: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A station the package passed; the axis leaves its own name out and sometimes the time."""

    organ: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    The header of one official document on its way from one agency to one or more others.

    ``promulgated`` and ``due`` are None where a package of the axis has none that can be read;
    what an agency sends always has a date. ``priority`` keeps numbers no list knows.
    """

    document_id: str
    sender: Organization
    receivers: tuple[Organization, ...]
    number: str
    notation: str
    type: DocumentType
    subject: str
    promulgated: date | None = None
    place: str = ""
    content: str = ""
    signer: Signer | None = None
    due: date | None = None
    priority: int = Priority.NORMAL
    sphere: str = ""
    typist: str = ""
    copies: int | None = None
    pages: int | None = None
    direction: bool | None = None
    appendixes: tuple[str, ...] = ()
    reply_to: tuple[Reference, ...] = ()
    steering: int | None = None
    tasks: tuple[str, ...] = ()
    application_type: str = ""
    places: tuple[str, ...] = ()
    business: Business = Business()
    staff: Staff | None = None
    traces: tuple[Trace, ...] = ()

    @property
    def code(self) -> str:
        """Number and notation in one, as people write them: 12/UBND-VP."""
        return f"{self.number}/{self.notation}" if self.notation else self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMessage:
    """What one agency tells another of a document it received (or asks back, status 13)."""

    sender: Organization
    about: Reference
    status: str  # two digits; codes no list knows are kept as they came
    note: str = ""
    staff: Staff | None = None
    at: datetime | None = None


def conventional_document_id(sender: AgencyCode, day: date, number: str, notation: str) -> str:
    """
    Return the DocumentId real senders build: `000.00.00.G22,2015/09/30,7816/VPCP-TTĐT`.

    A convention only: UUIDs are seen as often, and both are carried as they come.
    """
    return f"{sender},{day:%Y/%m/%d},{number}/{notation}"
