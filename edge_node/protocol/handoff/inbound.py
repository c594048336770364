"""
`document.json` of the inbox: an incoming document in the keys software already writes.

What stands in it can be dropped in the outbox of another agency, less the keys that tell of the
journey. Writing the folder itself is the inbox's affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from edge_node.domain.time import iso
from edge_node.protocol.handoff.files import dump
from edge_node.protocol.handoff.words import PRIORITY_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from edge_node.domain.document import (
        Business,
        Document,
        Organization,
        Reference,
        Signer,
        Staff,
    )
    from edge_node.domain.envelope import AxisId, Digest
    from edge_node.domain.item import ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundFile:
    """One attachment as it lies in the inbox: its safe name, and the name it came with."""

    name: str
    original: str
    size: int
    digest: Digest
    description: str = ""


def write_inbound(
    document: Document,
    files: Sequence[InboundFile],
    *,
    id: ItemId,  # noqa: A002 - the key of the file
    axis_id: AxisId,
    received_at: datetime,
    codes: Mapping[str, str],
    warnings: Sequence[str] = (),
    about: Mapping[str, tuple[ItemId, str]] = MappingProxyType({}),
) -> bytes:
    """
    Return the inbox's document.json; ``codes`` are the package's code numbers as they came.

    ``about``: our ids of the older documents a request is about, and their states, by DocumentId.

    Keys that would be empty are left out, all but those every document has.
    """
    return dump(
        {
            "schema": 1,
            "id": id,
            "document_id": document.document_id,
            "from": _organization(document.sender),
            "axis_id": axis_id,
            "received_at": iso(received_at),
            **_header(document),
            **_optional(document),
            "business": _business(document.business, about),
            "paper": document.business.paper,
            "attachments": [_attachment(file) for file in files],
            **_filled({"other": _other(document)}),
            "raw_codes": dict(codes),
            "warnings": list(warnings),
        }
    )


def _header(document: Document) -> dict[str, object]:
    return {
        "number": document.number,
        "notation": document.notation,
        "date": _day(document.promulgated),
        "type": document.type.name,
        "subject": document.subject,
        "to": [_organization(receiver) for receiver in document.receivers],
        "priority": PRIORITY_WORDS.get(document.priority, document.priority),
    }


def _optional(document: Document) -> dict[str, object]:
    return _filled(
        {
            "signer": _signer(document.signer),
            "staff": _staff(document.staff),
            "place": document.place,
            "due": _day(document.due),
            "pages": document.pages,
            "copies": document.copies,
            "places": list(document.places),
            "reply_to": [_reference(reference) for reference in document.reply_to],
        }
    )


def _other(document: Document) -> dict[str, object]:
    """Return what a header may hold and no document.json can order."""
    return _filled(
        {
            "content": document.content,
            "sphere": document.sphere,
            "typist": document.typist,
            "direction": document.direction,
            "appendixes": list(document.appendixes),
            "tasks": list(document.tasks),
            "application_type": document.application_type,
        }
    )


def _organization(organization: Organization) -> dict[str, object]:
    return {"code": organization.code, **_filled({"name": organization.name})}


def _signer(signer: Signer | None) -> dict[str, object]:
    if signer is None:
        return {}
    return _filled(
        {"position": signer.position, "competence": signer.competence, "name": signer.name}
    )


def _staff(staff: Staff | None) -> dict[str, object]:
    if staff is None:
        return {}
    return _filled(
        {
            "department": staff.department,
            "department_id": staff.department_id,
            "name": staff.name,
            "staff_id": staff.staff_id,
            "email": staff.email,
            "phone": staff.phone,
        }
    )


def _reference(reference: Reference) -> dict[str, object]:
    return _filled(
        {
            "organ": reference.organ,
            "code": reference.code,
            "date": _day(reference.promulgated),
            "document_id": reference.document_id,
        }
    )


def _business(business: Business, about: Mapping[str, tuple[ItemId, str]]) -> dict[str, object]:
    changes = _filled(
        {
            "metadata": business.metadata_changes or None,
            "receivers": [
                {"code": change.code, "action": str(change.action)}
                for change in business.receiver_changes
            ],
        }
    )
    replaces = [
        {
            "document_id": replacement.document_id,
            **_filled({"receivers": list(replacement.receivers)}),
            **_about(about.get(replacement.document_id)),
        }
        for replacement in business.replaces
    ]
    return {
        "kind": str(business.kind),
        **_filled(
            {
                "document_id": business.document_id,
                "reason": business.reason,
                "changes": changes,
                "replaces": replaces,
            }
        ),
        **_about(next(iter(about.values()), None)),
    }


def _about(known: tuple[ItemId, str] | None) -> dict[str, object]:
    """Return what ours is meant, where we have it."""
    return {} if known is None else {"about": {"id": known[0], "state": known[1]}}


def _attachment(file: InboundFile) -> dict[str, object]:
    return {
        "file": file.name,
        "original": file.original,
        "description": file.description,
        "size": file.size,
        "sha256": file.digest,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _filled(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}
