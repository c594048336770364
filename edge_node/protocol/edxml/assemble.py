"""
What the header of a package means: its tree of elements turned into the domain's values.

Elements are found by name, wherever among their siblings they stand: layouts differ, and the axis
drops the empty ones. Only a package that does not say who sent it is refused.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import (
    Business,
    BusinessKind,
    Document,
    DocumentType,
    Organization,
    Priority,
    ReceiverChange,
    Reference,
    Replacement,
    Signer,
    Staff,
    StatusMessage,
    Trace,
    conventional_document_id,
)
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.message import say
from edge_node.protocol.edxml.layout import ACTION_NUMBERS, BUSINESS_NUMBERS
from edge_node.protocol.edxml.tree import Element

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from edge_node.domain.document import AgencyCode
    from edge_node.protocol.edxml.fields import Fields

_KINDS: Final = {number: kind for kind, number in BUSINESS_NUMBERS.items()}
# The package lacks its id; whoever sends it on as it is must know.
BUILT_ID: Final = say("DocumentId is missing; it was built of sender, date, number and notation")
_ACTIONS: Final = {number: action for action, number in ACTION_NUMBERS.items()}
# Codes whose numbering is not agreed upon, or that may hold what no list knows.
_CODES: Final = (
    ("MessageHeader", "DocumentType", "Type"),
    ("MessageHeader", "DocumentType", "TypeDetail"),
    ("MessageHeader", "OtherInfo", "Priority"),
    ("MessageHeader", "OtherInfo", "Direction"),
    ("MessageHeader", "SteeringType"),
    ("MessageHeader", "StatusCode"),
    ("TraceHeaderList", "Bussiness", "BussinessDocType"),
    ("TraceHeaderList", "Bussiness", "Paper"),
    ("TraceHeaderList", "Bussiness", "BussinessDocumentInfo", "DocumentInfo"),
    ("TraceHeaderList", "Bussiness", "BussinessDocumentInfo", "DocumentReceiver"),
)


def message_header(root: Element) -> Element:
    """Return the MessageHeader; PackageUnreadable when there is none."""
    header = root.anywhere("MessageHeader")
    if header is None:
        raise PackageUnreadable(
            say("there is no MessageHeader in the package"),
            hint=say("the package is kept as it came; ask the sender to send it again"),
        )
    return header


def is_status(root: Element) -> bool:
    """Tell whether the package reports on a document: then its header has a StatusCode."""
    return message_header(root).has("StatusCode")


def codes(root: Element, *, signed: bool) -> Mapping[str, str]:
    """Return the header's codes as they came, by the names of their elements."""
    found = {"Signature": "present"} if signed else {}
    tops = {top: root.anywhere(top) or Element(top) for top in {code[0] for code in _CODES}}
    for top, *between, name in _CODES:
        parent = tops[top]
        for step in between:
            parent = parent.first(step)
        if parent.has(name):
            found[name] = parent.first(name).text
    return MappingProxyType(found)


def document(root: Element, fields: Fields) -> Document:
    """Return the document a package carries; PackageUnreadable when it names no sender."""
    header = message_header(root)
    trace_list = root.anywhere("TraceHeaderList") or Element("TraceHeaderList")
    business = fields.only(trace_list, "Bussiness")
    code = fields.only(header, "Code")
    info = fields.only(header, "PromulgationInfo")
    other = fields.only(header, "OtherInfo")
    priority = fields.number(other, "Priority")
    sender = _sender(header, fields)
    number, notation = fields.text(code, "CodeNumber"), fields.text(code, "CodeNotation")
    promulgated = fields.day(info, "PromulgationDate")
    return Document(
        document_id=fields.id(header, "DocumentId")
        or _missing_id(sender.code, promulgated, number, notation, fields),
        sender=sender,
        receivers=tuple(_receivers(header, fields)),
        number=number,
        notation=notation,
        type=_type(fields.only(header, "DocumentType"), fields),
        subject=fields.text(header, "Subject"),
        promulgated=promulgated,
        place=fields.text(info, "Place"),
        content=fields.text(header, "Content"),
        signer=_signer(fields.only(header, "SignerInfo"), fields),
        due=fields.day(header, "DueDate"),
        priority=Priority.NORMAL if priority is None else priority,
        sphere=fields.text(other, "SphereOfPromulgation"),
        typist=fields.text(other, "TyperNotation"),
        copies=fields.number(other, "PromulgationAmount"),
        pages=fields.number(other, "PageAmount"),
        direction=fields.flag(other, "Direction"),
        appendixes=_texts(fields.only(other, "Appendixes"), "Appendix"),
        reply_to=tuple(_reference(each, fields) for each in header.all("ResponseFor")),
        steering=fields.number(header, "SteeringType"),
        tasks=_texts(fields.only(header, "ResponseForTask"), "TaskCode"),
        application_type=fields.text(header, "ApplicationType"),
        places=_texts(fields.only(header, "ToPlaces"), "Place"),
        business=_business(business, fields),
        staff=_staff(business, fields) or _staff(header, fields),
        traces=tuple(_trace(each, fields) for each in trace_list.all("TraceHeader")),
    )


def status(root: Element, fields: Fields) -> StatusMessage:
    """Return the status a package reports; PackageUnreadable when it names no sender."""
    header = message_header(root)
    code = fields.id(header, "StatusCode")
    if not code:
        fields.warn(say("StatusCode is empty"))
    return StatusMessage(
        sender=_sender(header, fields),
        about=_reference(fields.only(header, "ResponseFor"), fields),
        status=code,
        note=fields.text(header, "Description"),
        staff=_staff(header, fields),
        at=fields.moment(header, "Timestamp"),
    )


def _missing_id(
    sender: AgencyCode, day: date | None, number: str, notation: str, fields: Fields
) -> str:
    """Return the DocumentId the sender would have built, if the header says enough for one."""
    if not day or not number:
        fields.warn(say("DocumentId is missing, and so is what one is built of"))
        return ""
    fields.warn(BUILT_ID)
    return conventional_document_id(sender, day, number, notation)


def _sender(header: Element, fields: Fields) -> Organization:
    sender = fields.only(header, "From")
    if not fields.id(sender, "OrganId"):
        raise PackageUnreadable(
            say("the package does not say who sent it: From has no OrganId"),
            hint=say("the package is kept as it came; ask the axis who sent it"),
        )
    return _organization(sender, fields)


def _receivers(header: Element, fields: Fields) -> Iterator[Organization]:
    receivers = header.all("To")
    if not receivers:
        fields.warn(say("the package names no receiver"))
    for receiver in receivers:
        yield _organization(receiver, fields)


def _organization(element: Element, fields: Fields) -> Organization:
    return Organization(
        code=fields.agency(fields.only(element, "OrganId"), element.name),
        name=fields.text(element, "OrganName"),
        in_charge=fields.text(element, "OrganizationInCharge"),
        address=fields.text(element, "OrganAdd"),
        email=fields.text(element, "Email"),
        telephone=fields.text(element, "Telephone"),
        fax=fields.text(element, "Fax"),
        website=fields.text(element, "Website"),
    )


def _type(element: Element, fields: Fields) -> DocumentType:
    return DocumentType(
        name=fields.text(element, "TypeName"),
        type=fields.number(element, "Type"),
        detail=fields.number(element, "TypeDetail"),
    )


def _signer(element: Element, fields: Fields) -> Signer | None:
    signer = Signer(
        competence=fields.text(element, "Competence"),
        position=fields.text(element, "Position"),
        name=fields.text(element, "FullName"),
    )
    return None if signer == Signer() else signer


def _staff(parent: Element, fields: Fields) -> Staff | None:
    element = fields.only(parent, "StaffInfo")
    staff = Staff(
        department=fields.text(element, "Department"),
        department_id=fields.text(element, "DepartmentId"),
        name=fields.text(element, "Staff"),
        staff_id=fields.text(element, "StaffId"),
        email=fields.text(element, "Email"),
        phone=fields.text(element, "Mobile"),
    )
    return None if staff == Staff() else staff


def _reference(element: Element, fields: Fields) -> Reference:
    return Reference(
        organ=fields.agency(fields.only(element, "OrganId"), element.name),
        code=fields.text(element, "Code"),
        document_id=fields.id(element, "DocumentId"),
        promulgated=fields.day(element, "PromulgationDate"),
    )


def _trace(element: Element, fields: Fields) -> Trace:
    return Trace(organ=fields.id(element, "OrganId"), at=fields.moment(element, "Timestamp"))


def _texts(element: Element, name: str) -> tuple[str, ...]:
    return tuple(child.text for child in element.all(name) if child.text)


def _business(element: Element, fields: Fields) -> Business:
    """Return why the package travels; the axis may have dropped the element, then it is new."""
    number = fields.number(element, "BussinessDocType")
    if number is not None and number not in _KINDS:
        fields.warn(say("BussinessDocType {number} is unknown; read as a new one", number=number))
    changes = fields.only(element, "BussinessDocumentInfo")
    return Business(
        kind=_KINDS.get(number or 0, BusinessKind.NEW),
        reason=fields.text(element, "BussinessDocReason"),
        document_id=fields.id(element, "DocumentId"),
        paper=bool(fields.flag(element, "Paper")),
        metadata_changes=bool(fields.flag(changes, "DocumentInfo")),
        receiver_changes=tuple(_receiver_changes(changes, fields)),
        replaces=tuple(_replacements(element, fields)),
    )


def _receiver_changes(changes: Element, fields: Fields) -> Iterator[ReceiverChange]:
    for receiver in fields.only(changes, "ReceiverList").all("Receiver"):
        code = fields.agency(fields.only(receiver, "OrganId"), "ReceiverList")
        number = fields.number(receiver, "ReceiverType")
        if number in _ACTIONS:
            yield ReceiverChange(code=code, action=_ACTIONS[number])
        else:
            fields.warn(
                say("it is not said whether {code} is added or removed: left out", code=code[:60])
            )


def _replacements(business: Element, fields: Fields) -> Iterator[Replacement]:
    for element in fields.only(business, "ReplacementInfoList").all("ReplacementInfo"):
        organs = fields.only(element, "OrganIdList").all("OrganId")
        yield Replacement(
            document_id=fields.id(element, "DocumentId"),
            receivers=tuple(fields.agency(organ, "ReplacementInfo") for organ in organs),
        )
