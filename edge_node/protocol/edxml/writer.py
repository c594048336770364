"""
Writes edXML packages in the canonical form of the vendor's library, element for element.

The same document and the same files give the same bytes whenever they are written: every retry
sends the same package. Text is written as it is, so whoever takes it in brings it to NFC; nothing
is left out but empty elements. The header is small and made whole, attachments stream.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from edge_node.domain.document import BusinessKind, ReceiverAction
from edge_node.domain.errors import Permanent
from edge_node.domain.message import Message, say
from edge_node.protocol.edxml.attachments import ZIPPED, content_type, encode
from edge_node.protocol.edxml.layout import (
    ACTION_NUMBERS,
    BUSINESS_NUMBERS,
    CONTENT_ID_SCHEME,
    LENGTHS,
    NAME_LENGTH,
    NAMESPACE,
    PREFIX,
    ROOT,
    day_text,
    moment_text,
)
from edge_node.protocol.edxml.tree import Element, branch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from edge_node.domain.document import (
        Business,
        Document,
        Organization,
        Reference,
        Staff,
        StatusMessage,
        Trace,
    )
    from edge_node.protocol.edxml.streams import Target

ManifestContentType = Literal["own", "vendor"]

# Everything XML 1.0 calls a Char, turned round.
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A bare carriage return would come back as a line feed (XML 1.0, 2.11).
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_STEP: Final = "  "
_END: Final = f"</{ROOT}>\n".encode()


class Unwritable(Permanent):
    """A package cannot be written of this: a character XML lacks, an id used twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One attachment to send: its name, the file that holds it, its id in the package."""

    name: str
    description: str
    path: Path
    content_id: str  # without `cid:`
    digest: str = ""  # SHA-256 that the file has to have, hexadecimal; empty: whatever it has


def write_document(
    document: Document,
    parts: Sequence[Part],
    out: Target,
    *,
    manifest_content_type: ManifestContentType = "own",
) -> None:
    """
    Write the package of a document and its attachments to ``out``.

    The manifest names each attachment's own content type, or `application/zip` throughout as the
    vendor's library does. Unwritable, before the first byte; AttachmentChanged; OSError when a
    file cannot be read.
    """
    _check_ids(parts)
    header = branch("edXMLHeader", document_header(document), _traces(document))
    references = tuple(_reference(part, manifest_content_type) for part in parts)
    manifest = Element("edXMLManifest", children=references, attributes={"version": "1.0"})
    body = branch("edXMLBody", manifest)
    heads = [_attachment_head(part) for part in parts]
    out.write(_envelope(branch("edXMLEnvelope", header, body)))
    if parts:
        out.write(f"{_STEP}<AttachmentEncoded>\n".encode())
        for part, head in zip(parts, heads, strict=True):
            out.write(head)
            encode(part.path, part.name, part.content_id, out, digest=part.digest)
            out.write(f"</{PREFIX}:ContentTransferEncoded>\n{_STEP * 2}</Attachment>\n".encode())
        out.write(f"{_STEP}</AttachmentEncoded>\n".encode())
    out.write(_END)


def write_status(message: StatusMessage) -> bytes:
    """Return the package of a status message; Unwritable when XML cannot carry its text."""
    header = branch(
        "MessageHeader",
        _organization("From", message.sender),
        _response_for(message.about),
        _staff(message.staff),
        Element("StatusCode", message.status),
        Element("Description", message.note),
        _moment("Timestamp", message.at),
    )
    return _envelope(branch("edXMLEnvelope", branch("edXMLHeader", header))) + _END


def overlong(document: Document, names: Iterable[str] = ()) -> list[Message]:
    """
    Name the fields (and attachment names) that are longer than other systems are known to hold.

    These lengths are other implementers', not the standard's: a reason to warn, never to refuse.
    """
    header = branch("", document_header(document), _traces(document))
    found = list(_overlong(header))
    found += [
        ("AttachmentName", len(name), NAME_LENGTH) for name in names if len(name) > NAME_LENGTH
    ]
    return [
        say(
            "{field} is {length} characters long; some systems hold no more than {limit}",
            field=field,
            length=length,
            limit=limit,
        )
        for field, length, limit in found
    ]


def _overlong(parent: Element) -> Iterator[tuple[str, int, int]]:
    for child in parent.children:
        limit = LENGTHS.get((parent.name, child.name)) or LENGTHS.get(("", child.name))
        if limit and len(child.text) > limit:
            yield child.name, len(child.text), limit
        yield from _overlong(child)


# -- the header as elements --------------------------------------------------------------------


def document_header(document: Document) -> Element:
    """Return the MessageHeader of a document, in the order the vendor's builder writes."""
    kind = document.type
    return branch(
        "MessageHeader",
        _organization("From", document.sender),
        *(_organization("To", receiver) for receiver in document.receivers),
        Element("DocumentId", document.document_id),
        branch(
            "Code",
            Element("CodeNumber", document.number),
            Element("CodeNotation", document.notation),
        ),
        branch(
            "PromulgationInfo",
            Element("Place", document.place),
            _day("PromulgationDate", document.promulgated),
        ),
        branch(
            "DocumentType",
            _number("Type", kind.type),
            _number("TypeDetail", kind.detail),
            Element("TypeName", kind.name),
        ),
        Element("Subject", document.subject),
        Element("Content", document.content),
        _signer(document),
        _day("DueDate", document.due),
        _other(document),
        *(_response_for(reference) for reference in document.reply_to),
        _number("SteeringType", document.steering),
        branch("ResponseForTask", *(Element("TaskCode", task) for task in document.tasks)),
        Element("ApplicationType", document.application_type),
        branch("ToPlaces", *(Element("Place", place) for place in document.places)),
    )


def _organization(name: str, organization: Organization) -> Element:
    return branch(
        name,
        Element("OrganId", organization.code),
        Element("OrganizationInCharge", organization.in_charge),
        Element("OrganName", organization.name),
        Element("OrganAdd", organization.address),
        Element("Email", organization.email),
        Element("Telephone", organization.telephone),
        Element("Fax", organization.fax),
        Element("Website", organization.website),
    )


def _signer(document: Document) -> Element:
    signer = document.signer
    if not signer:
        return Element("SignerInfo")
    return branch(
        "SignerInfo",
        Element("Competence", signer.competence),
        Element("Position", signer.position),
        Element("FullName", signer.name),
    )


def _other(document: Document) -> Element:
    return branch(
        "OtherInfo",
        _number("Priority", document.priority),
        Element("SphereOfPromulgation", document.sphere),
        Element("TyperNotation", document.typist),
        _number("PromulgationAmount", document.copies),
        _number("PageAmount", document.pages),
        Element(
            "Direction", "" if document.direction is None else str(document.direction).lower()
        ),
        branch("Appendixes", *(Element("Appendix", text) for text in document.appendixes)),
    )


def _response_for(reference: Reference) -> Element:
    return branch(
        "ResponseFor",
        Element("OrganId", reference.organ),
        Element("Code", reference.code),
        Element("DocumentId", reference.document_id),
        _day("PromulgationDate", reference.promulgated),
    )


def _traces(document: Document) -> Element:
    """Return the TraceHeaderList; the vendor's builder puts `Bussiness` first."""
    return branch(
        "TraceHeaderList",
        _business(document.business, document.staff),
        *(_trace(trace) for trace in document.traces),
    )


def _trace(trace: Trace) -> Element:
    return branch("TraceHeader", Element("OrganId", trace.organ), _moment("Timestamp", trace.at))


def _business(business: Business, staff: Staff | None) -> Element:
    return branch(
        "Bussiness",
        Element("DocumentId", business.document_id),
        _number("BussinessDocType", BUSINESS_NUMBERS[business.kind]),
        Element("BussinessDocReason", business.reason),
        _number("Paper", int(business.paper)),
        _changes(business),
        branch("ReplacementInfoList", *_replacements(business)),
        _staff(staff),
    )


def _changes(business: Business) -> Element:
    changes = business.receiver_changes
    if business.kind is not BusinessKind.UPDATE and not (business.metadata_changes or changes):
        return Element("BussinessDocumentInfo")
    receivers = (
        branch(
            "Receiver",
            Element("OrganId", change.code),
            _number("ReceiverType", ACTION_NUMBERS[ReceiverAction(change.action)]),
        )
        for change in changes
    )
    return branch(
        "BussinessDocumentInfo",
        _number("DocumentInfo", int(business.metadata_changes)),
        _number("DocumentReceiver", int(bool(changes))),
        branch("ReceiverList", *receivers),
    )


def _replacements(business: Business) -> Iterator[Element]:
    for replacement in business.replaces:
        yield branch(
            "ReplacementInfo",
            Element("DocumentId", replacement.document_id),
            branch("OrganIdList", *(Element("OrganId", code) for code in replacement.receivers)),
        )


def _staff(staff: Staff | None) -> Element:
    if not staff:
        return Element("StaffInfo")
    return branch(
        "StaffInfo",
        Element("Department", staff.department),
        Element("DepartmentId", staff.department_id),
        Element("Staff", staff.name),
        Element("StaffId", staff.staff_id),
        Element("Email", staff.email),
        Element("Mobile", staff.phone),
    )


def _number(name: str, value: int | None) -> Element:
    """Return the number's element; the vendor's reader loses a document for an empty one."""
    return Element(name, "" if value is None else str(int(value)))


def _day(name: str, day: date | None) -> Element:
    return Element(name, day_text(day) if day else "")


def _moment(name: str, moment: datetime | None) -> Element:
    return Element(name, moment_text(moment) if moment else "")


# -- attachments -------------------------------------------------------------------------------


def _check_ids(parts: Sequence[Part]) -> None:
    seen: set[str] = set()
    for part in parts:
        if part.content_id in seen:
            raise Unwritable(say("two attachments have the id {id}", id=part.content_id))
        seen.add(part.content_id)


def _reference(part: Part, manifest_content_type: ManifestContentType) -> Element:
    own = content_type(part.name)
    return branch(
        "Reference",
        Element("ContentId", CONTENT_ID_SCHEME + part.content_id),
        Element("ContentType", own if manifest_content_type == "own" else ZIPPED),
        Element("Description", part.description),
        Element("AttachmentName", part.name),
    )


def _attachment_head(part: Part) -> bytes:
    """Return all of an Attachment that comes before its content."""
    leaves = branch(
        "Attachment",
        Element("ContentId", CONTENT_ID_SCHEME + part.content_id),
        Element("AttachmentName", part.name),
        Element("Description", part.description),
        Element("ContentType", content_type(part.name)),
    )
    lines = _render(leaves, 2, prefix="")[:-1]
    lines.append(f'{_STEP * 3}<{PREFIX}:ContentTransferEncoded xmlns:{PREFIX}="{NAMESPACE}">')
    return "\n".join(lines).encode()


# -- text --------------------------------------------------------------------------------------


def _envelope(envelope: Element) -> bytes:
    """Return everything up to the end of the envelope."""
    lines = _render(envelope, 1)
    lines[0] = f'{_STEP}<{PREFIX}:edXMLEnvelope xmlns:{PREFIX}="{NAMESPACE}">'
    top = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{ROOT} xmlns="{NAMESPACE}">']
    return "\n".join([*top, *lines, ""]).encode()


def _render(element: Element, depth: int, *, prefix: str = f"{PREFIX}:") -> list[str]:
    """Return the lines of an element; the text of a leaf stays on the line of its tags."""
    indent, name = _STEP * depth, prefix + element.name
    start = name + "".join(f' {key}="{value}"' for key, value in element.attributes.items())
    if not element.children:
        return [f"{indent}<{start}>{_escaped(element)}</{name}>"]
    lines = [f"{indent}<{start}>"]
    for child in element.children:
        lines += _render(child, depth + 1, prefix=prefix)
    lines.append(f"{indent}</{name}>")
    return lines


def _escaped(element: Element) -> str:
    if found := _UNWRITABLE.search(element.text):
        raise Unwritable(
            say(
                "{field} holds a character that XML cannot carry: U+{number}",
                field=element.name,
                number=f"{ord(found[0]):04X}",
            ),
            hint=say("remove the invisible character and send it again"),
        )
    return element.text.translate(_ESCAPES)
