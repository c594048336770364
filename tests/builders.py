"""Values that tests are about something else than."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

from edge_node.domain.document import (
    Document,
    DocumentType,
    Organization,
    Reference,
    StatusMessage,
    agency_code,
    conventional_document_id,
)
from edge_node.domain.envelope import (
    AxisId,
    Digest,
    Listed,
    MessageType,
    NewDocument,
    Stored,
)
from edge_node.domain.item import ItemId
from edge_node.domain.standing import SOFTWARE, Given

T0 = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

US = agency_code("H99.01")
THEM = agency_code("H99.02")
OTHERS = agency_code("H99.03")


def an_organization(code=US, **fields):
    return Organization(code=code, name=f"Đơn vị {code}", **fields)


def a_document(number="12", *, to=(THEM,), sender=US, **fields):
    day = fields.pop("promulgated", date(2026, 11, 21))
    notation = fields.pop("notation", "UBND-VP")
    known = {
        "document_id": conventional_document_id(sender, day, number, notation),
        "type": DocumentType(name="Công văn", type=18, detail=0),
        "subject": f"V/v thử nghiệm số {number}",
    }
    return Document(
        sender=an_organization(sender),
        receivers=tuple(an_organization(code) for code in to),
        number=number,
        notation=notation,
        promulgated=day,
        **(known | fields),
    )


def stored(content=b"package"):
    return Stored(digest=Digest(hashlib.sha256(content).hexdigest()), size=len(content))


def a_new_document(item="o000000001", *, document=None, content=b"package", **fields):
    document = document or a_document()
    known = {"fingerprint": hashlib.sha256(content).hexdigest(), "name": f"drop-{item}"}
    return NewDocument(
        id=ItemId(item), document=document, package=stored(content), **(known | fields)
    )


def a_listed(axis_id="axis-1", *, message=MessageType.DOCUMENT, sender=THEM):
    return Listed(
        axis_id=AxisId(axis_id),
        message=message,
        sender=sender,
        receiver=US,
        status="initial",
        created="21/11/2026 08:00:00",
    )


def a_status(status="01", *, about=None, sender=THEM, at=T0, **fields):
    document = about or a_document()
    reference = Reference(
        organ=document.sender.code,
        code=document.code,
        document_id=document.document_id,
        promulgated=document.promulgated,
    )
    return StatusMessage(
        sender=an_organization(sender), about=reference, status=status, at=at, **fields
    )


def a_given(status="03", *, at=T0, who=SOFTWARE, **fields):
    """Return a status as we give it of a document we received."""
    return Given(sender=an_organization(US), status=status, at=at, who=who, **fields)
